from __future__ import annotations

from django.db import models


class Statement(models.Model):
    """One step of one attempt of a SQL migration. Times are UTC.

    ``schema_before`` is what the objects that a DDL statement touches looked like before it ran;
    ``delta`` is what it did to them when it was recorded. By the two a crash is decided.
    """

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        STARTED = "started", "started"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        SKIPPED = "skipped", "skipped"

    id = models.BigAutoField(primary_key=True)
    sql_migration = models.ForeignKey(
        "nestflux.SqlMigration",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="statements",
    )
    direction = models.CharField(max_length=4)
    attempt = models.PositiveIntegerField()
    ordinal = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=8)
    migration = models.CharField(max_length=255)
    sql = models.TextField()
    verdict = models.TextField()
    undecidable = models.TextField()
    state = models.CharField(max_length=8, choices=State)
    note = models.TextField()
    tries = models.PositiveIntegerField()
    schema_before = models.JSONField(db_column="before_reading", null=True)
    delta = models.JSONField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    rows_affected = models.BigIntegerField(null=True)
    error_code = models.IntegerField(null=True)
    error_text = models.TextField()
    connection_id = models.BigIntegerField(null=True)
    run = models.ForeignKey(
        "nestflux.Run", null=True, on_delete=models.DO_NOTHING, db_constraint=False
    )

    class Meta:
        managed = False
        db_table = "nestflux_statement"
        verbose_name = "statement"
        ordering = ["sql_migration", "attempt", "ordinal"]

    def __str__(self) -> str:
        return f"[{self.ordinal}] {self.sql[:60]}"
