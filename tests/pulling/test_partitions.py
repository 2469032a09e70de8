"""Partitions that a person made: ``db_pull`` declares them on the model."""

from __future__ import annotations

import re

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed

SCHEMA = """
CREATE TABLE log_event (
  id bigint NOT NULL AUTO_INCREMENT,
  at datetime(6) NOT NULL,
  note varchar(40) NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE COLUMNS (at) (
  PARTITION old VALUES LESS THAN ('2026-01-01'),
  PARTITION january VALUES LESS THAN ('2026-02-01'),
  PARTITION february VALUES LESS THAN ('2026-03-01 00:00:00'),
  PARTITION later VALUES LESS THAN (MAXVALUE)
);
CREATE TABLE log_reading (
  sensor int NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (sensor, day)
) PARTITION BY RANGE COLUMNS (day) (
  PARTITION p1 VALUES LESS THAN ('2026-01-05'),
  PARTITION p2 VALUES LESS THAN ('2026-01-12')
);
CREATE TABLE log_number (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY
) PARTITION BY RANGE COLUMNS (id) (
  PARTITION p1 VALUES LESS THAN (1000),
  PARTITION p2 VALUES LESS THAN (3000)
);
CREATE TABLE log_place (
  id bigint NOT NULL AUTO_INCREMENT,
  region varchar(9) NOT NULL,
  PRIMARY KEY (id, region)
) PARTITION BY LIST COLUMNS (region) (
  PARTITION north VALUES IN ('n', 'it''s'),
  PARTITION south VALUES IN ('s')
);
CREATE TABLE log_hash (id int NOT NULL PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
CREATE TABLE log_key (id int NOT NULL PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2;
CREATE TABLE log_odd (id int NOT NULL PRIMARY KEY) PARTITION BY LINEAR HASH (id) PARTITIONS 2;
CREATE TABLE log_even (id int NOT NULL PRIMARY KEY) PARTITION BY RANGE COLUMNS (id) (
  PARTITION p1 VALUES LESS THAN (1000) COMMENT = 'x'
);
"""


def test_partitions_become_declarations_and_come_back(project: ProjectFactory) -> None:
    legacy = feed(project({}), SCHEMA)

    outcome = legacy.run("db_pull")

    assert outcome.code == 0, str(outcome)
    assert "8 tables, 0 differences" in outcome.stdout
    event = legacy.read("log/models/event.py")
    assert event.startswith(
        "from datetime import date\n\nfrom django.db import models\n\n"
        "from nestflux.orm.partitioning import RangePartitions\n"
    )
    assert "id = models.BigAutoField(primary_key=True)" in event
    assert _declared(event) == (
        'RangePartitions(name="log_event_partitions", field="at", start=date(2026, 1, 1), '
        'every="month", widen_primary_key=True)'
    )
    reading = legacy.read("log/models/reading.py")
    assert 'pk = models.CompositePrimaryKey("sensor", "day")' in reading
    assert _declared(reading) == (
        'RangePartitions(name="log_reading_partitions", field="day", start=date(2026, 1, 5), '
        'every="week", catch_all=False)'
    )
    assert _declared(legacy.read("log/models/number.py")) == (
        'RangePartitions(name="log_number_partitions", field="id", start=1000, every=2000, '
        "catch_all=False)"
    )
    assert _declared(legacy.read("log/models/place.py")) == (
        'ListPartitions(name="log_place_partitions", field="region", '
        'partitions={"north": ["n", "it\'s"], "south": ["s"]}, widen_primary_key=True)'
    )
    assert "HashPartitions(" in legacy.read("log/models/hash.py")
    assert "KeyPartitions(" in legacy.read("log/models/key.py")


def test_what_no_declaration_says_stays_in_the_words_of_the_server(
    project: ProjectFactory,
) -> None:
    legacy = feed(project({}), SCHEMA)

    legacy.run("db_pull")

    assert "LINEAR HASH" in legacy.read("log/models/odd.py")
    assert "SqlTableOptions(" in legacy.read("log/models/even.py")


def test_a_database_with_partitions_is_taken_over_and_kept(project: ProjectFactory) -> None:
    legacy = feed(project({}), SCHEMA)
    legacy.succeeds("db_pull")
    adopted(legacy, "log")

    done = legacy.succeeds("db_partitions")

    assert "✓ log_event: added" in done.stdout
    assert "✓ log_reading: added" in done.stdout
    assert "✓ log_number: added" in done.stdout
    legacy.succeeds("db_status", "--drift")
    assert legacy.run("db_pull", "--compare", "log").code == 0


def test_a_model_follows_a_table_that_was_partitioned_since(project: ProjectFactory) -> None:
    table = "CREATE TABLE log_{} (id bigint AUTO_INCREMENT PRIMARY KEY);"
    legacy = feed(project({}), table.format("a") + table.format("b"))
    legacy.succeeds("db_pull")
    legacy.settings(apps=("log",))
    legacy.sql("ALTER TABLE log_a PARTITION BY HASH (id) PARTITIONS 4")

    legacy.run("db_pull", "--compare", "log", "--write")

    model = legacy.read("log/models/a.py")
    assert "from nestflux.orm.partitioning import HashPartitions" in model
    assert _declared(model) == 'HashPartitions(name="log_a_partitions", field="id", count=4)'
    assert legacy.run("db_pull", "--compare", "log").code == 0


def _declared(text: str) -> str:
    """The declaration of a file, on one line."""
    found = re.search(r"^ +(\w+Partitions\(.*?\)),?\n {8}\]", text, re.MULTILINE | re.DOTALL)
    assert found, text
    line = re.sub(r"\s+", " ", found[1])
    return line.replace("( ", "(").replace(", )", ")")
