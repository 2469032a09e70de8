"""``schema.sql``: the whole schema after the last file, and the rows its own steps made.

Rows that depend on the clock, on chance or on the machine are found by making them twice; a time
or a uuid becomes an expression, anything else keeps the snapshot from being loaded at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from nestflux.database.reader import Schema, after_engine
from nestflux.database.rows import Column, TableRows, insert_statements
from nestflux.database.session import SQL_MODE
from nestflux.history.snapshots import views_in_order
from nestflux.history.sqlfile import delimited

# Settings on which rows of migrations commonly depend (django.contrib.sites, translations).
_SETTINGS = ("LANGUAGE_CODE", "TIME_ZONE", "SITE_ID")

_COUNTED = re.compile(r"^  `((?:[^`]|``)+)` .*\bAUTO_INCREMENT\b", re.MULTILINE)

_NOW = {
    "datetime": "CURRENT_TIMESTAMP(6)",
    "timestamp": "CURRENT_TIMESTAMP(6)",
    "date": "CURRENT_DATE",
    "time": "CURRENT_TIME(6)",
}


@dataclass(frozen=True)
class Volatility:
    """What differed between two runs of the same steps.

    ``expressions``: table → column → the SQL expression that stands for it in the snapshot;
    ``reasons``: what cannot be written to a file at all, a line each, and ``unfrozen`` the tables
    of which they speak; ``columns``: every column that varies, table → names.
    """

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expressions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    unfrozen: frozenset[str] = frozenset()


def volatility(
    one: Mapping[str, TableRows],
    other: Mapping[str, TableRows],
    private: frozenset[str] = frozenset(),
) -> Volatility:
    """Compare the rows of two shadows that ran the same steps under two clocks. Pure.

    ``private`` are values of this machine: a column that holds one may not be written to a file
    either, although it does not vary here.
    """
    columns: dict[str, frozenset[str]] = {}
    expressions: dict[str, dict[str, str]] = {}
    reasons: list[str] = []
    unfrozen: set[str] = set()
    for table in sorted(one.keys() | other.keys()):
        first, second = one.get(table), other.get(table)
        if first is None or second is None or len(first.rows) != len(second.rows):
            reasons.append(f"{table}: the number of rows varies")
            unfrozen.add(table)
            columns[table] = frozenset(c.name for c in (first or second).columns)  # type: ignore[union-attr]
            continue
        differing = [
            (index, column)
            for index, column in enumerate(first.columns)
            if any(a[index] != b[index] for a, b in zip(first.rows, second.rows, strict=True))
        ]
        if differing:
            columns[table] = frozenset(column.name for _, column in differing)
        for index, column in differing:
            example = next((row[index] for row in first.rows if row[index] != "NULL"), "")
            if expression := _expression(column, example):
                expressions.setdefault(table, {})[column.name] = expression
            else:
                reasons.append(f"{table}.{column.name} varies from run to run")
                unfrozen.add(table)
        for index, column in enumerate(first.columns):
            if any(value in row[index] for row in first.rows for value in private):
                reasons.append(f"{table}.{column.name} holds a value of the environment")
                unfrozen.add(table)
    return Volatility(columns, expressions, tuple(reasons), frozenset(unfrozen))


def _expression(column: Column, example: str) -> str:
    """What makes the column anew in each database, or nothing where that could not be known."""
    if column.in_key or column.referenced:
        return ""
    if column.data_type == "uuid":
        return "UUID()"
    if column.data_type == "char" and len(example) == 34 and _is_hex(example[1:-1]):
        return "REPLACE(UUID(), '-', '')"
    return "" if column.unique else _NOW.get(column.data_type, "")


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)


def settings_that_rows_assume(rows: Mapping[str, TableRows]) -> dict[str, object]:
    """The settings to state beside rows; none where there are no rows."""
    if not rows:
        return {}
    return {name: getattr(settings, name) for name in _SETTINGS if hasattr(settings, name)}


def render_snapshot(
    after: str,
    schema: Schema,
    rows: Mapping[str, TableRows],
    varying: Volatility,
    left_out: Mapping[str, str] | None = None,
) -> str:
    """The text of ``schema.sql``.

    Args:
        left_out: the CREATE of tables that the schema lacks, as a snapshot has them.

    Tables come first, in any order under ``foreign_key_checks = 0``; then rows; then what could
    act on rows or reads tables (routines, views in their order of use, triggers, events).
    """
    blocks = [
        f"-- The schema after {after}. Written by db_generate; a fresh database loads it instead\n"
        "-- of replaying the files. Its diff shows the net effect of a change.",
        "SET NAMES utf8mb4;\n"
        f"SET sql_mode = '{SQL_MODE}';\n"
        "SET time_zone = '+00:00';\n"
        "SET foreign_key_checks = 0;",
    ]
    create = schema.create
    tables = {key: sql for key, sql in create.items() if key.startswith("table ")}
    for key, sql in sorted({**tables, **(left_out or {})}.items()):
        counter = _counter_to_state(schema, key, rows) if key in tables else ""
        blocks.append(delimited(after_engine(sql, counter) if counter else sql))
    for table, found in rows.items():
        if table not in varying.unfrozen:
            expressions = varying.expressions.get(table, {})
            blocks += [delimited(sql) for sql in insert_statements(found, expressions)]
    for kind in ("function", "procedure"):
        blocks += [delimited(create[key]) for key in create if key.startswith(f"{kind} ")]
    blocks += [delimited(create[key]) for key in views_in_order(create)]
    for kind in ("trigger", "event"):
        blocks += [delimited(create[key]) for key in create if key.startswith(f"{kind} ")]
    blocks.append("SET foreign_key_checks = 1;")
    return "\n\n".join(blocks) + "\n"


def _counter_to_state(schema: Schema, key: str, rows: Mapping[str, TableRows]) -> str:
    """``AUTO_INCREMENT=n`` where the table's rows would not bring its counter to n."""
    table = key.split(" ", 1)[1]
    counter = schema.counters.get(table, 0)
    column = _COUNTED.search(schema.create[key])
    highest = 0
    if column and table in rows:
        names = [c.name for c in rows[table].columns]
        index = names.index(column.group(1).replace("``", "`"))
        highest = max(int(row[index]) for row in rows[table].rows)
    return f"AUTO_INCREMENT={counter}" if counter > highest + 1 else ""
