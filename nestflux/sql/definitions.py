"""What a server prints of a column, a key, a constraint and a table, taken apart. Pure.

The texts are those of a reading (``nestflux/schema/introspection.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nestflux.sql.lexer import Token, tokens, unquoted

# Types whose values are bytes and no text.
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "vector"}
SPATIAL = {
    *("geometry", "point", "linestring", "polygon", "geometrycollection", "geomcollection"),
    *("multipoint", "multilinestring", "multipolygon"),
}
_TYPE_WORDS = {"UNSIGNED", "ZEROFILL", "SIGNED"}


@dataclass(frozen=True)
class ColumnParts:
    """A column's definition. Empty strings where it does not say something; ``default``, ``check``
    and ``comment`` are SQL text; ``more`` is what is none of the others (INVISIBLE, SRID …)."""

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


@dataclass(frozen=True)
class KeyParts:
    """A key. ``kind`` is PRIMARY, UNIQUE, KEY, FULLTEXT, SPATIAL; ``parts`` are what stands
    between the commas of its parentheses; ``more`` what follows them."""

    name: str
    kind: str
    parts: tuple[str, ...]
    more: str
    text: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, where it consists of whole columns and nothing else; otherwise none."""
        names = tuple(name for part in self.parts if (name := _whole_column(part)))
        return names if len(names) == len(self.parts) else ()

    @property
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


@dataclass(frozen=True)
class OptionParts:
    """What follows the parentheses of CREATE TABLE."""

    engine: str = ""
    comment: str = ""
    more: str = ""
    partitions: str = ""


def column_parts(text: str) -> ColumnParts:
    """Take a column's definition apart."""
    words = _Words(text)
    found: dict[str, str | bool] = {"type": words.type()}
    more: list[str] = []
    for token in words:
        upper = token.text.upper() if token.kind == "word" else ""
        if upper == "CHARACTER":
            words.skip("SET")
            found["charset"] = words.value()
        elif upper == "COLLATE":
            found["collation"] = words.value()
        elif upper == "GENERATED":
            words.skip("ALWAYS", "AS")
            found["generated"] = words.value()
            found["stored"] = words.value().upper() in ("STORED", "PERSISTENT")
        elif upper == "NOT":
            words.skip("NULL")
            found["not_null"] = True
        elif upper == "NULL":
            continue
        elif upper == "ON":
            words.skip("UPDATE")
            found["on_update"] = words.value()
        elif upper == "AUTO_INCREMENT":
            found["auto_increment"] = True
        elif upper in ("DEFAULT", "COMMENT", "CHECK"):
            found[upper.lower()] = words.value()
        else:
            more.append(token.text + words.rest_of_value())
    return ColumnParts(**found, more=" ".join(more))  # type: ignore[arg-type]


class _Words:
    """The tokens of a definition, read from left to right."""

    def __init__(self, text: str) -> None:
        self._found = list(tokens(text))
        self._at = 0

    def __iter__(self) -> Iterator[Token]:
        while True:
            self._skip_space()
            if self._at >= len(self._found):
                return
            token = self._found[self._at]
            self._at += 1
            yield token

    def type(self) -> str:
        """``int(10) unsigned``, ``enum('a','b')``, ``double precision``."""
        text = self.value()
        while True:
            self._skip_space()
            if self._at >= len(self._found):
                return text
            word = self._found[self._at].text
            if word.upper() not in _TYPE_WORDS:
                return text
            text += f" {word}"
            self._at += 1

    def skip(self, *expected: str) -> None:
        for word in expected:
            self._skip_space()
            if self._at < len(self._found) and self._found[self._at].text.upper() == word:
                self._at += 1

    def value(self) -> str:
        """What stands up to the next blank outside parentheses."""
        self._skip_space()
        return self.rest_of_value()

    def rest_of_value(self) -> str:
        text, depth = "", 0
        while self._at < len(self._found):
            token = self._found[self._at]
            if token.kind == "space" and depth == 0:
                break
            if token.kind == "mark":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
            text += " " if token.kind == "space" else token.text
            self._at += 1
        return text

    def _skip_space(self) -> None:
        while self._at < len(self._found) and self._found[self._at].kind == "space":
            self._at += 1


def key_parts(text: str) -> KeyParts:
    """Take ``UNIQUE KEY `name` (`a`,`b` DESC) USING BTREE`` apart."""
    before, inner, after = _parentheses(text)
    head = list(tokens(before))
    words = [token.text.upper() for token in head if token.kind == "word"]
    kind = words[0] if words else "KEY"
    name = next((unquoted(token.text) for token in head if token.kind == "name"), "")
    return KeyParts(name, "KEY" if kind == "INDEX" else kind, inner, after.strip(), text)


def foreign_key_parts(text: str) -> ForeignKeyParts | None:
    """Take a constraint apart; None where it is no foreign key."""
    before, columns, after = _parentheses(text)
    words = [token.text.upper() for token in tokens(before) if token.kind == "word"]
    if words[-2:] != ["FOREIGN", "KEY"]:
        return None
    name = next((unquoted(token.text) for token in tokens(before) if token.kind == "name"), "")
    target, referenced, rules = _parentheses(after)
    names = [unquoted(token.text) for token in tokens(target) if token.kind == "name"]
    return ForeignKeyParts(
        name=name,
        columns=tuple(map(unquoted, columns)),
        schema=names[0] if len(names) > 1 else "",
        table=names[-1],
        referenced=tuple(map(unquoted, referenced)),
        rules=rules.strip(),
        text=text,
    )


def option_parts(text: str) -> OptionParts:
    """Take ``ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='x' PARTITION BY …`` apart."""
    options, partitions = _partitions_apart(text)
    engine = comment = ""
    more = []
    words = _Words(options)
    for token in words:
        value = token.text + words.rest_of_value()
        upper = value.upper()
        if upper == "DEFAULT":  # DEFAULT CHARSET=latin1
            more.append(f"{value} {words.value()}")
        elif upper.startswith("ENGINE="):
            engine = value.partition("=")[2]
        elif upper.startswith("COMMENT="):
            comment = value.partition("=")[2]
        else:
            more.append(value)
    return OptionParts(engine, comment, " ".join(more), partitions)


def _partitions_apart(text: str) -> tuple[str, str]:
    for token in tokens(text):
        rest = text[token.start :].lstrip("/*!M0123456789 ")
        begins = token.kind == "executable" or token.text.upper() == "PARTITION"
        if begins and rest.upper().startswith("PARTITION BY"):
            return text[: token.start].strip(), text[token.start :].strip()
    return text.strip(), ""


def attributes(kind: str, text: str) -> dict[str, str]:
    """An object's definition as a flat mapping, by which two are compared.

    Args:
        kind: of the object, as in a reading.
    """
    if kind == "column":
        return _stated(column_parts(text))
    if kind == "table":
        return _stated(option_parts(text))
    return {"definition": text}


def _stated(parts: ColumnParts | OptionParts) -> dict[str, str]:
    return {name: str(value) for name, value in vars(parts).items() if value}


def first_list(text: str) -> tuple[str, ...]:
    """What the first parentheses hold, at their commas: the columns of a key. None, where there are
    no parentheses."""
    return _parentheses(text)[1] if any(token.text == "(" for token in tokens(text)) else ()


def _parentheses(text: str) -> tuple[str, tuple[str, ...], str]:
    """What stands before the first parentheses, between their commas, and after them."""
    found = list(tokens(text))
    opening = next(index for index, token in enumerate(found) if token.text == "(")
    parts, depth = [""], 1
    for token in found[opening + 1 :]:
        if token.kind == "mark":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0:
                inner = tuple(part.strip() for part in parts)
                return text[: found[opening].start], inner, text[token.end :]
            if token.text == "," and depth == 1:
                parts.append("")
                continue
        parts[-1] += " " if token.kind == "space" else token.text
    raise ValueError(f"no closing parenthesis: {text}")


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
