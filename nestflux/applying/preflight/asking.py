"""Asks the live tables what a run depends on, within a bound of time and rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.applying.plan.tasks import Work
from nestflux.applying.preflight.row_checks import RowCheck, row_checks
from nestflux.conf import PreflightLimits
from nestflux.database.errors import number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.database.sizes import read_sizes
from nestflux.exceptions import Refused
from nestflux.schema.introspection import read_schema
from nestflux.schema.transform.tables import tables_of
from nestflux.sql.lexer import quoted
from nestflux.wording import counted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_SHOWN = 5  # rows that are in the way
# Columns whose values are somebody's own: not shown, in whatever log a deploy writes.
_PRIVATE = re.compile(
    r"mail|phone|name|login|user|pass|token|secret|key_?hash|iban|card|ssn|tax|birth|address|street"
    r"|city|zip|(^|_)ip($|_)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class InTheWay:
    """Rows that would stop a statement. ``keys`` are of some of them, as ``id 7``; ``more``: there
    are others."""

    check: RowCheck
    number: int
    keys: tuple[str, ...] = ()
    more: bool = False

    def __str__(self) -> str:
        what = counted(self.number, "group" if self.check.group else "row")
        least = "at least " if self.more else ""
        example = f", for example {', '.join(self.keys)}" if self.keys else ""
        return f"{self.check.place}: {least}{what}{example}"

    def to_json(self) -> dict[str, Any]:
        check = self.check
        return {
            "file": check.file,
            "statement": check.ordinal,
            "kind": check.kind,
            "about": check.about,
            "rows": self.number,
            "more": self.more,
            "keys": list(self.keys),
            "query": check.query,
        }


@dataclass(frozen=True)
class Preflight:
    """What was asked, and what came out. ``not_asked`` says of the rest why not."""

    asked: tuple[RowCheck, ...] = ()
    found: tuple[InTheWay, ...] = ()
    not_asked: tuple[str, ...] = field(default=())

    def lines(self) -> Iterator[str]:
        for each in self.found:
            yield str(each)
            yield f"    {each.check.query};"
        yield from (f"Not asked: {reason}" for reason in self.not_asked)

    def to_json(self) -> dict[str, Any]:
        return {
            "asked": len(self.asked),
            "in_the_way": [each.to_json() for each in self.found],
            "not_asked": list(self.not_asked),
        }

    def refuse(self) -> None:
        """Raises Refused where a statement would fail."""
        if self.found:
            raise rows_in_the_way(self.found)


def preflight(
    connection: BaseDatabaseWrapper, works: Iterable[Work], limits: PreflightLimits
) -> Preflight:
    """Ask what these files depend on. Reads, and changes nothing.

    Args:
        works: of files of which nothing ran yet, in their order.
        limits: larger tables are not asked, and a query that takes longer is given up.
    """
    works = tuple(works)
    if not limits.rows or not any(task.kind == "ddl" for work in works for task in work.to_run):
        return Preflight()
    live = read_schema(connection).definitions
    has_triggers = any(key.kind == "trigger" for key in live)
    named = row_checks(works, tables_of(live), has_triggers=has_triggers)
    if not named.checks:
        return Preflight(not_asked=named.not_asked)
    sizes = read_sizes(connection)
    found, not_asked = [], list(named.not_asked)
    for check in named.checks:
        rows = sizes[check.table].rows if check.table in sizes else 0
        if rows > limits.rows:
            not_asked.append(f"{check.place}: {check.table} has about {rows:,} rows")
            continue
        try:
            if answer := _ask(connection, check, limits.seconds):
                found.append(answer)
        except Error as error:
            not_asked.append(f"{check.place}: {_why_no_answer(error, limits.seconds)}")
    return Preflight(named.checks, tuple(found), tuple(not_asked))


def _why_no_answer(error: Error, seconds: float) -> str:
    number = number_of(error)
    if number in CONNECTION_LOST:
        raise error
    if number in _TOO_SLOW:
        return f"it takes more than {seconds:g} seconds"
    return f"the server refuses the question (error {number})"


# ER_QUERY_TIMEOUT (MySQL), ER_STATEMENT_TIMEOUT (MariaDB).
_TOO_SLOW = (3024, 1969)


def _ask(connection: Any, check: RowCheck, seconds: float) -> InTheWay | None:
    shown = tuple(name for name in check.key if not _PRIVATE.search(name))
    with connection.cursor() as cursor:
        if check.most:
            cursor.execute(_bounded(connection, _some(check, check.most + 1), seconds))
            number = len(cursor.fetchall())
            return InTheWay(check, number, more=True) if number > check.most else None
        cursor.execute(_bounded(connection, _some(check, _SHOWN + 1), seconds))
        rows = cursor.fetchall()
    if not rows:
        return None
    keys = [_key(shown, row[: len(shown)]) for row in rows[:_SHOWN]] if shown else []
    return InTheWay(
        check, min(len(rows), _SHOWN), tuple(dict.fromkeys(keys)), more=len(rows) > _SHOWN
    )


def _some(check: RowCheck, most: int) -> str:
    """The keys of some rows; of a group of equal ones, of one of them."""
    shown = [quoted(name) for name in check.key if not _PRIVATE.search(name)]
    if check.group:
        values = ", ".join(check.group)
        columns = ", ".join(f"MIN({name})" for name in shown) or "COUNT(*)"
        return (
            f"SELECT {columns} FROM {check.rows} GROUP BY {values} HAVING COUNT(*) > 1 LIMIT {most}"
        )
    return f"SELECT {', '.join(shown) or '1'} FROM {check.rows} LIMIT {most}"


def _bounded(connection: Any, sql: str, seconds: float) -> str:
    """MariaDB KB "SET STATEMENT"; MySQL Manual 10.9.3, "Optimizer Hints"."""
    if connection.mysql_is_mariadb:
        return f"SET STATEMENT max_statement_time = {seconds:g} FOR {sql}"
    return sql.replace("SELECT", f"SELECT /*+ MAX_EXECUTION_TIME({round(seconds * 1000)}) */", 1)


def _key(names: tuple[str, ...], values: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def rows_in_the_way(found: tuple[InTheWay, ...]) -> Refused:
    """The error of a run that would fail."""
    lines = [line for each in found for line in (f"    {each}", f"        {each.check.query};")]
    statements = counted(len({(f.check.file, f.check.ordinal) for f in found}), "statement")
    return Refused(
        "\n".join([f"The rows of the database would stop {statements}:", *lines]),
        stands="nothing was run",
        then="change these rows, and run it again; or python manage.py db_migrate --no-preflight   "
        "(without asking)",
    )
