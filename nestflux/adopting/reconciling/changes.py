"""What a reconciliation holds: statements that change the live schema, typed and in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from nestflux.schema.objects import ObjectKey

# A column, by its table: what a statement changes and what a foreign key stands on.
Place = tuple[str, str]


class Phase(IntEnum):
    """The order of the script. A foreign key is dropped before its columns change and comes back
    when all is there; a check or an index goes before a column that it names."""

    DROP_FOREIGN_KEY = 1
    CLEAR_NAME = 2
    DROP_CHECK = 3
    CREATE_TABLE = 4
    OPTIONS = 5
    COLUMN = 6
    PRIMARY_KEY = 7
    INDEX = 8
    UNIQUE = 9
    DROP_COLUMN = 10
    ADD_CHECK = 11
    ADD_FOREIGN_KEY = 12
    DROP_TABLE = 13
    ROUTINE = 14
    VIEW = 15
    TRIGGER = 16


@dataclass(frozen=True)
class Risk:
    """Why a statement is not run as the script stands. ``kind``: ``loses data``, ``may fail`` (the
    rows decide), ``undecided`` (a person does) or ``goes along`` (it needs another one that is
    commented out). ``queries`` show the rows at stake."""

    kind: str
    why: str
    queries: tuple[str, ...] = ()


# The worst first.
KINDS = LOSES, MAY_FAIL, UNDECIDED, GOES_ALONG = (
    "loses data",
    "may fail",
    "undecided",
    "goes along",
)


@dataclass(frozen=True)
class ChangeKey:
    """What tells a change from the others: an object, and where that is changed in more than one
    step, which of them."""

    object: ObjectKey
    step: str = ""

    def __str__(self) -> str:
        return f"{self.step} {self.object}" if self.step else str(self.object)


@dataclass(frozen=True)
class Change:
    """One statement.

    ``key`` names it among the others. ``settles`` are the objects of a reading that it makes
    agree; ``places`` the columns whose type or collation it changes; ``remarks`` are lines for
    the reviewer. ``verdict`` is how the server runs it, once that is measured.
    """

    key: ChangeKey
    phase: Phase
    sql: str
    settles: tuple[ObjectKey, ...]
    risk: Risk | None = None
    places: frozenset[Place] = frozenset()
    remarks: tuple[str, ...] = ()
    verdict: str = ""

    @property
    def runs(self) -> bool:
        """Is it run as the script stands?"""
        return self.risk is None

    def aside(self, risk: Risk) -> Change:
        return self if self.risk else replace(self, risk=risk)


@dataclass(frozen=True)
class ByHand:
    """A difference for which no statement is written: the object, and what to do instead."""

    key: ObjectKey
    what: str


@dataclass(frozen=True)
class Reconciliation:
    """The statements, in their order, and what is left to a person."""

    changes: tuple[Change, ...] = ()
    by_hand: tuple[ByHand, ...] = ()

    @property
    def running(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.runs)

    @property
    def commented(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if not change.runs)

    def by_kind(self) -> Iterator[tuple[str, list[Change]]]:
        """What is commented out, by the kind of its risk."""
        for kind in KINDS:
            if found := [each for each in self.commented if each.risk and each.risk.kind == kind]:
                yield kind, found

    def left_by(self, changes: tuple[Change, ...]) -> set[ObjectKey]:
        """The objects that differ still when all but ``changes`` ran."""
        return {key for change in changes for key in change.settles} | {
            each.key for each in self.by_hand
        }

    def measured(self, verdicts: dict[ChangeKey, str]) -> Reconciliation:
        def told() -> Iterator[Change]:
            for change in self.changes:
                yield replace(change, verdict=verdicts.get(change.key, change.verdict))

        return replace(self, changes=tuple(told()))


def joined(risks: list[Risk]) -> Risk | None:
    """Several risks of one statement as one; the worst gives its kind."""
    if not risks:
        return None
    worst = min(risks, key=lambda risk: KINDS.index(risk.kind))
    return Risk(
        worst.kind,
        "; ".join(dict.fromkeys(risk.why for risk in risks)),
        tuple(dict.fromkeys(query for risk in risks for query in risk.queries)),
    )
