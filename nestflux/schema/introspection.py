"""One reader of schemas, for recording, recovery, drift and the snapshot alike.

It maps an object to its definition as the server prints it, so that two schemas *of the
same server* compare by text. Left out: counters, definers, schema names, and every character set
and collation that is the schema's default.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from nestflux.schema.collations import after_value, collation_apart, primary_collations
from nestflux.schema.names import TableNames, names_of
from nestflux.schema.objects import (
    COLUMN,
    CONSTRAINT,
    INDEX,
    ORDER,
    PERIOD,
    PRIMARY_KEY,
    TABLE,
    VIEW,
    ObjectKey,
)
from nestflux.sql.brackets import apart, split, with_depth
from nestflux.sql.definitions import collated, column_parts, first_list, unescaped
from nestflux.sql.lexer import Token, quoted, tokens, trimmed, unquoted

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
    }
)
# What the names of a restore's scratch tables begin with: no part of any schema either.
SCRATCH = "nestflux_restore_"
_PARTS = {
    "PRIMARY": PRIMARY_KEY,
    "UNIQUE": INDEX,
    "KEY": INDEX,
    "INDEX": INDEX,
    "FULLTEXT": INDEX,
    "SPATIAL": INDEX,
    "CONSTRAINT": CONSTRAINT,
    "PERIOD": PERIOD,
}

Label = tuple[str, str]  # a part of a table that is no column: kind, and name if it has one


_INTRODUCER = re.compile(r"^_(?!binary')\w+(?=')", re.IGNORECASE)


@dataclass(frozen=True)
class Schema:
    """Definitions, and the statements that would build it (``create``: object → CREATE text).

    ``made_by`` is, by object, a table taken apart or a program's text. ``counters`` are the next
    values of AUTO_INCREMENT, by table: no part of a definition, because rows change them, but of
    what a fresh database must begin with. ``may_have_programs``: False where the schema holds no
    trigger, routine or event at all, of whatever table.
    """

    definitions: dict[ObjectKey, str]
    made_by: Mapping[ObjectKey, _PrintedTable | str]
    counters: dict[str, int] = field(default_factory=dict)
    may_have_programs: bool = True

    @cached_property
    def create(self) -> dict[ObjectKey, str]:
        return {
            key: made.create() if isinstance(made, _PrintedTable) else made
            for key, made in self.made_by.items()
        }


def read_schema(
    connection: BaseDatabaseWrapper,
    names: Collection[str] | None = None,
    *,
    programs: bool = True,
    listed: Mapping[str, str] | None = None,
    every_collation: bool = False,
) -> Schema:
    """Read the connection's schema, or only the tables, views, triggers and routines ``names``.

    Args:
        programs: look for triggers, routines and events; they cost as much as all the rest.
        listed: ``listed_tables`` as they were asked before; None: they are asked now.
        every_collation: state the schema's default too, for schemas of different defaults.
    """
    primary = primary_collations(connection)
    written = names_of(connection) if names is None else names_of(connection).in_a_reading_of(names)
    wanted = None if names is None else written.keys(names)
    definitions: dict[ObjectKey, str] = {}
    made_by: dict[ObjectKey, _PrintedTable | str] = {}
    counters: dict[str, int] = {}
    may_have_programs = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@collation_database, DATABASE(), @@sql_quote_show_create")
        default, schema, is_quoted = cursor.fetchone()
        if not is_quoted:
            cursor.execute("SET SESSION sql_quote_show_create = 1")
        if listed is None:
            listed = _listed(cursor, written, names)
        for name, kind in listed.items():
            if wanted is not None and written.key(name) not in wanted:
                continue
            name = written.written(name)
            if kind == "VIEW":
                cursor.execute(f"SHOW CREATE VIEW {quoted(name)}")
                text = written.in_view(_anonymous(cursor.fetchone()[1], schema))
                view = ObjectKey(VIEW, name)
                definitions[view] = made_by[view] = text
                continue
            text = written.in_table(_printed(cursor, name))
            table = _taken_apart(name, text, "" if every_collation else default, primary)
            definitions.update(table.definitions)
            made_by[ObjectKey(TABLE, name)] = table
            if table.counter:
                counters[name] = table.counter
        if programs:
            found = _listed_programs(cursor)
            may_have_programs = bool(found)
            for key, text in _programs(cursor, found, written, wanted, schema):
                definitions[key] = made_by[key] = text
    return Schema(definitions, made_by, counters, may_have_programs)


def table_names(connection: BaseDatabaseWrapper) -> list[str]:
    """The base tables of the schema, Django's and NestFlux's own left out."""
    return [name for name, kind in listed_tables(connection).items() if kind != "VIEW"]


def listed_tables(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Every table and view of the schema, those own tables left out, and which of the two it is."""
    with connection.cursor() as cursor:
        return _listed(cursor, names_of(connection), None)


def has_programs(connection: BaseDatabaseWrapper) -> bool:
    """Has the schema any trigger, routine or event?"""
    with connection.cursor() as cursor:
        return bool(_listed_programs(cursor))


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


def _printed(cursor: Any, name: str) -> str:
    """``SHOW CREATE TABLE``. MariaDB prints a default of bytes as these bytes, which may be no text
    in any character set: such a one is given in hexadecimal digits, as MySQL prints it."""
    show = f"SHOW CREATE TABLE {quoted(name)}"
    try:
        cursor.execute(show)
        return str(cursor.fetchone()[1])
    except UnicodeDecodeError:
        cursor.execute("SELECT @@character_set_results")
        (own,) = cursor.fetchone()
    try:
        cursor.execute("SET character_set_results = binary")
        cursor.execute(show)
        text = cursor.fetchone()[1].decode(errors="surrogateescape")
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


@lru_cache(maxsize=2048)
def _taken_apart(
    name: str, text: str, default: str, primary: tuple[tuple[str, str], ...]
) -> _PrintedTable:
    """A recording reads a whole schema several times, and changes a few tables in between."""
    return _PrintedTable(name, text, default, dict(primary))


class _PrintedTable:
    """One ``SHOW CREATE TABLE``, taken apart at the commas of its first brackets."""

    def __init__(self, name: str, text: str, default: str, primary: Mapping[str, str]) -> None:
        self.name = name
        self.default = default
        self.primary = primary
        _, held, rest = apart(list(tokens(text)))
        bare, stated = collation_apart(rest, primary)
        self.collation = stated or default
        self.columns: dict[str, str] = {}
        self.others: dict[Label, str] = {}
        for part in split(held):
            self._add(_without_introducers(trimmed(part)))
        self.options = self._options(bare)
        self.counter = _counter(rest)

    def _add(self, part: Sequence[Token]) -> None:
        first = part[0]
        if first.kind == "name":
            name = unquoted(first.text)
            self.columns[name] = self._column(part[1:])
            return
        self.others[_label(part)] = _joined(part)

    def _column(self, part: Sequence[Token]) -> str:
        """A column's definition, its collation stated only where it is not the schema's."""
        bare, stated = collation_apart(part, self.primary)
        collation = stated or self.collation
        text = _joined(bare)
        if collation == self.default or not column_parts(text).textual:
            return text
        return collated(text, collation)

    def _options(self, bare: Sequence[Token]) -> str:
        text = _joined(_without_counter(bare))
        if self.collation != self.default:
            charset = self.collation.split("_", 1)[0]
            text = after_engine(text, f"DEFAULT CHARSET={charset} COLLATE={self.collation}")
        return text

    @cached_property
    def definitions(self) -> dict[ObjectKey, str]:
        definitions = {
            ObjectKey(TABLE, self.name): self.options,
            ObjectKey(ORDER, table=self.name): ", ".join(self.columns),
        }
        columns = self.columns.items()
        definitions |= {ObjectKey(COLUMN, name, self.name): text for name, text in columns}
        definitions |= {ObjectKey(*label, self.name): text for label, text in self.others.items()}
        return definitions

    def create(self) -> str:
        lines = [f"  {quoted(name)} {text}" for name, text in self.columns.items()]
        unstated = left_to_server(self.others)
        lines += [f"  {text}" for label, text in self.others.items() if label not in unstated]
        body = ",\n".join(lines)
        return f"CREATE TABLE {quoted(self.name)} (\n{body}\n) {self.options}"


def left_to_server(parts: Mapping[Label, str]) -> set[Label]:
    """The indexes that the server makes by itself for foreign keys, and names like them.

    One that is stated is the user's and stays; one that the server made gives way without a word to
    a later index on the same columns (MySQL Manual 15.1.20.5, "FOREIGN KEY Constraints"). A schema
    that states it would behave otherwise under the next files.

    Args:
        parts: what a table has besides columns.
    """
    columns = {
        label: first_list(text) for label, text in parts.items() if label[0] in (INDEX, PRIMARY_KEY)
    }
    found = set()
    for label, text in parts.items():
        key = (INDEX, label[1])
        if label == key or key not in columns or not parts[key].startswith("KEY "):
            continue
        own = columns[key]
        serving = [one for one, names in columns.items() if names[: len(own)] == own]
        if "FOREIGN KEY" in text and first_list(text) == own and serving == [key]:
            found.add(key)
    return found


def table_parts(text: str) -> tuple[dict[str, str], dict[Label, str], str]:
    """A CREATE TABLE of a dump, taken apart: its columns as they stand there, keys and
    constraints by label, and what follows the brackets."""
    _, held, rest = apart(list(tokens(text)))
    columns: dict[str, str] = {}
    others: dict[Label, str] = {}
    for part in map(trimmed, split(held)):
        if part[0].kind == "name":
            columns[unquoted(part[0].text)] = _joined(part[1:])
        else:
            others[_label(part)] = _joined(part)
    return columns, others, _joined(rest)


def _label(part: Sequence[Token]) -> Label:
    kind = _PARTS.get(part[0].text.upper(), CONSTRAINT)
    if kind in (PRIMARY_KEY, PERIOD):
        return kind, ""
    return kind, next((unquoted(t.text) for t in part if t.kind == "name"), "")


def after_engine(text: str, option: str) -> str:
    """A table's options, or its CREATE, with one more option: behind the engine, for a PARTITION
    BY must stay the last."""
    found = list(tokens(text))
    engine = next(
        index
        for index, (token, depth) in enumerate(with_depth(found))
        if depth == 0 and token.kind == "word" and token.text == "ENGINE"
    )
    end = found[after_value(found, engine + 1) - 1].end
    return f"{text[:end]} {option}{text[end:]}"


def _counter(rest: Sequence[Token]) -> int:
    """``n`` of ``AUTO_INCREMENT=n``; 0 where the table states none."""
    words = [token.text for token in rest if token.kind == "word"]
    upper = [word.upper() for word in words]
    return int(words[upper.index("AUTO_INCREMENT") + 1]) if "AUTO_INCREMENT" in upper else 0


def _without_counter(part: Sequence[Token]) -> Sequence[Token]:
    """Less ``AUTO_INCREMENT=n``, which rows change and not the schema."""
    for index, token in enumerate(part):
        if token.kind == "word" and token.text.upper() == "AUTO_INCREMENT":
            end = after_value(part, index + 1)
            return [*part[:index], *part[end + 1 :]]
    return part


def _without_introducers(part: Sequence[Token]) -> list[Token]:
    """Less the ``_utf8mb4`` that MySQL prints before strings in expressions.

    It is that of the session at CREATE, and after any later ALTER TABLE that of the column: in a
    schema whose default is another, the same constraint reads differently by its past. The text
    is printed in the connection's character set whatever the introducer says.
    """
    return [
        token._replace(text=_INTRODUCER.sub("", token.text)) if token.kind == "string" else token
        for token in part
    ]


def _joined(part: Sequence[Token]) -> str:
    """Tokens as text, each run of white space as one blank; ``/*! … */`` of partitions kept."""
    return "".join(" " if t.kind == "space" else t.text for t in trimmed(part))


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


def _programs(
    cursor: Any,
    listed: Iterable[tuple[str, str, str]],
    written: TableNames,
    wanted: Set[str] | None,
    schema: str,
) -> Iterator[tuple[ObjectKey, str]]:
    """Triggers, procedures, functions and events with their whole text.

    Args:
        wanted: the keys of their names, or of the tables that triggers stand on; None: all.
    """
    column = {"trigger": 2, "procedure": 2, "function": 2, "event": 3}
    for kind, name, table in listed:
        if wanted is None or not wanted.isdisjoint(written.keys([name, table])):
            cursor.execute(f"SHOW CREATE {kind} {quoted(name)}")
            text = cursor.fetchone()[column[kind]]
            if text is not None:  # NULL: the user may not see the body
                if kind == "trigger":
                    text = written.in_trigger(text)
                yield ObjectKey(kind, name), _anonymous(text, schema)


def _anonymous(text: str, schema: str) -> str:
    """Less DEFINER, ALGORITHM=UNDEFINED and the schema's own name."""
    text = re.sub(r"\bDEFINER=(`[^`]*`|\S+?)@(`[^`]*`|\S+)\s*", "", text)
    text = text.replace("ALGORITHM=UNDEFINED ", "").replace("SQL SECURITY DEFINER ", "")
    return text.replace(f"{quoted(schema)}.", "")
