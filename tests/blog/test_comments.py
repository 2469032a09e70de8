import pytest
from django.core.exceptions import ValidationError

from blog import services
from blog.exceptions import AuthorNotFound, CommentingClosed, CommentNotFound, PostNotFound
from blog.models import Comment
from tests.blog.factories import CommentFactory, PostFactory
from tests.identity.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_new_comment_waits_for_a_moderator() -> None:
    post, reader = PostFactory.create(published=True), UserFactory.create()

    services.add_comment(post_id=post.pk, author_id=reader.pk, body=" I agree. ")

    comment = Comment.objects.get()
    assert (comment.post, comment.author) == (post, reader)
    assert (comment.body, comment.status) == ("I agree.", Comment.Status.PENDING)


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_only_a_published_post_takes_comments(state: str) -> None:
    post = PostFactory.create(archived=state == "archived")

    with pytest.raises(CommentingClosed, match=post.slug):
        services.add_comment(post_id=post.pk, author_id=post.author_id, body="I agree.")


@pytest.mark.parametrize("body", ["", "   ", "x" * 2001])
def test_a_comment_without_text_or_with_too_much_is_refused(body: str) -> None:
    post = PostFactory.create(published=True)

    with pytest.raises(ValidationError):
        services.add_comment(post_id=post.pk, author_id=post.author_id, body=body)


def test_a_comment_on_nothing_or_by_nobody_is_a_domain_error() -> None:
    post = PostFactory.create(published=True)

    with pytest.raises(PostNotFound, match="4711"):
        services.add_comment(post_id=4711, author_id=post.author_id, body="I agree.")
    with pytest.raises(AuthorNotFound, match="4711"):
        services.add_comment(post_id=post.pk, author_id=4711, body="I agree.")


def test_a_moderator_may_approve_and_reject_and_change_their_mind() -> None:
    comment = CommentFactory.create()

    services.approve_comment(comment_id=comment.pk)
    comment.refresh_from_db()
    assert comment.status == Comment.Status.APPROVED

    services.reject_comment(comment_id=comment.pk)
    comment.refresh_from_db()
    assert comment.status == Comment.Status.REJECTED


def test_moderating_nothing_is_a_domain_error() -> None:
    with pytest.raises(CommentNotFound, match="4711"):
        services.approve_comment(comment_id=4711)
