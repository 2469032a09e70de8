"""A ``diff`` block applied to files, or taken back; its hunks are found by their text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def apply(diff: str, root: Path, *, backwards: bool = False) -> None:
    """Change the files under ``root``. A hunk's old text must stand in its file exactly once."""
    for name, old, new in _hunks(diff):
        if backwards:
            old, new = new, old
        path = root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {text.count(old)} times:\n{old}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def _hunks(diff: str) -> Iterator[tuple[str, str, str]]:
    """File name, text before, text after of every hunk."""
    name = ""
    old: list[str] = []
    new: list[str] = []
    for line in [*diff.splitlines(), "@@"]:
        if line.startswith(("--- ", "+++ ", "@@")):
            if old or new:
                yield name, "".join(old), "".join(new)
            old, new = [], []
            if line.startswith("+++ "):
                name = line.removeprefix("+++ ").removeprefix("b/")
            continue
        mark, rest = line[:1], line[1:]
        if mark != "+":
            old.append(f"{rest}\n")
        if mark != "-":
            new.append(f"{rest}\n")
