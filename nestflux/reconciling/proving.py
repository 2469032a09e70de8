"""A script is run on scratch schemas before it is written: as it stands, and whole.

The first schema tells which statements wait for others that are commented out, and how the server
runs those that do not. Nothing here is run on the live database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.comparing import differing, object_of
from nestflux.database.errors import in_words
from nestflux.database.reader import Schema, read_schema
from nestflux.database.session import PINNED
from nestflux.database.verdicts import run_measured
from nestflux.exceptions import NotReconciled
from nestflux.history.lexer import significant
from nestflux.reconciling.changes import (
    GOES_ALONG,
    Change,
    Phase,
    Reconciliation,
    Risk,
)
from nestflux.reconciling.definitions import create_table, names_in, tables_of
from nestflux.reconciling.planning import refused
from nestflux.reconciling.whole import programs_in_order

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Makes a scratch schema of the live database's collation.
Scratch = Callable[[], AbstractContextManager["BaseDatabaseWrapper"]]


@dataclass(frozen=True)
class Case:
    """What is reconciled: the schema of the files, the live one, and what the history knows."""

    wanted: Schema
    live: Schema
    known: frozenset[str]
    collation: str
    family: str

    def concerns(self, key: str) -> bool:
        """Is an object the history's business, or in the place of one that is?"""
        name = key.partition(" ")[2]
        places = {key, f"table {name}", f"view {name}"}
        return bool(places & self.known) or any(place in self.wanted.create for place in places)

    def differing(self, live: Mapping[str, str]) -> set[str]:
        return {key for key, _, _ in differing(self.wanted.reading, live, self.known)}


def prove(
    case: Case, scratch: Scratch, planned: Callable[[Mapping[str, Risk]], Reconciliation]
) -> Reconciliation:
    """The plan that is proved, with the verdicts of its statements.

    Args:
        planned: the plan, where some statements are set aside.

    Raises NotReconciled where a scratch schema does not become what the files make.
    """
    aside: dict[str, Risk] = {}
    while True:
        plan = planned(aside)
        with scratch() as connection:
            build(connection, case)
            verdicts, failed = _run(connection, plan.running, case.family)
            if failed is None:
                _require(case, connection, plan, plan.left_by(plan.commented), "as it stands")
                break
        change, error = failed
        more = [key for key in refused(plan, change) if key not in aside]
        if not more or not plan.commented:
            raise _failure(case, change, error)
        waits = Risk(GOES_ALONG, "it needs a statement that is commented out")
        aside |= dict.fromkeys(more, waits)
    if plan.commented:
        with scratch() as connection:
            build(connection, case)
            all_verdicts, failed = _run(connection, plan.changes, case.family)
            if failed is not None:
                raise _failure(case, *failed)
            _require(case, connection, plan, plan.left_by(()), "whole")
        verdicts = all_verdicts | verdicts
    return plan.measured(verdicts)


def build(connection: BaseDatabaseWrapper, case: Case) -> None:
    """Make a scratch schema what the live one is, without rows.

    What the history does not know is left out, but for tables that refer to others. A view or a
    program that the server refuses is broken where it lives, too.

    Raises NotReconciled, naming the objects, where the scratch schema reads otherwise.
    """
    create = case.live.create
    tables = {
        f"table {table.name}": table
        for table in tables_of(case.live.reading).values()
        if case.concerns(f"table {table.name}") or table.foreign_keys
    }
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for key in tables:
            sql = create_table(create[key], case.collation, foreign_keys=True)
            try:
                cursor.execute(sql)
            except Error as error:
                raise _not_built(f"{key}: {in_words(error, connection)}") from None
        for key in programs_in_order(create):
            if case.concerns(key):
                try:
                    cursor.execute(create[key])
                except Error:
                    continue
        for sql in PINNED:
            cursor.execute(sql)
    read = read_schema(connection).reading
    strange = [
        key
        for key, text in case.live.reading.items()
        if object_of(key) in tables and read.get(key) != text
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
) -> tuple[dict[str, str], tuple[Change, Error] | None]:
    verdicts: dict[str, str] = {}
    made: set[str] = set()
    with connection.cursor() as cursor:
        for change in changes:
            try:
                verdict, _ = run_measured(change.sql, family, cursor.execute)
                if is_engine_change(change):
                    verdict = "copies the table, blocks writes"
            except Error as error:
                return verdicts, (change, error)
            names = set(names_in(change.sql)[:1])
            if change.phase is Phase.CREATE_TABLE:
                made |= names
            elif made & names and verdict.startswith(("copies", "in place", "no ")):
                verdict += " (a new table)"
            verdicts[change.key] = verdict
    return verdicts, None


def is_engine_change(change: Change) -> bool:
    """Of that MariaDB says that it is instant, and copies (measured)."""
    words = [token.text.upper() for token in significant(change.sql)]
    return change.phase is Phase.OPTIONS and "ENGINE" in words


def _require(
    case: Case,
    connection: BaseDatabaseWrapper,
    plan: Reconciliation,
    may_differ: set[str],
    how: str,
) -> None:
    """The scratch schema differs from the files' in what is left over only, and in nothing else
    from the live one."""
    read = read_schema(connection).reading
    wrong = sorted(case.differing(read) - may_differ)
    cleared = {key for change in plan.changes for key in change.settles}
    wrong += sorted(
        key
        for key, text in case.live.reading.items()
        if object_of(key) not in case.wanted.reading
        and object_of(key) not in cleared
        and object_of(key) in read
        and read.get(key) != text
    )
    if wrong:
        raise NotReconciled(
            f"The script, {how}, would leave other differences than it says.",
            where=", ".join(wrong),
            stands="nothing was written, and nothing was changed",
            then="make what is named agree by hand, then: python manage.py db_baseline --reconcile",
        )


def _failure(case: Case, change: Change, error: Error) -> NotReconciled:
    # The server cites the text of a program where it does not understand it.
    is_program = change.phase in (Phase.ROUTINE, Phase.VIEW, Phase.TRIGGER)
    told = f"error {error.args[0]}" if is_program and error.args else in_words(error, None)
    return NotReconciled(
        f"A statement of the script fails on a scratch schema: {told}",
        where=", ".join(change.settles) or change.key,
        stands="nothing was written, and nothing was changed",
        then="make what is named agree by hand, then: python manage.py db_baseline --reconcile",
    )
