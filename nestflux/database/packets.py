"""How much a server takes at once (``max_allowed_packet``), and what is more than that.

A larger packet is refused and the connection ended, which the client cannot tell from any other
end: measured on both families, libmariadb says 2006, "Server has gone away". So what can be known
beforehand is asked beforehand. (MySQL Manual B.3.2.8, "Packet Too Large".)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

SMALL = 512 * 1024  # bytes that no server in use refuses: below it nobody need ask
AT_ONCE = 500_000  # bytes of a statement of ours that can be divided

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_SHORT = 200  # characters
# Characters that mysql_real_escape_string makes one byte longer.
_ESCAPED = ("\\", "'", '"', "\n", "\r", "\0", "\x1a")


def limit_of(connection: BaseDatabaseWrapper) -> int:
    """The limit of this session in bytes; the global one counts for new sessions only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.max_allowed_packet")
        return int(cursor.fetchone()[0])


def limit_elsewhere(connection: BaseDatabaseWrapper) -> int:
    """The limit that another connection to the same server has; no limit where none can be had."""
    other = connection.copy()
    try:
        return limit_of(other)
    except Error:
        return sys.maxsize
    finally:
        other.close()


def is_too_large(size: int, limit: int) -> bool:
    """Is a statement of so many bytes refused? The command's own byte counts, and the limit
    itself is too much (measured on both families)."""
    return size + 1 >= limit


def size_of(sql: str) -> int:
    """The bytes of a statement as it is sent."""
    return len(sql.encode())


def size_as_value(text: str) -> int:
    """The bytes of a text as a value in a statement, escaped and in its quotes."""
    return size_of(text) + sum(text.count(character) for character in _ESCAPED) + 2


def in_megabytes(size: int) -> str:
    """``16.0 MB``, as administrators count them: of 1,048,576 bytes."""
    return f"{size / 2**20:.1f} MB"


def batches(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Rows of which each lot is one statement; a row that is long is one by itself."""
    lot: list[Mapping[str, Any]] = []
    weight = 0
    for row in rows:
        own = weight_of(row)
        if lot and (len(lot) == 50 or weight + own > AT_ONCE):
            yield lot
            lot, weight = [], 0
        lot.append(row)
        weight += own
    if lot:
        yield lot


def weight_of(columns: Mapping[str, Any]) -> int:
    """About how many bytes a row's values have in a statement, and no fewer."""
    return sum(_weight_of_text(value) for value in columns.values() if isinstance(value, str))


def _weight_of_text(text: str) -> int:
    """A short text counts as the most that it can be: four bytes a character, or two escaped."""
    return 4 * len(text) + 2 if len(text) < _SHORT else size_as_value(text)
