"""What a transformation holds: statements, typed and in their order, each with its risk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from nestflux.schema.objects import ObjectKey


class ColumnRef(NamedTuple):
    """A column by its table: what a statement changes and what a foreign key stands on. The name of
    the column is in lower case, as the server compares it."""

    table: str
    column: str

    @classmethod
    def of(cls, table: str, column: str) -> ColumnRef:
        return cls(table, column.lower())


class Phase(IntEnum):
    """The order of the statements. A foreign key is dropped before its columns change and comes
    back when all is there; a check or an index goes before a column that it names."""

    ZERO_DATES = 0
    DROP_FOREIGN_KEY = 1
    CLEAR_NAME = 2
    DROP_CHECK = 3
    CREATE_TABLE = 4
    OPTIONS = 5
    COLUMN = 6
    PRIMARY_KEY = 7
    REMAKE_FOREIGN_KEY = 8
    INDEX = 9
    UNIQUE = 10
    DROP_COLUMN = 11
    ORDER = 12
    ADD_CHECK = 13
    ADD_FOREIGN_KEY = 14
    DROP_TABLE = 15
    ROUTINE = 16
    VIEW = 17
    TRIGGER = 18


@dataclass(frozen=True)
class Risk:
    """What speaks against running a statement: the caller decides. ``kind``: ``loses data``, ``may
    fail`` (the rows decide), ``undecided`` (a person does) or ``goes along`` (it needs another one
    that has a risk). ``queries`` show the rows at stake."""

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

    ``key`` names it among the others. ``settles`` are the objects that it makes
    agree; ``column_refs`` the columns whose type or collation it changes; ``remarks`` are lines
    for the reviewer. ``verdict`` is how the server runs it, once that is measured. ``unchecked``:
    it is to run with ``foreign_key_checks`` = 0.
    """

    key: ChangeKey
    phase: Phase
    sql: str
    settles: tuple[ObjectKey, ...]
    risk: Risk | None = None
    column_refs: frozenset[ColumnRef] = frozenset()
    remarks: tuple[str, ...] = ()
    verdict: str = ""
    unchecked: bool = False

    @property
    def is_safe(self) -> bool:
        """Does nothing speak against running it?"""
        return self.risk is None

    def held_back(self, risk: Risk) -> Change:
        """The change with a risk, where it has none of its own."""
        return self if self.risk else replace(self, risk=risk)


@dataclass(frozen=True)
class ByHand:
    """A difference for which no statement is written: the object, and what to do instead."""

    key: ObjectKey
    what: str


@dataclass(frozen=True)
class Transformation:
    """The statements that make one schema into another, in their order, and what is left to a
    person."""

    changes: tuple[Change, ...] = ()
    by_hand: tuple[ByHand, ...] = ()

    @property
    def safe(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_safe)

    @property
    def risky(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if not change.is_safe)

    def by_kind(self) -> Iterator[tuple[str, list[Change]]]:
        """What is risky, by the kind of its risk."""
        for kind in KINDS:
            if found := [each for each in self.risky if each.risk and each.risk.kind == kind]:
                yield kind, found

    def left_by(self, changes: tuple[Change, ...]) -> set[ObjectKey]:
        """The objects that differ still when all but ``changes`` ran."""
        return {key for change in changes for key in change.settles} | {
            each.key for each in self.by_hand
        }

    def measured(self, verdicts: dict[ChangeKey, str]) -> Transformation:
        """The same with the verdicts of its statements."""
        changes = (
            replace(change, verdict=verdicts.get(change.key, change.verdict))
            for change in self.changes
        )
        return replace(self, changes=tuple(changes))


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
