"""What a statement costs that writes a table anew: rows, bytes and a guess at the time. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from nestflux.conf import SizeLimits
from nestflux.database.profile import KnownSize, Sizes, rounded
from nestflux.database.verdicts import blocks, copies_table, writes_anew
from nestflux.sql.statement_parts import table_of
from nestflux.wording import in_bytes, in_time

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Cost:
    """Of a copy or a rebuild of a table. ``blocks``: those who write to it wait meanwhile;
    ``is_copy``: it is copied, and not rebuilt in place."""

    table: str
    known: KnownSize
    mb_a_second: float
    blocks: bool
    is_copy: bool

    @property
    def bytes(self) -> int:
        return self.known.size.all_bytes

    @property
    def seconds(self) -> float:
        """All rows and indexes, at the speed that the settings suppose."""
        return self.bytes / _MEGABYTE / self.mb_a_second

    def is_blocking(self, limits: SizeLimits) -> bool:
        """Do writers wait too long?"""
        return self.blocks and self.seconds >= limits.blocked_seconds

    def is_large(self, limits: SizeLimits) -> bool:
        return self.bytes >= limits.large_mb * _MEGABYTE

    @property
    def size(self) -> str:
        """For people: ``shop_order: about 1,200,000 rows, 340 MB (profile.json)``."""
        rows = rounded(self.known.size.rows)
        return f"{self.table}: about {rows:,} rows, {in_bytes(self.bytes)} ({self.known.source})"

    @property
    def time(self) -> str:
        """For people, with its basis."""
        return (
            f"{in_time(self.seconds)} at {self.mb_a_second:g} MB/s: a guess to plan with, "
            "not a measurement"
        )

    def to_json(self) -> dict[str, object]:
        return {
            "table": self.table,
            "rows": self.known.size.rows,
            "bytes": self.bytes,
            "source": self.known.source,
            "seconds": round(self.seconds, 1),
            "mb_a_second": self.mb_a_second,
        }


def table_written_anew(sql: str, verdict: str, family: str, new: Collection[str]) -> str:
    """The table that a statement copies or rebuilds, by its verdict; empty where it does neither,
    or the table is new.

    Args:
        new: tables that did not exist before the files in question.
    """
    table = table_of(sql) if writes_anew(verdict, family) else ""
    return "" if table in new else table


def cost_of(table: str, verdict: str, sizes: Sizes, limits: SizeLimits) -> Cost | None:
    """What it costs to write a table anew; None where nobody knows how large it is."""
    known = sizes.of(table)
    if known is None:
        return None
    is_copy = copies_table(verdict)
    return Cost(
        table=table,
        known=known,
        mb_a_second=limits.copy_mb_a_second if is_copy else limits.rebuild_mb_a_second,
        blocks=blocks(verdict),
        is_copy=is_copy,
    )
