"""What a step changed in the schema when it was recorded: by this a crash is decided.

A *reading* is a flat mapping from an object (``table blog_post / column title``) to its
definition; a *delta* is the difference of two readings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
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
    could not be decided (empty: it can); ``fingerprint`` is a Python step's syntax tree, hashed.
    ``operation`` is the path of the operation of its migration that it came from, ``3`` or ``1.0``;
    empty for what Django defers to the end of a migration, and where it is not known.
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
class FileRecord:
    """The step records of a SQL migration, both ways, by ordinal (the first is 1)."""

    up: tuple[StepRecord, ...]
    down: tuple[StepRecord, ...]

    def dumps(self) -> str:
        """JSON, a step a line: what changed of a step shows as one line of a diff."""
        ways = (f' "{way}": {_a_step_a_line(steps)}' for way, steps in vars(self).items())
        return "{\n" + ",\n".join(ways) + "\n}\n"

    def undecidable(self) -> Iterator[tuple[str, int, str]]:
        """The steps that a crash would leave to a person: the way, ``up`` or ``down``, the
        ordinal, and why."""
        for way, steps in vars(self).items():
            for ordinal, step in enumerate(steps, start=1):
                if step.undecidable:
                    yield way, ordinal, step.undecidable

    @classmethod
    def loads(cls, text: str) -> FileRecord:
        data = json.loads(text)
        return cls(
            up=tuple(StepRecord.from_json(step) for step in data["up"]),
            down=tuple(StepRecord.from_json(step) for step in data["down"]),
        )


def _a_step_a_line(steps: tuple[StepRecord, ...]) -> str:
    lines = (f"  {json.dumps(step.to_json(), ensure_ascii=False)}" for step in steps)
    return "[\n" + ",\n".join(lines) + "\n ]" if steps else "[]"
