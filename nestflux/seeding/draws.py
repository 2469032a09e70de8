"""Random words for rows: the same for the same seed, whatever is asked for first.

A column's words are those of SHAKE128 (FIPS 202), a block of rows at a time. A word is a function
of the seed, the generator's version, the model, the field and the row's number alone; batches,
processes and servers do not come into it.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import shake_128
from random import Random

# Raised with every change after which the same seed gives other rows.
GENERATOR = 1
# Rows that share one call of the hash.
BLOCK = 1000
_WIDTH = 8  # bytes of a word


@dataclass(frozen=True)
class Draws:
    """What one column has to choose with, for some rows.

    Args:
        seed: the run's.
        key: what the words belong to, ``blog.Post.title``.
        rows: the numbers of the rows, in steps of 1.
        attempt: 0, or how many values of these rows were refused before.
    """

    seed: int
    key: str
    rows: range
    attempt: int = 0

    def words(self, stream: str = "") -> list[int]:
        """A whole number below 2**64 for each row; another ``stream`` gives independent ones."""
        if self.attempt:
            return [self._digest(stream, row, 1)[0] for row in self.rows]
        first, last = self.rows.start // BLOCK, (self.rows.stop - 1) // BLOCK
        found: list[int] = []
        for block in range(first, last + 1):
            found += self._digest(stream, block, BLOCK)
        start = self.rows.start - first * BLOCK
        return found[start : start + len(self.rows)]

    def of(self, key: str) -> Draws:
        """The same rows, with the words of something else."""
        return replace(self, key=key)

    def each(self) -> Iterator[Row]:
        """The rows one by one, for functions that make one value at a time."""
        for row in self.rows:
            yield Row(row, f"{GENERATOR}:{self.seed}:{self.key}:{self.attempt}:{row}")

    def _digest(self, stream: str, number: int, count: int) -> list[int]:
        key = f"{GENERATOR}:{self.seed}:{self.key}:{stream}:{self.attempt}:{number}"
        words = array("Q", shake_128(key.encode()).digest(count * _WIDTH))
        if sys.byteorder == "big":
            words.byteswap()
        return words.tolist()


@dataclass(frozen=True)
class Row:
    """One row, for a function of a ``seeds.py``: its number, from 0 on, and chance of its own."""

    number: int
    key: str

    @cached_property
    def random(self) -> Random:
        """Python's generator, seeded for this row and field."""
        return Random(self.key)  # noqa: S311 - sample data, no secret

    @property
    def word(self) -> int:
        """A whole number below 2**64."""
        return int.from_bytes(shake_128(self.key.encode()).digest(_WIDTH), "little")
