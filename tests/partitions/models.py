"""Models of throwaway projects that declare partitions, and what a server made of them."""

from __future__ import annotations

from tests.scenario import Project

# A log: partitions by month, which come and go. ``{more}`` are further arguments.
_EVENTS = """
    from datetime import date

    from django.db import models

    from nestflux.orm.partitioning import RangePartitions

    class Event(models.Model):
        at = models.DateTimeField()
        note = models.CharField(max_length=40, default="")

        class Meta:
            constraints = [
                RangePartitions(
                    name="log_event_by_month",
                    field="at",
                    start=date(2026, 1, 1),
                    every="month",
                    {more}
                    widen_primary_key=True,
                ),
            ]
"""

# The same table before anybody thought of partitions.
PLAIN = {
    "log": {
        "models.py": """
            from django.db import models

            class Event(models.Model):
                at = models.DateTimeField()
                note = models.CharField(max_length=40, default="")
        """
    }
}


def events(more: str = "") -> dict[str, dict[str, str]]:
    """An app ``log`` with the one model."""
    return {"log": {"models.py": _EVENTS.replace("{more}", more)}}


def partitions_of(log: Project, table: str = "log_event") -> list[str]:
    """The names of a table's partitions, in their order."""
    rows = log.sql(
        "SELECT PARTITION_NAME FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() "
        "AND TABLE_NAME = %s ORDER BY PARTITION_ORDINAL_POSITION",
        [table],
    )
    return [str(name) for (name,) in rows]


# The server's clock says the moment of the variable NOW (UTC) to every connection of a command.
CLOCK = """
    from datetime import UTC, datetime

    if _now := os.environ.get("NOW"):
        _seconds = datetime.fromisoformat(_now).replace(tzinfo=UTC).timestamp()
        DATABASES["default"].setdefault("OPTIONS", {})["init_command"] = (
            f"SET timestamp = {_seconds:.0f}"
        )
"""


def at(moment: str) -> dict[str, str]:
    """The environment of a command that runs at a moment of ``CLOCK``."""
    return {"NOW": moment}


def ledger_rows(log: Project) -> list[tuple[str, str]]:
    """What the ledger says of ``db_partitions``: the state and the note of each statement."""
    rows = log.sql(
        "SELECT state, note FROM nestflux_statement WHERE sql_migration_id = 'partitions' "
        "ORDER BY id"
    )
    return [(str(state), str(note)) for state, note in rows]
