from django.db import models

from blog.models.post import Post
from blog.models.tag import Tag


class PostTag(models.Model):
    """One post has one tag."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="post_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="post_tags")

    class Meta:
        db_table = "blog_post_tag"
        db_table_comment = "Which post has which tag"
        indexes = [
            # The posts of a tag, read from the index alone.
            models.Index(fields=["tag", "post"], name="blog_post_tag_tag_post_idx"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["post", "tag"],
                name="blog_post_tag_post_tag_uniq",
                violation_error_message="This post has this tag already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post}: {self.tag}"
