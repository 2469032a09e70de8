import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from blog import services
from blog.exceptions import (
    AuthorNotFound,
    BlogError,
    CategoryNotFound,
    PostAlreadyPublished,
    PostNotFound,
    PostNotPublished,
    SlugAlreadyTaken,
)
from blog.models import Post
from tests.blog.factories import CategoryFactory, PostFactory
from tests.identity.factories import UserFactory

pytestmark = pytest.mark.django_db


def create(**values: str) -> Post:
    return services.create_post(
        author_id=UserFactory.create().pk,
        category_id=CategoryFactory.create().pk,
        **{"title": "On locks", "body": "Some text.", **values},
    )


def test_a_new_post_is_a_draft_with_a_slug_from_its_title() -> None:
    post = create(title=" What a Lock costs! ")

    post.refresh_from_db()
    assert (post.title, post.slug) == ("What a Lock costs!", "what-a-lock-costs")
    assert (post.status, post.published_at) == (Post.Status.DRAFT, None)


def test_a_slug_made_from_a_long_title_fits() -> None:
    assert len(create(title="lock " * 40).slug) <= 120


def test_a_slug_is_taken_once() -> None:
    create(slug="locks")

    with pytest.raises(SlugAlreadyTaken, match="'locks'"):
        create(slug="locks")

    assert Post.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", ""), ("title", "x" * 201), ("body", ""), ("slug", "no slug"), ("slug", "x" * 121)],
)
def test_a_value_that_a_form_would_refuse_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        create(**{field: value})

    assert field in refused.value.message_dict


def test_a_title_that_gives_no_slug_asks_for_one() -> None:
    with pytest.raises(ValidationError, match="slug"):
        create(title="你好")


def test_a_post_of_nobody_or_in_no_category_is_a_domain_error() -> None:
    user, category = UserFactory.create(), CategoryFactory.create()

    with pytest.raises(AuthorNotFound, match="4711"):
        services.create_post(author_id=4711, category_id=category.pk, title="A", body="B")
    with pytest.raises(CategoryNotFound, match="4711"):
        services.create_post(author_id=user.pk, category_id=4711, title="A", body="B")


def test_a_published_post_has_a_date() -> None:
    post = PostFactory.create()

    services.publish_post(post_id=post.pk)

    post.refresh_from_db()
    assert post.status == Post.Status.PUBLISHED
    assert post.published_at is not None


def test_an_archived_post_comes_back_with_its_first_date() -> None:
    post = PostFactory.create(archived=True)
    post.refresh_from_db()

    assert services.publish_post(post_id=post.pk).published_at == post.published_at


def test_a_post_is_published_once() -> None:
    post = PostFactory.create(published=True)

    with pytest.raises(PostAlreadyPublished, match=post.slug):
        services.publish_post(post_id=post.pk)


def test_an_unpublished_post_is_a_draft_without_a_date() -> None:
    post = PostFactory.create(published=True)

    services.unpublish_post(post_id=post.pk)

    post.refresh_from_db()
    assert (post.status, post.published_at) == (Post.Status.DRAFT, None)


def test_an_archived_post_keeps_its_date() -> None:
    post = PostFactory.create(published=True)

    services.archive_post(post_id=post.pk)

    post.refresh_from_db()
    assert post.status == Post.Status.ARCHIVED
    assert post.published_at is not None


@pytest.mark.parametrize("service", [services.unpublish_post, services.archive_post])
@pytest.mark.parametrize("state", ["draft", "archived"])
def test_what_is_not_published_cannot_be_taken_back(
    service: Callable[..., Post], state: str
) -> None:
    post = PostFactory.create(archived=state == "archived")

    with pytest.raises(PostNotPublished, match=post.slug):
        service(post_id=post.pk)


@pytest.mark.parametrize(
    "service", [services.publish_post, services.unpublish_post, services.archive_post]
)
def test_a_post_that_does_not_exist_is_a_domain_error(service: Callable[..., Post]) -> None:
    with pytest.raises(PostNotFound, match="4711"):
        service(post_id=4711)


def test_an_edit_changes_what_is_given_and_leaves_the_rest() -> None:
    post = PostFactory.create(title="On locks", body="Some text.", slug="locks")
    category = CategoryFactory.create()

    services.edit_post(post_id=post.pk, title="On gap locks", category_id=category.pk)

    post.refresh_from_db()
    assert (post.title, post.category) == ("On gap locks", category)
    assert (post.body, post.slug) == ("Some text.", "locks")


def test_the_slug_of_a_draft_can_change_to_one_that_is_free() -> None:
    PostFactory.create(slug="taken")
    post = PostFactory.create(slug="locks")

    assert services.edit_post(post_id=post.pk, slug="gap-locks").slug == "gap-locks"
    with pytest.raises(SlugAlreadyTaken):
        services.edit_post(post_id=post.pk, slug="taken")


def test_the_slug_of_a_published_post_stays() -> None:
    post = PostFactory.create(published=True, slug="locks")

    services.edit_post(post_id=post.pk, slug="locks", title="On locks")
    with pytest.raises(PostAlreadyPublished):
        services.edit_post(post_id=post.pk, slug="gap-locks")


def test_an_edit_moves_the_date_of_change() -> None:
    post = PostFactory.create()
    before = post.updated_at

    assert services.edit_post(post_id=post.pk, body="More text.").updated_at > before


def test_a_change_of_state_locks_the_row() -> None:
    post = PostFactory.create()

    with CaptureQueriesContext(connection) as queries:
        services.publish_post(post_id=post.pk)

    assert any(query["sql"].endswith("FOR UPDATE") for query in queries)


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_who_publish_at_once_one_learns_that_it_is_done() -> None:
    post = PostFactory.create()
    at_once = threading.Barrier(2)
    outcomes: list[Post | BlogError] = []

    def publish() -> None:
        at_once.wait(timeout=10)
        try:
            outcomes.append(services.publish_post(post_id=post.pk))
        except BlogError as error:
            outcomes.append(error)
        finally:
            connections.close_all()

    editors = [threading.Thread(target=publish) for _ in range(2)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join(timeout=30)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "Post",
        "PostAlreadyPublished",
    ]
