from blog.admin.category import CategoryAdmin
from blog.admin.comment import CommentAdmin
from blog.admin.post import PostAdmin
from blog.admin.post_tag import PostTagAdmin
from blog.admin.tag import TagAdmin

__all__ = ["CategoryAdmin", "CommentAdmin", "PostAdmin", "PostTagAdmin", "TagAdmin"]
