"""Models that become managed ones and get no table.

``AlterModelOptions`` changes no database, ``managed`` included (Django's documentation of
``Options.managed`` and of the operation). The autodetector of ``makemigrations`` writes it and
nothing else, so a history would never make the table. ``db_generate`` writes another migration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.backends.utils import truncate_name
from django.db.migrations.operations import (
    AlterModelOptions,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.writer import OperationWriter

if TYPE_CHECKING:
    from django.db.migrations.migration import Migration
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ModelState

Key = tuple[str, str]
_LONGEST_NAME = 64  # MySQL Manual 11.2.1; django/db/backends/mysql/operations.py


@dataclass(frozen=True)
class NowManaged:
    """A model that the ``migration`` makes a managed one, after it was none. ``may_be_made``: SQL
    or Python of some migration may make its table."""

    migration: Key
    label: str
    model: str
    table: str
    may_be_made: bool = False

    @property
    def key(self) -> Key:
        return (self.label, self.model.lower())

    def __str__(self) -> str:
        return (
            f"{'.'.join(self.migration)} makes {self.label}.{self.model} a managed model, and "
            f"nothing makes its table {self.table}"
        )


@dataclass(frozen=True)
class _Known:
    """A model at some point of the plan. ``given`` is the table that it names itself."""

    name: str
    given: str
    managed: bool


def now_managed(plan: Iterable[Migration]) -> list[NowManaged]:
    """The models of the project that became managed ones by ``AlterModelOptions`` alone.

    Args:
        plan: all migrations, in the order in which an empty database gets them.
    """
    walk = _Walk()
    for migration in plan:
        for operation in migration.operations:
            walk.take(migration, operation)
    return list(walk.found())


def operation_that_makes(state: ModelState) -> list[str]:
    """The lines of an operation that makes a model's table and leaves the state as it is; what it
    imports stands before it."""
    made = CreateModel(state.name, list(state.fields.items()), state.options, state.bases)
    operation = SeparateDatabaseAndState(database_operations=[made])
    text, imports = OperationWriter(operation, indentation=0).serialize()
    return [*sorted(imports), *text.splitlines()]


class _Walk:
    """What migrations do with models, without their fields."""

    def __init__(self) -> None:
        self._models: dict[Key, _Known] = {}
        self._flipped: dict[Key, Key] = {}
        self._made: set[Key] = set()
        self._with_python: set[str] = set()
        self._sql: list[str] = []

    def take(self, migration: Migration, operation: Operation) -> None:
        label = migration.app_label
        match operation:
            case SeparateDatabaseAndState():
                for each in operation.state_operations:
                    self.take(migration, each)
                for each in operation.database_operations:
                    self._take_of_database(label, each)
            case CreateModel():
                key, options = (label, operation.name_lower), operation.options
                managed = bool(options.get("managed", True))
                self._models[key] = _Known(operation.name, options.get("db_table", ""), managed)
                self._flipped.pop(key, None)
            case DeleteModel():
                self._models.pop((label, operation.name_lower), None)
                self._flipped.pop((label, operation.name_lower), None)
            case RenameModel():
                self._rename(label, operation)
            case AlterModelTable():
                key = (label, operation.name_lower)
                if key in self._models:
                    self._models[key] = replace(self._models[key], given=operation.table or "")
            case AlterModelOptions():
                self._alter(migration, operation)
            case RunSQL() | RunPython():
                self._take_of_database(label, operation)

    def found(self) -> Iterator[NowManaged]:
        for (label, name), migration in self._flipped.items():
            known = self._models[label, name]
            table = known.given or truncate_name(f"{label}_{name}", _LONGEST_NAME)
            by_sql = any(table.lower() in sql for sql in self._sql)
            may_be_made = (label, name) in self._made or label in self._with_python or by_sql
            yield NowManaged(migration, label, known.name, table, may_be_made)

    def _alter(self, migration: Migration, operation: AlterModelOptions) -> None:
        key = (migration.app_label, operation.name_lower)
        if key not in self._models:
            return
        managed = bool(operation.options.get("managed", True))
        if managed and not self._models[key].managed:
            self._flipped[key] = (migration.app_label, migration.name)
        elif not managed:
            self._flipped.pop(key, None)
        self._models[key] = replace(self._models[key], managed=managed)

    def _rename(self, label: str, operation: RenameModel) -> None:
        old, new = (label, operation.old_name_lower), (label, operation.new_name_lower)
        if old in self._models:
            self._models[new] = replace(self._models.pop(old), name=operation.new_name)
        if old in self._flipped:
            self._flipped[new] = self._flipped.pop(old)

    def _take_of_database(self, label: str, operation: Operation) -> None:
        match operation:
            case CreateModel():
                self._made.add((label, operation.name_lower))
            case RunSQL():
                self._sql.append(str(operation.sql).lower())
            case RunPython():
                self._with_python.add(label)
