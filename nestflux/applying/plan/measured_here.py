"""How the pending statements run on this database: measured on empty clones of its tables.

A verdict was measured where the file was recorded. Another version of the server, a FULLTEXT index,
a row format, partitions or a mode change the answer; so ``--plan`` makes a scratch schema on the
database's own server, clones what the statements name, without rows, and runs them there in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.utils import Error

from nestflux.applying.plan.tasks import Task, Work
from nestflux.conf import configuration
from nestflux.database.errors import in_words
from nestflux.database.server import default_collation
from nestflux.database.session import pin
from nestflux.database.shadow import server_settings, shadow
from nestflux.database.verdicts import CREATES, NEW_TABLE, run_measured, works_on_rows
from nestflux.exceptions import NestFluxError
from nestflux.history.sqlfile import Statement
from nestflux.schema.introspection import table_names
from nestflux.sql.statement_parts import foreign_keys, table_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.target import Target


@dataclass(frozen=True)
class MeasuredHere:
    """The files with the verdicts of this database. ``not_measured``: why there are none, or none
    of the rest; empty where all were measured. ``recorded`` are the verdicts of the files where
    these differ, by the file's name and the step's ordinal."""

    works: tuple[Work, ...]
    not_measured: str = ""
    recorded: Mapping[tuple[str, int], str] = field(default_factory=dict)


def measured_here(target: Target, works: Sequence[Work]) -> MeasuredHere:
    """Measure the statements that are to run and change tables which are there. Changes nothing in
    the database."""
    tables = set(table_names(target.connection))
    named = {name for work in works for task in work.to_run for name in task.record.tables}
    if not any(_is_measurable(task, tables) for work in works for task in work.to_run):
        return MeasuredHere(tuple(works))
    collation = default_collation(target.connection)
    settings = server_settings(target.alias, connections.settings[target.alias])
    clones = tuple(_clones(target.connection, named & tables))
    prefix = configuration().shadow_name
    try:
        with shadow(target.alias, settings, prefix=prefix, collation=collation) as connection:
            return _measured(connection, target.server.family, works, clones)
    except NestFluxError as error:
        return MeasuredHere(tuple(works), error.what)


def _is_measurable(task: Task, tables: set[str]) -> bool:
    """Does its way depend on the table as it is here?"""
    return (task.kind == "ddl" and works_on_rows(task.record.verdict)) or _is_instant(task, tables)


def _is_instant(task: Task, tables: set[str]) -> bool:
    return task.record.verdict.startswith("instant") and bool(tables & set(task.record.tables))


def _clones(connection: BaseDatabaseWrapper, names: Iterable[str]) -> Iterator[str]:
    """The statements that make the tables again, with those that their keys refer to."""
    waiting, done = sorted(names), set[str]()
    with connection.cursor() as cursor:
        while waiting:
            name = waiting.pop()
            if name in done:
                continue
            done.add(name)
            cursor.execute(f"SHOW CREATE TABLE {connection.ops.quote_name(name)}")
            row = cursor.fetchone()
            if row and str(row[1]).startswith("CREATE TABLE"):  # and no view
                yield str(row[1])
                waiting += (key.parent for key in foreign_keys(str(row[1])))


def _measured(
    connection: BaseDatabaseWrapper,
    family: str,
    works: Sequence[Work],
    clones: Sequence[str],
) -> MeasuredHere:
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for sql in clones:
            try:
                cursor.execute(sql)
            except Error as error:
                return MeasuredHere(tuple(works), in_words(error, connection))
    walk = _Walk(connection, family)
    found: list[Work] = []
    for work in works:
        pin(connection, work.file.session)
        tasks = list(work.tasks)
        for index, task in enumerate(tasks):
            if task.ordinal in work.skipped or not isinstance(task.step, Statement):
                continue
            try:
                tasks[index] = walk.run(work.file.name, task)
            except Error as error:
                place = f"{work.file.name}.sql, statement {task.ordinal}"
                rest = [replace(work, tasks=tuple(tasks)), *works[len(found) + 1 :]]
                why = f"{place}: {in_words(error, connection)}"
                return MeasuredHere((*found, *rest), why, walk.recorded)
        found.append(replace(work, tasks=tuple(tasks)))
    return MeasuredHere(tuple(found), recorded=walk.recorded)


@dataclass
class _Walk:
    """Runs statements on the clones; those that write rows are left out, for there are none."""

    connection: BaseDatabaseWrapper
    family: str
    made: set[str] = field(default_factory=set)
    recorded: dict[tuple[str, int], str] = field(default_factory=dict)

    def run(self, file: str, task: Task) -> Task:
        """The step with the verdict that it has here."""
        for sql in task.session:
            self._execute(sql)
        if task.kind != "ddl":
            return task
        verdict, _ = run_measured(task.text, self.family, self._execute, self.connection)
        if verdict == CREATES:
            self.made.add(table_of(task.text))
        elif works_on_rows(verdict) and table_of(task.text) in self.made:
            verdict += NEW_TABLE
        if verdict == task.record.verdict:
            return task
        self.recorded[file, task.ordinal] = task.record.verdict
        return replace(task, record=replace(task.record, verdict=verdict))

    def _execute(self, sql: str) -> Any:
        with self.connection.cursor() as cursor:
            return cursor.execute(sql)
