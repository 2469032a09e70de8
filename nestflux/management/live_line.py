"""The line that shows a person what is running at the moment, with the seconds."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

_SPINNER, _ELAPSED = "⠋", "0:00:00"


class LiveLine:
    """Stands below what is printed, from its making until ``stop``."""

    def __init__(self, console: Console, text: str) -> None:
        self._line = Progress(*_columns(console.width), console=console, transient=True)
        self._task = self._line.add_task(text, total=None)
        self._line.start()

    def begin(self, text: str) -> None:
        """Something else is running: its seconds are counted from now."""
        self._line.reset(self._task, description=text, total=None)

    def say(self, text: str) -> None:
        """The same is running, and there is more to say of it."""
        self._line.update(self._task, description=text)

    def stop(self) -> None:
        self._line.stop()


def _columns(width: int) -> tuple[SpinnerColumn, TextColumn, TimeElapsedColumn]:
    """Where the line is too long for the terminal, the text gives way and not the seconds."""
    # A minimum width is not kept where no column may wrap (rich 15, Table._collapse_widths): the
    # text has a maximum instead, which leaves a space before and after it.
    text = Column(no_wrap=True, overflow="ellipsis", max_width=width - len(_SPINNER + _ELAPSED) - 2)
    return (
        SpinnerColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.description}", markup=False, table_column=text),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
    )
