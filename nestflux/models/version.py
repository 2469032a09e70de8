from __future__ import annotations

from django.db import models


class Version(models.Model):
    """The one row that says in which shape the ledger's tables are."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    version = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    upgraded_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "nestflux_version"
        verbose_name = "ledger version"

    def __str__(self) -> str:
        return f"ledger version {self.version}"
