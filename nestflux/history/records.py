"""What is kept of a file beside its SQL: how each step ran when it was recorded, what it changed in
the schema, and of which code it comes. By this a crash is decided, and an edit found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nestflux.history.deploy_order import DeployOrder
from nestflux.schema.diff import Delta


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
        shown = {k: v for k, v in vars(self).items() if v != _DEFAULTS.get(k)}
        if self.delta:
            shown["delta"] = self.delta.to_json()
        return shown

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepRecord:
        delta = Delta.from_json(data.get("delta", {}))
        values = {**data, "tables": tuple(data.get("tables", ())), "delta": delta}
        return cls(**values)


_DEFAULTS: dict[str, Any] = {
    "note": "",
    "tables": (),
    "undecidable": "",
    "atomic": True,
    "fingerprint": "",
    "operation": "",
    "delta": Delta(),
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
    its migrations; none where it was recorded before they were kept. ``deploy_order`` is None where
    it was not measured."""

    up: tuple[StepRecord, ...]
    down: tuple[StepRecord, ...]
    migrations: tuple[MigrationRecord, ...] = ()
    deploy_order: DeployOrder | None = None

    def migration(self, name: str) -> MigrationRecord | None:
        return next((record for record in self.migrations if record.migration == name), None)

    def dumps(self) -> str:
        """JSON, a step or migration a line: what changed of one shows as one line of a diff."""
        ways = [f' "{way}": {_one_a_line(getattr(self, way))}' for way in ("up", "down")]
        if self.migrations:
            ways.append(f' "migrations": {_one_a_line(self.migrations)}')
        if self.deploy_order:
            order = json.dumps(self.deploy_order.to_json(), ensure_ascii=False)
            ways.append(f' "deploy_order": {order}')
        return "{\n" + ",\n".join(ways) + "\n}\n"

    def undecidable(self) -> Iterator[tuple[str, int, str]]:
        """The steps that a crash would leave to a person: the way, ``up`` or ``down``, the
        ordinal, and why."""
        for way, steps in (("up", self.up), ("down", self.down)):
            for ordinal, step in enumerate(steps, start=1):
                if step.undecidable:
                    yield way, ordinal, step.undecidable

    @classmethod
    def loads(cls, text: str) -> FileRecord:
        data = json.loads(text)
        return cls(
            up=tuple(StepRecord.from_json(step) for step in data["up"]),
            down=tuple(StepRecord.from_json(step) for step in data["down"]),
            migrations=tuple(
                MigrationRecord.from_json(migration) for migration in data.get("migrations", ())
            ),
            deploy_order=_deploy_order(data),
        )


def deploy_order_in(text: str) -> DeployOrder | None:
    """What a record says of the deploy order, and nothing else of it is read."""
    return _deploy_order(json.loads(text))


def _deploy_order(data: Mapping[str, Any]) -> DeployOrder | None:
    order = data.get("deploy_order")
    return DeployOrder.from_json(order) if order else None


def _one_a_line(records: tuple[StepRecord, ...] | tuple[MigrationRecord, ...]) -> str:
    lines = (f"  {json.dumps(record.to_json(), ensure_ascii=False)}" for record in records)
    return "[\n" + ",\n".join(lines) + "\n ]" if records else "[]"
