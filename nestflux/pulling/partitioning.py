"""A table's partitions as a model declares them (``nestflux.orm.partitioning``). Pure.

Those of a range come and go: where they begin and how long an interval is are read from them, how
many are kept is nobody's to guess, so that all are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from nestflux.orm.partitioning.intervals import UNITS, Bound, following
from nestflux.pulling.python_text import Call, Code, Value, quoted
from nestflux.sql.definitions import key_parts, unescaped
from nestflux.sql.lexer import quoted as in_backquotes
from nestflux.sql.partitions import PartitionParts, partition_parts

if TYPE_CHECKING:
    from nestflux.pulling.describing import DescribedTable

# What a file imports that declares partitions, and from where.
IMPORTED: Mapping[str, str] = {
    "date": "datetime",
    **dict.fromkeys(
        ("HashPartitions", "KeyPartitions", "ListPartitions", "RangePartitions"),
        "nestflux.orm.partitioning",
    ),
}
CLASSES = frozenset(IMPORTED) - {"date"}


def names_in(text: str) -> list[str]:
    """What a call in a file's text needs of ``IMPORTED``."""
    return [name for name in IMPORTED if f"{name}(" in text]


def with_djangos_key(table: DescribedTable) -> DescribedTable:
    """The table with the key that its model has: where the primary key is that of a counter, made
    wider by the columns of the partitions, the counter alone (``widen_primary_key``)."""
    parts = partition_parts(table.options.partitioning)
    if parts is None or len(table.primary_columns) < 2:
        return table
    first, *others = table.primary_columns
    counts = table.column(first).parts.auto_increment
    if not counts or sorted(others) != sorted(set(parts.columns) - {first}):
        return table
    own = key_parts(f"PRIMARY KEY ({in_backquotes(first)})")
    keys = tuple(own if key.kind == "PRIMARY" else key for key in table.keys)
    return replace(table, keys=keys, widened=True)


def declared(
    table: DescribedTable, fields: Mapping[str, str], name: Callable[[str], str]
) -> Call | None:
    """The declaration; None where no class can say it.

    Args:
        fields: field names by column.
        name: gives the constraint a name that no other one has.
    """
    parts = partition_parts(table.options.partitioning)
    if parts is None or not set(parts.columns) <= fields.keys():
        return None
    words = _words(parts, [fields[column] for column in parts.columns])
    if words is None:
        return None
    function = f"{parts.kind.partition(' ')[0].capitalize()}Partitions"
    more: dict[str, Value] = {"widen_primary_key": True} if table.widened else {}
    return Call(function, (), {"name": name(f"{table.name}_partitions"), **words, **more})


def _words(parts: PartitionParts, names: list[str]) -> dict[str, Value] | None:
    match parts.kind, names:
        case "KEY", _ if parts.count:
            return {"fields": tuple(names), "count": parts.count}
        case "HASH", [name] if parts.count:
            return {"field": name, "count": parts.count}
        case "LIST COLUMNS", [name]:
            return _list(name, parts)
        case "RANGE COLUMNS", [name]:
            return _range(name, [values[0] for _, values in parts.listed])
    return None


def _list(name: str, parts: PartitionParts) -> dict[str, Value] | None:
    read = {of: [_value(value) for value in values] for of, values in parts.listed}
    if not all(value for values in read.values() for value in values):
        return None
    lists = (f"{quoted(of)}: [{', '.join(values)}]" for of, values in read.items())
    return {"field": name, "partitions": Code(f"{{{', '.join(lists)}}}")}


def _range(name: str, said: list[str]) -> dict[str, Value] | None:
    ends = said[-1:] == ["MAXVALUE"]
    bounds = [_bound(text) for text in (said[:-1] if ends else said)]
    known = [bound for bound in bounds if bound is not None]
    if len(known) != len(bounds) or len(known) < 2:
        return None  # one bound tells no interval
    before, last = known[-2:]
    if isinstance(before, int) and isinstance(last, int):
        every: Value | None = last - before
    else:
        every = next((unit for unit in UNITS if following(unit, before) == last), None)
    start = known[0]
    if every is None or (isinstance(start, datetime) and start != _midnight(start)):
        return None
    words: dict[str, Value] = {"field": name, "start": _start(start), "every": every}
    return words if ends else {**words, "catch_all": False}


def _midnight(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day)


def _start(bound: Bound) -> Value:
    if isinstance(bound, datetime):
        return Code(f"date({bound.year}, {bound.month}, {bound.day})")
    return bound


def _bound(text: str) -> Bound | None:
    try:
        return datetime.fromisoformat(text.strip("'")) if text.startswith("'") else int(text)
    except ValueError:
        return None


def _value(text: str) -> str:
    """A value of a list in Python; empty where it is neither a number nor a string."""
    if text.startswith("'"):
        return quoted(unescaped(text))
    return text if text.lstrip("-").isdigit() else ""
