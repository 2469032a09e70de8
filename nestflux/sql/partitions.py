"""How a table is partitioned, taken apart. Pure.

Only what a model can declare (``orm/partitioning``): by columns, without subpartitions, and without
options of single partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nestflux.sql.brackets import inside, mate, split
from nestflux.sql.lexer import Token, significant, text_of, trimmed, unquoted

_KINDS = ("RANGE COLUMNS", "LIST COLUMNS", "HASH", "KEY")
# What both servers print behind each partition.
_SAID_ANYWAY: tuple[list[str], ...] = (["ENGINE", "=", "INNODB"], [])


@dataclass(frozen=True)
class PartitionParts:
    """``PARTITION BY kind (columns) PARTITIONS count``, or with ``listed``: of each partition its
    name, and in the server's words its bound (``MAXVALUE`` too) or its values."""

    kind: str
    columns: tuple[str, ...]
    count: int = 0
    listed: tuple[tuple[str, tuple[str, ...]], ...] = ()


def partition_parts(partitioning: str) -> PartitionParts | None:
    """Take ``OptionParts.partitioning`` apart; None where it says more, or nothing."""
    found = significant(partitioning)
    words = [token.text.upper() for token in found]
    opens = words.index("(") if "(" in words else -1
    kind = " ".join(words[2:opens])
    if words[:2] != ["PARTITION", "BY"] or kind not in _KINDS:
        return None
    columns = [trimmed(part) for part in split(inside(found, opens))]
    if not columns or any(len(part) != 1 for part in columns):
        return None
    names = tuple(unquoted(part[0].text) for part in columns)
    rest, said = found[mate(found, opens) + 1 :], words[mate(found, opens) + 1 :]
    if said[:1] == ["PARTITIONS"] and len(said) == 2:
        return PartitionParts(kind, names, int(said[1]))
    if said[:1] != ["("] or mate(rest, 0) != len(rest) - 1:
        return None
    listed = [_partition(trimmed(part)) for part in split(inside(rest, 0))]
    whole = tuple(each for each in listed if each is not None)
    return PartitionParts(kind, names, listed=whole) if len(whole) == len(listed) else None


def _partition(part: Sequence[Token]) -> tuple[str, tuple[str, ...]] | None:
    words = [token.text.upper() for token in part]
    if "(" not in words or words[2:3] != ["VALUES"]:
        return None
    opens = words.index("(")
    behind = words[mate(part, opens) + 1 :]
    if words[3:opens] not in (["LESS", "THAN"], ["IN"]) or behind not in _SAID_ANYWAY:
        return None
    return unquoted(part[1].text), tuple(_values(inside(part, opens)))


def _values(held: Sequence[Token]) -> Iterator[str]:
    for value in split(held):
        yield text_of(trimmed(value)).strip()
