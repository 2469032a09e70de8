"""How many packets each side sends: the commands of its clients, counted on a link to the server.

Unlike seconds they are the same on every machine, and over a network each is a round trip.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scripts.benchmark.figures import Circumstances
from scripts.benchmark.link import Link
from scripts.benchmark.measuring import nothing, time_once
from scripts.benchmark.servers import BenchmarkError, LeftOutError
from scripts.benchmark.sides import through
from scripts.benchmark.subjects import Subject

KINDS = ("plain",)
_FOLDER = "packets"


@dataclass(frozen=True)
class Counted:
    """What is counted of a tool, by names of sides; an empty one is something that it has not.

    ``again``: what finds nothing to do. Where it is the side that replays, it runs once more.
    """

    title: str
    replay: str = ""
    fresh: str = ""
    again: str = ""


COUNTED = (
    Counted("`db_migrate`", "replay", "fresh", "pending"),
    Counted("Django's `migrate`", "stock", "", "stock"),
    Counted("dbmate", "dbmate", "", "dbmate"),
    Counted("drizzle-orm", "drizzle", "", "drizzle"),
    Counted("a bare mysqlclient loop", "loop"),
    Counted("the plain client", "", "client"),
)


@dataclass(frozen=True)
class Count:
    """Packets of a tool: for every file, for a fresh database, with nothing to do."""

    title: str
    replay: int | None = None
    fresh: int | None = None
    pending: int | None = None

    def __str__(self) -> str:
        counts = {"every file": self.replay, "fresh": self.fresh, "nothing pending": self.pending}
        known = [f"{what} {value}" for what, value in counts.items() if value is not None]
        return f"{self.title}: {', '.join(known)}"

    def for_each_of(self, statements: int) -> float | None:
        """Packets a statement, of ``statements`` in all: without those of a run that finds
        nothing to do."""
        return None if self.replay is None else (self.replay - (self.pending or 0)) / statements


@dataclass(frozen=True)
class Packets:
    """What was counted on a subject; ``statements`` are those of its files."""

    family: str
    subject: str
    title: str
    statements: int
    counts: tuple[Count, ...]
    circumstances: Circumstances


def count(subject: Subject, say: Callable[[str], None]) -> tuple[list[Count], list[BenchmarkError]]:
    """A count of each tool, and what failed. One whose program is missing is left out."""
    found: list[Count] = []
    failures: list[BenchmarkError] = []
    for tool in COUNTED:
        try:
            found.append(_count(tool, subject))
            say(f"{found[-1]}")
        except LeftOutError as missing:
            say(f"{tool.title} is left out: {missing}")
        except BenchmarkError as error:
            failures.append(error)
            say(f"FAILED: {error}")
    return found, failures


def _count(tool: Counted, subject: Subject) -> Count:
    return Count(
        tool.title,
        replay=_commands_of(tool.replay, subject),
        fresh=_commands_of(tool.fresh, subject),
        pending=_commands_of(tool.again, subject, once_more=tool.again == tool.replay),
    )


def _commands_of(name: str, subject: Subject, *, once_more: bool = False) -> int | None:
    return commands_of(name, subject, once_more=once_more) if name else None


def commands_of(name: str, subject: Subject, *, once_more: bool = False) -> int:
    """How many commands that side sends.

    Args:
        once_more: on the database as the side left it the last time.
    """
    with Link(subject.server) as link:
        side = through(link, name, subject)
        time_once(replace(side, prepare=nothing) if once_more else side)
    return link.commands


def save(folder: Path, packets: Packets) -> None:
    path = folder / _FOLDER / f"{packets.family}.{packets.subject}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(packets), indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(folder: Path) -> list[Packets]:
    """All that was counted, by server and project."""
    found = []
    for path in sorted((folder / _FOLDER).glob("*.json")):
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        given["counts"] = tuple(Count(**count) for count in given["counts"])
        given["circumstances"] = Circumstances(**given["circumstances"])
        found.append(Packets(**given))
    return sorted(found, key=lambda one: (one.family, one.statements))
