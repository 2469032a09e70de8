"""What the rules about rows share: where a change meets rows, and how much is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile, ReviewedStep
from nestflux.sql.lexer import identifiers
from nestflux.sql.statement_parts import table_of


def by_rows(step: ReviewedStep, table: str, finding: Finding) -> Iterator[Finding]:
    """The finding: advice where nobody knows whether the table has rows, a warning where it has
    some; none where it is empty."""
    rows = step.rows(table)
    if rows is None:
        yield finding
    elif rows:
        yield replace(finding, severity=Severity.WARNING)


def parts_changed(
    step: ReviewedStep, kind: str
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """The parts of one kind that a step changes or adds in live tables: table, name, before and
    after."""
    for key, (before, after) in step.delta.changes.items():
        if key.kind == kind and after is not None and step.is_live(key.table):
            yield key.table, key.name, before, after


def has_values(file: ReviewedFile, table: str, columns: tuple[str, ...]) -> bool:
    """Were all of these columns there before the file? What it adds itself it also fills."""
    there = file.before[table].columns if table in file.before else {}
    return bool(columns) and all(column in there for column in columns)


def may_be_filled(file: ReviewedFile, until: ReviewedStep, table: str, column: str) -> bool:
    """Does an UPDATE of the file that runs before a step name the column, or a Python step of the
    same app run there, of which nobody knows what it fills?"""
    return any(
        (not step.sql and _app(until) in ("", _app(step)))
        or (
            step.words[:1] == ("UPDATE",)
            and table_of(step.sql) == table
            and column in identifiers(step.sql)
        )
        for step in file.steps
        if step.ordinal < until.ordinal
    )


def _app(step: ReviewedStep) -> str:
    """Of its locator, ``blog.0002_seed/1``; empty of what Django runs at a migration's end."""
    return step.record.operation.partition(".")[0] if "/" in step.record.operation else ""
