"""How rows spread over a number of choices: evenly, by a power law, in given shares; each once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import shake_128
from itertools import accumulate
from math import gcd

# From words to the indexes of choices.
Pick = Callable[[Sequence[int]], list[int]]
_WORD = 2**64
# Every rank's weight is a whole number of this many parts of the first one's.
_WEIGHT = 2**32
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Spread:
    """A distribution over any number of choices. ``exponent`` of Zipf's law: 0 is uniform, 1 the
    plain law, in which the second choice is taken half as often as the first."""

    exponent: float = 0

    def over(self, size: int, key: str) -> Pick:
        """The distribution over ``size`` choices. Which of them is the frequent one is chosen by
        ``key``."""
        if not self.exponent:
            return lambda words: [word % size for word in words]
        totals = _totals(size, self.exponent)
        ranks = Permutation.of(size, key)
        most = totals[-1]
        return lambda words: ranks.at([bisect_right(totals, word % most) for word in words])


def _totals(size: int, exponent: float) -> list[int]:
    """The sums of the weights of the first ranks. Whole numbers: a sum of floats would depend on
    the machine."""
    if exponent == 1:
        weights = (max(1, _WEIGHT // rank) for rank in range(1, size + 1))
    else:
        weights = (max(1, int(_WEIGHT / rank**exponent)) for rank in range(1, size + 1))
    return list(accumulate(weights))


def by_weight(weights: Sequence[float]) -> Pick:
    """Indexes in proportion to ``weights``."""
    whole = sum(weights)
    totals = [int(total / whole * _WORD) for total in accumulate(weights)]
    totals[-1] = _WORD
    return lambda words: [bisect_right(totals, word) for word in words]


@dataclass(frozen=True)
class Permutation:
    """A reordering of the numbers below ``size``: ``i`` becomes ``(start + i * step) % size``.

    ``step`` has no divisor in common with ``size``, so no number comes twice; it is near the golden
    ratio of it, so that neighbors are far apart.
    """

    size: int
    start: int
    step: int

    @classmethod
    def of(cls, size: int, key: str) -> Permutation:
        """One that ``key`` chooses."""
        word = int.from_bytes(shake_128(key.encode()).digest(8), "little")
        step = max(1, int(size * _GOLDEN))
        while gcd(step, size) != 1:
            step += 1
        return cls(size, word % size, step % size or 1)

    def at(self, indexes: Sequence[int]) -> list[int]:
        size, start, step = self.size, self.start, self.step
        return [(start + index * step) % size for index in indexes]
