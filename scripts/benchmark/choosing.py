"""What a run is to measure, as it is asked for on the command line."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from scripts.benchmark import counting, related
from scripts.benchmark.projects import Shape
from scripts.benchmark.rows import BY_NAME, ROWS, Row
from scripts.benchmark.subjects import LOCAL

FAMILIES = ("mariadb", "mysql")
# What --rows may name: besides the rows a table of their packets.
PACKETS = "packets"
NAMED = (*BY_NAME, PACKETS)
KINDS = ("generated", "plain", "related", "real")
# Where nothing else is asked for: the projects of docs/performance.md.
GENERATED = (Shape(100, 100),)
PLAIN = (Shape(100, 100, steps=False),)
RELATED = (related.shape_of(400),)


@dataclass(frozen=True)
class Choice:
    """``patience``: seconds that one side of one subject may take in all its runs. ``room``: the
    folder that keeps histories and figures."""

    families: tuple[str, ...]
    rows: tuple[Row, ...]
    packets: bool
    kinds: tuple[str, ...]
    shapes: tuple[Shape, ...]
    repeat: int
    patience: float
    whole: bool
    room: Path
    measures: bool
    reports: bool

    @property
    def figures(self) -> Path:
        return self.room / "figures"

    @property
    def prefix(self) -> str:
        """Of databases: two checkouts may use one server."""
        return f"nf_benchmark_{hashlib.sha256(str(self.room.resolve()).encode()).hexdigest()[:6]}"

    def rows_of(self, kind: str) -> tuple[Row, ...]:
        """The rows that are measured on a subject of that kind."""
        return tuple(row for row in self.rows if kind in row.kinds)

    def wants(self, kind: str) -> bool:
        """Is there anything to measure on a subject of that kind?"""
        is_counted = self.packets and kind in counting.KINDS
        return kind in self.kinds and bool(is_counted or self.rows_of(kind))


def parse(arguments: Sequence[str]) -> Choice:
    """Ends the process with code 2 and a line where the arguments are wrong."""
    parser = argparse.ArgumentParser(
        prog="make benchmark BENCHMARK=",
        description="Measures NestFlux beside Django's migrate, and writes docs/performance.md.",
    )
    parser.add_argument(
        "server", nargs="?", choices=(*FAMILIES, "report"),
        help="one server only; report: measure nothing, write the document",
    )  # fmt: skip
    parser.add_argument("--rows", metavar="NAME,…", default=",".join(NAMED), help=", ".join(NAMED))
    parser.add_argument(
        "--subjects", metavar="KIND,…", default=",".join(KINDS),
        help="generated, plain (generated, without RunPython), related, real",
    )  # fmt: skip
    parser.add_argument("--tables", metavar="N,…", help="of generated projects")
    parser.add_argument("--migrations", metavar="N,…", help="of generated projects")
    parser.add_argument("--repeat", metavar="N", type=int, default=5, help="rounds (5)")
    parser.add_argument(
        "--patience", metavar="SECONDS", type=float, default=600.0,
        help="one side of a subject takes no longer than this in all; it runs once at least (600)",
    )  # fmt: skip
    parser.add_argument(
        "--whole", action="store_true", help="all real packages, not only those of each test run"
    )
    parser.add_argument(
        "--room", metavar="DIR", type=Path, default=LOCAL,
        help="where histories and figures are kept (.local/benchmark)",
    )  # fmt: skip
    parser.add_argument("--no-report", action="store_true", help="leave the document alone")
    given = parser.parse_args(arguments)

    if given.repeat < 1:
        parser.error(f"--repeat is {given.repeat}; it must be 1 or more")
    kinds = _names(parser, "--subjects", given.subjects, KINDS)
    names = _names(parser, "--rows", given.rows, NAMED)
    return Choice(
        families=FAMILIES if given.server in (None, "report") else (given.server,),
        rows=tuple(row for row in ROWS if row.name in names),
        packets=PACKETS in names,
        kinds=kinds,
        shapes=_shapes(parser, kinds, given.tables, given.migrations),
        repeat=given.repeat,
        patience=given.patience,
        whole=given.whole,
        room=given.room,
        measures=given.server != "report",
        reports=not given.no_report,
    )


def _names(
    parser: argparse.ArgumentParser, option: str, text: str, known: Sequence[str]
) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in known:
            parser.error(f"{option} knows no {name!r}; there are {', '.join(known)}")
    if not names:
        parser.error(f"{option} names nothing; there are {', '.join(known)}")
    return names


def _shapes(
    parser: argparse.ArgumentParser,
    kinds: Sequence[str],
    tables: str | None,
    migrations: str | None,
) -> tuple[Shape, ...]:
    """All pairs of what was given; without either, the usual ones."""
    if tables is None and migrations is None:
        shapes: tuple[Shape, ...] = (*GENERATED, *PLAIN, *RELATED)
    else:
        counts = _numbers(parser, "--tables", tables or "100")
        pairs = product(counts, _numbers(parser, "--migrations", migrations or "100"))
        invented = tuple(Shape(t, m, s) for (t, m), s in product(pairs, (True, False)))
        shapes = (*invented, *map(related.shape_of, counts))
    return tuple(shape for shape in shapes if shape.kind in kinds)


def _numbers(parser: argparse.ArgumentParser, option: str, text: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if not (word.isascii() and word.isdigit() and int(word)):
            parser.error(f"{option} is {text!r}; it takes numbers of 1 or more, as in 10,100")
    if not words:
        parser.error(f"{option} names no number, as in 10,100")
    return [int(word) for word in words]
