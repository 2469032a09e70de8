from blog.selectors.comments import list_comments, list_pending_comments
from blog.selectors.posts import (
    get_published_post,
    list_posts,
    list_published_posts,
    search_posts,
)

__all__ = [
    "get_published_post",
    "list_comments",
    "list_pending_comments",
    "list_posts",
    "list_published_posts",
    "search_posts",
]
