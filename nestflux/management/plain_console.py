"""Where a command prints while nobody watches and nobody asked for colour: logs, pipes, tests.

As much of Rich's console as commands use. Importing Rich takes longer than everything else that
loading a fresh database imports, and here it would only write lines.
"""

from __future__ import annotations

from typing import TextIO


class PlainConsole:
    """Writes each line as it is, unwrapped.

    ``is_terminal`` and ``width`` (characters that text is laid out for) are what Rich's has, too.
    """

    is_terminal = False
    width = 10_000  # logs and pipes are searched by line

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def print(
        self, text: object, *, style: str = "", end: str = "\n", soft_wrap: bool = True
    ) -> None:
        """A line of text, or Rich's text without its style. Flushed, as who reads a log of a long
        run wants it."""
        self._stream.write(f"{text}{end}")
        self._stream.flush()
