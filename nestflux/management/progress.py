"""A run's events, printed: a line a file, and on a terminal what is running at the moment."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from nestflux.applying.events import (
    Event,
    Finished,
    HolderEnded,
    HolderSpared,
    Loaded,
    Noticed,
    Recovered,
    Relinked,
    Retrying,
    StepDone,
    StepStarted,
    Waiting,
)


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Progress:
    """Prints events. As a context manager it ends the line that shows what is running."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._show("")

    def on_event(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._show(f"{event.name}  {event.ordinal} of {event.steps}: {event.title}")
            case StepDone():
                pass
            case Waiting():
                self.console.print(f"Waiting for another deploy: {event.holder}")
            case _:
                self._show("")
                for line in _lines(event):
                    self.console.print(line)

    def _show(self, text: str) -> None:
        """The live line: only where a person watches."""
        if not self.console.is_terminal:
            return
        if self._live is None and text:
            self._live = self.console.status(text)
            self._live.start()
        elif self._live is not None and text:
            self._live.update(text)
        elif self._live is not None:
            self._live.stop()
            self._live = None


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
        case Retrying():
            return [
                f"{event.name}.sql, statement {event.ordinal}: {event.reason}; "
                f"trying again in {event.pause:g} s"
            ]
        case HolderEnded():
            return [f"Ended a deploy that gave no sign of life: {event.holder}"]
        case HolderSpared():
            return [f"Gives no sign of life, and is not ended, for {event.why}: {event.holder}"]
        case Relinked():
            if event.old == event.new:
                return [f"{event.new}: its row is renewed, the statements are the same"]
            return [f"{event.old} ran already as {event.new}: the same statements"]
        case Noticed():
            return [event.text]
    return []
