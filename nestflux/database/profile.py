"""What is known of a production database: its server, and how large its tables are.

``db_profile --write`` keeps it in ``profile.json``, which is reviewed and committed, so that a
change can be judged where nobody may ask production. It holds no row, no host, no path and no
account; figures are rounded, and stay while they are about the same, so that a new reading of the
same database is mostly no diff.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import floor, log10
from pathlib import Path
from typing import Any

from nestflux.exceptions import Refused
from nestflux.families import FAMILY_NAMES

PROFILE = "profile.json"
FORMAT = 1
THE_LIVE_DATABASE = "the live database"
_DIGITS = 2  # significant ones: InnoDB's own estimate of rows is rarely better
_SAME = 0.1  # a figure that is within a tenth of the one in the file stays as it is
_SAME_WRITES = 0.5  # a rate of seconds: within half
# How much more the profile has to say of a table than the live database, to be right against it.
_A_SMALL_COPY = 10


@dataclass(frozen=True)
class AutoIncrement:
    """An AUTO_INCREMENT column, and how much of its type's range is used: percent, rounded down."""

    column: str
    type: str
    used: int


@dataclass(frozen=True)
class TableSize:
    """How large a table is, by the server's statistics: ``rows`` is InnoDB's estimate.

    ``bytes`` are those of the rows (the clustered index), ``index_bytes`` of all other indexes,
    ``indexes`` of each of these where the user may know. ``writes``: rows written a minute; None
    where nobody counted. ``engine`` is empty for InnoDB.
    """

    rows: int
    bytes: int
    index_bytes: int = 0
    indexes: Mapping[str, int] = field(default_factory=dict)
    auto_increment: AutoIncrement | None = None
    writes: int | None = None
    engine: str = ""

    @property
    def all_bytes(self) -> int:
        """What a copy of the table writes."""
        return self.bytes + self.index_bytes

    def to_json(self) -> dict[str, Any]:
        """The fields that say something."""
        shown: dict[str, Any] = {"rows": self.rows, "bytes": self.bytes}
        if self.index_bytes:
            shown["index_bytes"] = self.index_bytes
        if self.indexes:
            shown["indexes"] = dict(sorted(self.indexes.items()))
        if self.auto_increment:
            shown["auto_increment"] = vars(self.auto_increment)
        if self.writes is not None:
            shown["writes_a_minute"] = self.writes
        return {**shown, "engine": self.engine} if self.engine else shown


@dataclass(frozen=True)
class Profile:
    """A database on its server, as ``db_profile`` found it.

    ``collation``: the schema's default; ``replicas``: how many are attached, None where the user
    may not ask; ``variables``: those of ``sizes.DDL_VARIABLES`` that the server has; ``tables`` by
    name, NestFlux's own left out; ``not_read``: what could not be had, each with the reason.
    """

    family: str
    version: str
    collation: str = ""
    replicas: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, TableSize] = field(default_factory=dict)
    not_read: Mapping[str, str] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """For people: ``MySQL 8.4.3``."""
        return f"{FAMILY_NAMES[self.family]} {self.version}"

    def to_json(self) -> dict[str, Any]:
        server = {"family": self.family, "version": self.version, "collation": self.collation}
        return {
            "format": FORMAT,
            "server": server if self.replicas is None else {**server, "replicas": self.replicas},
            "variables": dict(sorted(self.variables.items())),
            "not_read": dict(sorted(self.not_read.items())),
            "tables": {name: size.to_json() for name, size in sorted(self.tables.items())},
        }


def refuse_another_family(family: str, kept: Profile | None, path: Path) -> None:
    """Raises Refused where the file is of a server of another family than the one at hand."""
    if kept is not None and kept.family != family:
        raise Refused(
            f"{PROFILE} is of {kept.server}, and the database at hand is on "
            f"{FAMILY_NAMES[family]}: it is another one than the file describes.",
            where=str(path),
            then="point the alias at production; or, where production moved, remove the file first",
        )


# ---- whose size counts ---------------------------------------------------------------------


@dataclass(frozen=True)
class KnownSize:
    """A table's size, and who says so: ``the live database`` or ``profile.json``."""

    size: TableSize
    source: str


@dataclass(frozen=True)
class Sizes:
    """What is at hand of the sizes of tables: ``live``, those of the database itself, None where it
    was not asked; and the profile, None where there is none."""

    live: Mapping[str, TableSize] | None = None
    profile: Profile | None = None

    @property
    def source(self) -> str:
        """For people: the sources that are at hand."""
        kept = f"{PROFILE} ({self.profile.server})" if self.profile else ""
        live = THE_LIVE_DATABASE if self.live is not None else ""
        return " and ".join(filter(None, (live, kept)))

    def of(self, table: str) -> KnownSize | None:
        """The size of a table, by name; None where nobody knows it, as of a new one.

        The live database is right, unless the profile says more than ten times as much of the
        table: then the live one is a developer's or a test's copy.
        """
        live = _named(self.live or {}, table)
        kept = _named(self.profile.tables if self.profile else {}, table)
        if kept and (live is None or kept.all_bytes > _A_SMALL_COPY * live.all_bytes):
            return KnownSize(kept, PROFILE)
        return KnownSize(live, THE_LIVE_DATABASE) if live else None

    def rows(self, table: str) -> int | None:
        """How many rows a table has; None where nobody knows it."""
        known = self.of(table)
        return known.size.rows if known else None


def _named(tables: Mapping[str, TableSize], name: str) -> TableSize | None:
    """A server with lower_case_table_names=1 shows names in lower case."""
    return tables.get(name) or tables.get(name.lower())


# ---- figures that do not churn -------------------------------------------------------------


def rounded(number: int, digits: int = _DIGITS) -> int:
    """A whole number to its first significant digits: 1,234,567 is 1,200,000."""
    return round(number, digits - 1 - floor(log10(number))) if number else 0


def for_the_file(found: Profile, kept: Profile | None) -> Profile:
    """A reading as it is written: rounded, but for figures that are about those of the file that is
    there. Rounding alone would let a figure that lies between two round ones change each time."""
    old = kept.tables if kept is not None else {}
    tables = {name: _settled(size, old.get(name)) for name, size in found.tables.items()}
    return replace(found, tables=tables)


def _settled(new: TableSize, old: TableSize | None) -> TableSize:
    old = old or TableSize(0, 0)
    return replace(
        new,
        rows=_figure(new.rows, old.rows),
        bytes=_figure(new.bytes, old.bytes),
        index_bytes=_figure(new.index_bytes, old.index_bytes),
        indexes={name: _figure(n, old.indexes.get(name, 0)) for name, n in new.indexes.items()},
        writes=None if new.writes is None else _figure(new.writes, old.writes or 0, _SAME_WRITES),
    )


def _figure(new: int, old: int, same: float = _SAME) -> int:
    return old if abs(new - old) <= same * old else rounded(new)
