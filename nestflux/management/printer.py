"""Lines for a person or a log: what every command prints its words with."""

from __future__ import annotations

from typing import Protocol, TextIO


class Printer(Protocol):
    """What Rich's console and ``PlainPrinter`` have in common."""

    @property
    def is_terminal(self) -> bool:
        """Does a person watch?"""

    def print(self, line: str, /) -> None: ...


class PlainPrinter:
    """Prints where nobody watches and no colour was asked for, as ``PlainSpeech.console`` would:
    without Rich, whose import takes longer than many a run."""

    is_terminal = False

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def print(self, line: str, /) -> None:
        print(line, file=self._out, flush=True)
