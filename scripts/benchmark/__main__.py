"""``make benchmark``: measures, and writes docs/performance.md with its plots.

    make benchmark
    make benchmark BENCHMARK="mariadb --rows pending,replay --tables 100 --migrations 100,1000"

Exit codes: 0 done, 1 something that was to be measured failed, 2 wrong use.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.benchmark import counting, figures, report, running
from scripts.benchmark.choosing import parse
from scripts.benchmark.servers import BenchmarkError
from scripts.reports import REPOSITORY, ReportError


def main(arguments: list[str]) -> int:
    choice = parse(arguments)
    failures: list[str] = []
    try:
        if choice.measures:
            failures = running.run(choice, say)
        if choice.reports:
            write_report(choice.figures)
    except (BenchmarkError, ReportError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("benchmark: ended; what was measured is kept", file=sys.stderr)
        return 130
    for failure in failures:
        print(f"benchmark: FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


def write_report(folder: Path) -> None:
    """From the figures in the folder."""
    from scripts.benchmark import plots  # matplotlib is not everywhere

    found = figures.read(folder)
    pictures = plots.draw(report.DOCUMENT.with_suffix(""), found)
    report.write(report.DOCUMENT, found, counting.read(folder), pictures)
    say(f"{report.DOCUMENT.relative_to(REPOSITORY)} is written")


def say(text: str) -> None:
    print(f"benchmark: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
