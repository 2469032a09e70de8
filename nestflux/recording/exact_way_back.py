"""A way back is exact: what Django's own leaves otherwise is put right, on the shadow and in the
file.

Django's backwards does not look at what was there: it makes a column anew at the table's end, and
keys and indexes under the names that it would give them today. A later file then names what is not
there. What it leaves is compared with the schema before, and the statements that make the rest
equal follow its own (``schema/transform``), recorded and measured like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.database.errors import in_words
from nestflux.database.server import default_collation
from nestflux.database.session import pin
from nestflux.history.sqlfile import (
    NOT_DJANGOS,
    Item,
    PythonStep,
    SessionStatement,
    SqlFile,
    Step,
)
from nestflux.recording.capture import Recorded
from nestflux.recording.measuring import Measuring
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import Schema, read_schema, table_names
from nestflux.schema.transform.changes import (
    GOES_ALONG,
    MAY_FAIL,
    Change,
    ColumnRef,
    Phase,
)
from nestflux.schema.transform.transform import transform
from nestflux.sql.lexer import identifiers, opening, quoted
from nestflux.sql.statements import Kind, kind_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.history.records import StepRecord

logger = logging.getLogger(__name__)

_UNCHECKED = SessionStatement(
    "SET foreign_key_checks = 0", (f"{NOT_DJANGOS}: the rows met the foreign key before",)
)
_CHECKED = SessionStatement("SET foreign_key_checks = 1", (NOT_DJANGOS,))
_ROUNDS = 3  # what one leaves, for the server did more than it was asked for, the next puts right


def complete(
    connection: BaseDatabaseWrapper,
    family: str,
    backwards: Sequence[Recorded],
    before: Schema,
    after: Schema,
) -> tuple[list[Recorded], Schema]:
    """Run what Django's way back lacks, behind its last statement.

    Args:
        connection: the shadow, after Django went back.
        backwards: what it did, migration by migration.
        before: the schema that there is to be.
        after: the schema that Django went back from.

    Returns what was recorded with that added, and the schema that is there: ``before``, but for
    what no statement makes (data that is gone, an option that cannot be taken back).
    """
    measuring = Measuring(connection, family)
    items: list[Item] = []
    records: list[StepRecord] = []
    left = read_schema(connection)
    for _ in range(_ROUNDS):
        if left.definitions == before.definitions:
            break
        done = list(
            _run(connection, measuring, left.definitions, before.definitions, after.definitions)
        )
        if not done:
            break
        items += (item for item, _ in done)
        records += (record for _, record in done if record is not None)
        left = read_schema(connection)
    if not (items and backwards):
        return list(backwards), left
    *others, last = backwards
    section = replace(last.section, items=(*last.section.items, *items))
    return [*others, Recorded(section, [*last.records, *records])], left


def _run(
    connection: BaseDatabaseWrapper,
    measuring: Measuring,
    left: Definitions,
    before: Definitions,
    after: Definitions,
) -> Iterator[tuple[Item, StepRecord | None]]:
    """One round: each statement as it ran. One that the server refuses is left out, and with it
    all that follow."""

    def execute(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    changes = _changes(connection, measuring.family, left, before, after)
    for unchecked, some in groupby(changes, key=lambda change: change.unchecked):
        ran: list[tuple[Item, StepRecord | None]] = []
        is_refused = False
        if unchecked:
            execute(_UNCHECKED.sql)
        for change in some:
            try:
                _, statement, record = measuring.run(change.sql, execute)
            except Error as error:
                logger.info("%s is refused: %s", change.sql, error)
                is_refused = True
                break
            ran.append((replace(statement, comments=(_comment(change, left, before),)), record))
        if unchecked:  # whatever became of it: a file does not end with the checks off
            execute(_CHECKED.sql)
            ran = [(_UNCHECKED, None), *ran, (_CHECKED, None)] if ran else []
        yield from ran
        if is_refused:
            return


def _changes(
    connection: BaseDatabaseWrapper,
    family: str,
    left: Definitions,
    before: Definitions,
    after: Definitions,
) -> Iterator[Change]:
    collation = default_collation(connection)
    gone = before.keys() - after.keys()
    made_anew = {ColumnRef.of(key.table, key.name) for key in gone if key.is_column}
    found = transform(
        left, before, collation=collation, family=family, exact=True, made_anew=made_anew
    )
    return (change for change in found.changes if _belongs_to_a_way_back(change, after))


def _belongs_to_a_way_back(change: Change, after: Definitions) -> bool:
    """A constraint that was there before may meet rows that came since: the server says so. A
    column that was narrower before is so again, as where Django goes back; whoever rolls back is
    told so. What goes with a table or a column is lost only where a migration says it, or Django's
    way back has just made it. A program's text stands in the up file: its drop loses nothing."""
    if change.risk is None or not change.key.object.is_of_table:
        return True
    if change.risk.kind in (MAY_FAIL, GOES_ALONG) or change.phase is Phase.COLUMN:
        return True
    return change.key.object.holder not in after or not after.keys() & {*change.settles}


def _comment(change: Change, left: Definitions, before: Definitions) -> str:
    """What Django's way back leaves otherwise: objects that came (+), went (-), differ (~); none
    where a foreign key is out of the way while its columns change."""
    delta = Delta.between(before, left).changes
    found = [
        f"{'+' if was is None else '-' if now is None else '~'} {key.kind} {key.name}".rstrip()
        for key, (was, now) in delta.items()
        if key in change.settles
    ]
    if not found:
        return f"{NOT_DJANGOS}: columns of this key change"
    return f"{NOT_DJANGOS}, which leaves {', '.join(found)}"


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
    if _may_need_others(up):
        return ()
    _empty(connection, {name.lower() for _, _, step in up.steps() for name in _named(step)})
    pin(connection, up.session)
    ordinal = 0
    for item in (item for section in up.sections for item in section.items):
        ordinal += not isinstance(item, SessionStatement)
        if isinstance(item, PythonStep) or kind_of(item.sql) not in (Kind.DDL, Kind.SESSION):
            continue
        try:
            pin(connection, (item.sql,))
        except Error as error:
            why = in_words(error, connection, item.sql)
            return (f"step {ordinal} of {up.name}.sql, run again behind it, fails: {why}",)
    difference = Delta.between(built.definitions, read_schema(connection).definitions)
    again = f"{up.name}.sql, run again behind it, leaves"
    return tuple(f"{again} {line}" for line in difference.lines())


def _may_need_others(up: SqlFile) -> bool:
    """May a step that is left out change the schema: one in Python, a procedure?"""
    return any(
        isinstance(step, PythonStep) or opening(step.sql, 1)[0].text.upper() == "CALL"
        for _, _, step in up.steps()
    )


def _named(step: Step) -> Collection[str]:
    return () if isinstance(step, PythonStep) else identifiers(step.sql)


def _empty(connection: BaseDatabaseWrapper, names: Collection[str]) -> None:
    """Take the rows out of the tables that are named, in lower case."""
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for table in (each for each in table_names(connection) if each.lower() in names):
            with suppress(Error):  # a trigger of the project may forbid it
                cursor.execute(f"DELETE FROM {quoted(table)}")
        cursor.execute("SET foreign_key_checks = 1")
