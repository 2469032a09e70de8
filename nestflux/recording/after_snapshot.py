"""What a fresh database runs after ``schema.sql``: the steps that made the rows which vary.

The history's files are run on a shadow, and the tables looked at around each step: so it is known
who made which rows. The tables that vary are left empty in the snapshot, and every step that wrote
to them runs behind it, in the state that Django gave it. That this gives the same schema and rows
is proved under two clocks; where it does not, the files are replayed, and the reason names the
step.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db.migrations.migration import Migration

from nestflux.database.session import pin
from nestflux.exceptions import NestFluxError, NotReproduced
from nestflux.graph.loader import load
from nestflux.graph.python_steps import StepRunner
from nestflux.history.folder import SNAPSHOT
from nestflux.history.journal import AfterSnapshot, Entry, Filled
from nestflux.history.sqlfile import Item, PythonStep, SqlFile, Statement
from nestflux.recording.determinism import Files, Twice
from nestflux.recording.recording_target import RecordingTarget
from nestflux.recording.replay import load_snapshot, record_applied, run_section
from nestflux.recording.snapshot import (
    Volatility,
    other_rows,
    refer_to_left_out,
    render_snapshot,
)
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import read_schema, table_names
from nestflux.schema.rows import TableRows, read_rows
from nestflux.sql.lexer import quoted
from nestflux.sql.statements import Kind, kind_of, leaves_tables

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """``schema.sql`` and what runs after it; or why the files are replayed instead."""

    snapshot: str
    after: AfterSnapshot = field(default_factory=AfterSnapshot)
    replay_because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recording:
    """A history up to a file that may not be written yet. ``unwritten`` are its migrations."""

    target: RecordingTarget
    entries: Sequence[Entry]
    files: Files
    unwritten: Sequence[Migration] = ()

    @property
    def order(self) -> list[str]:
        return [name for entry in self.entries for name in entry.migrations]

    @property
    def recorded_migrations(self) -> list[str]:
        return [row for entry in self.entries for row in entry.recorded_migrations]

    def runner(self) -> StepRunner:
        return StepRunner(load(None, self.unwritten), self.order)


@dataclass(frozen=True)
class Writer:
    """A step that changed rows: a Python step by its locator, a statement by file and number.
    ``tables`` by the names that they have at the end of the history."""

    name: str
    is_python: bool
    tables: frozenset[str]


@dataclass(frozen=True)
class Candidate:
    """Steps that may complete the snapshot, with what it leaves out for them; or why none can."""

    steps: tuple[str, ...]
    varying: Volatility
    writers: tuple[Writer, ...] = ()
    why_not: str = ""

    def names(self, table: str) -> str:
        """Who made the rows of a table, as far as that is known."""
        made = [one.name for one in self.writers if table in one.tables]
        return ", ".join(made or self.steps)


def serve(
    recording: Recording,
    twice: Twice,
    *,
    known: AfterSnapshot | None = None,
    left_out: Mapping[str, str] | None = None,
) -> Served:
    """The snapshot after the last of these files, and the steps that complete it.

    Args:
        twice: what the files made.
        known: what completed the snapshot before the last file, where that one has no step that
            changes rows.
        left_out: the CREATE of tables that the schema lacks, as a snapshot has them.

    Raises NotReproduced where the text, loaded, gives another schema than the files.
    """
    varying = twice.varying
    name = recording.entries[-1].name

    def text(of: Volatility) -> str:
        return render_snapshot(name, twice.schema, twice.rows, of, left_out)

    if uneven := tuple(r for r in varying.reasons if r.split(":")[0] in varying.uneven):
        return Served(text(varying), replay_because=uneven)
    for found in _candidates(recording, twice, known):
        why_not = found.why_not or _why_not_equal(recording, twice, found)
        if not why_not:
            break
    else:
        return Served(text(found.varying), replay_because=(why_not,))
    tables = {
        table: Filled(len(twice.rows[table].rows), because)
        for table, because in found.varying.because.items()
        if table in twice.rows
    }
    return Served(text(found.varying), AfterSnapshot(found.steps, tables))


def _candidates(
    recording: Recording, twice: Twice, known: AfterSnapshot | None
) -> Iterator[Candidate]:
    """What may complete the snapshot: nothing, what did before, what a run of the files shows."""
    varying = twice.varying
    if not varying.because:
        yield Candidate((), varying)
        return
    if known is not None and varying.unfrozen <= known.tables.keys():
        reasons = {table: filled.because for table, filled in known.tables.items()}
        yield Candidate(known.steps, replace(varying, because=reasons))
    yield choose_steps(twice.rows, varying, traced(recording))


# ---- who made the rows ---------------------------------------------------------------------


def traced(recording: Recording) -> tuple[Writer, ...]:
    """Run the files on a shadow and look at the tables around each step: who changed rows."""
    target = recording.target
    logger.info("%s: finding the steps that made rows which vary", target.server.name)
    with target.shadow() as connection:
        tracing = _Tracing(connection, recording.runner())
        record_applied(connection, ())
        for entry in recording.entries:
            tracing.run(recording.files(entry))
            record_applied(connection, entry.recorded_migrations)
    return tuple(tracing.writers)


class _Tracing:
    """Files that run step by step, and which tables each step changed."""

    def __init__(self, connection: BaseDatabaseWrapper, runner: StepRunner) -> None:
        self.connection = connection
        self.runner = runner
        self.writers: list[Writer] = []
        self._sums: Mapping[str, object] | None = {}  # None: a statement may have changed them

    def run(self, file: SqlFile) -> None:
        pin(self.connection, file.session)
        number = 0
        for section in file.sections:
            for item in section.items:
                number += isinstance(item, Statement | PythonStep)
                alone = replace(section, items=(item,))
                before = self._before(item)
                run_section(self.connection, file, alone, self.runner)
                self._look(item, before, f"statement {number} of {file.name}.sql")

    def _before(self, item: Item) -> Mapping[str, object]:
        if changes_rows(item):
            return self._sums if self._sums is not None else self._read()
        if isinstance(item, Statement) and not leaves_tables(item.sql):
            return dict.fromkeys(table_names(self.connection))
        return {}

    def _look(self, item: Item, before: Mapping[str, object], name: str) -> None:
        if changes_rows(item):
            self._sums = self._read()
            tables = frozenset(
                table
                for table in before.keys() | self._sums.keys()
                if before.get(table, 0) != self._sums.get(table, 0)
            )
            if tables and isinstance(item, PythonStep):
                self.writers.append(Writer(item.locator, is_python=True, tables=tables))
            elif tables:
                self.writers.append(Writer(name, is_python=False, tables=tables))
        elif isinstance(item, Statement):
            self._sums = None
            if before:
                self._rename(before.keys(), set(table_names(self.connection)))

    def _rename(self, before: Set[str], now: Set[str]) -> None:
        """The rows of a table that has another name now were made by the same steps."""
        gone, come = before - now, now - before
        if gone and come:
            self.writers = [
                replace(one, tables=one.tables | come) if one.tables & gone else one
                for one in self.writers
            ]

    def _read(self) -> Mapping[str, object]:
        """A checksum of each table's rows; 0 of one that has none."""
        names = table_names(self.connection)
        if not names:
            return {}
        with self.connection.cursor() as cursor:
            cursor.execute(f"CHECKSUM TABLE {', '.join(map(quoted, names))}")
            return {str(table).split(".", 1)[1]: value for table, value in cursor.fetchall()}


def changes_rows(item: Item) -> bool:
    """Is it a step that may change rows and not the schema?"""
    return isinstance(item, PythonStep) or (
        isinstance(item, Statement) and kind_of(item.sql) is Kind.DATA
    )


def choose_steps(
    rows: Mapping[str, TableRows], varying: Volatility, writers: Sequence[Writer]
) -> Candidate:
    """The Python steps to run after the load: all that wrote to a table that is left out; and what
    else they wrote to is left out as well, for they write it anew. Pure."""
    found = varying
    while True:
        grown = dict(refer_to_left_out(rows, found))
        for writer in writers:
            if shared := sorted(writer.tables & found.unfrozen):
                grown |= dict.fromkeys(
                    sorted(writer.tables - found.unfrozen),
                    f"made by the step that fills {shared[0]}",
                )
        if not grown:
            break
        found = found.without(grown)
    chosen = tuple(writer for writer in writers if writer.tables & found.unfrozen)
    steps = tuple(writer.name for writer in chosen)
    why_not = ""
    if other := next((writer for writer in chosen if not writer.is_python), None):
        table = min(other.tables & found.unfrozen)
        why = found.because[table]
        why_not = f"{other.name}, which is no Python step, makes rows of {table}: {why}"
    elif lost := sorted(found.unfrozen.difference(*(writer.tables for writer in chosen))):
        why_not = f"no step is known that makes the rows of {lost[0]}: {found.because[lost[0]]}"
    return Candidate(steps, found, chosen, why_not)


# ---- the proof -----------------------------------------------------------------------------


def _why_not_equal(recording: Recording, twice: Twice, found: Candidate) -> str:
    """Load the text and run the steps, under both clocks if there are any: why the rows are not
    those of the files. Raises NotReproduced where the schema is another one without a step."""
    target = recording.target
    text = render_snapshot("", twice.schema, twice.rows, found.varying)
    logger.info("%s: loading %s", target.server.name, SNAPSHOT)
    for wanted in (twice.rows, twice.later) if found.steps else (twice.rows,):
        is_now = wanted is twice.rows
        renamed = twice.varying.renamed if is_now else None
        with target.shadow() if is_now else target.shadow_of_another_time() as connection:
            record_applied(connection, recording.recorded_migrations)
            try:
                load_snapshot(connection, text, found.steps, recording.runner())
            except NestFluxError as error:
                if not found.steps:
                    raise
                return error.what
            schema, rows = read_schema(connection), read_rows(connection)
        if difference := Delta.between(twice.schema.definitions, schema.definitions):
            if not found.steps:
                raise _another_schema(target, difference)
            steps = ", ".join(found.steps)
            return f"{steps}, run after {SNAPSHOT}, gives another schema: {difference.lines()[0]}"
        differing = other_rows(wanted, rows, twice.varying.columns, renamed)
        if differing:
            table, what = next(iter(differing.items()))
            steps = found.names(table)
            made = f"{steps}, run after {SNAPSHOT}, gives" if steps else f"{SNAPSHOT} gives"
            return f"{made} other rows in {table}: {what}"
    return ""


def _another_schema(target: RecordingTarget, difference: Delta) -> NotReproduced:
    return NotReproduced(
        "The snapshot, loaded into an empty schema, does not give what Django built:\n"
        + "\n".join(f"    {line}" for line in difference.lines()[:20]),
        where=f"{target.folder.path / SNAPSHOT}",
        stands="nothing was written",
        then="leave what these lines name out of the migration, and report it to NestFlux",
    )
