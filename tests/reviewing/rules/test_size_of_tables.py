"""What the rules say where somebody knows how many rows a table has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from nestflux.history.records import StepRecord
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile, ReviewedStep, Tables
from nestflux.reviewing.schema_rules.live_tables.copies_table import copied_tables
from nestflux.reviewing.schema_rules.live_tables.cost import MANY_ROWS
from nestflux.reviewing.schema_rules.live_tables.partitioning_changed import changed_partitioning
from nestflux.reviewing.schema_rules.real_data.shrink_over_long_values import (
    narrower_columns_over_rows,
)
from nestflux.schema.diff import Delta
from nestflux.schema.objects import COLUMN, TABLE, ObjectKey
from nestflux.schema.transform.tables import TableSchema

POST = {"post": TableSchema("post", columns={"views": "bigint(20) NOT NULL"})}
VIEWS = ObjectKey(COLUMN, "views", "post")


@pytest.mark.parametrize(
    ("rows", "speaks"), [(None, True), (MANY_ROWS, True), (MANY_ROWS - 1, False), (0, False)]
)
def test_a_copy_matters_from_many_rows_on(rows: int | None, *, speaks: bool) -> None:
    step = _narrowing(rows)

    assert bool(list(copied_tables(step))) is speaks


@pytest.mark.parametrize(
    ("rows", "severities"),
    [(None, [Severity.ADVICE]), (1, [Severity.WARNING]), (0, [])],
)
def test_what_fails_on_rows_is_a_warning_where_there_are_some(
    rows: int | None, severities: list[Severity]
) -> None:
    file = ReviewedFile("mysql", "0002", Path("0002.sql"), (_narrowing(rows),), POST, POST)

    assert _severities(narrower_columns_over_rows(file)) == severities


@pytest.mark.parametrize(
    ("after", "speaks"),
    [
        ("PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (9))", False),
        ("PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (9), PARTITION p1 …)", False),
        ("PARTITION BY RANGE (`views`) (PARTITION p0 VALUES LESS THAN (9))", True),
        ("PARTITION BY HASH (`id`) PARTITIONS 4", True),
        ("", True),
    ],
)
def test_one_more_partition_moves_no_rows(after: str, *, speaks: bool) -> None:
    before = "ENGINE=InnoDB PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (9))"
    options = f"ENGINE=InnoDB {after}".strip()
    step = _step(Delta({ObjectKey(TABLE, "post"): (before, options)}), None)

    assert bool(list(changed_partitioning(step))) is speaks


def _narrowing(rows: int | None) -> ReviewedStep:
    return _step(Delta({VIEWS: ("bigint(20) NOT NULL", "int(11) NOT NULL")}), rows)


def _step(delta: Delta, rows: int | None) -> ReviewedStep:
    tables: Tables = POST
    record = StepRecord("", "ddl", "copies the table, blocks writes", delta=delta)
    sql = "ALTER TABLE `post` MODIFY `views` int NOT NULL"
    return ReviewedStep("mysql", 1, sql, record, tables, tables, rows=lambda _: rows)


def _severities(findings: Iterable[Finding]) -> list[Severity]:
    return [finding.severity for finding in findings]
