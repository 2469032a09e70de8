"""A script is run on scratch schemas before it is written: as it stands, and whole.

The first schema tells which statements wait for others that are commented out, and how the server
runs those that do not. Nothing here is run on the live database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.database.errors import in_words
from nestflux.database.session import PINNED
from nestflux.database.verdicts import NEW_TABLE, run_measured, works_on_rows
from nestflux.exceptions import NotReconciled
from nestflux.schema.compare import differing
from nestflux.schema.diff import Definitions
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import INDEX, TABLE, VIEW, ObjectKey
from nestflux.schema.programs import programs_in_order
from nestflux.schema.transform.changes import (
    GOES_ALONG,
    Change,
    ChangeKey,
    Phase,
    Risk,
    Transformation,
)
from nestflux.schema.transform.refusals import refused
from nestflux.schema.transform.tables import create_table, names_in, tables_of
from nestflux.schema.transform.transform import transform

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Makes a scratch schema of the live database's collation.
Scratch = Callable[[], AbstractContextManager["BaseDatabaseWrapper"]]


@dataclass(frozen=True)
class Case:
    """What is reconciled: the schema of the files, the live one, and what the history knows."""

    files: Definitions
    live: Definitions
    known: frozenset[ObjectKey]
    collation: str
    family: str

    def concerns(self, key: ObjectKey) -> bool:
        """Is an object the history's business, or in the place of one that is?"""
        places = {key, ObjectKey(TABLE, key.name), ObjectKey(VIEW, key.name)}
        return bool(places & self.known) or any(place in self.files for place in places)

    def is_outside(self, change: Change) -> bool:
        """Is it the foreign key of a table that the history does not know?"""
        key = change.key.object.holder
        outside = key not in self.files and key not in self.known
        return outside and change.phase is Phase.ADD_FOREIGN_KEY

    def planned(
        self, held_back: Mapping[ChangeKey, Risk], by_hand: Mapping[ChangeKey, str]
    ) -> Transformation:
        return transform(
            self.live,
            self.files,
            collation=self.collation,
            family=self.family,
            known=self.known,
            held_back=held_back,
            by_hand=by_hand,
        )

    def differing(self, live: Definitions) -> set[ObjectKey]:
        return {key for key, _, _ in differing(self.files, live, self.known)}


def prove(case: Case, scratch: Scratch) -> Transformation:
    """The plan that is proved, with the verdicts of its statements.

    Raises NotReconciled where a scratch schema does not become what the files make.
    """
    by_hand: dict[ChangeKey, str] = {}
    while True:
        found, verdicts = _as_it_stands(case, scratch, by_hand)
        if not found.risky:
            return found.measured(verdicts)
        with scratch() as connection:
            build(connection, case)
            whole, failed = _run(connection, found.changes, case.family)
            if failed is None:
                _require(case, connection, found, found.left_by(()), "whole")
                return found.measured(whole | verdicts)
        change, error = failed
        outside = case.is_outside(change)
        more = [key for key in refused(found.changes, change) if key not in by_hand]
        if not more or not (outside or found.by_hand):
            raise _failure(change, error)
        why = "it needs what is to be made by hand"
        if outside:
            why = f"{change.key.object}, outside the history, stands on it"
        by_hand |= dict.fromkeys(more, why)


def _as_it_stands(
    case: Case, scratch: Scratch, by_hand: Mapping[ChangeKey, str]
) -> tuple[Transformation, dict[ChangeKey, str]]:
    """The plan whose running statements run without the others, and their verdicts."""
    held_back: dict[ChangeKey, Risk] = {}
    while True:
        found = case.planned(held_back, by_hand)
        with scratch() as connection:
            build(connection, case)
            verdicts, failed = _run(connection, found.safe, case.family)
            if failed is None:
                left = found.left_by(found.risky) | _made_meanwhile(found)
                _require(case, connection, found, left, "as it stands")
                return found, verdicts
        change, error = failed
        more = [key for key in refused(found.safe, change) if key not in held_back]
        if not more:
            raise _failure(change, error)
        why = Risk(GOES_ALONG, "it needs a statement that is commented out")
        held_back |= dict.fromkeys(more, why)


def build(connection: BaseDatabaseWrapper, case: Case) -> None:
    """Make a scratch schema what the live one is, without rows.

    Tables that the history does not know are left out, unless they refer to others. A program that
    the server refuses is broken where it lives, too, or needs what is left out.

    Raises NotReconciled, naming the objects, where the scratch schema reads otherwise.
    """
    tables = {
        table.key: table
        for table in tables_of(case.live).values()
        if case.concerns(table.key) or table.foreign_keys
    }
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("SET sql_mode = ''")  # what is there may be older than strict sessions
        for key, table in tables.items():
            sql = create_table(table, case.collation, foreign_keys=True)
            try:
                cursor.execute(sql)
            except Error as error:
                raise _not_built(f"{key}: {in_words(error, connection)}") from None
        for key in programs_in_order(case.live):
            try:
                cursor.execute(case.live[key])
            except Error:
                continue
        for sql in PINNED:
            cursor.execute(sql)
    read = read_schema(connection).definitions
    strange = [
        str(key)
        for key, text in case.live.items()
        if key.holder in tables and read.get(key) != text
    ]
    if strange:
        raise _not_built(", ".join(strange))


def _not_built(what: str) -> NotReconciled:
    return NotReconciled(
        "The live schema could not be built on a scratch schema: no script can be tried there.",
        where=what,
        stands="nothing was written, and nothing was changed",
        then="change what is named by hand, or name a server of the database's own version in "
        'NESTFLUX["SHADOWS"]; then: python manage.py db_baseline --reconcile',
    )


def _run(
    connection: BaseDatabaseWrapper, changes: tuple[Change, ...], family: str
) -> tuple[dict[ChangeKey, str], tuple[Change, Error] | None]:
    verdicts: dict[ChangeKey, str] = {}
    made: set[str] = set()
    with connection.cursor() as cursor:
        for change in changes:
            try:
                verdict, _ = run_measured(change.sql, family, cursor.execute, connection)
            except Error as error:
                return verdicts, (change, error)
            names = set(names_in(change.sql)[:1])
            if change.phase is Phase.CREATE_TABLE:
                made |= names
            elif made & names and works_on_rows(verdict):
                verdict += NEW_TABLE
            verdicts[change.key] = verdict
    return verdicts, None


def _made_meanwhile(plan: Transformation) -> set[ObjectKey]:
    """The indexes that the server makes for a foreign key, named like it, while the one that will
    serve it is commented out. (One that is shown or hidden in a step of its own serves already.)"""
    waiting = {
        change.key.object.holder
        for change in plan.risky
        if change.phase in (Phase.INDEX, Phase.UNIQUE, Phase.PRIMARY_KEY) and not change.key.step
    }
    keys = [
        change.settles[0]
        for change in plan.safe
        if change.phase is Phase.ADD_FOREIGN_KEY and change.settles
    ]
    return {replace(key, kind=INDEX) for key in keys if key.holder in waiting}


def _require(
    case: Case,
    connection: BaseDatabaseWrapper,
    plan: Transformation,
    may_differ: set[ObjectKey],
    how: str,
) -> None:
    """The scratch schema differs from the files' in what is left over only, and in nothing else
    from the live one."""
    read = read_schema(connection).definitions
    cleared = {key for change in plan.changes for key in change.settles}
    # A program that agrees and was not built is nobody's business here.
    alike = {
        key
        for key, text in case.files.items()
        if case.live.get(key) == text and not key.is_of_table
    }
    wrong = sorted(map(str, case.differing(read) - may_differ - (alike - cleared)))
    wrong += sorted(
        str(key)
        for key, text in case.live.items()
        if key.holder not in case.files
        and key.holder not in cleared
        and key.holder in read
        and read.get(key) != text
    )
    if wrong:
        raise NotReconciled(
            f"The script, {how}, would leave other differences than it says.",
            where=", ".join(wrong),
            stands="nothing was written, and nothing was changed",
            then="make what is named agree by hand, then: python manage.py db_baseline --reconcile",
        )


def _failure(change: Change, error: Error) -> NotReconciled:
    # The server cites the text of a program where it does not understand it.
    is_program = change.phase in (Phase.ROUTINE, Phase.VIEW, Phase.TRIGGER)
    message = f"error {error.args[0]}" if is_program and error.args else in_words(error, None)
    return NotReconciled(
        f"A statement of the script fails on a scratch schema: {message}",
        where=", ".join(map(str, change.settles)) or str(change.key),
        stands="nothing was written, and nothing was changed",
        then="make what is named agree by hand, then: python manage.py db_baseline --reconcile",
    )
