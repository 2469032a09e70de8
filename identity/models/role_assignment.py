from django.db import models
from django.utils import timezone

from identity.models.role import Role
from identity.models.user import User
from nestflux.orm.clock import UTC_NOW


class RoleAssignment(models.Model):
    """One user holds one role, and somebody gave it.

    `assigned_by` is never empty: whoever sets up a site gives the first role to themselves.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="assignments")
    # RESTRICT and not PROTECT: a user who assigned a role to themselves can be deleted.
    assigned_by = models.ForeignKey(
        User,
        on_delete=models.RESTRICT,
        related_name="assigned_roles",
        db_comment="User who gave the role",
    )
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )

    class Meta:
        db_table = "identity_role_assignment"
        db_table_comment = "Which user holds which role"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                name="identity_role_assignment_user_role_uniq",
                violation_error_message="This user holds this role already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.user}"
