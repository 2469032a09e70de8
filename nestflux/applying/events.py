"""What happens while a run lasts, as values: the command prints them, a test collects them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True)
class Waiting(Event):
    """Another deploy holds the lock."""

    holder: str


@dataclass(frozen=True)
class HolderEnded(Event):
    """The holder gave no sign of life; its connection was ended."""

    holder: str


@dataclass(frozen=True)
class HolderSpared(Event):
    """The holder gave no sign of life, and its connection could or may not be ended."""

    holder: str
    why: str


@dataclass(frozen=True)
class Started(Event):
    """A file is begun, or gone on with from step ``resumes_at``."""

    name: str
    direction: str
    steps: int
    resumes_at: int = 1


@dataclass(frozen=True)
class StepStarted(Event):
    """A step is about to run."""

    name: str
    ordinal: int
    steps: int
    title: str


@dataclass(frozen=True)
class StepDone(Event):
    """A step ran."""

    name: str
    ordinal: int
    steps: int
    seconds: float


@dataclass(frozen=True)
class Recovered(Event):
    """A step that an earlier run left unfinished was told apart; ``how`` says what was done."""

    name: str
    ordinal: int
    how: str


@dataclass(frozen=True)
class Turned(Event):
    """A passage that was half done is turned round: ``needed`` of the ``steps`` of the other way
    run, and go in ``direction``."""

    name: str
    direction: str
    steps: int
    needed: int


@dataclass(frozen=True)
class Retrying(Event):
    """The server did not let a step in (a lock, a deadlock); it is tried again."""

    name: str
    ordinal: int
    reason: str
    pause: float


@dataclass(frozen=True)
class Finished(Event):
    """A file is applied or rolled back. ``seconds`` count from its begin in this run."""

    name: str
    direction: str
    statements: int
    seconds: float


@dataclass(frozen=True)
class Loaded(Event):
    """A fresh database was loaded from the snapshot."""

    names: tuple[str, ...]
    tables: int
    seconds: float


@dataclass(frozen=True)
class Relinked(Event):
    """A file that ran under another name or id is the same, statement for statement."""

    old: str
    new: str


@dataclass(frozen=True)
class Noticed(Event):
    """Something that a person should read, and that stops nothing."""

    text: str


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Whoever does not want to know."""
