"""What a schema is made of: tables with their parts, views, triggers, routines and events.

As text, which is how the disk and a person have it, an object is ``table blog_post``, ``view
shown`` or ``table blog_post / column title``. Nothing outside this module takes that text apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

TABLE = "table"
VIEW = "view"
COLUMN = "column"
INDEX = "index"
CONSTRAINT = "constraint"
PRIMARY_KEY = "primary key"
PERIOD = "period"
ORDER = "order of columns"

_WITHOUT_NAME = frozenset({PRIMARY_KEY, PERIOD, ORDER})
_PART = " / "

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """An object of a schema.

    ``kind`` is ``table``, ``view``, ``trigger``, ``procedure``, ``function`` or ``event``; of a
    part of a table ``column``, ``index``, ``constraint``, ``primary key``, ``period`` or ``order of
    columns``, the last three without a ``name``. ``table`` is the table of a part, otherwise empty.

    Two keys that are equal are the same object: what a server holds for the same name is decided
    by this comparison alone. There is no order but that of the text: ``sorted(keys, key=str)``.
    """

    kind: str
    name: str = ""
    table: str = ""

    @classmethod
    def parse(cls, text: str) -> ObjectKey:
        kind, _, name = text.partition(" ")
        if kind != TABLE:
            return cls(kind, name)
        table, is_part, part = name.partition(_PART)
        table = _unescaped(table)
        if not is_part:
            return cls(TABLE, table)
        if part in _WITHOUT_NAME:
            return cls(part, "", table)
        kind, _, name = part.partition(" ")
        return cls(kind, name, table)

    def __str__(self) -> str:
        if self.is_table:
            return f"{TABLE} {_escaped(self.name)}"
        own = f"{self.kind} {self.name}" if self.name else self.kind
        return f"{TABLE} {_escaped(self.table)}{_PART}{own}" if self.table else own

    @property
    def is_part(self) -> bool:
        return bool(self.table)

    @property
    def is_table(self) -> bool:
        return self.kind == TABLE

    @property
    def is_of_table(self) -> bool:
        """Is it a table, or a part of one?"""
        return self.is_part or self.is_table

    @property
    def is_column(self) -> bool:
        return self.kind == COLUMN

    @property
    def holder(self) -> ObjectKey:
        """The table of a part; of anything else itself."""
        return ObjectKey(TABLE, self.table) if self.table else self

    @property
    def holder_name(self) -> str:
        """The name under which the server shows the whole object."""
        return self.table or self.name


def _escaped(table: str) -> str:
    """A table's name in which no part seems to begin: ``a / column b`` with one more slash."""
    return re.sub(r" /(?=/*(?: |\Z))", " //", table) if " /" in table else table


def _unescaped(table: str) -> str:
    return re.sub(r" //(?=/*(?: |\Z))", " /", table) if " //" in table else table


def to_texts(objects: Mapping[ObjectKey, _Value]) -> dict[str, _Value]:
    """For JSON."""
    return {str(key): value for key, value in objects.items()}


def from_texts(objects: Mapping[str, _Value]) -> dict[ObjectKey, _Value]:
    return {ObjectKey.parse(text): value for text, value in objects.items()}
