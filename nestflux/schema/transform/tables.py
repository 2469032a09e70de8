"""The tables of a schema, and what a transformation asks of their parts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nestflux.schema.diff import Definitions
from nestflux.schema.objects import (
    COLUMN,
    CONSTRAINT,
    INDEX,
    ORDER,
    PERIOD,
    PRIMARY_KEY,
    TABLE,
    ObjectKey,
)
from nestflux.schema.printed_table import Label, left_to_server
from nestflux.schema.transform.changes import ColumnRef
from nestflux.sql.brackets import first_bracket, mate
from nestflux.sql.column_types import ColumnType, column_type
from nestflux.sql.definitions import collated, column_parts, first_list, foreign_key_parts
from nestflux.sql.lexer import quoted, significant, tokens, unquoted
from nestflux.sql.table_options import option_parts


def names_in(text: str) -> tuple[str, ...]:
    """The backquoted names of a text, in their order."""
    return tuple(unquoted(token.text) for token in tokens(text) if token.kind == "name")


# ---- tables --------------------------------------------------------------------------------


@dataclass(frozen=True)
class TableSchema:
    """A table of a schema. ``others`` are MariaDB's periods."""

    name: str
    options: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    primary: str | None = None
    constraints: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(TABLE, self.name)

    def key_of(self, kind: str, name: str = "") -> ObjectKey:
        return ObjectKey(kind, name, self.name)

    @property
    def parts(self) -> dict[Label, str]:
        """All but the columns, in the order in which the servers print it."""
        primary = {(PRIMARY_KEY, ""): self.primary} if self.primary else {}
        indexes = {(INDEX, name): text for name, text in self.indexes.items()}
        periods = {(PERIOD, name): text for name, text in self.others.items()}
        constraints = {(CONSTRAINT, name): text for name, text in self.constraints.items()}
        return {**primary, **indexes, **periods, **constraints}

    @property
    def left_to_server(self) -> set[str]:
        """The indexes that nobody states: the server makes them for foreign keys."""
        return {name for _, name in left_to_server(self.parts)}

    @property
    def own_charset(self) -> bool:
        """Is its default another character set or collation than the schema's?"""
        return "CHARSET" in option_parts(self.options).settings

    @property
    def checks(self) -> dict[str, str]:
        return {n: text for n, text in self.constraints.items() if not is_foreign_key(text)}

    @property
    def foreign_keys(self) -> dict[str, TableForeignKey]:
        return {
            name: TableForeignKey.of(self.name, name, text)
            for name, text in self.constraints.items()
            if is_foreign_key(text)
        }

    def renamed(self, columns: Mapping[str, str], *, in_checks: bool) -> TableSchema:
        """The table once the server has renamed columns. MariaDB renames them in checks, too."""
        if not columns:
            return self

        def in_each(texts: Mapping[str, str]) -> dict[str, str]:
            return {name: with_names(text, columns) for name, text in texts.items()}

        constraints = {
            name: with_names(text, columns, only_first_list=True)
            if is_foreign_key(text)
            else (with_names(text, columns) if in_checks else text)
            for name, text in self.constraints.items()
        }
        found = {columns.get(name, name): text for name, text in self.columns.items()}
        return replace(
            self,
            columns=in_each(found) if in_checks else found,
            indexes=in_each(self.indexes),
            primary=self.primary and with_names(self.primary, columns),
            constraints=constraints,
        )


def tables_of(definitions: Definitions) -> dict[str, TableSchema]:
    """The tables of a schema, by name."""
    found: dict[str, dict[str, object]] = {}
    for key, text in definitions.items():
        if not key.is_of_table or key.kind == ORDER:
            continue
        table = found.setdefault(key.holder_name, _empty())
        if key.is_table:
            table["options"] = text
        elif key.kind == PRIMARY_KEY:
            table["primary"] = text
        else:
            group = {COLUMN: "columns", INDEX: "indexes", CONSTRAINT: "constraints"}
            table[group.get(key.kind, "others")][key.name] = text  # type: ignore[index]
    return {name: TableSchema(name, **parts) for name, parts in found.items()}  # type: ignore[arg-type]


def _empty() -> dict[str, object]:
    return {"columns": {}, "indexes": {}, "constraints": {}, "others": {}}


def with_names(text: str, names: Mapping[str, str], *, only_first_list: bool = False) -> str:
    """A text with other backquoted names; ``only_first_list``: in its first brackets."""
    found = list(tokens(text))
    start = first_bracket(found) if only_first_list else 0
    end = mate(found, start) if only_first_list else len(found)
    texts = [token.text for token in found]
    for index, token in enumerate(found[start:end], start):
        if token.kind == "name" and (name := names.get(unquoted(token.text))) is not None:
            texts[index] = quoted(name)
    return "".join(texts)


def create_table(table: TableSchema, collation: str, *, foreign_keys: bool) -> str:
    """A table's CREATE TABLE, whose text columns say what they have from the schema where the
    table's own default is another.

    Args:
        collation: the schema's default.
        foreign_keys: with them, or without.
    """
    unstated = left_to_server(table.parts)
    lines = [f"{quoted(n)} {stated(text, table, collation)}" for n, text in table.columns.items()]
    lines += [
        text
        for label, text in table.parts.items()
        if label not in unstated and (foreign_keys or not is_foreign_key(text))
    ]
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {quoted(table.name)} (\n  {body}\n) {table.options}"


# ---- columns -------------------------------------------------------------------------------


def explicit(definition: str, collation: str) -> str:
    """A column's definition that says its character set and collation, where it has one."""
    parts = column_parts(definition)
    return collated(definition, collation) if parts.textual and not parts.charset else definition


def stated(definition: str, table: TableSchema, collation: str) -> str:
    """A column's definition for a statement: what is not said there comes from the table."""
    return explicit(definition, collation) if table.own_charset else definition


def substance(definition: str, collation: str) -> tuple[ColumnType, str, bool]:
    """What a foreign key cares for: type, collation, counter."""
    full = explicit(definition, collation)
    parts = column_parts(full)
    return column_type(full), parts.collation, parts.auto_increment


# ---- keys and constraints ------------------------------------------------------------------


def visible(text: str) -> str:
    """An index without what hides it from the optimizer: MariaDB's ``IGNORED``, and ``INVISIBLE``,
    which MySQL prints in a comment that it reads itself."""
    kept = [
        token.text
        for token in tokens(text)
        if token.text.upper() != "IGNORED"
        and not (token.kind == "executable" and "INVISIBLE" in token.text.upper())
    ]
    return "".join(kept).strip()


def is_unique(text: str) -> bool:
    return text.upper().startswith(("UNIQUE", "PRIMARY"))


def undirected_parts(text: str) -> tuple[str, ...]:
    """What a key's parentheses hold, each without its direction: ```a`(10)``, ``(lower(`b`))``."""
    return tuple(re.sub(r" (ASC|DESC)$", "", part) for part in first_list(text))


def is_foreign_key(text: str) -> bool:
    return [token.text.upper() for token in significant(text)][2:4] == ["FOREIGN", "KEY"]


@dataclass(frozen=True)
class TableForeignKey:
    """A foreign key: ``columns`` of ``table`` refer to ``parent_columns`` of ``parent``."""

    table: str
    name: str
    text: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]

    @classmethod
    def of(cls, table: str, name: str, text: str) -> TableForeignKey:
        parts = foreign_key_parts(text)
        assert parts is not None, text
        return cls(table, name, text, parts.columns, parts.table, parts.referenced)

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(CONSTRAINT, self.name, self.table)

    @property
    def column_refs(self) -> frozenset[ColumnRef]:
        """The columns on which it stands."""
        own = {ColumnRef.of(self.table, name) for name in self.columns}
        return frozenset(own | {ColumnRef.of(self.parent, name) for name in self.parent_columns})
