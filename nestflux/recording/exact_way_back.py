"""A way back is exact: what Django's own leaves otherwise is put right, on the shadow and in the
file.

Django's backwards does not look at what was there: it makes a column anew at the table's end, and
keys and indexes under the names that it would give them today. A later file then names what is not
there. What it leaves is compared with the schema before, and the statements that make the rest
equal follow its own (``schema/transform``), recorded and measured like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.database.errors import in_words
from nestflux.database.session import PINNED, pin
from nestflux.history.sqlfile import (
    COMPLETES,
    Item,
    PythonStep,
    SessionStatement,
    SqlFile,
    Statement,
)
from nestflux.recording.capture import Recorded
from nestflux.recording.measuring import Measuring
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import Schema, read_schema, table_names
from nestflux.schema.transform.changes import GOES_ALONG, MAY_FAIL, Change
from nestflux.schema.transform.transform import transform
from nestflux.sql.lexer import opening
from nestflux.sql.statements import Kind, kind_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.history.records import StepRecord

logger = logging.getLogger(__name__)

_ROUNDS = 3  # what one leaves, for the server did more than it was asked for, the next puts right


def complete(
    connection: BaseDatabaseWrapper, family: str, backwards: Sequence[Recorded], before: Schema
) -> tuple[list[Recorded], Schema]:
    """Run what Django's way back lacks, behind its last statement.

    Args:
        connection: the shadow, after Django went back.
        backwards: what it did, migration by migration.
        before: the schema that there is to be.

    Returns what was recorded with that added, and the schema that is there: ``before``, but for
    what no statement makes (data that is gone, an option that cannot be taken back).
    """
    measuring = Measuring(connection, family)
    items: list[Item] = []
    records: list[StepRecord] = []
    for _ in range(_ROUNDS):
        left = read_schema(connection)
        if left.definitions == before.definitions:
            break
        done = list(_run(connection, measuring, left.definitions, before.definitions))
        items += (item for item, _ in done)
        records += (record for _, record in done if record is not None)
        if not done:
            break
    if not items:
        return list(backwards), read_schema(connection)
    *others, last = backwards
    section = replace(last.section, items=(*last.section.items, *items))
    return [*others, Recorded(section, [*last.records, *records])], read_schema(connection)


def _run(
    connection: BaseDatabaseWrapper, measuring: Measuring, left: Definitions, before: Definitions
) -> Iterator[tuple[Item, StepRecord | None]]:
    """One round: each statement as it ran. One that the server refuses is left out, and with it
    all that follow."""
    for change in _changes(connection, measuring.family, left, before):
        comment = f"{COMPLETES}{_what(change, left, before)}"
        try:
            done = _one(connection, measuring, change, comment)
        except Error as error:
            logger.info("%s is refused: %s", change.sql, error)
            pin(connection, PINNED)
            return
        yield from done


def _one(
    connection: BaseDatabaseWrapper, measuring: Measuring, change: Change, comment: str
) -> list[tuple[Item, StepRecord | None]]:
    """Run a statement, with the SETs around it that it needs."""

    def execute(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    def session(value: int) -> list[tuple[Item, None]]:
        if not change.unchecked:
            return []
        sql = f"SET foreign_key_checks = {value}"
        execute(sql)
        return [(SessionStatement(sql, (comment,)), None)]

    unchecked = session(0)
    _, statement, record = measuring.run(change.sql, execute)
    return [*unchecked, (replace(statement, comments=(comment,)), record), *session(1)]


def _changes(
    connection: BaseDatabaseWrapper, family: str, left: Definitions, before: Definitions
) -> Iterator[Change]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@collation_database")
        (collation,) = cursor.fetchone()
    found = transform(left, before, collation=str(collation), family=family, exact=True)
    for change in found.changes:
        # A constraint that was there before may meet rows that came since: the server says so.
        if change.risk is None or change.risk.kind in (MAY_FAIL, GOES_ALONG):
            yield change


def _what(change: Change, left: Definitions, before: Definitions) -> str:
    """What is otherwise, in a line."""
    settled = set(change.settles)
    delta = Delta.between(before, left).changes
    lines = Delta({key: pair for key, pair in delta.items() if key in settled}).lines()
    return " ".join("; ".join(lines).split()) or str(change.key)


def not_repeated(connection: BaseDatabaseWrapper, up: SqlFile, built: Schema) -> tuple[str, ...]:
    """What an up file makes otherwise when it is run again behind its way back; empty where it
    makes the same.

    That the schema is the one before is not enough: an index that a statement made and one that
    the server made for a foreign key look alike, and only the latter gives way. Rows are taken out
    first, and only statements that change the schema run: what rows are left is another matter.

    Args:
        connection: the shadow, after the up file and the way back.
        built: the schema that the up file gave.
    """
    _empty(connection)
    pin(connection, up.session)
    for ordinal, _, step in up.steps():
        if isinstance(step, Statement) and kind_of(step.sql) is Kind.DDL:
            try:
                pin(connection, (step.sql,))
            except Error as error:
                if _may_need_others(up):
                    return ()
                why = in_words(error, connection, step.sql)
                return (f"step {ordinal} of {up.name}.sql, run again behind it, fails: {why}",)
    difference = Delta.between(built.definitions, read_schema(connection).definitions)
    if _may_need_others(up):
        return ()
    return tuple(
        f"{up.name}.sql, run again behind it, leaves {line}" for line in difference.lines()
    )


def _may_need_others(up: SqlFile) -> bool:
    """May a step that was left out change the schema: one in Python, a procedure?"""
    return any(
        isinstance(step, PythonStep) or opening(step.sql, 1)[0].text.upper() == "CALL"
        for _, _, step in up.steps()
    )


def _empty(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for table in table_names(connection):
            with suppress(Error):  # a trigger of the project may forbid it
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        cursor.execute("SET foreign_key_checks = 1")
