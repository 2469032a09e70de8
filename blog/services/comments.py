"""Comments: written by readers, let through or turned away by moderators."""

from django.db import transaction

from blog.exceptions import AuthorNotFound, CommentingClosed, CommentNotFound, PostNotFound
from blog.models import Comment, Post
from nestflux.orm.integrity import integrity_errors_as


@transaction.atomic
def add_comment(*, post_id: int, author_id: int, body: str) -> Comment:
    """Writes a comment that waits for a moderator.

    The post is not locked: a lock would make the readers of a popular post queue up, and a
    comment that slips in while the post is being taken back is shown to nobody.

    :raises PostNotFound: no post has the id.
    :raises CommentingClosed: the post is a draft or archived.
    :raises AuthorNotFound: no user has the id.
    :raises ValidationError: the text is empty or too long.
    """
    try:
        post = Post.objects.only("slug", "status").get(pk=post_id)
    except Post.DoesNotExist as error:
        raise PostNotFound(post_id) from error
    if post.status != Post.Status.PUBLISHED:
        raise CommentingClosed(post.slug)
    comment = Comment(post_id=post_id, author_id=author_id, body=body.strip())
    comment.full_clean(exclude={"post", "author"})
    with integrity_errors_as(
        missing={"post_id": PostNotFound(post_id), "author_id": AuthorNotFound(author_id)}
    ):
        comment.save()
    return comment


def approve_comment(*, comment_id: int) -> Comment:
    """Shows the comment under its post. Also for one that was rejected before.

    :raises CommentNotFound: no comment has the id.
    """
    return _moderate(comment_id, Comment.Status.APPROVED)


def reject_comment(*, comment_id: int) -> Comment:
    """Hides the comment. Also one that was approved before.

    :raises CommentNotFound: no comment has the id.
    """
    return _moderate(comment_id, Comment.Status.REJECTED)


@transaction.atomic
def _moderate(comment_id: int, status: Comment.Status) -> Comment:
    try:
        comment = Comment.objects.select_for_update().get(pk=comment_id)
    except Comment.DoesNotExist as error:
        raise CommentNotFound(comment_id) from error
    comment.status = status
    comment.full_clean(exclude={"post", "author"})
    comment.save(update_fields=["status"])
    return comment
