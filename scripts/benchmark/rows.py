"""The rows of the table: what is set against what, and what is to be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Reach:
    """How many times faster (``at_least``) or slower (``at_most``), a server each."""

    at_least: Mapping[str, float] | None = None
    at_most: float | None = None

    def words(self, family: str) -> str:
        if self.at_least is not None:
            least = self.at_least[family]
            return "faster" if least == 1 else f"{least:g} times faster"
        return "" if self.at_most is None else f"within {self.at_most:g} times"

    def is_reached(self, family: str, times: float) -> bool | None:
        """None where there is nothing to reach.

        Args:
            times: how many times the other side's seconds hold ours (at_least), or ours the
                other's (at_most).
        """
        if self.at_least is not None:
            return times >= self.at_least[family]
        return None if self.at_most is None else times <= self.at_most

    @property
    def is_about_faster(self) -> bool:
        return self.at_least is not None


@dataclass(frozen=True)
class Row:
    """``ours`` and ``theirs`` are names of sides, as are the start-ups that are taken off.

    ``less_start``: whether the row is about what is left without them; otherwise both are told.
    ``kinds``: on which subjects it is measured. ``delay``: seconds that each round trip to the
    server takes longer.
    """

    name: str
    what: str
    against: str
    ours: str
    theirs: str
    ours_start: str
    theirs_start: str
    reach: Reach
    kinds: tuple[str, ...] = ("generated", "real")
    less_start: bool = False
    delay: float = 0.0

    @property
    def sides(self) -> tuple[str, ...]:
        return (self.ours, self.theirs, self.ours_start, self.theirs_start)


def _faster(mariadb: float, mysql: float) -> Reach:
    return Reach(at_least={"mariadb": mariadb, "mysql": mysql})


# Seconds: a server in another data center of the same region.
NETWORK = 0.005

_REPLAY = "every file (`db_migrate --replay`), SQL only"
_REPLAY_FAR = f"{_REPLAY}, {NETWORK * 1000:g} ms a round trip"
_LOOP = "the same statements sent by a bare mysqlclient loop"
_DBMATE = "the same files applied by dbmate"
_DRIZZLE = "the same files applied by drizzle-orm's migrator"

ROWS = (
    Row(
        "fresh", "fresh database", "Django's `migrate`",
        "fresh", "stock", "start", "stock_start", _faster(60, 35),
        kinds=("generated", "real"), less_start=True,
    ),
    Row(
        "client", "fresh database", "the plain client reading the same `schema.sql`",
        "fresh", "client", "start", "client_start", Reach(at_most=1.3),
        kinds=("generated", "plain", "real"), less_start=True,
    ),
    Row(
        "tests", "test database (`pytest --create-db`)", "the same with stock `migrate`",
        "tests", "stock_tests", "tests_start", "stock_tests_start", _faster(25, 15),
        kinds=("real",), less_start=True,
    ),
    Row(
        "replay", "every file (`db_migrate --replay`)", "Django's `migrate`",
        "replay", "stock", "start", "stock_start", _faster(8, 4),
        kinds=("generated", "real"), less_start=True,
    ),
    Row(
        "loop", _REPLAY, _LOOP,
        "replay", "loop", "start", "loop_start", Reach(at_most=1.25), kinds=("plain",),
    ),
    Row(
        "dbmate", _REPLAY, _DBMATE,
        "replay", "dbmate", "start", "dbmate_start", Reach(at_most=1.3), kinds=("plain",),
    ),
    Row(
        "drizzle-orm", _REPLAY, _DRIZZLE,
        "replay", "drizzle", "start", "drizzle_start", Reach(at_most=1.3), kinds=("plain",),
    ),
    Row(
        "resent", _REPLAY, "all that it sends, ledger included, sent by a bare mysqlclient loop",
        "replay", "resent", "start", "loop_start", Reach(), kinds=("plain",),
    ),
    Row(
        "network-loop", _REPLAY_FAR, _LOOP,
        "replay", "loop", "start", "loop_start", Reach(), kinds=("plain",), delay=NETWORK,
    ),
    Row(
        "network-dbmate", _REPLAY_FAR, _DBMATE,
        "replay", "dbmate", "start", "dbmate_start", Reach(at_most=1.5), kinds=("plain",),
        delay=NETWORK,
    ),
    Row(
        "network-drizzle-orm", _REPLAY_FAR, _DRIZZLE,
        "replay", "drizzle", "start", "drizzle_start", Reach(at_most=1.5), kinds=("plain",),
        delay=NETWORK,
    ),
    Row(
        "pending", "nothing pending", "`python manage.py version` of the same project",
        "pending", "start", "", "", Reach(at_most=1.1),
    ),
    Row(
        "unchanged", "`db_generate`, nothing changed", "`makemigrations --check`",
        "unchanged", "stock_unchanged", "start", "stock_start", _faster(1, 1),
    ),
    Row(
        "addition", "`db_generate`, one column added", "`makemigrations` of the same",
        "column", "stock_column", "start", "stock_start", Reach(at_most=3), kinds=("related",),
    ),
)  # fmt: skip
BY_NAME = {row.name: row for row in ROWS}


@dataclass(frozen=True)
class Outcome:
    """A row as it was measured: how many times, whole and without start-ups, and what that is.

    A share that is not positive (start-ups took longer than the run) has no ``less_start``.
    """

    whole: float
    less_start: float | None
    reached: str  # yes, no, "less start-up", or empty


def outcome(
    row: Row,
    family: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    ours_start: Sequence[float],
    theirs_start: Sequence[float],
) -> Outcome:
    """Medians decide."""
    whole = _times(row, median(ours), median(theirs))
    less = None
    if ours_start and theirs_start:
        our_share = median(ours) - median(ours_start)
        their_share = median(theirs) - median(theirs_start)
        if our_share > 0 and their_share > 0:
            less = _times(row, our_share, their_share)
    return Outcome(whole, less, _reached(row, family, whole, less))


def _times(row: Row, ours: float, theirs: float) -> float:
    return theirs / ours if row.reach.is_about_faster else ours / theirs


def _reached(row: Row, family: str, whole: float, less: float | None) -> str:
    if row.reach.is_reached(family, whole) is None:
        return ""
    without = less is not None and bool(row.reach.is_reached(family, less))
    if row.less_start:
        return "yes" if without else "no"
    if row.reach.is_reached(family, whole):
        return "yes"
    return "less start-up" if without else "no"
