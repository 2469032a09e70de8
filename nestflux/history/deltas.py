"""What a step changed in the schema when it was recorded: by this a crash is decided.

A *reading* is a flat mapping from an object (``table blog_post / column title``) to its
definition; a *delta* is the difference of two readings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from nestflux.history.lexer import significant

Reading = Mapping[str, str]

ORDER = "/ order of columns"
# Looked for before a statement is taken apart: an INSERT may be megabytes long.
_RENAMES = re.compile(r"\b(CHANGE|RENAME)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Delta:
    """Objects whose definition differs: before and after, None where the object was not there."""

    changes: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)

    @classmethod
    def between(cls, before: Reading, after: Reading) -> Delta:
        keys = sorted(before.keys() | after.keys())
        return cls(
            {k: (before.get(k), after.get(k)) for k in keys if before.get(k) != after.get(k)}
        )

    def __bool__(self) -> bool:
        return bool(self.changes)

    def lines(self) -> list[str]:
        """The delta for a person, an object a line: ``+`` made, ``-`` gone, ``~`` changed."""
        shown = []
        for key, (before, after) in self.changes.items():
            if before is None:
                shown.append(f"+ {key}: {after}")
            elif after is None:
                shown.append(f"- {key}: {before}")
            else:
                shown.append(f"~ {key}: {before} -> {after}")
        return shown

    def lost_tables(self) -> tuple[str, ...]:
        """The tables that are gone with their rows. One that goes while another comes in the
        same statement was renamed: no statement drops and makes."""
        tables = {k: v for k, v in self.changes.items() if _is_table(k)}
        if any(before is None for before, _ in tables.values()):
            return ()
        return tuple(k.removeprefix("table ") for k, (_, after) in tables.items() if after is None)

    def lost_columns(self, sql: str) -> tuple[tuple[str, str], ...]:
        """The columns, each with its table, whose values are gone while their table stays.

        Args:
            sql: the statement, which tells a column that it renames from one that it drops.
        """
        gone = [key for key, (_, after) in self.changes.items() if after is None]
        tables = {key for key in gone if _is_table(key)}
        renamed = columns_renamed_by(sql)
        pairs = (key.partition(" / column ") for key in gone)
        return tuple(
            (table.removeprefix("table "), column)
            for table, found, column in pairs
            if found and table not in tables and column.lower() not in renamed
        )

    def without_order(self) -> Delta:
        """Less the order of columns, which another column of the live table shifts."""
        return Delta({k: v for k, v in self.changes.items() if not k.endswith(ORDER)})

    def same_as(self, other: Delta) -> bool:
        """Do both say the same, the order of columns counted only where nothing else changed?"""
        mine, theirs = self.without_order(), other.without_order()
        return mine == theirs if mine or theirs else self == other


def _is_table(key: str) -> bool:
    return key.startswith("table ") and " / " not in key


def columns_renamed_by(sql: str) -> dict[str, str]:
    """Old name, in lower case, to new one, of CHANGE and of RENAME COLUMN."""
    if not _RENAMES.search(sql):
        return {}
    shown = significant(sql)
    words = [token.text.upper() if token.kind == "word" else "" for token in shown]
    found = {}
    for index, word in enumerate(words[:-1]):
        if word == "CHANGE" or (word == "RENAME" and words[index + 1] == "COLUMN"):
            at = index + 1
            while words[at] in ("COLUMN", "IF", "EXISTS"):
                at += 1
            after = at + (2 if words[at + 1] == "TO" else 1)
            found[_bare(shown[at].text).lower()] = _bare(shown[after].text)
    return found


def _bare(name: str) -> str:
    return name.strip("`").replace("``", "`")


@dataclass(frozen=True)
class StepRecord:
    """What was learned of a step while it ran on the shadow.

    ``verdict`` is how the server ran it; ``note`` its whole comment line;
    ``tables`` are the objects it names; ``undecidable`` says why a crash in the middle of it
    could not be decided (empty: it can); ``fingerprint`` is a Python step's code, hashed.
    ``operation`` is the locator of the operation that it came from, ``blog.0002_seed/1.0`` (without
    the migration where an earlier version recorded it); empty for what Django defers to the end of
    a migration, and where it is not known.
    """

    sha256: str
    kind: str  # ddl | data | python
    verdict: str
    note: str = ""
    tables: tuple[str, ...] = ()
    undecidable: str = ""
    atomic: bool = True
    fingerprint: str = ""
    operation: str = ""
    delta: Delta = field(default_factory=Delta)

    def to_json(self) -> dict[str, Any]:
        """The fields that say something."""
        shown = {k: v for k, v in asdict(self).items() if v != _DEFAULTS.get(k)}
        if self.delta:
            shown["delta"] = self.delta.changes
        return shown

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepRecord:
        changes = {k: (v[0], v[1]) for k, v in data.get("delta", {}).items()}
        values = {**data, "tables": tuple(data.get("tables", ())), "delta": Delta(changes)}
        return cls(**values)


_DEFAULTS: dict[str, Any] = {
    "note": "",
    "tables": (),
    "undecidable": "",
    "atomic": True,
    "fingerprint": "",
    "operation": "",
    "delta": {"changes": {}},
}


@dataclass(frozen=True)
class MigrationRecord:
    """What was learned of a migration's ``.py``, by which a later edit of it is found.

    ``packages`` are the project's own packages whose code counts; none for a package's migration.
    ``operations`` and ``source`` are its fingerprints, the first made with Django's series
    ``django``. ``up`` and ``down`` are hashes of the statements that Django itself gave, whatever
    a reviewer made of them in the file; empty for a package's migration.
    """

    migration: str
    django: str
    packages: tuple[str, ...]
    operations: str
    source: str
    up: str = ""
    down: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields that say something."""
        return {key: value for key, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MigrationRecord:
        return cls(
            **{"source": "", **data, "packages": tuple(data.get("packages", ()))},
        )

    @property
    def is_own(self) -> bool:
        """Is it the project's own code, and not a package's?"""
        return bool(self.packages)


@dataclass(frozen=True)
class FileRecord:
    """The step records of a SQL migration, both ways, by ordinal (the first is 1), and those of
    its migrations; none where it was recorded before they were kept."""

    up: tuple[StepRecord, ...]
    down: tuple[StepRecord, ...]
    migrations: tuple[MigrationRecord, ...] = ()

    def migration(self, name: str) -> MigrationRecord | None:
        return next((record for record in self.migrations if record.migration == name), None)

    def dumps(self) -> str:
        """JSON, a step or migration a line: what changed of one shows as one line of a diff."""
        ways = (
            f' "{way}": {_one_a_line(records)}'
            for way, records in vars(self).items()
            if records or way != "migrations"
        )
        return "{\n" + ",\n".join(ways) + "\n}\n"

    def undecidable(self) -> Iterator[tuple[str, int, str]]:
        """The steps that a crash would leave to a person: the way, ``up`` or ``down``, the
        ordinal, and why."""
        for way, steps in (("up", self.up), ("down", self.down)):
            for ordinal, step in enumerate(steps, start=1):
                if step.undecidable:
                    yield way, ordinal, step.undecidable

    @classmethod
    @lru_cache(maxsize=64)  # a run reads a file's for its row, its steps and its code
    def loads(cls, text: str) -> FileRecord:
        data = json.loads(text)
        return cls(
            up=tuple(StepRecord.from_json(step) for step in data["up"]),
            down=tuple(StepRecord.from_json(step) for step in data["down"]),
            migrations=tuple(
                MigrationRecord.from_json(migration) for migration in data.get("migrations", ())
            ),
        )


def _one_a_line(records: tuple[StepRecord, ...] | tuple[MigrationRecord, ...]) -> str:
    lines = (f"  {json.dumps(record.to_json(), ensure_ascii=False)}" for record in records)
    return "[\n" + ",\n".join(lines) + "\n ]" if records else "[]"
