"""Whole processes by the wall clock, side by side: A, B, C, then again A, B, C."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmark.servers import BenchmarkError

_WORDS = 30  # lines of what a failed command said


def nothing() -> None:
    """What a side does that needs nothing prepared, or nothing checked."""


@dataclass(frozen=True)
class Side:
    """A command to be timed.

    ``prepare`` runs before each time and ``check`` after it; neither is timed. ``check`` raises
    BenchmarkError where the side did other work than it should. ``reads`` is the file at its input,
    ``codes`` are the exit codes with which it ends when it did its work.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing
    check: Callable[[], None] = nothing
    reads: Path | None = None
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Spread:
    """Seconds of several runs."""

    least: float
    median: float
    most: float
    runs: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        return cls(min(seconds), statistics.median(seconds), max(seconds), len(seconds))


def time_once(side: Side) -> float:
    """Seconds of one run. Raises BenchmarkError, with what it said, where it fails or its check
    does."""
    side.prepare()
    given = side.reads or Path(os.devnull)
    with tempfile.TemporaryFile() as output, given.open("rb") as read:
        began = time.perf_counter()
        ended = subprocess.run(
            side.command,
            cwd=side.folder,
            env=dict(side.environment),
            stdin=read,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        seconds = time.perf_counter() - began
        if ended.returncode not in side.codes:
            output.seek(0)
            said = output.read().decode(errors="replace").splitlines()[-_WORDS:]
            command = " ".join(side.command)
            raise BenchmarkError(
                f"{side.name}: exit code {ended.returncode}, in {side.folder}\n"
                f"  {command}\n" + "\n".join(f"  {line}" for line in said)
            )
    side.check()
    return seconds


def measure(
    sides: Sequence[Side],
    *,
    repeat: int,
    patience: float,
    say: Callable[[str], None] = lambda text: None,
    clock: Callable[[Side], float] = time_once,
) -> tuple[dict[str, list[float]], list[BenchmarkError]]:
    """The seconds of each side by its name, in rounds of all of them; and why some have none: a
    side that fails is left out, and the others go on.

    Args:
        repeat: rounds.
        patience: seconds that one side may take in all; then it is left out of further rounds,
            having run once at least.
    """
    taken: dict[str, list[float]] = {side.name: [] for side in sides}
    failures: list[BenchmarkError] = []
    for number in range(1, repeat + 1):
        for side in sides:
            seconds = taken.get(side.name)
            if seconds is None or (seconds and sum(seconds) + max(seconds) > patience):
                continue
            try:
                seconds.append(clock(side))
            except BenchmarkError as error:
                failures.append(error)
                say(f"FAILED: {error}")
                del taken[side.name]
            else:
                say(f"{side.name} {number}/{repeat}: {seconds[-1]:.3f} s")
    return taken, failures
