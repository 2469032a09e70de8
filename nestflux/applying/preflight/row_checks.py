"""Which rows would stop a run, as queries for the tables as they are before it. Pure.

A statement is checked where its table and columns are there before the run, under whatever name,
and where nothing that runs before it may change the rows: a file that fills a column first and
makes it NOT NULL then is right, and only its own UPDATE knows whether.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from nestflux.applying.plan.tasks import Task, Work
from nestflux.history.data_loss import Names
from nestflux.history.sqlfile import Statement
from nestflux.schema.objects import COLUMN, CONSTRAINT, INDEX, PRIMARY_KEY, ObjectKey
from nestflux.schema.transform.tables import TableForeignKey, TableSchema, is_foreign_key, is_unique
from nestflux.sql.column_types import ColumnType, column_type, integer_range, narrowed
from nestflux.sql.definitions import ColumnParts, column_parts, key_parts
from nestflux.sql.lexer import quoted, tokens, unquoted

# What InnoDB says where the rows do not fit: the number, and what it means in a few words.
DUPLICATES, NULLS, ORPHANS = "duplicates", "missing values", "orphans"
TOO_LONG, BREAKING = "values that do not fit", "rows that a check refuses"


@dataclass(frozen=True)
class RowCheck:
    """A question about the rows of one live table, asked before a statement.

    ``about`` is ``table.part``; ``rows`` is what follows FROM, with its condition: the rows that
    are in the way. ``key`` are columns that name such a row, none where the table has no key. Of
    duplicates ``group`` holds what is compared; ``most`` is how many rows may be there.
    """

    file: str
    ordinal: int
    kind: str
    table: str
    about: str
    rows: str
    key: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    most: int = 0

    @property
    def place(self) -> str:
        return f"{self.file}.sql, statement {self.ordinal}: {self.kind} of {self.about}"

    @property
    def query(self) -> str:
        """For a person: it shows the rows that are in the way."""
        if self.group:
            values = ", ".join(self.group)
            return (
                f"SELECT {values}, COUNT(*) FROM {self.rows} GROUP BY {values} HAVING COUNT(*) > 1"
            )
        return f"SELECT {', '.join(map(quoted, self.key)) or '*'} FROM {self.rows}"


@dataclass(frozen=True)
class RowChecks:
    """The checks of a run, and the statements of which the rows cannot be asked beforehand, each
    with the reason."""

    checks: tuple[RowCheck, ...] = ()
    not_asked: tuple[str, ...] = ()


def row_checks(works: Iterable[Work], live: dict[str, TableSchema]) -> RowChecks:
    """What is to be asked before these files run.

    Args:
        works: of files of which nothing ran yet, in their order.
        live: the tables as they are.
    """
    walk = _Walk(live)
    for work in works:
        for task in work.to_run:
            walk.step(work.file.name, task)
    return RowChecks(tuple(walk.checks), tuple(walk.not_asked))


@dataclass
class _Walk:
    live: dict[str, TableSchema]
    names: Names = field(default_factory=Names)
    written: set[str] = field(default_factory=set)  # tables whose rows an earlier step changes
    python: str = ""  # an earlier Python step, which may change the rows of any
    checks: list[RowCheck] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    def step(self, file: str, task: Task) -> None:
        if task.kind == "python":
            if not task.text.rpartition("/")[2].startswith("rename-content-type"):
                self.python = self.python or task.text
        elif task.kind == "data":
            tables = (self.names.table(name) for name in task.record.tables)
            self.written |= {name for name in tables if name}
        elif isinstance(task.step, Statement):
            self._ask(file, task)
            self.names.follow(task.record.delta, task.text)

    def _ask(self, file: str, task: Task) -> None:
        for key, (before, after) in task.record.delta.changes.items():
            table = self.live.get(self.names.table(key.table) or "")
            if after is None or table is None or not key.is_part:
                continue
            for check in _Asked(self, file, task, table, key).of(before, after):
                if why := self._why_not(check):
                    self.not_asked.append(f"{check.place}: {why}")
                else:
                    self.checks.append(check)

    def _why_not(self, check: RowCheck) -> str:
        if check.table in self.written:
            return "a statement before it changes the rows"
        return f"the Python step {self.python} before it may change the rows" if self.python else ""


@dataclass(frozen=True)
class _Asked:
    """One changed part of a live table. ``key`` is of its names at that place."""

    walk: _Walk
    file: str
    task: Task
    table: TableSchema
    key: ObjectKey

    def of(self, before: str | None, after: str) -> Iterator[RowCheck]:
        match self.key.kind:
            case kind if kind == COLUMN:
                if before is not None:
                    yield from self._column(before, after)
            case kind if kind in (INDEX, PRIMARY_KEY):
                if is_unique(after) and not (before and is_unique(before)):
                    yield from self._unique(after)
            case kind if kind == CONSTRAINT and before is None:
                if is_foreign_key(after):
                    yield from self._foreign_key(after)
                else:
                    yield from self._check(after)

    # ---- each kind -------------------------------------------------------------------------

    def _column(self, before: str, after: str) -> Iterator[RowCheck]:
        name = self._column_at_first(self.key.name)
        if name is None:
            return
        old, new = column_parts(before), column_parts(after)
        column = quoted(name)
        if old.nullable and new.not_null and not new.generated:
            yield self._made(NULLS, name, f"{column} IS NULL")
        if narrowed(before, after):
            condition = _not_fitting(column, column_type(before), column_type(after))
            if condition:
                yield self._made(TOO_LONG, name, condition)
        if _other_collation(old, new):
            yield from self._merged(name, new)

    def _merged(self, name: str, new: ColumnParts) -> Iterator[RowCheck]:
        """Values that another collation takes for equal, under a unique key that stays."""
        charset = new.collation.partition("_")[0]
        for text in self.table.indexes.values():
            columns = key_parts(text).columns
            if not is_unique(text) or name not in columns:
                continue
            group = tuple(
                f"CONVERT({quoted(each)} USING {charset}) COLLATE {new.collation}"
                if each == name
                else quoted(each)
                for each in columns
            )
            yield self._made(DUPLICATES, ", ".join(columns), _filled(columns), group=group)

    def _unique(self, after: str) -> Iterator[RowCheck]:
        parts = key_parts(after)
        if not parts.columns:
            return  # prefixes and expressions: what they compare is not what the columns hold
        origins = [self._column_at_first(column) for column in parts.columns]
        columns = tuple(name for name in origins if name is not None)
        if len(columns) == len(origins):
            group = tuple(map(quoted, columns))
            yield self._made(DUPLICATES, ", ".join(columns), _filled(columns), group=group)
        elif len(origins) == 1 and self._is_the_same_everywhere(parts.columns[0]):
            yield replace(self._made(DUPLICATES, parts.columns[0], "TRUE"), most=1)

    def _is_the_same_everywhere(self, column: str) -> bool:
        """Does the statement add it with one value for every row?"""
        made = self.task.record.delta.changes.get(replace(self.key, kind=COLUMN, name=column))
        if made is None or made[0] is not None or made[1] is None:
            return False
        parts = column_parts(made[1])
        is_set = parts.not_null or parts.default.upper() not in ("", "NULL")
        return is_set and not (parts.auto_increment or parts.generated or "(" in parts.default)

    def _foreign_key(self, after: str) -> Iterator[RowCheck]:
        made = TableForeignKey.of(self.key.table, self.key.name, after)
        parent = self.walk.live.get(self.walk.names.table(made.parent) or "")
        own = [self._column_at_first(column) for column in made.columns]
        theirs = [self.walk.names.column(made.parent, name) for name in made.parent_columns]
        if parent is None or not all(own) or not all(theirs):
            return
        columns = [str(name) for name in own]
        refers = " AND ".join(
            f"p.{quoted(str(parent_column))} = c.{quoted(column)}"
            for column, parent_column in zip(columns, theirs, strict=True)
        )
        filled = " AND ".join(f"c.{quoted(column)} IS NOT NULL" for column in columns)
        yield self._made(
            ORPHANS,
            columns[0],
            f"{filled} AND NOT EXISTS (SELECT 1 FROM {quoted(parent.name)} p WHERE {refers})",
            alias="c",
        )

    def _check(self, after: str) -> Iterator[RowCheck]:
        """A check whose columns are all there under the names that it has."""
        _, _, held = after.partition("CHECK ")
        named = {unquoted(token.text) for token in tokens(held) if token.kind == "name"}
        if held and all(self._column_at_first(name) == name for name in named):
            yield self._made(BREAKING, self.key.name, f"NOT {held.removesuffix(' NOT ENFORCED')}")

    # ---- what they share -------------------------------------------------------------------

    def _column_at_first(self, name: str) -> str | None:
        """The name of a column before the run; None where it was made since."""
        found = self.walk.names.column(self.key.table, name)
        return found if found in self.table.columns else None

    def _made(
        self, kind: str, part: str, condition: str, group: tuple[str, ...] = (), alias: str = ""
    ) -> RowCheck:
        primary = key_parts(self.table.primary).columns if self.table.primary else ()
        name = quoted(self.table.name)
        return RowCheck(
            file=self.file,
            ordinal=self.task.ordinal,
            kind=kind,
            table=self.table.name,
            about=f"{self.table.name} ({part})" if ", " in part else f"{self.table.name}.{part}",
            rows=f"{name} {alias} WHERE {condition}" if alias else f"{name} WHERE {condition}",
            key=primary,
            group=group,
        )


def _filled(columns: Iterable[str]) -> str:
    return " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns)


def _other_collation(old: ColumnParts, new: ColumnParts) -> bool:
    return bool(new.textual and new.collation and old.textual and old.collation != new.collation)


# Types that hold values of one kind: of others, a conversion decides what fits.
_ALIKE = (
    {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"},
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"},
    {"tinyint", "smallint", "mediumint", "int", "bigint"},
    {"enum"},
    {"decimal"},
)


def _not_fitting(column: str, old: ColumnType, new: ColumnType) -> str:
    """The rows whose value the narrower type refuses; empty where no condition says so. (Digits
    behind the point are rounded, and refuse nothing.)"""
    if not any({old.name, new.name} <= group for group in _ALIKE):
        return ""
    match new.name:
        case "char" | "varchar":
            return f"CHAR_LENGTH({column}) > {new.length}"
        case "binary" | "varbinary":
            return f"LENGTH({column}) > {new.length}"
        case "enum":
            return f"{column} NOT IN ({', '.join(new.arguments)})"
        case "decimal":
            digits, fraction = (*map(int, new.arguments), 10, 0)[:2]
            return f"ABS({column}) >= 1e{digits - fraction}"
        case "tinyint" | "smallint" | "mediumint" | "int" | "bigint":
            low, high = integer_range(new)
            return f"{column} NOT BETWEEN {low} AND {high}"
    return ""
