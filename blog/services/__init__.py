from blog.services.categories import create_category
from blog.services.comments import add_comment, approve_comment, reject_comment
from blog.services.posts import archive_post, create_post, edit_post, publish_post, unpublish_post
from blog.services.tags import create_tag, tag_post, untag_post

__all__ = [
    "add_comment",
    "approve_comment",
    "archive_post",
    "create_category",
    "create_post",
    "create_tag",
    "edit_post",
    "publish_post",
    "reject_comment",
    "tag_post",
    "unpublish_post",
    "untag_post",
]
