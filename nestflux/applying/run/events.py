"""What happens while a run lasts, as values: the command prints them, a test collects them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nestflux.ledger.lock_wait import Wait


@dataclass(frozen=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True)
class Waiting(Event):
    """Another deploy holds the lock."""

    holder: str


@dataclass(frozen=True)
class Waited(Event):
    """The lock was had after all; what those did who held it."""

    wait: Wait


@dataclass(frozen=True)
class HolderEnded(Event):
    """The holder had no heartbeat; its connection was ended."""

    holder: str


@dataclass(frozen=True)
class HolderSpared(Event):
    """The holder had no heartbeat, and its connection could or may not be ended."""

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
class Advanced(Event):
    """How far a step that takes its time has come, in the server's words. Sent from a thread of its
    own, and only where ``Options.watched`` asks for it."""

    step: StepStarted
    said: str


@dataclass(frozen=True)
class StepDone(Event):
    """A step ran."""

    name: str
    ordinal: int
    steps: int
    seconds: float


@dataclass(frozen=True)
class Recovered(Event):
    """A step that an earlier run left unfinished was decided; ``how`` says what was done."""

    name: str
    ordinal: int
    how: str


@dataclass(frozen=True)
class Reversed(Event):
    """An attempt that was half done is reversed: ``needed`` of the ``steps`` of the other way
    run, and go in ``direction``."""

    name: str
    direction: str
    steps: int
    needed: int


@dataclass(frozen=True)
class Retrying(Event):
    """The server did not let a step in (a lock, a deadlock); after ``pause`` seconds it is tried
    again. ``held_by`` are the connections in the way, where they are others than before."""

    name: str
    ordinal: int
    reason: str
    pause: float
    tried: int
    tries: int
    held_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class LetIn(Event):
    """A step that was tried again went through; ``seconds`` is how long it had waited."""

    name: str
    ordinal: int
    tries: int
    seconds: float


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
class LoadDropped(Event):
    """A load that an earlier run left unfinished is gone: what it had made was dropped."""


@dataclass(frozen=True)
class SignalsLate(Event):
    """All files are done, and the run that did the last of them ended before ``post_migrate``."""


@dataclass(frozen=True)
class Relinked(Event):
    """A file that ran, or was begun, under another name or id is the same, statement for
    statement."""

    old: str
    new: str
    is_in_flight: bool = False


@dataclass(frozen=True)
class Exchanged(Event):
    """Files are recorded in place of others: a squash for those that it replaces, or, in a
    checkout of before it, they for it."""

    applied: tuple[str, ...]
    replaced: tuple[str, ...]


@dataclass(frozen=True)
class BackupStarted(Event):
    """Tables are about to be dumped into ``folder``, before the file ``name`` loses their data."""

    name: str
    tables: tuple[str, ...]
    folder: str


@dataclass(frozen=True)
class BackupTaken(Event):
    """A backup is complete. ``size`` in bytes."""

    name: str
    path: str
    tables: int
    rows: int
    size: int
    seconds: float


@dataclass(frozen=True)
class Restored(Event):
    """The data of a backup is back, a line for each table or column."""

    path: str
    lines: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Noticed(Event):
    """Something that a person should read, and that stops nothing."""

    text: str


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Whoever does not want to know."""
