"""How far ``db_seed`` is: a bar for each table, where a person watches."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeRemainingColumn as TimeRemaining

from nestflux.management.plain_console import PlainConsole


class SeedProgress:
    """Bars on a terminal; nothing elsewhere. A context manager: the bars go at its end."""

    def __init__(self, console: Console | PlainConsole) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if not isinstance(console, PlainConsole) and console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemaining(),
                console=console,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress:
            self._progress.stop()

    def wrote(self, model: str, done: int, of: int) -> None:
        """So many rows of a model are there."""
        if self._progress:
            if model not in self._tasks:
                self._tasks[model] = self._progress.add_task(model, total=of)
            self._progress.update(self._tasks[model], completed=done)

    def removing(self, model: str) -> None:
        """Rows of a model are being removed."""
        if self._progress:
            if model not in self._tasks:
                self._tasks[model] = self._progress.add_task(f"Removing {model}", total=None)
            self._progress.advance(self._tasks[model])
