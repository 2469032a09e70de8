"""What came out of a query of the ORM. Values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nestflux.history.deploy_order import Code


class Action(StrEnum):
    """What is done with a model, in words."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    READ_BACK = "reading back"
    FILTER = "filter"
    FILTER_CASE = "filter without case"
    TWICE = "two equal rows"
    JOIN = "join"
    LINK = "many-to-many"
    DELETE = "DELETE"


@dataclass(frozen=True)
class Probe:
    """One thing that is tried: with which model, of which field or row, with which value."""

    model: str
    action: Action
    subject: str = ""
    value: str = ""

    def __str__(self) -> str:
        subject = f", {self.subject}" if self.subject else ""
        return f"{self.action} {self.model}{subject}{f' = {self.value}' if self.value else ''}"


@dataclass(frozen=True)
class Outcome:
    """``error`` is what was raised, its type's name where no server raised it; ``read`` is what
    came back, where that is not what was written."""

    number: int = 0
    error: str = ""
    query: str = ""
    read: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error)


@dataclass(frozen=True)
class Run:
    """What one code could do on one schema. ``rows`` are the models of which a row went in, each
    with its recipe: what had to be given beyond the usual."""

    outcomes: Mapping[Probe, Outcome] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    queries: int = 0


@dataclass(frozen=True)
class Runs:
    """All that was run. ``own``: each code on its own schema; ``other``: on that of the other; and
    by the code that reads, what it did on its own and on the other schema with rows of the other
    code. ``alike`` is the control of that: each code on its own schema with its own rows; empty
    where there is nothing to hold against it. ``keys`` are the foreign keys that each code knows:
    table and column. ``columns`` are those of what is touched, by table and column: must code that
    writes a row give it a value?"""

    own: Mapping[Code, Run]
    other: Mapping[Code, Run]
    alike: Mapping[Code, Run]
    mixed_own: Mapping[Code, Run]
    mixed_other: Mapping[Code, Run]
    keys: Mapping[Code, frozenset[tuple[str, str]]] = field(default_factory=dict)
    columns: Mapping[Code, Mapping[tuple[str, str], bool]] = field(default_factory=dict)
