"""What is declared on a model becomes reviewed SQL, both ways, and a server divides the rows."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ProjectFactory
from tests.partitions.models import PLAIN, events, partitions_of
from tests.scenario import Project


def statements(log: Project, name: str) -> str:
    """What a file runs, with its verdicts."""
    return (log.history / name).read_text(encoding="utf-8").partition("\n-- ---- ")[2]


def definition_of(log: Project) -> str:
    """The table, but for its counter, which rows move."""
    return re.sub(r" AUTO_INCREMENT=\d+", "", log.sql("SHOW CREATE TABLE log_event")[0][1])


def test_a_new_table_is_partitioned_before_it_has_rows(project: ProjectFactory) -> None:
    log = project(events("ahead=1,"))

    log.succeeds("db_generate", "--name", "events")
    log.succeeds("db_migrate")

    assert statements(log, "0001_events.sql").endswith(
        """
-- [2] copies the table, blocks writes (a new table)
ALTER TABLE `log_event` DROP PRIMARY KEY, ADD PRIMARY KEY (`id`, `at`) PARTITION BY RANGE COLUMNS (`at`) (
  PARTITION `p_before` VALUES LESS THAN ('2026-01-01 00:00:00'),
  PARTITION `p20260101` VALUES LESS THAN ('2026-02-01 00:00:00'),
  PARTITION `p20260201` VALUES LESS THAN ('2026-03-01 00:00:00'),
  PARTITION `p_rest` VALUES LESS THAN (MAXVALUE)
);
"""  # noqa: E501
    )
    assert partitions_of(log) == ["p_before", "p20260101", "p20260201", "p_rest"]
    log.succeeds("db_check")
    log.succeeds("db_status", "--drift")


def test_stock_makemigrations_sees_what_is_declared(project: ProjectFactory) -> None:
    log = project(events())
    log.succeeds("makemigrations", "log")
    log.succeeds("makemigrations", "--check")

    log.edit("log/models.py", 'every="month"', 'every="week", keep=8')
    outcome = log.run("makemigrations", "--check", "--dry-run")

    assert outcome.code == 1, str(outcome)
    assert "Alter constraint log_event_by_month on event" in outcome.stdout


def test_what_comes_and_goes_may_be_declared_anew_without_sql(project: ProjectFactory) -> None:
    log = project(events())
    log.succeeds("db_generate", "--name", "events")

    log.edit("log/models.py", 'every="month"', 'every="week", ahead=9, keep=8, archive=False')
    log.succeeds("db_generate", "--name", "weeks")

    assert "ALTER" not in statements(log, "0002_weeks.sql")


def test_a_table_with_rows_is_copied_and_says_so_and_comes_back(project: ProjectFactory) -> None:
    log = project(PLAIN)
    log.succeeds("db_generate", "--name", "events")
    log.succeeds("db_migrate")
    plain = definition_of(log)
    rows = [(n, f"2026-{month:02}-15") for n, month in enumerate((1, 2, 9), start=1)]
    for row in rows:
        log.sql("INSERT INTO log_event (id, at, note) VALUES (%s, %s, '')", row)

    log.write("log/models.py", events()["log"]["models.py"])
    log.succeeds("db_generate", "--name", "by_month")
    log.succeeds("db_migrate")

    assert "-- [1] copies the table, blocks writes\nALTER" in statements(log, "0002_by_month.sql")
    assert log.sql("SELECT id FROM log_event PARTITION (p20260201)") == [(2,)]
    assert log.sql("SELECT id FROM log_event PARTITION (p_rest)") == [(3,)]

    way_back = statements(log, "0002_by_month.down.sql")
    assert "-- [1] copies the table, blocks writes\n" in way_back
    assert "DROP PRIMARY KEY, ADD PRIMARY KEY (`id`) REMOVE PARTITIONING;" in way_back
    log.succeeds("db_rollback", "--yes")
    assert definition_of(log) == plain
    assert log.sql("SELECT COUNT(*) FROM log_event") == [(3,)]


OTHER_KINDS = {
    "list": (
        'ListPartitions(name="p", field="kind", widen_primary_key=True, '
        'partitions={"first": ["a", "b%"], "second": ["it\'s"]})',
        ["first", "second"],
    ),
    "hash": ('HashPartitions(name="p", field="id", count=3)', ["p0", "p1", "p2"]),
    "key": (
        'KeyPartitions(name="p", fields=["kind"], count=2, widen_primary_key=True)',
        ["p0", "p1"],
    ),
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_lists_hashes_and_keys(project: ProjectFactory, kind: str) -> None:
    declared, names = OTHER_KINDS[kind]
    log = project(
        {
            "log": {
                "models.py": f"""
                    from django.db import models

                    from nestflux.orm.partitioning import (
                        HashPartitions, KeyPartitions, ListPartitions,
                    )

                    class Event(models.Model):
                        kind = models.CharField(max_length=9)

                        class Meta:
                            constraints = [{declared}]
                """
            }
        }
    )

    log.succeeds("db_generate", "--name", "events")
    log.succeeds("db_migrate")
    log.sql("INSERT INTO log_event (kind) VALUES ('a'), ('b%'), ('it''s')", None)

    assert partitions_of(log) == names
    log.succeeds("db_check")
    log.succeeds("db_status", "--drift")
    log.succeeds("db_partitions")


def test_a_value_of_no_list_is_refused_before_the_server_is_asked(project: ProjectFactory) -> None:
    log = project(
        {
            "log": {
                "models.py": """
                    from django.db import models

                    from nestflux.orm.partitioning import ListPartitions

                    class Event(models.Model):
                        kind = models.CharField(max_length=9)

                        class Meta:
                            constraints = [
                                ListPartitions(
                                    name="p", field="kind", widen_primary_key=True,
                                    partitions={"first": ["a"]},
                                    violation_error_message="No such kind.",
                                )
                            ]
                """
            }
        }
    )

    outcome = log.python(
        """
        from django.core.exceptions import ValidationError
        from log.models import Event

        Event(kind="a").full_clean()
        Event(kind="z").clean_fields()
        try:
            Event(kind="z").full_clean()
        except ValidationError as error:
            print(error.messages)
        """
    )

    assert outcome.stdout.strip() == "['No such kind.']", str(outcome)


def test_a_composite_primary_key_stays_as_it_is(project: ProjectFactory) -> None:
    log = project(
        {
            "log": {
                "models.py": """
                    from datetime import date

                    from django.db import models

                    from nestflux.orm.partitioning import RangePartitions

                    class Reading(models.Model):
                        pk = models.CompositePrimaryKey("sensor", "day")
                        sensor = models.IntegerField()
                        day = models.DateField()

                        class Meta:
                            constraints = [
                                RangePartitions(
                                    name="p", field="day", start=date(2026, 1, 1), every="year"
                                )
                            ]
                """
            }
        }
    )

    log.succeeds("db_generate", "--name", "readings")
    log.succeeds("db_migrate")
    log.sql("INSERT INTO log_reading VALUES (1, '2026-05-01'), (1, '2027-05-01')")

    assert "DROP PRIMARY KEY" not in statements(log, "0001_readings.sql")
    assert log.sql("SELECT day FROM log_reading PARTITION (p20270101)")[0][0].year == 2027
    log.succeeds("db_check")


def test_a_wrong_declaration_is_refused_before_anything_is_recorded(
    project: ProjectFactory,
) -> None:
    log = project(events())
    log.edit("log/models.py", "widen_primary_key=True,", "")

    outcome = log.run("db_generate")

    assert outcome.code == 2, str(outcome)
    assert "nestflux.E022" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not log.history.exists()
