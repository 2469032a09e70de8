from __future__ import annotations

from django.db import models


class Backup(models.Model):
    """A dump that was taken before an attempt of a SQL migration lost data.

    ``direction`` and ``attempt`` say which attempt; ``tables`` has the rows of each table in the
    dump, ``lost`` what the attempt takes away. ``path`` is a folder of the machine that ran the
    command, ``sha256`` the dump's. Times are UTC.
    """

    id = models.BigAutoField(primary_key=True)
    sql_migration = models.ForeignKey(
        "nestflux.SqlMigration",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="backups",
    )
    direction = models.CharField(max_length=4)
    attempt = models.PositiveIntegerField()
    path = models.TextField()
    sha256 = models.CharField(max_length=64)
    tables = models.JSONField()
    lost = models.JSONField()
    taken_at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True)
    run = models.ForeignKey(
        "nestflux.Run", null=True, on_delete=models.DO_NOTHING, db_constraint=False
    )

    class Meta:
        managed = False
        db_table = "nestflux_backup"
        verbose_name = "backup"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.path
