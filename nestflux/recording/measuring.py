"""One statement on a shadow: run the way that shows its verdict, with its effect on the schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.utils import Error

from nestflux.database.errors import number_of
from nestflux.database.numbers import NO_SUCH_SAVEPOINT
from nestflux.database.verdicts import CREATES, NEW_TABLE, run_measured, works_on_rows
from nestflux.graph.fingerprints import fingerprint
from nestflux.graph.python_steps import PythonOperation
from nestflux.history.data_loss import narrowed_columns
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import PythonStep, Statement
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import read_schema
from nestflux.sql.lexer import identifiers
from nestflux.sql.statement_parts import table_of
from nestflux.sql.statements import Kind, kind_of, leaves_programs, summary, why_undecidable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass
class Measuring:
    """Runs statements of one file on a shadow and tells what each did.

    ``made_here`` are the tables that the file itself created: what copies an empty new table
    harms nobody, and the verdict says so.
    """

    connection: BaseDatabaseWrapper
    family: str
    made_here: set[str] = field(default_factory=set)

    def run(self, text: str, execute: Callable[[str], Any]) -> tuple[Any, Statement, StepRecord]:
        """Run a data or DDL statement; ``execute`` sends a text to the server."""
        if kind_of(text) in (Kind.DATA, Kind.READ):
            return self._data(text, execute)
        return self._ddl(text, execute)

    def _data(self, text: str, execute: Callable[[str], Any]) -> tuple[Any, Statement, StepRecord]:
        result, commits = self._watched(text, execute)
        definitions = read_schema(self.connection, identifiers(text)).definitions
        others = [
            key.name
            for key, definition in definitions.items()
            if not key.is_part and "ENGINE=" in definition and "ENGINE=InnoDB" not in definition
        ]
        why = f"{others[0]} is not InnoDB, its rows cannot be rolled back" if others else ""
        if commits:
            why = "it runs statements that commit implicitly"
        verdict = "writes rows" if kind_of(text) is Kind.DATA else "reads"
        return result, *_described(text, "data", verdict, _objects(definitions), why, Delta())

    def _watched(self, text: str, execute: Callable[[str], Any]) -> tuple[Any, bool]:
        """Run a data statement; did it commit implicitly? Only a procedure can, and an implicit
        commit deletes savepoints (MySQL Manual, "SAVEPOINT")."""
        if summary(text).split()[:1] != ["CALL"]:
            return execute(text), False
        with transaction.atomic(self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SAVEPOINT nestflux_call")
            result = execute(text)
            try:
                cursor.execute("RELEASE SAVEPOINT nestflux_call")
            except Error as error:
                if number_of(error) != NO_SUCH_SAVEPOINT:
                    raise
                return result, True
        return result, False

    def _ddl(self, text: str, execute: Callable[[str], Any]) -> tuple[Any, Statement, StepRecord]:
        names = identifiers(text)
        schema = read_schema(self.connection, names)
        verdict, result = run_measured(text, self.family, execute, self.connection)
        # Where there is no trigger and none is made, none is looked for: on MariaDB that takes
        # longer than the statement, in a schema of many tables.
        programs = schema.may_have_programs or not leaves_programs(text)
        before = schema.definitions
        after = read_schema(self.connection, names, programs=programs).definitions
        delta = Delta.between(before, after)
        tables = _objects(before | after)
        if verdict == CREATES:
            self.made_here.add(table_of(text))
        elif works_on_rows(verdict) and table_of(text) in self.made_here:
            verdict += NEW_TABLE
        why = why_undecidable(text, leaves_a_trace=bool(delta))
        return result, *_described(text, "ddl", verdict, tables, why, delta)


class Unmeasured:
    """Runs statements and asks nothing about them: for a recording that is only compared."""

    def run(self, text: str, execute: Callable[[str], Any]) -> tuple[Any, Statement, StepRecord]:
        statement = Statement(text)
        return execute(text), statement, StepRecord(statement.sha256, "", "")


def code_of(step: PythonOperation) -> str:
    """The fingerprint of a step's code. To be taken before it runs: an operation may change itself,
    as one that gives its field a default which it found in the rows."""
    return fingerprint(step.operation, type(step.migration).__module__)


def describe_python(
    step: PythonOperation, code: str, commits: list[str]
) -> tuple[PythonStep, StepRecord]:
    """A Python step that ran.

    Args:
        code: its ``code_of`` from before.
        commits: the statements in it that commit implicitly.
    """
    why = ""
    if commits and step.atomic:
        why = f"its code runs {commits[0]}, which commits implicitly"
    elif not step.atomic:
        why = "a Python step that is not atomic"
    made = PythonStep(step.locator, f"{step.note}{_warning(why)}")
    return made, StepRecord(
        sha256=made.sha256,
        kind="python",
        verdict=step.note,
        note=made.note,
        undecidable=why,
        atomic=step.atomic and not commits,
        fingerprint=code,
        operation=step.locator,
    )


def _described(
    text: str, kind: str, verdict: str, tables: tuple[str, ...], why: str, delta: Delta
) -> tuple[Statement, StepRecord]:
    statement = Statement(text, f"{verdict}{_losses(delta, text)}{_warning(why)}")
    return statement, StepRecord(
        sha256=statement.sha256,
        kind=kind,
        verdict=verdict,
        note=statement.note,
        tables=tables,
        undecidable=why,
        delta=delta,
    )


def _warning(why: str) -> str:
    return f"; undecidable after a crash: {why}" if why else ""


def _objects(definitions: Definitions) -> tuple[str, ...]:
    return tuple(sorted({key.holder_name for key in definitions}))


def _losses(delta: Delta, text: str) -> str:
    """What a statement takes away beside whole tables, for its comment line."""
    gone = [column for _, column in delta.lost_columns(text)]
    words = [f"the values of {', '.join(gone)} are lost"] if gone else []
    words += [
        f"{lost.column} becomes narrower ({' '.join(lost.how.split())})"
        for lost in narrowed_columns(delta, text)
    ]
    return "".join(f"; {each}" for each in words)
