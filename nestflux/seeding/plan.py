"""A plan: which rows of which tables, in order, and what makes each column. A value; computing a
row asks no server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Field, Model

from nestflux.seeding.checks import Check
from nestflux.seeding.draws import GENERATOR, Draws
from nestflux.seeding.generators import Generator
from nestflux.seeding.uniqueness import Indexes

# How often a row is made again that a check constraint refuses.
TRIES = 300
_PARTS = 10_000


class NoRowPasses(Exception):
    """No values were found for a row that keep a check constraint."""

    def __init__(self, check: Check, row: int) -> None:
        self.check = check
        self.row = row
        super().__init__(check.name)


@dataclass(frozen=True)
class Column:
    """A column of a table's plan.

    Args:
        indexes: which choice each row has; None: what the generator draws.
        key: what its random words belong to.
        fixed: others refer to its values: they stay when the rest of a row is made again.
    """

    field: Field[Any, Any]
    generator: Generator
    seed: int
    key: str
    indexes: Indexes | None = None
    fixed: bool = False

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def column(self) -> str:
        return server_name(str(self.field.column))

    def values(self, rows: range, attempt: int = 0) -> Sequence[Any]:
        """The column's values in some rows. The same whichever rows are asked for together."""
        draws = Draws(self.seed, self.key, rows, 0 if self.fixed else attempt)
        if self.indexes is None:
            found = self.generator.draw(draws)
        else:
            assert self.generator.distinct is not None
            found = self.generator.distinct(draws, self.indexes(rows))
        if not self._share:
            return found
        pairs = zip(found, self.are_null(rows, attempt), strict=True)
        return [None if is_null else value for value, is_null in pairs]

    def are_null(self, rows: range, attempt: int = 0) -> Sequence[bool]:
        """Which rows have NULL, whatever the generator draws."""
        draws = Draws(self.seed, self.key, rows, 0 if self.fixed else attempt)
        return [word % _PARTS < self._share for word in draws.words("nulls")]

    @property
    def _share(self) -> int:
        return int((self.generator.nulls or 0) * _PARTS)


@dataclass(frozen=True)
class Table:
    """What is written into one table.

    Args:
        rows: the numbers of the rows; those of an earlier run come before.
        columns: of the first pass, keys that wait being NULL there.
        later: the keys that are set when all tables are filled.
        checks: the constraints that are tested here; there may be others, which the server knows.
        in_order: a row refers to earlier rows of the table, so they are written in order.
        again: plans it once more, when the tables before it are filled; raises CannotSeed. None:
            it stays as it is.
    """

    model: type[Model]
    rows: range
    columns: tuple[Column, ...]
    later: tuple[Column, ...] = ()
    checks: tuple[Check, ...] = ()
    in_order: bool = False
    again: Callable[[], Table] | None = None

    @property
    def label(self) -> str:
        return self.model._meta.label

    @property
    def name(self) -> str:
        return server_name(self.model._meta.db_table)

    @cached_property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of the primary key."""
        names = {field.name for field in self.model._meta.pk_fields}
        return tuple(column for column in self.columns if column.name in names)

    @cached_property
    def set_null_first(self) -> tuple[Column, ...]:
        """The columns that may refer to rows written after these: of them, ``--reset`` removes the
        references first."""
        itself = [
            column
            for column in self.columns
            if column.field.null and column.field.related_model is self.model
        ]
        return (*self.later, *itself)

    def values(self, rows: range, attempt: int = 0) -> list[Sequence[Any]]:
        """The values, a sequence for each column. ``attempt``: how often the server refused these
        rows before. Raises NoRowPasses."""
        found = [column.values(rows, attempt * TRIES) for column in self.columns]
        for check in self.checks:
            for position in self._failing(check, found):
                self._replace(found, position, rows[position], attempt * TRIES)
        return found

    def _failing(self, check: Check, found: Sequence[Sequence[Any]]) -> list[int]:
        places = [self._places[name] for name in check.fields]
        picked = zip(*(found[place] for place in places), strict=True)
        return [
            position
            for position, row in enumerate(picked)
            if not check.allows(dict(zip(check.fields, row, strict=True)))
        ]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {column.name: place for place, column in enumerate(self.columns)}

    def _replace(self, found: list[Sequence[Any]], position: int, row: int, attempt: int) -> None:
        """Other values in one row, of the columns that a constraint reads."""
        read = dict.fromkeys(name for check in self.checks for name in check.fields)
        places = [self._places[name] for name in read]
        failed = self.checks[0]
        for more in range(1, TRIES):
            new = {
                self.columns[place].name: self.columns[place].values(
                    range(row, row + 1), attempt + more
                )[0]
                for place in places
            }
            refusing = next((check for check in self.checks if not check.allows(new)), None)
            if refusing is None:
                for place in places:
                    changed = list(found[place])
                    changed[position] = new[self.columns[place].name]
                    found[place] = changed
                return
            failed = refusing
        raise NoRowPasses(failed, row)


@dataclass(frozen=True)
class Plan:
    """Tables in the order in which they are filled."""

    alias: str
    seed: int
    tables: tuple[Table, ...]

    @property
    def rows(self) -> int:
        return sum(len(table.rows) for table in self.tables)

    def to_json(self) -> dict[str, Any]:
        return {
            "database": self.alias,
            "seed": self.seed,
            "generator": GENERATOR,
            "rows": self.rows,
            "tables": [
                {
                    "model": table.label,
                    "table": table.name,
                    "rows": len(table.rows),
                    "first_row": table.rows.start,
                    "second_pass": [column.name for column in table.later],
                }
                for table in self.tables
            ],
        }


def server_name(name: str) -> str:
    """A table's or column's name on the server, as a model has it: one in backquotes Django takes
    for quoted (``quote_name``, django/db/backends/mysql/operations.py)."""
    return name[1:-1] if name.startswith("`") and name.endswith("`") else name


def blocks(rows: range, size: int) -> Iterator[range]:
    """The rows in pieces of at most ``size``, cut where the blocks of random words are."""
    start = rows.start
    while start < rows.stop:
        stop = min(rows.stop, (start // size + 1) * size)
        yield range(start, stop)
        start = stop
