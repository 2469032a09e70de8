"""What the documents that hold figures share: the machine, tables, and the place between markers.

Standard library only.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NAMES = {"mariadb": "MariaDB", "mysql": "MySQL"}  # of the families, in the order of the reports


class ReportError(Exception):
    """Something that the person at the terminal can fix; the text says how."""


@dataclass(frozen=True)
class Machine:
    """What figures were measured on, and when they were."""

    cores: int
    memory: int  # gigabytes
    system: str
    python: str
    commit: str
    day: str

    def __str__(self) -> str:
        return (
            f"{self.cores} cores, {self.memory} GB of memory, {self.system}, Python {self.python}"
        )


def this_machine() -> Machine:
    """Reads the machine and the checkout."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cores=os.cpu_count() or 1,
        memory=round(pages * size / 2**30),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        commit=_commit(),
        day=datetime.now(UTC).date().isoformat(),
    )


def _commit() -> str:
    """With a mark where code is not committed. Documents change no figure."""

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", *arguments]
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    name = git("describe", "--always", "--abbrev=9").stdout.strip() or "unknown"
    changed = git("diff", "--quiet", "HEAD", "--", ".", ":!docs").returncode
    return f"{name}-dirty" if changed else name


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def families_of(parser: argparse.ArgumentParser, given: Sequence[str]) -> list[str]:
    """The families that were named at the command line; all where none was. Ends the program at an
    unknown one."""
    for family in given:
        if family not in NAMES:
            parser.error(f"no family is called {family!r}; there are {', '.join(NAMES)}")
    return list(given or NAMES)


def write_figures(document: Path, figures: str, begin: str, end: str) -> None:
    """Put them into a file, as ``put`` does into its text."""
    text = document.read_text(encoding="utf-8")
    document.write_text(put(text, figures, begin, end), encoding="utf-8")


def put(text: str, figures: str, begin: str, end: str) -> str:
    """A document with other figures between its markers. Raises ReportError without them."""
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ReportError(f"the document has no markers {begin} … {end}")
    return f"{before}{begin}\n\n{figures}\n\n{end}{after}"
