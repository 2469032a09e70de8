from datetime import date

from django.db import models
from django.utils import timezone

from identity.models.user import User
from nestflux.orm.clock import UTC_NOW
from nestflux.orm.partitioning import RangePartitions


class LoginEvent(models.Model):
    """One attempt of a known user to log in: the table that grows without end.

    Partitioned by month, so that a query of a month reads that month, and old months are dropped
    and not deleted row by row. What it costs: a partitioned InnoDB table has no foreign keys (MySQL
    manual, "Restrictions and Limitations on Partitioning"), so `record_login` keeps the certainty
    that each event belongs to a user. And the table's primary key is (id, created_at): ids are
    still given once, but no longer checked where somebody states one.

    Attempts for an address that nobody has are not events: they belong to no user.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="login_events",
        db_constraint=False,
        db_index=False,  # the index of user and time serves
    )
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
        constraints = [
            RangePartitions(
                name="identity_login_event_by_month",
                field="created_at",
                start=date(2026, 12, 1),
                every="month",
                keep=24,
                widen_primary_key=True,
            ),
        ]
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
