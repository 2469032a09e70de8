from django.db import models
from django.utils import timezone

from nestflux.orm.clock import UTC_NOW


class Category(models.Model):
    """The one shelf on which a post stands."""

    slug = models.SlugField(max_length=60, unique=True, db_comment="Name in a URL")
    name = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )

    class Meta:
        db_table = "blog_category"
        db_table_comment = "Categories: each post is in exactly one"
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(slug=""),
                name="blog_category_slug_not_empty",
                violation_error_message="A category needs a slug.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
