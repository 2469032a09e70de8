"""Python source as ruff and black format it: a call on one line where it fits, otherwise an
argument a line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

WIDTH = 88  # of ruff and black, where a project says nothing else


@dataclass(frozen=True)
class Code:
    """An expression that is written as it stands: a name, a number."""

    text: str


@dataclass(frozen=True)
class Call:
    """``models.CharField(max_length=20)``."""

    function: str
    arguments: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)


Value = Code | Call | str | int | bool | tuple[str | Code, ...]


@dataclass(frozen=True)
class Layout:
    """How long a line may be."""

    width: int = WIDTH

    def assigned(self, name: str, value: Value, indent: int) -> list[str]:
        """The lines of ``name = value``."""
        return self._laid_out(f"{name} = ", value, indent, "")

    def listed(self, name: str, values: Iterable[Value], indent: int) -> list[str]:
        """The lines of a list, an item a line."""
        inner = [line for value in values for line in self.item(value, indent + 4)]
        return [f"{' ' * indent}{name} = [", *inner, f"{' ' * indent}]"]

    def item(self, value: Value, indent: int) -> list[str]:
        """The lines of an item of a list, with its comma."""
        return self._laid_out("", value, indent, ",")

    def _laid_out(self, before: str, value: Value, indent: int, after: str) -> list[str]:
        blank = " " * indent
        line = f"{blank}{before}{one_line(value)}{after}"
        if isinstance(value, str) and len(line) > self.width and before.endswith("="):
            return self._in_pieces(blank, before, value, after)
        if len(line) <= self.width or isinstance(value, Code | str | int | bool):
            return [line]
        if isinstance(value, tuple):
            lines = [f"{blank}    {one_line(item)}," for item in value]
            return [f"{blank}{before}[", *lines, f"{blank}]{after}"]
        if not value.arguments and not value.keywords:
            return [line]
        lines = []
        for argument in value.arguments:
            lines += self._laid_out("", argument, indent + 4, ",")
        for name, argument in value.keywords.items():
            lines += self._laid_out(f"{name}=", argument, indent + 4, ",")
        return [f"{blank}{before}{value.function}(", *lines, f"{blank}){after}"]

    def _in_pieces(self, blank: str, before: str, text: str, after: str) -> list[str]:
        """A long string as several, divided at blanks; one that has too few stays long."""
        pieces = [""]
        for word in re.findall(r"\S*\s*", text):
            room = self.width - len(blank) - len(after) - (len(before) if len(pieces) == 1 else 0)
            if pieces[-1] and len(quoted(pieces[-1] + word)) > room:
                pieces.append("")
            pieces[-1] += word
        lines = [f"{blank}{quoted(piece)}" for piece in pieces]
        lines[0] = f"{blank}{before}{quoted(pieces[0])}"
        lines[-1] += after
        return lines


def one_line(value: Value) -> str:
    """An expression on one line, however long."""
    match value:
        case Code(text):
            return text
        case Call(function, arguments, keywords):
            given = [one_line(argument) for argument in arguments]
            given += [f"{name}={one_line(argument)}" for name, argument in keywords.items()]
            return f"{function}({', '.join(given)})"
        case str():
            return quoted(value)
        case tuple():
            return f"[{', '.join(map(one_line, value))}]"
        case _:
            return repr(value)


def quoted(text: str) -> str:
    """A string in double quotes, unless single ones save escapes."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    if text.isprintable() and mark not in text and "\\" not in text:
        return f"{mark}{text}{mark}"
    return mark + "".join(_escaped(letter, mark) for letter in text) + mark


def _escaped(letter: str, mark: str) -> str:
    if letter in (mark, "\\"):
        return f"\\{letter}"
    return letter if letter.isprintable() else repr(letter)[1:-1]
