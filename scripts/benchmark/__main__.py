"""``make benchmark``: measures, and writes docs/performance.md with its plots.

    make benchmark
    make benchmark BENCHMARK="mariadb --rows pending,replay --tables 100 --migrations 100,1000"

Exit codes: 0 done, 1 something that was to be measured failed, 2 wrong use.
"""

from __future__ import annotations

import sys

from scripts.benchmark import running
from scripts.benchmark.choosing import parse
from scripts.benchmark.servers import BenchmarkError


def main(arguments: list[str]) -> int:
    choice = parse(arguments)
    try:
        if choice.measures:
            running.run(choice, say)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    return 0


def say(text: str) -> None:
    print(f"benchmark: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
