from django.db import models
from django.utils import timezone

from blog.models.post import Post
from identity.models import User
from nestflux.orm.clock import UTC_NOW


class Comment(models.Model):
    """What a reader says under a post. It is shown once a moderator has approved it."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="comments")
    body = models.CharField(max_length=2000)
    status = models.CharField(
        max_length=10,
        choices=Status,
        default=Status.PENDING,
        db_default=Status.PENDING.value,
        db_comment="pending, approved or rejected",
    )
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )

    class Meta:
        db_table = "blog_comment"
        db_table_comment = "Comments on posts, moderated"
        indexes = [
            # The comments under a post.
            models.Index(
                fields=["post", "status", "created_at"], name="blog_comment_post_status_idx"
            ),
            # The moderator's queue.
            models.Index(fields=["status", "created_at"], name="blog_comment_status_idx"),
            models.Index(fields=["created_at"], name="blog_comment_created_at_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "approved", "rejected"]),
                name="blog_comment_status_known",
                violation_error_message="A comment is pending, approved or rejected.",
            ),
            models.CheckConstraint(
                condition=~models.Q(body=""),
                name="blog_comment_body_not_empty",
                violation_error_message="A comment needs a text.",
            ),
        ]

    def __str__(self) -> str:
        return f"Comment {self.pk}"
