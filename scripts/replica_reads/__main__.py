"""Reads from replicas, measured: make replica-reads.

    python -m scripts.replica_reads [mariadb|mysql …] [--pairs N]

For each family a private primary and a replica of it, their data thrown away; on them a site that
writes and then reads what it wrote, in several ways. The figures go into docs/production.md,
between its markers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from scripts import private_server
from scripts.replica_reads.site import TABLE
from scripts.replication import Node, replication
from scripts.reports import (
    NAMES,
    REPOSITORY,
    ReportError,
    families_of,
    table,
    this_machine,
    write_figures,
)

DOCUMENT = REPOSITORY / "docs" / "production.md"
BEGIN = "<!-- figures of the replicas: written by make replica-reads -->"
END = "<!-- end of the figures of the replicas -->"
LOCAL = REPOSITORY / ".local" / "replica-reads"
DATABASE = "measured"
PARTS = (0.5, 0.99)


@dataclass(frozen=True)
class Way:
    """How a site reads, and what is the matter with its replica: ``delay`` seconds, ``stopped``,
    ``killed`` in the middle."""

    replica: str
    reads: str
    words: str
    delay: int = 0
    stopped: bool = False
    killed: bool = False


_ALONE = "primary alone"
_OURS = "NestFlux"
_BLIND = "a router that always reads from the replica"
WAYS = (
    Way("none", "primary", _ALONE),
    Way("as fast as it can", "blind", _BLIND),
    Way("as fast as it can", "nestflux", _OURS),
    Way("2 s behind", "blind", _BLIND, delay=2),
    Way("2 s behind", "nestflux", _OURS, delay=2),
    Way("SQL thread stopped", "nestflux", _OURS, stopped=True),
    Way("killed in the middle", "blind", _BLIND, killed=True),
    Way("killed in the middle", "nestflux", _OURS, killed=True),
)


@dataclass(frozen=True)
class Found:
    """What came out of one way: counts of reads, and milliseconds of each request."""

    stale: int
    failed: int
    replica: int
    writes: Sequence[float]
    reads: Sequence[float]


def measured(way: Way, primary: Node, replica: Node, database: str, pairs: int) -> Found:
    """Run one way on servers that hold the site's table."""
    replica.catch_up(primary)
    if way.delay:
        replica.lag(way.delay)
    given = {
        "pairs": pairs,
        "reads": way.reads,
        "entries": {"default": primary.entry(database), "replica": replica.entry(database)},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.replica_reads.site", json.dumps(given)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for("ready", process)
        if way.stopped:
            replica.halt("SQL_THREAD")
        _go_on(process)
        _wait_for("middle", process)
        if way.killed:
            replica.kill()
        _go_on(process)
        out, _ = process.communicate()
        return Found(**json.loads(out))
    finally:
        process.kill()
        process.wait()
        replica.start()
        replica.lag(0)


def _wait_for(place: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout
    if process.stdout.readline().strip() != place:
        raise ReportError("the site ended before its time")


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def share(milliseconds: Sequence[float], part: float) -> str:
    ranked = sorted(milliseconds)
    return f"{ranked[min(len(ranked) - 1, int(part * len(ranked)))]:.1f}"


def report(family: str, pairs: int) -> str:
    shutil.rmtree(LOCAL, ignore_errors=True)
    heads = ["replica", "reads by", "stale", "failed", "from the replica"]
    heads += ["write p50, ms", "write p99", "read p50, ms", "read p99"]
    rows = []
    try:
        with replication(family, LOCAL) as (primary, [replica]):
            version = primary.sql("SELECT VERSION()")[0][0].split("-")[0]
            primary.sql(f"CREATE DATABASE {DATABASE}")
            primary.sql(TABLE, None, DATABASE)
            for way in WAYS:
                found = measured(way, primary, replica, DATABASE, pairs)
                counts = (str(found.stale), str(found.failed), str(found.replica))
                times = [
                    share(each, part) for each in (found.writes, found.reads) for part in PARTS
                ]
                rows.append([way.replica, way.words, *counts, *times])
                print(*rows[-1], flush=True)
    finally:
        shutil.rmtree(LOCAL, ignore_errors=True)
    return f"**{NAMES[family]} {version}**\n\n{table(heads, rows)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make replica-reads", description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="mariadb, mysql; both")
    parser.add_argument("--pairs", type=int, default=1000, help="of each way (1000)")
    given = parser.parse_args()
    families = families_of(parser, given.families)
    machine = this_machine()
    parts = [
        f"{given.pairs:,} pairs a row: a request that writes, and one of the same visitor that "
        "looks for what was written.",
        f"{machine}; {machine.day}, {machine.commit}.",
    ]
    try:
        parts += [report(family, given.pairs) for family in families]
        write_figures(DOCUMENT, "\n\n".join(parts), BEGIN, END)
    except (private_server.ServerError, ReportError) as error:
        print(f"replica-reads: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
