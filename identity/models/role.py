from django.db import models
from django.utils import timezone

from nestflux.orm.clock import UTC_NOW


class Role(models.Model):
    """What a person is in the organisation: editor, moderator, author.

    A role is a word of the domain and application code asks for it by `code`. Django's groups
    stay what they are: bundles of permissions for the admin site.
    """

    code = models.SlugField(
        max_length=50,
        unique=True,
        db_comment="Stable name that code refers to",
    )
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=255, blank=True, default="", db_default="")
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )

    class Meta:
        db_table = "identity_role"
        db_table_comment = "Roles that users can hold"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(code=""),
                name="identity_role_code_not_empty",
                violation_error_message="A role needs a code.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
