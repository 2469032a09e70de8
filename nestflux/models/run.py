from __future__ import annotations

from django.db import models


class Run(models.Model):
    """One command that held the lock: who it was, how it ended, which signals it has yet to send.

    ``loading`` lists the objects that a fresh load makes, written before it begins, so that the
    next run knows what to drop if it died (``loaded_at`` is empty then). Times are UTC.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    id = models.BigAutoField(primary_key=True)
    command = models.CharField(max_length=64)
    alias = models.CharField(max_length=64)
    host = models.CharField(max_length=255)
    pid = models.BigIntegerField()
    user = models.CharField(max_length=255)
    versions = models.CharField(max_length=255)
    connection_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome)
    error_text = models.TextField()
    post_migrate_owed = models.BooleanField()
    post_migrate_sent_at = models.DateTimeField(null=True)
    post_migrate_hash = models.CharField(max_length=64)
    loading = models.JSONField(null=True)
    loaded_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "nestflux_run"
        verbose_name = "run"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.command} on {self.host}, {self.started_at:%Y-%m-%d %H:%M:%S} UTC"
