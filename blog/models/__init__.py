from blog.models.category import Category
from blog.models.comment import Comment
from blog.models.post import Post
from blog.models.post_tag import PostTag
from blog.models.tag import Tag

__all__ = ["Category", "Comment", "Post", "PostTag", "Tag"]
