"""One reader of schemas, for recording, recovery, drift and the snapshot alike.

It maps an object to its definition as the server prints it, so that two schemas *of the
same server* compare by text. Left out: counters, definers, schema names, and every character set
and collation that is the schema's default.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nestflux.schema.collations import primary_collations
from nestflux.schema.names import TableNames, names_of
from nestflux.schema.objects import (
    TABLE,
    VIEW,
    ObjectKey,
)
from nestflux.schema.printed_table import PrintedTable, taken_apart
from nestflux.sql.definitions import unescaped
from nestflux.sql.lexer import Token, quoted, tokens

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Tables of Django and of NestFlux themselves: they stand outside every history and every schema
# that is read.
OWN_TABLES = frozenset(
    {
        "django_migrations",
        "nestflux_version",
        "nestflux_sql_migration",
        "nestflux_statement",
        "nestflux_run",
        "nestflux_backup",
        "nestflux_seed",
    }
)
# What the names of a restore's scratch tables begin with: no part of any schema either.
SCRATCH = "nestflux_restore_"


@dataclass(frozen=True)
class Schema:
    """Definitions, and the statements that would build it (``create``: object → CREATE text).

    ``made_by`` is, by object, a table taken apart or a program's text. ``counters`` are the next
    values of AUTO_INCREMENT, by table: no part of a definition, because rows change them, but of
    what a fresh database must begin with. ``may_have_programs``: False where the schema holds no
    trigger, routine or event at all, of whatever table.
    """

    definitions: dict[ObjectKey, str]
    made_by: Mapping[ObjectKey, PrintedTable | str]
    counters: dict[str, int] = field(default_factory=dict)
    may_have_programs: bool = True

    @cached_property
    def create(self) -> dict[ObjectKey, str]:
        return {
            key: made.create() if isinstance(made, PrintedTable) else made
            for key, made in self.made_by.items()
        }


def read_schema(
    connection: BaseDatabaseWrapper,
    names: Collection[str] | None = None,
    *,
    programs: bool | Sequence[tuple[str, str, str]] = True,
    listed: Mapping[str, str] | None = None,
    printing: Printing | None = None,
    every_collation: bool = False,
) -> Schema:
    """Read the connection's schema, or only the tables, views, triggers and routines ``names``.

    Args:
        programs: look for triggers, routines and events; they cost as much as all the rest. Or
            ``listed_programs`` as they were asked before.
        listed: ``listed_tables`` as they were asked before; None: they are asked now.
        printing: ``printing_of`` as it was asked before.
        every_collation: state the schema's default too, for schemas of different defaults.
    """
    names_read = names_of(connection)
    written = names_read if names is None else names_read.in_a_reading_of(names)
    found: list[_Object] = []
    may_have_programs = True
    with connection.cursor() as cursor:
        printing = printing or printing_of(connection)
        if listed is None:
            listed = _listed(cursor, written, names)
        for wanted in _wanted_tables(listed, written, names):
            text = _printed(cursor, wanted) if wanted.kind == TABLE else _shown(cursor, wanted)
            found.append(wanted.read(text, printing, written, every_collation=every_collation))
        if programs:
            if programs is True:
                programs = _listed_programs(cursor)
                may_have_programs = bool(programs)
            for wanted in _wanted_programs(programs, written, names):
                text = _shown(cursor, wanted)
                if text is not None:  # NULL: the user may not see the body
                    found.append(wanted.read(text, printing, written))
    return Schema(
        {key: text for each in found for key, text in each.definitions.items()},
        {each.key: each.made_by for each in found},
        {each.key.name: each.counter for each in found if each.counter},
        may_have_programs,
    )


@dataclass(frozen=True)
class Printing:
    """What the definitions of a schema are read by: its default collation, its name, and each
    character set's own collation."""

    collation: str
    schema: str
    primary: tuple[tuple[str, str], ...]


def printing_of(connection: BaseDatabaseWrapper) -> Printing:
    """Ask for it; and let the session print names in quotes."""
    primary = primary_collations(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@collation_database, DATABASE(), @@sql_quote_show_create")
        default, schema, is_quoted = cursor.fetchone()
        if not is_quoted:
            cursor.execute("SET SESSION sql_quote_show_create = 1")
    return Printing(str(default), str(schema), primary)


@dataclass(frozen=True)
class _Object:
    """One object as it was read. ``counter``: the next AUTO_INCREMENT, 0 where it has none."""

    key: ObjectKey
    made_by: PrintedTable | str
    definitions: Mapping[ObjectKey, str]
    counter: int = 0


@dataclass(frozen=True)
class _Wanted:
    """An object that is to be read. ``kind`` as in ``ObjectKey``; ``name`` as the server has it."""

    kind: str
    name: str

    @property
    def statement(self) -> str:
        return f"SHOW CREATE {self.kind.upper()} {quoted(self.name)}"

    @property
    def column(self) -> int:
        """Where the text stands in the row that the statement gives."""
        return {TABLE: 1, VIEW: 1, "event": 3}.get(self.kind, 2)

    def read(
        self,
        text: str,
        printing: Printing,
        written: TableNames,
        *,
        every_collation: bool = False,
    ) -> _Object:
        if self.kind == TABLE:
            name = written.written(self.name)
            default = "" if every_collation else printing.collation
            table = taken_apart(name, written.in_table(text), default, printing.primary)
            return _Object(ObjectKey(TABLE, name), table, table.definitions, table.counter)
        name = self.name
        if self.kind == VIEW:
            name = written.written(name)
            text = written.in_view(_anonymous(text, printing.schema))
        elif self.kind == "trigger":
            text = _anonymous(written.in_trigger(text), printing.schema)
        else:
            text = _anonymous(text, printing.schema)
        key = ObjectKey(self.kind, name)
        return _Object(key, text, {key: text})


@dataclass(frozen=True)
class Look:
    """A reading of some objects that others send: ``statements``, each of which gives one row, and
    ``definitions`` of what these gave."""

    wanted: tuple[_Wanted, ...]
    printing: Printing
    written: TableNames

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(each.statement for each in self.wanted)

    def definitions(self, rows: Sequence[tuple[Any, ...]]) -> dict[ObjectKey, str]:
        """Of the rows in the order of the statements."""
        found: dict[ObjectKey, str] = {}
        for wanted, row in zip(self.wanted, rows, strict=True):
            if (text := row[wanted.column]) is not None:
                found |= wanted.read(str(text), self.printing, self.written).definitions
        return found


def look_at(
    connection: BaseDatabaseWrapper,
    names: Collection[str],
    printing: Printing,
    listed: Mapping[str, str],
    programs: Sequence[tuple[str, str, str]],
) -> Look:
    """``read_schema`` of the objects ``names`` as what is to be asked for it. Asks nothing.

    Args:
        listed, programs: what the schema has: ``listed_tables``, ``listed_programs``.
    """
    written = names_of(connection).in_a_reading_of(names)
    wanted = (*_wanted_tables(listed, written, names), *_wanted_programs(programs, written, names))
    return Look(wanted, printing, written)


def table_names(connection: BaseDatabaseWrapper) -> list[str]:
    """The base tables of the schema, Django's and NestFlux's own left out."""
    return [name for name, kind in listed_tables(connection).items() if kind != "VIEW"]


def listed_tables(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Every table and view of the schema, those own tables left out, and which of the two it is."""
    with connection.cursor() as cursor:
        return _listed(cursor, names_of(connection), None)


def listed_programs(connection: BaseDatabaseWrapper) -> list[tuple[str, str, str]]:
    """Every trigger, routine and event: kind, name, and the table of a trigger."""
    with connection.cursor() as cursor:
        return _listed_programs(cursor)


def _listed(cursor: Any, written: TableNames, names: Collection[str] | None) -> dict[str, str]:
    """Tables and views, and which of the two each is, as the server says it."""
    if names is not None and not names:
        return {}
    asked = [] if names is None else written.asked_for(names)
    here = f" AND TABLE_NAME IN ({', '.join(['%s'] * len(asked))})" if asked else ""
    cursor.execute(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'TEMPORARY'{here}",
        asked,
    )
    found = sorted((written.written(name), kind) for name, kind in cursor.fetchall())
    return {
        name: kind
        for name, kind in found
        if name not in OWN_TABLES and not name.startswith(SCRATCH)
    }


# ---- tables --------------------------------------------------------------------------------


def _wanted_tables(
    listed: Mapping[str, str], written: TableNames, names: Collection[str] | None
) -> tuple[_Wanted, ...]:
    keys = None if names is None else written.keys(names)
    return tuple(
        _Wanted(VIEW if kind == "VIEW" else TABLE, written.written(name))
        for name, kind in listed.items()
        if keys is None or written.key(name) in keys
    )


def _shown(cursor: Any, wanted: _Wanted) -> Any:
    cursor.execute(wanted.statement)
    return cursor.fetchone()[wanted.column]


def _printed(cursor: Any, wanted: _Wanted) -> str:
    """``SHOW CREATE TABLE``. MariaDB prints a default of bytes as these bytes, which may be no text
    in any character set: such a one is given in hexadecimal digits, as MySQL prints it."""
    try:
        return str(_shown(cursor, wanted))
    except UnicodeDecodeError:
        cursor.execute("SELECT @@character_set_results")
        (own,) = cursor.fetchone()
    try:
        cursor.execute("SET character_set_results = binary")
        text = _shown(cursor, wanted).decode(errors="surrogateescape")
    finally:
        cursor.execute(f"SET character_set_results = {own or 'NULL'}")
    return "".join(_as_text(token) for token in tokens(text))


def _as_text(token: Token) -> str:
    if token.kind != "string" or token.text.isprintable():
        return token.text
    try:
        token.text.encode()
    except UnicodeEncodeError:
        value = unescaped(token.text).encode(errors="surrogateescape")
        return f"0x{value.hex().upper()}"
    return token.text


# ---- views, triggers, routines, events -----------------------------------------------------


_PROGRAMS = (
    # By the table's schema, which is the trigger's: MariaDB opens the tables of that one only.
    "SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
    "WHERE EVENT_OBJECT_SCHEMA = DATABASE() UNION ALL "
    "SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, '' FROM information_schema.ROUTINES "
    "WHERE ROUTINE_SCHEMA = DATABASE() UNION ALL "
    "SELECT 'event', EVENT_NAME, '' FROM information_schema.EVENTS "
    "WHERE EVENT_SCHEMA = DATABASE()"
)


def _listed_programs(cursor: Any) -> list[tuple[str, str, str]]:
    """Kind and name of each, and the table of a trigger. MariaDB opens every table of the schema
    for it."""
    cursor.execute(_PROGRAMS)
    return sorted(cursor.fetchall())


def _wanted_programs(
    listed: Iterable[tuple[str, str, str]], written: TableNames, names: Collection[str] | None
) -> tuple[_Wanted, ...]:
    """Those of these names, and the triggers on tables of these names; None: all."""
    keys = None if names is None else written.keys(names)
    return tuple(
        _Wanted(kind, name)
        for kind, name, table in listed
        if keys is None or not keys.isdisjoint(written.keys([name, table]))
    )


def _anonymous(text: str, schema: str) -> str:
    """Less DEFINER, ALGORITHM=UNDEFINED and the schema's own name."""
    text = re.sub(r"\bDEFINER=(`[^`]*`|\S+?)@(`[^`]*`|\S+)\s*", "", text)
    text = text.replace("ALGORITHM=UNDEFINED ", "").replace("SQL SECURITY DEFINER ", "")
    return text.replace(f"{quoted(schema)}.", "")
