"""A column's, a key's and a constraint's definition, taken apart. Pure.

The texts are as a server prints them (``nestflux/schema/introspection.py``). A column is also read
as a statement writes it (MySQL Manual 15.1.20, "CREATE TABLE Statement", ``column_definition``).
What a field holds is the text as it stands: nothing is printed anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from nestflux.sql.brackets import apart, first_bracket, inside, mate, split
from nestflux.sql.lexer import Token, significant, text_of, tokens, unquoted
from nestflux.sql.table_options import OptionParts, option_parts

# Types whose values are bytes and no text.
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "vector"}
SPATIAL = {
    *("geometry", "point", "linestring", "polygon", "geometrycollection", "geomcollection"),
    *("multipoint", "multilinestring", "multipolygon"),
}
# Types with a collation. JSON is none on MySQL, and a longtext with one on MariaDB.
TEXTUAL = frozenset(
    {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
)
_TYPE_WORDS = {"UNSIGNED", "ZEROFILL", "SIGNED"}


@dataclass(frozen=True)
class ColumnParts:
    """A column's definition. Empty strings where it does not say something; ``generated``,
    ``default``, ``check`` and ``comment`` are SQL text, expressions with their brackets; ``more``
    is what is none of the others (INVISIBLE, SRID, AFTER …)."""

    type: str = ""
    charset: str = ""
    collation: str = ""
    generated: str = ""
    stored: bool = False
    not_null: bool = False
    default: str = ""
    on_update: str = ""
    auto_increment: bool = False
    comment: str = ""
    check: str = ""
    more: str = ""

    @property
    def nullable(self) -> bool:
        return not self.not_null

    @property
    def computed(self) -> str:
        """``VIRTUAL``, ``STORED``, or empty for a column of its own values."""
        if not self.generated:
            return ""
        return "STORED" if self.stored else "VIRTUAL"

    @property
    def type_name(self) -> str:
        """``varchar`` of ``varchar(20)``, in lower case."""
        return next((token.text.lower() for token in significant(self.type)), "")

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the type's brackets hold: ``("8", "2")``, ``("'a'", "'b'")``."""
        found = significant(self.type)
        held = inside(found, first_bracket(found))
        return tuple(token.text for token in held if token.text != ",")

    @property
    def unsigned(self) -> bool:
        return any(token.text.upper() == "UNSIGNED" for token in significant(self.type))

    @property
    def textual(self) -> bool:
        """Has it a collation?"""
        return self.type_name in TEXTUAL

    @property
    def null_everywhere(self) -> bool:
        """Is it NULL in each row that is there when it is added?"""
        own = self.nullable and not self.generated
        return own and self.default.upper() in ("", "NULL")


@dataclass(frozen=True)
class KeyParts:
    """A key. ``kind`` is PRIMARY, UNIQUE, KEY, FULLTEXT, SPATIAL; ``parts`` are what stands
    between the commas of its parentheses; ``more`` what follows them."""

    name: str
    kind: str
    parts: tuple[str, ...]
    more: str
    text: str

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Its columns, where it consists of whole columns and nothing else; otherwise none."""
        names = tuple(name for part in self.parts if (name := _whole_column(part)))
        return names if len(names) == len(self.parts) else ()

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The columns of which it holds at least a prefix."""
        heads = (next(iter(tokens(part)), None) for part in self.parts)
        return tuple(unquoted(head.text) for head in heads if head and head.kind == "name")

    @property
    def descending(self) -> tuple[bool, ...]:
        return tuple(part.upper().endswith(" DESC") for part in self.parts)

    @property
    def is_plain(self) -> bool:
        """Whole columns, none of them descending, and nothing said beyond them?"""
        return bool(self.columns) and not any(self.descending) and not self.more


@dataclass(frozen=True)
class ForeignKeyParts:
    """A foreign key. ``schema`` is empty where it refers to a table of its own schema; ``rules``
    is what follows (ON DELETE CASCADE)."""

    name: str
    columns: tuple[str, ...]
    schema: str
    table: str
    referenced: tuple[str, ...]
    rules: str
    text: str


@lru_cache(maxsize=4096)  # a comparison asks one thing after the other of a definition
def column_parts(text: str) -> ColumnParts:
    """Take a column's definition apart."""
    words = _Words(text)
    found: dict[str, Any] = {"type": words.type()}
    more: list[str] = []
    for token in words:
        match token.text.upper() if token.kind == "word" else "":
            case "CHARACTER" | "CHARSET":
                words.skip("SET")
                found["charset"] = _bare(words.value())
            case "COLLATE":
                found["collation"] = _bare(words.value())
            case "AS":
                found["generated"] = words.expression()
            case "STORED" | "PERSISTENT":
                found["stored"] = True
            case "AUTO_INCREMENT":
                found["auto_increment"] = True
            case "NOT" if words.skip("NULL"):
                found["not_null"] = True
            case "ON" if words.skip("UPDATE"):
                found["on_update"] = words.value()
            case "DEFAULT" | "COMMENT" | "CHECK" as what:
                found[what.lower()] = words.value()
            case "GENERATED" | "ALWAYS" | "VIRTUAL" | "NULL":
                pass
            case _:
                more.append(words.whole())
    return ColumnParts(**found, more=" ".join(more))


def collated(definition: str, collation: str) -> str:
    """A text column's definition with a character set and collation, which it does not state."""
    kind = column_parts(definition).type
    stated = f"CHARACTER SET {collation.split('_', 1)[0]} COLLATE {collation}"
    return f"{kind} {stated}{definition.removeprefix(kind)}"


def _bare(name: str) -> str:
    """A collation's name: a statement may write it in any quotes."""
    return unquoted(name).strip("'\"")


def has_zero_date(parts: ColumnParts) -> bool:
    """Is its default a date without a year, month or day, which NO_ZERO_DATE and NO_ZERO_IN_DATE
    refuse (MySQL Manual 7.1.11, "Server SQL Modes")?"""
    is_date = parts.type_name in ("date", "datetime", "timestamp")
    return is_date and bool(re.match(r"'(?:0000|\d+-00|\d+-\d+-00)", parts.default))


class _Words:
    """The tokens of a definition, read from left to right. A value ends with the brackets that it
    begins with, or at the next blank outside brackets."""

    def __init__(self, text: str) -> None:
        self._found = list(tokens(text))
        self._at = 0

    def __iter__(self) -> Iterator[Token]:
        while (at := self._next(self._at)) < len(self._found):
            self._at = at + 1
            yield self._found[at]

    def type(self) -> str:
        """``int(10) unsigned``, ``enum('a','b')``; ``decimal (8, 2)`` of a statement."""
        start = self._next(0)
        self._at = start + 1
        if self._says("("):
            self._at = self._past(self._next(self._at))
        while self._says(*_TYPE_WORDS):
            self._at = self._next(self._at) + 1
        return text_of(self._found[start : self._at])

    def skip(self, word: str) -> bool:
        """Step over a word; is it there?"""
        there = self._says(word)
        if there:
            self._at = self._next(self._at) + 1
        return there

    def value(self) -> str:
        start = self._next(self._at)
        if self._says("("):
            self._at = self._past(start)
            return text_of(self._found[start : self._at])
        return self._run(start)

    def whole(self) -> str:
        """The token that was read last, and what is joined to it."""
        return self._run(self._at - 1)

    def expression(self) -> str:
        """``(a + b)``; MariaDB's ``ROW START`` and ``ROW END`` of system versioning."""
        value = self.value()
        return f"{value} {self.value()}" if value.upper() == "ROW" else value

    def _run(self, start: int) -> str:
        self._at = start
        while self._at < len(self._found) and not _is_blank(self._found[self._at]):
            self._at = self._past(self._at)
        return text_of(self._found[start : self._at])

    def _past(self, at: int) -> int:
        """What follows the token at ``at``, or the brackets that it opens."""
        return (mate(self._found, at) if self._found[at].text == "(" else at) + 1

    def _says(self, *words: str) -> bool:
        at = self._next(self._at)
        return at < len(self._found) and self._found[at].text.upper() in words

    def _next(self, at: int) -> int:
        """Where the next token that is no blank stands, from ``at`` on."""
        while at < len(self._found) and _is_blank(self._found[at]):
            at += 1
        return at


def _is_blank(token: Token) -> bool:
    return token.kind in ("space", "comment")


def key_parts(text: str) -> KeyParts:
    """Take ``UNIQUE KEY `name` (`a`,`b` DESC) USING BTREE`` apart."""
    head, held, behind = apart(list(tokens(text)))
    words = [token.text.upper() for token in head if token.kind == "word"]
    kind = words[0] if words else "KEY"
    name = next((unquoted(token.text) for token in head if token.kind == "name"), "")
    return KeyParts(name, "KEY" if kind == "INDEX" else kind, _listed(held), text_of(behind), text)


def foreign_key_parts(text: str) -> ForeignKeyParts | None:
    """Take a constraint apart; None where it is no foreign key."""
    head, columns, behind = apart(list(tokens(text)))
    words = [token.text.upper() for token in head if token.kind == "word"]
    if words[-2:] != ["FOREIGN", "KEY"]:
        return None
    name = next((unquoted(token.text) for token in head if token.kind == "name"), "")
    target, referenced, rules = apart(behind)
    names = [unquoted(token.text) for token in target if token.kind == "name"]
    return ForeignKeyParts(
        name=name,
        columns=tuple(map(unquoted, _listed(columns))),
        schema=names[0] if len(names) > 1 else "",
        table=names[-1],
        referenced=tuple(map(unquoted, _listed(referenced))),
        rules=text_of(rules),
        text=text,
    )


def attributes(kind: str, text: str) -> dict[str, str]:
    """An object's definition as a flat mapping, by which two are compared.

    Args:
        kind: of the object (``schema.objects``).
    """
    if kind == "column":
        return _stated(column_parts(text))
    if kind == "table":
        return _stated(option_parts(text))
    return {"definition": text}


def _stated(parts: ColumnParts | OptionParts) -> dict[str, str]:
    return {name: str(value) for name, value in vars(parts).items() if value}


def without_name(text: str) -> str:
    """The definition of an index or of a constraint less its own name."""
    texts, named = [], False
    for token in tokens(text):
        if token.kind == "name" and not named:
            named = True
            continue
        texts.append(token.text)
    return " ".join("".join(texts).split())


def first_list(text: str) -> tuple[str, ...]:
    """What the first brackets hold, at their commas: the columns of a key. None, where there are
    no brackets."""
    found = list(tokens(text))
    return _listed(apart(found)[1]) if first_bracket(found) < len(found) else ()


def _listed(held: Sequence[Token]) -> tuple[str, ...]:
    return tuple(text_of(part) for part in split(held))


def _whole_column(part: str) -> str:
    found = list(tokens(part))
    if not found or found[0].kind != "name":
        return ""
    rest = part[found[0].end :].strip().upper()
    return unquoted(found[0].text) if rest in ("", "ASC", "DESC") else ""


@dataclass(frozen=True)
class Literal:
    """A default that is a literal: its text, and whether it was quoted."""

    value: str
    quoted: bool


def literal(default: str) -> Literal | None:
    """``'a b'`` or ``5``; None for an expression, NULL and what has escapes."""
    found = list(tokens(default))
    if len(found) == 1 and found[0].kind == "string" and default.startswith("'"):
        value = default[1:-1].replace("''", "'")
        return None if "\\" in value or not value.isprintable() else Literal(value, quoted=True)
    if default and all(part in "0123456789.-" for part in default):
        return Literal(default, quoted=False)
    return None


def unescaped(text: str) -> str:
    """A string as a server prints it, ``'it''s\\n'``, as a value."""
    inner = text[1:-1].replace("''", "'")
    meant = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a"}
    return re.sub(r"\\(.)", lambda m: meant.get(m[1], m[1]), inner, flags=re.DOTALL)
