"""A live schema as typed values: what the one reader says of it, and what Django's ``inspectdb``
makes of each column's type. No row is read (Django's own description of a table reads one)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.core.management.commands.inspectdb import Command as InspectDb
from django.db.backends.mysql.introspection import FieldInfo
from MySQLdb.constants import FIELD_TYPE

from nestflux.database.session import pin, restored_session
from nestflux.pulling.partitioning import with_djangos_key
from nestflux.schema.diff import Definitions
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import CONSTRAINT, INDEX, PERIOD, PRIMARY_KEY, TABLE, VIEW, ObjectKey
from nestflux.sql.definitions import (
    ColumnParts,
    ForeignKeyParts,
    KeyParts,
    column_parts,
    foreign_key_parts,
    key_parts,
)
from nestflux.sql.table_options import OptionParts, option_parts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# What a driver calls the types that information_schema names; the others are known by name only.
_CODES = {
    "bigint": FIELD_TYPE.LONGLONG,
    "blob": FIELD_TYPE.BLOB,
    "char": FIELD_TYPE.STRING,
    "date": FIELD_TYPE.DATE,
    "datetime": FIELD_TYPE.DATETIME,
    "decimal": FIELD_TYPE.NEWDECIMAL,
    "double": FIELD_TYPE.DOUBLE,
    "float": FIELD_TYPE.FLOAT,
    "int": FIELD_TYPE.LONG,
    "json": FIELD_TYPE.JSON,
    "longtext": FIELD_TYPE.LONG_BLOB,
    "mediumint": FIELD_TYPE.INT24,
    "mediumtext": FIELD_TYPE.MEDIUM_BLOB,
    "smallint": FIELD_TYPE.SHORT,
    "text": FIELD_TYPE.BLOB,
    "time": FIELD_TYPE.TIME,
    "timestamp": FIELD_TYPE.TIMESTAMP,
    "tinyint": FIELD_TYPE.TINY,
    "tinytext": FIELD_TYPE.TINY_BLOB,
    "varchar": FIELD_TYPE.VAR_STRING,
}


@dataclass(frozen=True)
class DescribedColumn:
    """A column. ``guess`` is inspectdb's class for its type, with its ``params``; empty where
    inspectdb knows none. ``length`` counts characters or bytes, 0 where the type has none;
    ``collation`` is stated also where it is the schema's default. ``holds_more``: rows have other
    values than 0 and 1 in this ``tinyint(1)`` (``rows.py``)."""

    name: str
    data_type: str
    parts: ColumnParts
    guess: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    length: int = 0
    collation: str = ""
    holds_more: bool = False


@dataclass(frozen=True)
class DescribedTable:
    """A base table, or a view, which is columns and nothing else. ``strange`` says what no ``CREATE
    TABLE`` of Django's could say of it. ``widened``: the primary key among ``keys`` is the model's,
    and that of the table has the columns of its partitions besides."""

    name: str
    columns: tuple[DescribedColumn, ...]
    keys: tuple[KeyParts, ...]
    foreign_keys: tuple[ForeignKeyParts, ...]
    checks: tuple[tuple[str, str], ...]
    options: OptionParts
    definitions: Definitions
    strange: str = ""
    is_view: bool = False
    widened: bool = False

    def column(self, name: str) -> DescribedColumn:
        return next(each for each in self.columns if each.name.lower() == name.lower())

    @property
    def primary(self) -> KeyParts | None:
        return next((key for key in self.keys if key.kind == "PRIMARY"), None)

    @property
    def primary_columns(self) -> tuple[str, ...]:
        """The columns of the primary key; none where it has prefixes, or where there is none."""
        return self.primary.columns if self.primary else ()


@dataclass(frozen=True)
class Live:
    """A schema. ``collation`` is its default; empty where every column states its own, because the
    default has another character set than the schemas that models are recorded on. ``others`` are
    its sequences, triggers, routines and events, and views that cannot be read."""

    family: str
    collation: str
    tables: Mapping[str, DescribedTable]
    others: tuple[ObjectKey, ...]


def describe(connection: BaseDatabaseWrapper, family: str, charset: str = "utf8mb4") -> Live:
    """Read the connection's schema.

    Args:
        charset: of the schemas that models are recorded on. A key that fits in latin1 may be too
            long there, unless its columns say that they are latin1.
    """
    with restored_session(connection):
        pin(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@collation_database")
            collation = str(cursor.fetchone()[0])
            collation = collation if collation.split("_")[0] == charset else ""
            definitions = read_schema(connection, every_collation=not collation).definitions
            cursor.execute(
                "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
                "WHERE TABLE_SCHEMA = DATABASE()"
            )
            kinds = {str(name): str(kind) for name, kind in cursor.fetchall()}
        rows = _columns(connection)
    parts: dict[ObjectKey, dict[ObjectKey, str]] = {}
    for key, text in definitions.items():
        parts.setdefault(key.holder, {})[key] = text
    tables, others = {}, []
    for key in sorted(parts, key=str):
        name = key.name
        if key.kind == VIEW and name in rows:
            columns = tuple(rows[name].values())
            options = OptionParts(engine="InnoDB")
            tables[name] = DescribedTable(name, columns, (), (), (), options, {}, is_view=True)
        elif not key.is_table:
            others.append(key)
        elif kinds.get(name) == "SEQUENCE":
            others.append(ObjectKey("sequence", name))
        elif name in kinds:
            strange = "system versioning" if kinds[name] == "SYSTEM VERSIONED" else ""
            tables[name] = _table(name, parts[key], rows.get(name, {}), strange, family)
    named = {
        name: with_djangos_key(_with_names_of_columns(table, tables))
        for name, table in tables.items()
    }
    return Live(family, collation, named, tuple(others))


def _columns(connection: BaseDatabaseWrapper) -> dict[str, dict[str, DescribedColumn]]:
    """By table and column: data type, length, and inspectdb's guess."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, "
            "NUMERIC_PRECISION, NUMERIC_SCALE, EXTRA, COLUMN_TYPE LIKE '%% unsigned%%', "
            "COLLATION_NAME, CONCAT(COLUMN_TYPE, IF(IS_NULLABLE = 'NO', ' NOT NULL', '')) "
            "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
            "ORDER BY TABLE_NAME, ORDINAL_POSITION",
            [],
        )
        rows = cursor.fetchall()
    found: dict[str, dict[str, DescribedColumn]] = {}
    for table, name, data_type, length, precision, scale, extra, unsigned, collation, text in rows:
        data_type = str(data_type).lower()
        guess, params = _guess(
            connection, str(table), name, data_type, length, precision, scale, extra, unsigned
        )
        found.setdefault(str(table), {})[str(name)] = DescribedColumn(
            str(name),
            data_type,
            column_parts(str(text)),  # all that a view says; of a table's column there is more
            guess,
            params,
            int(length or 0),
            collation or "",
        )
    return found


def _guess(
    connection: BaseDatabaseWrapper,
    table: str,
    name: str,
    data_type: str,
    length: int | None,
    precision: int | None,
    scale: int | None,
    extra: str,
    unsigned: int,
) -> tuple[str, dict[str, Any]]:
    """inspectdb's class and arguments; a type that it does not know is no guess here."""
    if data_type not in _CODES and data_type != "uuid":
        return "", {}
    info = FieldInfo(
        name=name,
        type_code=_CODES.get(data_type, FIELD_TYPE.STRING),
        display_size=length,
        internal_size=length,
        precision=precision,
        scale=scale,
        null_ok=False,
        default=None,
        collation="",
        extra=extra,
        is_unsigned=bool(unsigned),
        has_json_constraint=False,
        comment="",
        data_type=data_type,
    )
    guess, params, _ = InspectDb().get_field_type(connection, table, info)
    return guess, params


def _table(
    name: str,
    definitions: Definitions,
    rows: Mapping[str, DescribedColumn],
    strange: str,
    family: str,
) -> DescribedTable:
    columns = []
    for key, text in definitions.items():
        if key.is_column:
            parts = column_parts(text)
            columns.append(replace(rows[key.name], parts=parts))
            if parts.generated in ("ROW START", "ROW END"):
                strange = "system versioning"
    order = list(rows)
    columns.sort(key=lambda column: order.index(column.name))
    keys, foreign_keys, checks = [], [], []
    for key, text in definitions.items():
        if key.kind == PERIOD:
            strange = "a period"
        elif key.kind in (PRIMARY_KEY, INDEX):
            keys.append(key_parts(text))
        elif key.kind == CONSTRAINT:
            if foreign := foreign_key_parts(text):
                foreign_keys.append(foreign)
            else:
                checks.append((key.name, text))
    table = DescribedTable(
        name,
        tuple(columns),
        tuple(keys),
        tuple(foreign_keys),
        tuple(checks),
        option_parts(definitions[ObjectKey(TABLE, name)]),
        definitions,
        strange,
    )
    return _with_checks_of_columns(table) if family == "mysql" else table


def _with_names_of_columns(
    table: DescribedTable, tables: Mapping[str, DescribedTable]
) -> DescribedTable:
    """The columns of foreign keys as their tables call them: a server takes any case."""

    def own(name: str, owner: DescribedTable) -> str:
        return next((c.name for c in owner.columns if c.name.lower() == name.lower()), name)

    foreign = tuple(
        replace(
            each,
            columns=tuple(own(name, table) for name in each.columns),
            referenced=tuple(
                own(name, tables[each.table]) if each.table in tables else name
                for name in each.referenced
            ),
        )
        for each in table.foreign_keys
    )
    return replace(table, foreign_keys=foreign)


def _with_checks_of_columns(table: DescribedTable) -> DescribedTable:
    """The checks that MySQL named by itself, where they are those of Django's positive integers.

    Django writes such a check to the column; MySQL makes it one of the table, ``shop_order_chk_1``,
    numbered in the order of the columns (Manual 15.1.20.6, "CHECK Constraints").
    """
    own = [(name, text) for name, text in table.checks if name.startswith(f"{table.name}_chk_")]
    related = {key.columns[0] for key in table.foreign_keys if len(key.columns) == 1}
    wanted = [
        (column.name, f"`{column.name}` >= 0")
        for column in table.columns
        if column.parts.unsigned and column.name not in related
    ]
    checked = [(n, c) for n, c in wanted if any(f"CHECK (({c}))" in text for _, text in own)]
    expected = [
        (f"{table.name}_chk_{i}", f"CONSTRAINT `{table.name}_chk_{i}` CHECK (({check}))")
        for i, (_, check) in enumerate(checked, start=1)
    ]
    if not own or sorted(own) != sorted(expected):
        return table
    checks = dict(checked)
    columns = tuple(
        replace(column, parts=replace(column.parts, check=f"({checks[column.name]})"))
        if column.name in checks
        else column
        for column in table.columns
    )
    return replace(table, columns=columns, checks=tuple(c for c in table.checks if c not in own))
