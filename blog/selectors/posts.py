"""Posts, found and listed, each with its author, category and tags read along."""

from django.db.models import Prefetch, QuerySet

from blog.exceptions import PostNotFound
from blog.models import Post, Tag
from nestflux.orm.keyset import KeysetPage, keyset_page


def get_published_post(*, slug: str) -> Post:
    """:raises PostNotFound: no post has the slug, or it is not published."""
    try:
        return _with_relations(_published()).get(slug=slug)
    except Post.DoesNotExist as error:
        raise PostNotFound(slug) from error


def list_published_posts(
    *,
    category_slug: str | None = None,
    tag_slug: str | None = None,
    author_id: int | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> KeysetPage[Post]:
    """What readers see, the latest published first; of one category, tag or author, or of all.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    posts = _with_relations(_published())
    if category_slug is not None:
        posts = posts.filter(category__slug=category_slug)
    if tag_slug is not None:
        posts = posts.filter(tags__slug=tag_slug)
    if author_id is not None:
        posts = posts.filter(author_id=author_id)
    return keyset_page(posts, moment="published_at", cursor=cursor, limit=limit)


def list_posts(
    *,
    status: Post.Status | None = None,
    author_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> KeysetPage[Post]:
    """What editors see: posts in any status, the latest written first.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    posts = _with_relations(Post.objects.all())
    if status is not None:
        posts = posts.filter(status=status)
    if author_id is not None:
        posts = posts.filter(author_id=author_id)
    return keyset_page(posts, moment="created_at", cursor=cursor, limit=limit)


def search_posts(*, text: str, cursor: str | None = None, limit: int = 20) -> KeysetPage[Post]:
    """Published posts whose title begins with `text`, whatever its case, the latest first.

    The beginning, because an index finds that; a word in the middle would read every post.

    :raises PaginationError: the cursor or the limit is not valid.
    """
    posts = _with_relations(_published().filter(title__istartswith=text.strip()))
    return keyset_page(posts, moment="published_at", cursor=cursor, limit=limit)


def _published() -> QuerySet[Post]:
    return Post.objects.filter(status=Post.Status.PUBLISHED)


def _with_relations(posts: QuerySet[Post]) -> QuerySet[Post]:
    tags = Tag.objects.order_by("name")
    # Not select_related: joined to the few categories, the optimizer of either server likes to
    # start with those and sorts every post, where an index has them in order.
    return posts.prefetch_related("author", "category", Prefetch("tags", queryset=tags))
