from __future__ import annotations

from django.db import models


class SqlMigration(models.Model):
    """A SQL migration that was begun on this database: its text, and where it stands.

    ``id`` is the file's permanent id, which a rename or a new number does not change. ``attempt``
    counts its attempts, up or down; each attempt has statement rows of its own. Times are UTC. A
    file is replaced where its squash stands for it.
    """

    class State(models.TextChoices):
        RUNNING = "running", "in flight"
        FAILED = "failed", "failed"
        APPLIED = "applied", "applied"
        ROLLING_BACK = "rolling_back", "rolling back"
        ROLLED_BACK = "rolled_back", "rolled back"
        REPLACED = "replaced", "replaced"

    class Origin(models.TextChoices):
        """How it came to be applied."""

        STATEMENTS = "statements", "statement by statement"
        SNAPSHOT = "snapshot", "loaded with schema.sql"
        BASELINE = "baseline", "taken over"
        MARKED = "marked", "run by hand"
        SQUASHED = "squashed", "in place of other files"

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=100)
    number = models.PositiveIntegerField()
    alias = models.CharField(max_length=64)
    family = models.CharField(max_length=16)
    recorded_on = models.CharField(max_length=200)
    server_version = models.CharField(max_length=200)
    up_sha256 = models.CharField(max_length=64)
    down_sha256 = models.CharField(max_length=64)
    record_sha256 = models.CharField(max_length=64)
    up_text = models.TextField()
    down_text = models.TextField()
    record = models.TextField()
    migrations = models.JSONField()
    recorded_migrations = models.JSONField(db_column="books")
    state = models.CharField(max_length=16, choices=State)
    origin = models.CharField(max_length=16, choices=Origin)
    direction = models.CharField(max_length=4)
    attempt = models.PositiveIntegerField()
    statement_count = models.PositiveIntegerField()
    run = models.ForeignKey(
        "nestflux.Run", null=True, on_delete=models.DO_NOTHING, db_constraint=False
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "nestflux_sql_migration"
        verbose_name = "SQL migration"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.name}.sql"
