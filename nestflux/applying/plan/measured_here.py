"""How the pending statements run on this database: measured on empty clones of its tables.

A verdict was measured where the file was recorded. Another version of the server, a FULLTEXT index,
a row format, partitions or a mode change the answer; so ``--plan`` makes a scratch schema on the
database's own server, clones what the statements name, without rows, and runs them there in order.
"""

from __future__ import annotations

import re
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
from nestflux.sql.lexer import quoted, significant
from nestflux.sql.names import past_conditions
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
    prefix = configuration().shadow_name
    try:
        clones = tuple(_clones(target.connection, named & tables, tables))
        with shadow(target.alias, settings, prefix=prefix, collation=collation) as connection:
            return _measured(connection, target.server.family, works, clones)
    except NestFluxError as error:
        return MeasuredHere(tuple(works), error.what)
    except (Error, UnicodeDecodeError) as error:  # a table that cannot be read, a default of bytes
        return MeasuredHere(tuple(works), in_words(error))


def _is_measurable(task: Task, tables: set[str]) -> bool:
    """Does its way depend on the table as it is here?"""
    return (task.kind == "ddl" and works_on_rows(task.record.verdict)) or _is_instant(task, tables)


def _is_instant(task: Task, tables: set[str]) -> bool:
    return task.record.verdict.startswith("instant") and bool(tables & set(task.record.tables))


def _clones(
    connection: BaseDatabaseWrapper, names: Iterable[str], tables: set[str]
) -> Iterator[str]:
    """The statements that make the tables again, with those of ``tables`` that their keys refer to:
    a key may name another schema, or a table that is gone."""
    waiting, done = sorted(names), set[str]()
    with connection.cursor() as cursor:
        while waiting:
            name = waiting.pop()
            if name in done:
                continue
            done.add(name)
            cursor.execute(f"SHOW CREATE TABLE {quoted(name)}")
            row = cursor.fetchone()
            if row and str(row[1]).startswith("CREATE TABLE"):  # and no view
                yield str(row[1])
                parents = {key.parent for key in foreign_keys(str(row[1]))}
                waiting += sorted(parents & tables)


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
        pin(connection, tuple(filter(_is_of_the_session, work.file.session)))
        tasks = list(work.tasks)
        for index, task in enumerate(tasks):
            if task.ordinal in work.skipped or not isinstance(task.step, Statement):
                continue
            why = _why_not(task)
            try:
                tasks[index] = task if why else walk.run(work.file.name, task)
            except Error as error:
                why = in_words(error, connection)
            if why:
                place = f"{work.file.name}.sql, statement {task.ordinal}"
                rest = [replace(work, tasks=tuple(tasks)), *works[len(found) + 1 :]]
                return MeasuredHere((*found, *rest), f"{place}: {why}", walk.recorded)
        found.append(replace(work, tasks=tuple(tasks)))
    return MeasuredHere(tuple(found), recorded=walk.recorded)


_NOT_OF_A_SESSION = re.compile(r"\b(GLOBAL|PERSIST|PERSIST_ONLY|PASSWORD)\b", re.IGNORECASE)
_VERBS = frozenset({"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE"})
_OBJECTS = ("TABLE", "INDEX", "VIEW")


def _is_of_the_session(sql: str) -> bool:
    """Has a SET no effect outside its session? The clones stand on the live server."""
    return not _NOT_OF_A_SESSION.search(sql)


def _changes(task: Task) -> str:
    """TABLE, INDEX or VIEW; empty of a statement that changes something else: a GRANT, a routine, a
    compound statement."""
    words = [token.text.upper() for token in significant(task.text)[:6]]
    if task.kind != "ddl" or words[0] not in _VERBS:
        return ""
    return next((word for word in words[1:] if word in (*_OBJECTS, "TRIGGER", "EVENT")), "")


def _why_not(task: Task) -> str:
    """Why a statement is not run here: it could reach what is no clone. A view's query may."""
    if (kind := _changes(task)) not in _OBJECTS:
        return ""
    found = significant(task.text)
    if any(token.kind == "executable" for token in found):
        return "a part of it stands in a comment that the server reads"
    head = found
    if kind == "VIEW" and found[0].text.upper() != "DROP":
        words = [token.text.upper() for token in found]
        head = found[: past_conditions(found, words.index("VIEW") + 1) + 2]
    return "it names a schema" if any(token.text == "." for token in head) else ""


@dataclass
class _Walk:
    """Runs statements on the clones: those that change tables, indexes and views. There are no rows
    for the others, and what is not of this schema is left alone."""

    connection: BaseDatabaseWrapper
    family: str
    made: set[str] = field(default_factory=set)
    recorded: dict[tuple[str, int], str] = field(default_factory=dict)

    def run(self, file: str, task: Task) -> Task:
        """The step with the verdict that it has here."""
        for sql in filter(_is_of_the_session, task.session):
            self._execute(sql)
        if _changes(task) not in _OBJECTS:
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
