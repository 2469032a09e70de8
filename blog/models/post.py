from django.db import models
from django.utils import timezone

from blog.models.category import Category
from blog.models.tag import Tag
from identity.models import User
from nestflux.orm.clock import UTC_NOW


class Post(models.Model):
    """An article: a draft, published, or archived (published once, no longer shown)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        ARCHIVED = "archived", "Archived"

    slug = models.SlugField(max_length=120, unique=True, db_comment="Name in a URL")
    title = models.CharField(max_length=200)
    body = models.TextField()
    status = models.CharField(
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        db_default=Status.DRAFT.value,
        db_comment="draft, published or archived",
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="posts")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="posts")
    tags = models.ManyToManyField(Tag, through="blog.PostTag", related_name="posts")
    published_at = models.DateTimeField(
        null=True,
        blank=True,
        db_comment="UTC; NULL exactly while the post is a draft",
    )
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )
    updated_at = models.DateTimeField(auto_now=True, db_default=UTC_NOW, db_comment="UTC")

    class Meta:
        db_table = "blog_post"
        db_table_comment = "Articles"
        indexes = [
            # The front page, and a status in the admin.
            models.Index(fields=["status", "published_at"], name="blog_post_status_published_idx"),
            # A category's page and an author's page. The foreign key's column does not come first:
            # MySQL 9.6 and 9.7 use such an index to check the foreign key, and take a NULL in any
            # column of it for a NULL in the foreign key, so that a draft of an author who does
            # not exist was let in. (SQL layer foreign keys, innodb_native_foreign_keys = OFF.)
            models.Index(
                fields=["status", "category", "published_at"],
                name="blog_post_status_category_idx",
            ),
            models.Index(
                fields=["status", "author", "published_at"],
                name="blog_post_status_author_idx",
            ),
            # The admin's date hierarchy.
            models.Index(fields=["published_at"], name="blog_post_published_at_idx"),
            # Newest first, whatever the status; and search by the beginning of a title.
            models.Index(fields=["created_at"], name="blog_post_created_at_idx"),
            models.Index(fields=["title"], name="blog_post_title_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="draft", published_at__isnull=True)
                | models.Q(status__in=["published", "archived"], published_at__isnull=False),
                name="blog_post_published_at_fits_status",
                violation_error_message=(
                    "A draft has no date of publication; a published or archived post has one."
                ),
            ),
            models.CheckConstraint(
                condition=~models.Q(slug=""),
                name="blog_post_slug_not_empty",
                violation_error_message="A post needs a slug.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
