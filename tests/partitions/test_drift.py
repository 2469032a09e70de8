"""What comes and goes is no drift; a table that is not divided as declared is."""

from __future__ import annotations

from tests.partitions.conftest import LogFactory
from tests.partitions.models import at, partitions_of

MAY = at("2026-05-20 10:00:00")


def test_months_that_came_and_went_are_no_drift(log: LogFactory) -> None:
    events = log("keep=2,")
    events.succeeds("db_partitions", env=MAY)

    for option in ((), ("--no-shadow",)):
        outcome = events.succeeds("db_status", "--drift", *option)
        assert "The schema is what the files up to 0001_events.sql make." in outcome.stdout


def test_the_check_of_a_history_finds_nothing_either(log: LogFactory) -> None:
    events = log()
    events.succeeds("db_partitions", env=MAY)

    assert "✓ Nothing was found." in events.succeeds("db_check").stdout


def test_a_table_without_its_partitions_is_drift(log: LogFactory) -> None:
    events = log()
    events.sql("ALTER TABLE log_event DROP PRIMARY KEY, ADD PRIMARY KEY (id) REMOVE PARTITIONING")

    for option in ((), ("--no-shadow",)):
        outcome = events.run("db_status", "--drift", *option)
        assert outcome.code == 1, str(outcome)
        assert "PARTITION BY RANGE" in outcome.stdout
        assert "primary key" in outcome.stdout


def test_partitions_by_another_column_are_drift(log: LogFactory) -> None:
    events = log()
    events.sql("ALTER TABLE log_event PARTITION BY HASH (id) PARTITIONS 4")

    outcome = events.run("db_status", "--drift")

    assert outcome.code == 1, str(outcome)
    assert "HASH" in outcome.stdout


def test_a_later_file_runs_over_months_that_came_and_went(log: LogFactory) -> None:
    events = log("keep=2,")
    events.succeeds("db_partitions", env=MAY)
    kept = partitions_of(events)
    events.edit("log/models.py", "class Meta:", 'class Meta:\n        db_table_comment = "Log"')
    events.edit("log/models.py", "note =", "level = models.IntegerField(db_default=3)\n    note =")

    events.succeeds("db_generate", "--name", "level")
    events.succeeds("db_migrate")

    assert partitions_of(events) == kept
    events.succeeds("db_status", "--drift")
    events.succeeds("db_rollback", "--yes")
    assert partitions_of(events) == kept


def test_a_file_that_died_over_them_is_decided_by_what_else_it_changes(log: LogFactory) -> None:
    """The deploy is killed behind the statement that gives the table a comment: its recorded
    definition has the partitions of the recording, the live one those of today."""
    events = log("keep=2,")
    events.succeeds("db_partitions", env=MAY)
    events.edit("log/models.py", "class Meta:", 'class Meta:\n        db_table_comment = "Log"')
    events.succeeds("db_generate", "--name", "comment")
    events.succeeds("db_migrate")
    statement = "sql_migration_id = (SELECT id FROM nestflux_sql_migration WHERE number = 2)"
    events.sql(
        "UPDATE nestflux_statement SET state = 'started', finished_at = NULL WHERE "
        f"{statement} AND `sql` LIKE '%%COMMENT%%'",
        [],
    )
    events.sql("UPDATE nestflux_sql_migration SET state = 'running' WHERE number = 2")

    outcome = events.succeeds("db_migrate")

    assert "the schema shows that it ran" in outcome.stdout
