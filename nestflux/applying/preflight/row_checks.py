"""Which rows would stop a run, as queries for the tables as they are before it. Pure.

A statement is checked where its table and columns are there before the run, under whatever name,
and where nothing that runs before it may change the rows or what they compare as: a file that fills
a column first and makes it NOT NULL then is right, and only its own UPDATE knows whether. What is
not certain is not asked, because a run is refused by the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from nestflux.applying.plan.tasks import Task, Work
from nestflux.database.session import variables_set_by
from nestflux.history.data_loss import Names, tables_emptied_by
from nestflux.history.sqlfile import Statement
from nestflux.schema.diff import columns_renamed_by
from nestflux.schema.objects import COLUMN, CONSTRAINT, INDEX, PRIMARY_KEY, ObjectKey
from nestflux.schema.transform.tables import (
    TableForeignKey,
    TableSchema,
    is_foreign_key,
    is_unique,
    names_in,
)
from nestflux.sql.column_types import ColumnType, column_type, integer_range, narrowed
from nestflux.sql.definitions import ColumnParts, column_parts, foreign_key_parts, key_parts
from nestflux.sql.lexer import quoted, significant, tokens, unquoted
from nestflux.sql.orphans import orphans
from nestflux.sql.statement_parts import columns_added_by
from nestflux.sql.statements import Kind, kind_of

# What InnoDB says where the rows do not fit: the number, and what it means in a few words.
DUPLICATES, NULLS, ORPHANS = "duplicates", "missing values", "orphans"
TOO_LONG, BREAKING = "values that do not fit", "rows that a check refuses"
# First words of DDL that writes no rows but those that ``tables_emptied_by`` sees.
_OF_TABLES = frozenset({"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "ANALYZE", "OPTIMIZE"})
# The variables with which a file's own SET lets such rows pass.
_GUARDS = {
    NULLS: "sql_mode",
    ORPHANS: "foreign_key_checks",
    TOO_LONG: "sql_mode",
    BREAKING: "check_constraint_checks",  # MariaDB
}


@dataclass(frozen=True)
class RowCheck:
    """A question about the rows of one live table, asked before a statement.

    ``about`` is ``table.part``; ``rows`` is what follows FROM, with its condition: the rows that
    are in the way. ``key`` are columns that name such a row, none where the table has no key. Of
    duplicates ``group`` holds what is compared; ``most`` is how many rows may be there. ``tables``
    are all that the query reads, by their live names, ``columns`` those of ``table``, and
    ``parents`` the tables and columns to which a foreign key refers.
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
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    parents: tuple[tuple[str, str], ...] = ()

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


def row_checks(
    works: Iterable[Work], live: dict[str, TableSchema], *, has_triggers: bool = False
) -> RowChecks:
    """What is to be asked before these files run.

    Args:
        works: of files of which nothing ran yet, in their order.
        live: the tables as they are.
        has_triggers: a statement may then write to other tables than it names.
    """
    walk = _Walk(live, has_triggers)
    for work in works:
        walk.lenient = _lenient_after(work.file.session, frozenset())
        for task in work.to_run:
            walk.step(work.file.name, task)
    return RowChecks(tuple(walk.checks), tuple(walk.not_asked))


def _lenient_after(session: Iterable[str], lenient: frozenset[str]) -> frozenset[str]:
    """The variables of ``_GUARDS`` that are off after some SETs."""
    for sql in session:
        names = variables_set_by(sql) & set(_GUARDS.values())
        is_strict = re.search(r"STRICT_|=\s*(1|ON|TRUE)\s*$", sql, re.IGNORECASE)
        lenient = lenient - names if is_strict else lenient | names
    return lenient


@dataclass
class _Walk:
    live: dict[str, TableSchema]
    has_triggers: bool
    names: Names = field(default_factory=Names)
    written: set[str] = field(default_factory=set)  # tables whose rows an earlier step changes
    anything: str = ""  # an earlier step which may change the rows of any
    # Columns, by the live names of their tables and their own, that hold something else by now, or
    # compare otherwise; and unique keys that are no longer there.
    converted: set[tuple[str, str]] = field(default_factory=set)
    replaced_keys: set[tuple[str, str]] = field(default_factory=set)
    lenient: frozenset[str] = frozenset()
    checks: list[RowCheck] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    def step(self, file: str, task: Task) -> None:
        self.lenient = _lenient_after(task.session, self.lenient)
        if task.kind == "python":
            if not task.text.rpartition("/")[2].startswith("rename-content-type"):
                self.anything = self.anything or f"the Python step {task.text}"
        elif task.kind == "data":
            if kind_of(task.text) is not Kind.READ:
                self._write(f"statement {task.ordinal} of {file}.sql", task.record.tables)
        elif isinstance(task.step, Statement):
            found = significant(task.text)
            known = found[0].text.upper() in _OF_TABLES
            # What a server reads in a comment may drop a column and add another.
            hidden = any(token.kind == "executable" for token in found)
            written = task.record.tables if hidden else tables_emptied_by(task.text)
            self._write("" if known else f"statement {task.ordinal} of {file}.sql", written)
            self._ask(file, task)
            self.names.follow(task.record.delta, task.text)

    def _write(self, step: str, tables: Iterable[str]) -> None:
        """Learn what a step writes to, with the tables whose foreign keys follow."""
        at_first = {name: self.names.table(name) for name in tables}
        written = {name for name in at_first.values() if name in self.live}
        is_known = all(name is None or name in self.live for name in at_first.values())
        if step and (self.has_triggers or not at_first or not is_known):  # CALL, a view
            self.anything = self.anything or step
        while written - self.written:
            self.written |= written
            written = {
                table.name
                for table in self.live.values()
                for key in table.foreign_keys.values()
                if key.parent in self.written and re.search(r"CASCADE|SET NULL", key.text)
            }

    def _ask(self, file: str, task: Task) -> None:
        converted = self._converted_by(task)
        ignores = "IGNORE" in [token.text.upper() for token in significant(task.text)][1:3]
        for key, (before, after) in task.record.delta.changes.items():
            table = self.live.get(self.names.table(key.table) or "")
            if after is None or table is None or not key.is_part or ignores:
                continue
            for check in _Asked(self, file, task, table, key).of(before, after):
                of_column = key.kind == COLUMN
                if why := self._why_not(check, self.converted if of_column else converted):
                    self.not_asked.append(f"{check.place}: {why}")
                else:
                    self.checks.append(check)
        self.converted = converted
        self.replaced_keys |= {
            (self.names.table(key.table) or "", key.name)
            for key, (before, _) in task.record.delta.changes.items()
            if key.kind == INDEX and before
        }

    def _converted_by(self, task: Task) -> set[tuple[str, str]]:
        """The converted columns, with those of this step."""
        converted = set(self.converted)
        renamed = _renamed_to(task.text)
        for key, (before, after) in task.record.delta.changes.items():
            old = renamed.get(key.name.lower(), key.name)
            if key.is_column and old != key.name:
                before, _ = task.record.delta.changes.get(replace(key, name=old), (None, None))
            origin = self.names.column(key.table, old)
            if key.is_column and before and after and origin and _is_converted(before, after):
                converted.add((self.names.table(key.table) or "", origin))
        return converted | self._computed_of(converted) if converted else converted

    def _computed_of(self, converted: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """The generated columns that are computed of these."""
        found = set()
        for table in self.live.values():
            for name, text in table.columns.items():
                named = names_in(column_parts(text).generated)
                if not converted.isdisjoint((table.name, each) for each in named):
                    found.add((table.name, name))
        return found

    def _why_not(self, check: RowCheck, converted: set[tuple[str, str]]) -> str:
        if not self.written.isdisjoint(check.tables):
            return "a statement before it changes the rows"
        if self.anything:
            return f"{self.anything} before it may change the rows"
        if _GUARDS.get(check.kind) in self.lenient:
            return f"the file sets {_GUARDS[check.kind]} itself"
        compared = {*((check.table, column) for column in check.columns), *check.parents}
        if check.kind != NULLS and not converted.isdisjoint(compared):
            return "a column's type or collation changes before"
        return ""


def _renamed_to(sql: str) -> dict[str, str]:
    """New name of a column, in lower case, to the one that it has before the statement."""
    return {new.lower(): old for old, new in columns_renamed_by(sql).items()}


def _is_converted(before: str, after: str) -> bool:
    """May its values differ after it, or compare otherwise? An integer that fits is the same."""
    old, new = column_parts(before), column_parts(after)
    if (old.charset, old.collation, old.generated) != (new.charset, new.collation, new.generated):
        return True
    if {old.type_name, new.type_name} <= _INTEGERS:
        return False
    alike = old.type_name == new.type_name or _are_alike(old.type_name, new.type_name)
    return not alike or bool(narrowed(before, after))


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
                before = self._before(before)
                if before is not None:
                    yield from self._column(before, after)
            case kind if kind in (INDEX, PRIMARY_KEY):
                if is_unique(after) and not (before and _is_as_strict(before, after)):
                    yield from self._unique(after)
            case kind if kind == CONSTRAINT and before is None:
                if is_foreign_key(after):
                    yield from self._foreign_key(after)
                else:
                    yield from self._check(after)

    # ---- each kind -------------------------------------------------------------------------

    def _before(self, before: str | None) -> str | None:
        """A column's definition before the statement, under whatever name."""
        old = _renamed_to(self.task.text).get(self.key.name.lower())
        if old is None:
            return before
        was, _ = self.task.record.delta.changes.get(replace(self.key, name=old), (None, None))
        return was

    def _column(self, before: str, after: str) -> Iterator[RowCheck]:
        name = self._column_at_first(self.key.name)
        old, new = column_parts(before), column_parts(after)
        if name is None or old.generated != new.generated:
            return
        column = quoted(name)
        # A counter numbers the NULLs, and MariaDB writes the time into those of a TIMESTAMP.
        is_filled = new.auto_increment or new.type_name == "timestamp"
        if old.nullable and new.not_null and not is_filled:
            yield self._made(NULLS, [name], f"{column} IS NULL")
        if narrowed(before, after):
            condition = _not_fitting(column, column_type(before), column_type(after))
            if condition:
                yield self._made(TOO_LONG, [name], condition)
        if _other_collation(old, new):
            yield from self._merged(name, new)

    def _merged(self, name: str, new: ColumnParts) -> Iterator[RowCheck]:
        """Values that another collation takes for equal, under a unique key that stays."""
        charset = new.collation.partition("_")[0]
        for index, text in self.table.indexes.items():
            columns = key_parts(text).columns
            changed = replace(self.key, kind=INDEX, name=index) in self.task.record.delta.changes
            is_gone = changed or (self.table.name, index) in self.walk.replaced_keys
            if not is_unique(text) or name not in columns or is_gone:
                continue
            group = tuple(
                f"CONVERT({quoted(each)} USING {charset}) COLLATE {new.collation}"
                if each == name
                else quoted(each)
                for each in columns
            )
            yield self._made(DUPLICATES, columns, _filled(columns), group=group)

    def _unique(self, after: str) -> Iterator[RowCheck]:
        parts = key_parts(after)
        if not parts.columns:
            return  # prefixes and expressions: what they compare is not what the columns hold
        origins = [self._column_at_first(column) for column in parts.columns]
        columns = tuple(name for name in origins if name is not None)
        if len(columns) == len(origins):
            group = tuple(map(quoted, columns))
            yield self._made(DUPLICATES, columns, _filled(columns), group=group)
        elif len(origins) == 1 and self._is_the_same_everywhere(parts.columns[0]):
            yield replace(self._made(DUPLICATES, [parts.columns[0]], "TRUE"), most=1)

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
        parts = foreign_key_parts(after)
        elsewhere = parts is not None and parts.schema
        if parent is None or elsewhere or not all(own) or not all(theirs):
            return
        columns, parent_columns = [str(name) for name in own], [str(name) for name in theirs]
        asked = self._made(ORPHANS, columns, "TRUE")
        yield replace(
            asked,
            about=f"{self.table.name}.{columns[0]}",
            rows=orphans(self.table.name, columns, parent.name, parent_columns),
            tables=(self.table.name, parent.name),
            parents=tuple((parent.name, column) for column in parent_columns),
        )

    def _check(self, after: str) -> Iterator[RowCheck]:
        """A check whose columns are all there under the names that it has."""
        found = significant(after)  # CONSTRAINT `name` CHECK (…)
        held = after[found[2].end :].strip()
        named = sorted({unquoted(token.text) for token in tokens(held) if token.kind == "name"})
        if "NOT ENFORCED" in held.upper():  # MySQL, in a comment that it reads itself
            return
        if all(self._column_at_first(name) == name for name in named):
            asked = self._made(BREAKING, named, f"NOT {held}")
            yield replace(asked, about=f"{self.table.name}.{self.key.name}")

    # ---- what they share -------------------------------------------------------------------

    def _column_at_first(self, name: str) -> str | None:
        """The live name of a column, as it is called after the statement; None where the statement
        or one before it made it."""
        added = columns_added_by(self.task.text)
        if name.lower() in (each.lower() for each in added):
            return None
        old = _renamed_to(self.task.text).get(name.lower(), name)
        found = self.walk.names.column(self.key.table, old)
        return found if found in self.table.columns else None

    def _made(
        self,
        kind: str,
        columns: Sequence[str],
        condition: str,
        group: tuple[str, ...] = (),
    ) -> RowCheck:
        primary = key_parts(self.table.primary).columns if self.table.primary else ()
        name = quoted(self.table.name)
        part = ", ".join(columns)
        return RowCheck(
            file=self.file,
            ordinal=self.task.ordinal,
            kind=kind,
            table=self.table.name,
            about=f"{self.table.name} ({part})" if ", " in part else f"{self.table.name}.{part}",
            rows=f"{name} WHERE {condition}",
            key=primary,
            group=group,
            tables=(self.table.name,),
            columns=tuple(columns),
        )


def _is_as_strict(before: str, after: str) -> bool:
    """Does a key of before allow no rows that this one refuses?"""
    old, new = key_parts(before).columns, key_parts(after).columns
    return is_unique(before) and bool(old) and set(old) <= set(new)


def _filled(columns: Iterable[str]) -> str:
    return " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns)


def _other_collation(old: ColumnParts, new: ColumnParts) -> bool:
    return bool(new.textual and new.collation and old.textual and old.collation != new.collation)


# Types that hold values of one kind: of others, a conversion decides what fits.
_INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}
_ALIKE = (
    {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"},
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"},
    _INTEGERS,
    {"enum"},
    {"decimal"},
)


def _are_alike(one: str, other: str) -> bool:
    return any({one, other} <= group for group in _ALIKE)


def _not_fitting(column: str, old: ColumnType, new: ColumnType) -> str:
    """The rows whose value the narrower type refuses; empty where no condition says so. (Digits
    behind the point are rounded; what they round to may be too large.)"""
    if new.generated or not _are_alike(old.name, new.name):
        return ""
    match new.name:
        case "char" | "varchar":  # white space at the end is cut off a CHAR, and a TEXT's too
            beyond = f"SUBSTRING({column}, {new.length + 1})"
            return f"CHAR_LENGTH({column}) > {new.length} AND {beyond} REGEXP '[^[:space:]]'"
        case "binary" | "varbinary":
            return f"LENGTH({column}) > {new.length}"
        case "enum":
            # 0 is what a value became that was none of its list.
            return f"{column} NOT IN ({', '.join(new.arguments)}) AND {column} + 0 <> 0"
        case "decimal":
            digits, fraction = (*map(int, new.arguments), 10, 0)[:2]
            too_large = f"ABS(ROUND({column}, {fraction})) >= 1{'0' * (digits - fraction)}"
            return f"{too_large} OR {column} < 0" if new.unsigned else too_large
        case "tinyint" | "smallint" | "mediumint" | "int" | "bigint":
            low, high = integer_range(new)
            return f"{column} NOT BETWEEN {low} AND {high}"
    return ""
