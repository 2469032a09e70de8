from django.db import models
from django.utils import timezone

from identity.models.user import User
from nestflux.orm.clock import UTC_NOW


class LoginEvent(models.Model):
    """One attempt of a known user to log in: the table that grows without end.

    **Not partitioned, on purpose.** Partitions by month would make removing old events a
    `DROP PARTITION`. But a partitioned InnoDB table can have no foreign key, on MySQL (manual,
    "Restrictions and Limitations on Partitioning") as on MariaDB, and every unique key of it, the
    primary key too, must contain the partition column. That would cost the certainty that each
    event belongs to a user, and a key of (id, created_at), which the admin cannot show. What
    partitions would give is had in another way: the key is 64 bits wide and append-only, each
    query below has its index, and `identity.services.delete_login_events_before` removes old
    events in small batches. A site that outgrows this sets `db_constraint=False` on `user` and
    partitions in a reviewed SQL migration.

    Attempts for an address that nobody has are not events: they belong to no user.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_events")
    ip_address = models.GenericIPAddressField(
        "IP address", db_comment="IPv4 or IPv6 address of the client"
    )
    user_agent = models.CharField(
        max_length=255,
        blank=True,
        default="",
        db_default="",
        db_comment="User-Agent header, cut at 255 characters",
    )
    succeeded = models.BooleanField(db_comment="False: wrong password or inactive user")
    created_at = models.DateTimeField(
        default=timezone.now, db_default=UTC_NOW, editable=False, db_comment="UTC"
    )

    class Meta:
        db_table = "identity_login_event"
        db_table_comment = "Login attempts; grows without end"
        indexes = [
            # What happened lately; what is old enough to be removed.
            models.Index(fields=["created_at"], name="identity_login_created_idx"),
            # The last logins of one user.
            models.Index(fields=["user", "created_at"], name="identity_login_user_idx"),
            # Who tries passwords from one address.
            models.Index(fields=["ip_address", "created_at"], name="identity_login_ip_idx"),
            # The last failures, among ten thousand times as many successes.
            models.Index(fields=["succeeded", "created_at"], name="identity_login_succeeded_idx"),
        ]

    def __str__(self) -> str:
        outcome = "succeeded" if self.succeeded else "failed"
        return f"Login {outcome} from {self.ip_address}"
