"""A run's events, printed: a line a file, and on a terminal what is running at the moment."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nestflux.applying.run.events import (
    Advanced,
    BackupStarted,
    BackupTaken,
    Event,
    Exchanged,
    Finished,
    HolderEnded,
    HolderSpared,
    LetIn,
    LoadDropped,
    Loaded,
    Noticed,
    Recovered,
    Relinked,
    Restored,
    Retrying,
    Reversed,
    SignalsLate,
    StepDone,
    StepStarted,
    Waited,
    Waiting,
)
from nestflux.ledger.lock_wait import Wait
from nestflux.management.plain_console import PlainConsole
from nestflux.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from nestflux.management.live_line import LiveLine


def size_text(size: int) -> str:
    """``812 B``, ``3.4 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


class Progress:
    """Prints events. As a context manager it ends the line that shows what is running.

    ``waited`` is the wait for other deploys, for a document that is printed at the end.
    """

    def __init__(self, console: Console | PlainConsole) -> None:
        self.console = console
        self.waited: Wait | None = None
        self._live: LiveLine | None = None
        self._step: StepStarted | None = None

    @property
    def is_watched(self) -> bool:
        """Does a person look on?"""
        return bool(self.console.is_terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.show("")

    def on_event(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._step = event
                self.show(_of_step(event))
            case Advanced():
                if event.step is self._step and self._live is not None:
                    self._live.say(_of_step(event.step, event.said))
            case StepDone():
                pass
            case BackupStarted() if self.is_watched:
                self.show(f"Backing up {', '.join(event.tables)} to {event.folder}")
            case Waiting():
                self.console.print(f"Waiting for another deploy: {event.holder}")
            case Waited():
                self.waited = event.wait
                self.console.print(f"Waited {event.wait}")
            case _:
                self.show("")
                for line in _lines(event):
                    self.console.print(line)

    def show(self, text: str) -> None:
        """The live line, with the seconds that it has stood there: only where a person watches.
        Empty: it goes."""
        if isinstance(self.console, PlainConsole) or not self.is_watched:
            return
        if self._live is None and text:
            from nestflux.management.live_line import LiveLine  # with Rich

            self._live = LiveLine(self.console, text)
        elif self._live is not None and text:
            self._live.begin(text)
        elif self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """Of what is running: its seconds go on."""
        if self._live is None:
            self.show(text)
        else:
            self._live.say(text)


@contextmanager
def narrated(console: Console | PlainConsole) -> Iterator[None]:
    """What is logged of recording and checking, on the live line while the block lasts."""
    with Progress(console) as progress:
        if not progress.is_watched:
            yield
            return
        logger, handler = logging.getLogger("nestflux"), _OnTheLiveLine(progress)
        level, spread = logger.level, logger.propagate
        logger.addHandler(handler)
        if not logger.isEnabledFor(logging.INFO):
            logger.setLevel(logging.INFO)
            logger.propagate = False  # the project did not ask for it in its own logs
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = spread


class _OnTheLiveLine(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.show(record.getMessage())


def _of_step(step: StepStarted, said: str = "") -> str:
    """What is cut off at the end of a narrow line is the statement."""
    place = f"{step.name}  {step.ordinal} of {step.steps}"
    return f"{place}, {said}: {step.title}" if said else f"{place}: {step.title}"


def _lines(event: Event) -> list[str]:
    match event:
        case Finished():
            done = "Applied migration" if event.direction == "up" else "Rolled back migration"
            count = counted(event.statements, "statement")
            return [f"✓ {done}: {event.name}.sql  ({count}, {event.seconds:.1f} s)"]
        case Loaded():
            span = (
                event.names[0] if len(event.names) == 1 else f"{event.names[0]} … {event.names[-1]}"
            )
            count = f"{counted(len(event.names), 'file')}, {counted(event.tables, 'table')}"
            return [f"✓ Loaded schema.sql: {span}  ({count}, {event.seconds:.1f} s)"]
        case Recovered():
            return [f"{event.name}.sql, statement {event.ordinal} {event.how}"]
        case Reversed():
            what = "rollback" if event.direction == "up" else "half applied file"
            needed = f"{event.needed} of {counted(event.steps, 'statement')} needed"
            return [f"{event.name}.sql: reversing the {what}, {needed}"]
        case Retrying():
            return [
                f"{event.name}.sql, statement {event.ordinal}: {event.reason}; "
                f"trying again in {event.pause:g} s (try {event.tried} of {event.tries})",
                *(f"    {who}" for who in event.held_by),
            ]
        case LetIn():
            how = f"on attempt {event.tries}, after {event.seconds:.1f} s"
            return [f"{event.name}.sql, statement {event.ordinal}: acquired the lock {how}"]
        case HolderEnded():
            return [f"Ended a deploy without a heartbeat: {event.holder}"]
        case HolderSpared():
            return [f"Has no heartbeat and is not ended, for {event.why}: {event.holder}"]
        case Relinked():
            if event.old == event.new:
                return [f"{event.new}: its row is renewed, the statements are the same"]
            how = "was begun, and goes on" if event.is_in_flight else "ran already"
            return [f"{event.old} {how} as {event.new}: the same statements"]
        case Exchanged():
            took, gave = counted(len(event.applied), "file"), counted(len(event.replaced), "file")
            name = f"{event.applied[0]}.sql" if len(event.applied) == 1 else took
            stood = f"{event.replaced[0]}.sql" if len(event.replaced) == 1 else gave
            return [f"✓ Marked as applied: {name}, in place of {stood}; nothing had to run"]
        case BackupStarted():
            return [f"Backing up {', '.join(event.tables)} before {event.name}.sql"]
        case BackupTaken():
            count = f"{counted(event.tables, 'table')}, {counted(event.rows, 'row')}"
            return [
                f"✓ Backup: {event.path}  ({count}, {size_text(event.size)}, {event.seconds:.1f} s)"
            ]
        case Restored():
            lines = (f"  {line}" for line in event.lines)
            return [f"✓ Restored: {event.path}  ({event.seconds:.1f} s)", *lines]
        case LoadDropped():
            return ["Loading schema.sql died in an earlier run: what it had made was dropped"]
        case SignalsLate():
            return ["An earlier run ended before post_migrate was sent: sending it"]
        case Noticed():
            return [event.text]
    return []
