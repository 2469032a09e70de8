"""Comments, under a post and in the moderator's queue."""

from blog.models import Comment
from nestflux.orm.keyset import KeysetPage, keyset_page


def list_comments(
    *, post_id: int, cursor: str | None = None, limit: int = 50
) -> KeysetPage[Comment]:
    """The approved comments on a post in the order of the conversation, authors read along.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    comments = Comment.objects.prefetch_related("author").filter(
        post_id=post_id, status=Comment.Status.APPROVED
    )
    return keyset_page(comments, moment="created_at", cursor=cursor, limit=limit, oldest_first=True)


def list_pending_comments(*, cursor: str | None = None, limit: int = 50) -> KeysetPage[Comment]:
    """Comments that wait for a moderator, the longest waiting first, with author and post.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    comments = Comment.objects.prefetch_related("author", "post").filter(
        status=Comment.Status.PENDING
    )
    return keyset_page(comments, moment="created_at", cursor=cursor, limit=limit, oldest_first=True)
