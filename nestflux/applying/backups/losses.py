"""What steps would take away of the data that is live: which of it exists, and in how many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nestflux.applying.plan.tasks import Task
from nestflux.history.data_loss import Lost, Names, losses_of
from nestflux.schema.introspection import table_names
from nestflux.schema.names import names_of
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_COUNTED = 1_000_000  # rows: a full count of a larger table would take minutes


@dataclass(frozen=True)
class Loss:
    """Data that is gone afterwards. ``rows``: of its table; None where there are more than were
    counted. ``kind`` and ``how``: see ``Lost``."""

    table: str
    column: str
    rows: int | None
    kind: str = "table"
    how: str = ""

    def __str__(self) -> str:
        shown = "more than a million rows" if self.rows is None else f"{self.rows:,} rows"
        if self.rows == 1:
            shown = "1 row"
        match self.kind:
            case "rows":
                return f"rows of {self.table} (it holds {shown})"
            case "narrowed":
                return f"column {self.table}.{self.column}, {self.how} ({shown})"
        place = f"column {self.table}.{self.column}" if self.column else f"table {self.table}"
        return f"{place} ({shown})"

    @property
    def lost(self) -> Lost:
        return Lost(self.table, self.kind, self.column, self.how)


def losses_live(
    connection: BaseDatabaseWrapper,
    attempts: Iterable[Sequence[Task]],
) -> tuple[tuple[Loss, ...], ...]:
    """What each of several attempts, run one after the other, would take away of what is there
    now; tables and columns bear the names that they have now."""
    names = Names()
    wanted = [losses_of(tasks, names) for tasks in attempts]
    if not any(wanted):
        return tuple(() for _ in wanted)
    live = _Live(connection)
    return tuple(tuple(live.losses(found)) for found in wanted)


@dataclass
class _Live:
    connection: BaseDatabaseWrapper
    counted: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables = set(table_names(self.connection))

    def losses(self, found: Iterable[Lost]) -> Iterable[Loss]:
        written = names_of(self.connection).written
        for lost in found:
            lost = replace(lost, table=written(lost.table))
            if lost.table not in self.tables:
                continue
            if lost.column and lost.column not in self._columns(lost.table):
                continue
            rows = self._rows(lost.table)
            yield Loss(lost.table, lost.column, rows, lost.kind, lost.how)

    def _columns(self, table: str) -> set[str]:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT COLUMN_NAME FROM information_schema.COLUMNS "
                "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
                [table],
            )
            return {name for (name,) in cursor.fetchall()}

    def _rows(self, table: str) -> int | None:
        if table not in self.counted:
            limited = f"SELECT 1 FROM {quoted(table)} LIMIT {_COUNTED + 1}"
            with self.connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM ({limited}) t")
                (count,) = cursor.fetchone()
            self.counted[table] = None if count > _COUNTED else int(count)
        return self.counted[table]
