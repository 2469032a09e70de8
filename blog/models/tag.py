from django.db import models
from django.utils import timezone

from nestflux.orm.clock import UTC_NOW


class Tag(models.Model):
    """A word that a post is about."""

    slug = models.SlugField(max_length=60, unique=True, db_comment="Name in a URL")
    name = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )

    class Meta:
        db_table = "blog_tag"
        db_table_comment = "Tags: a post has any number of them"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(slug=""),
                name="blog_tag_slug_not_empty",
                violation_error_message="A tag needs a slug.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
