"""What came of the faults: case by case, and summed up for docs/reliability.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.reports import this_machine
from tests.scenario import REPOSITORY

FOLDER = REPOSITORY / ".local" / "reliability"


@dataclass(frozen=True)
class Case:
    """One fault and what became of it.

    ``hands``: how often a person was asked, about a step of the undecidable list; ``no_hands``:
    about any other. ``lost_keys``: foreign keys that the server lost, and that the next run made
    again. ``waited``: the next run waited for what the server was still doing.
    ``twice``: statements that took effect twice. ``wrong``: what else is not as it should be, in
    words; empty where the next run finished the work and said what it found.
    """

    family: str
    direction: str
    what: str
    when: str
    at: int = 0
    sql: str = ""
    twice: tuple[str, ...] = ()
    hands: int = 0
    no_hands: int = 0
    lost_keys: int = 0
    waited: bool = False
    wrong: str = ""

    @property
    def is_good(self) -> bool:
        return not (self.wrong or self.twice or self.no_hands)

    def __str__(self) -> str:
        sql = " ".join(self.sql.split())[:100]
        found = [self.wrong, *(f"ran twice: {each}" for each in self.twice)]
        if self.no_hands:
            found.append("a person was asked")
        return (
            f"{self.direction}, {self.what} {self.when}, command {self.at} ({sql}): "
            + "; ".join(filter(None, found))
        )


@dataclass(frozen=True)
class Figures:
    """The cases of one direction and one kind of fault, counted."""

    family: str
    direction: str
    what: str
    when: str
    injected: int
    converged: int
    twice: int
    hands: int
    no_hands: int
    lost_keys: int


def summed(cases: Iterable[Case]) -> list[Figures]:
    """The figures of cases, in the order in which their kinds first appear."""
    kinds: dict[tuple[str, str, str, str], list[Case]] = {}
    for case in cases:
        kinds.setdefault((case.family, case.direction, case.what, case.when), []).append(case)
    return [
        Figures(
            *kind,
            injected=len(some),
            converged=sum(not case.wrong for case in some),
            twice=sum(len(case.twice) for case in some),
            hands=sum(case.hands for case in some),
            no_hands=sum(case.no_hands for case in some),
            lost_keys=sum(case.lost_keys for case in some),
        )
        for kind, some in kinds.items()
    ]


def write(family: str, version: str, extent: str, seconds: float, cases: Iterable[Case]) -> Path:
    """Write the figures of a walk for the report; an earlier one of the same kind is replaced.

    Args:
        extent: which positions were walked.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"faults-{family}-{extent}.json"
    document = {
        "subject": "faults",
        "family": family,
        "version": version,
        "extent": extent,
        "seconds": round(seconds),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": this_machine().commit,
        "figures": [asdict(figures) for figures in summed(cases)],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path
