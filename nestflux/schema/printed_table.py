"""A table as SHOW CREATE TABLE prints it, taken apart into its parts and options. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache

from nestflux.schema.collations import after_value, collation_apart
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
from nestflux.sql.brackets import apart, split, with_depth
from nestflux.sql.definitions import collated, column_parts, first_list
from nestflux.sql.lexer import Token, quoted, tokens, trimmed, unquoted

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


@lru_cache(maxsize=2048)
def taken_apart(
    name: str, text: str, default: str, primary: tuple[tuple[str, str], ...]
) -> PrintedTable:
    """A recording reads a whole schema several times, and changes a few tables in between."""
    return PrintedTable(name, text, default, dict(primary))


class PrintedTable:
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
        stated = {label: text for label, text in self.others.items() if label not in unstated}
        lines += [f"  {text}" for text in _naming_last(stated, unstated)]
        body = ",\n".join(lines)
        return f"CREATE TABLE {quoted(self.name)} (\n{body}\n) {self.options}"


def left_to_server(parts: Mapping[Label, str]) -> set[Label]:
    """The indexes that the server makes by itself for foreign keys, and names like them.

    One that is stated is the user's and stays; one that the server made gives way silently to
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


def _naming_last(parts: Mapping[Label, str], unstated: Collection[Label]) -> list[str]:
    """Keys and constraints in an order that gives the server's own indexes their names: of two
    foreign keys on the same columns the server names the one index after the last (``generated``
    keys in sql/sql_table.cc of both; measured)."""
    keys = {label: first_list(text) for label, text in parts.items() if "FOREIGN KEY" in text}
    named = {label for label in keys if (INDEX, label[1]) in unstated}
    last = {one for one in named if list(keys.values()).count(keys[one]) > 1}
    return [parts[label] for label in sorted(parts, key=lambda label: label in last)]


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
