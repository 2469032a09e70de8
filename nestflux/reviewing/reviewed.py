"""What schema rules look at: a step of a file, a file, and the schema at the head. Values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.migrations import AddField, AlterField, Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field, Model

from nestflux.graph.source import is_own
from nestflux.graph.step_code import StepCode, code_of_step
from nestflux.history.records import StepRecord
from nestflux.reviewing.table_changes import SchemaChanges, schema_changes
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.lexer import significant
from nestflux.sql.names import tables_renamed_by

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

Tables = Mapping[str, TableSchema]
# Rows of a live table, where somebody knows them: the database at hand, or its profile.
RowCount = Callable[[str], int | None]


def rows_unknown(table: str) -> int | None:
    """Of a project of which nobody knows how large its tables are."""
    return None


@dataclass(frozen=True)
class OperationPlace:
    """The operation of a migration that a step comes from. ``path`` and ``line`` are where it is
    written; None where its source is not at hand. ``state`` gives the models before the migration.
    """

    migration: Migration
    operation: Operation
    path: Path | None = None
    line: int | None = None
    state: Callable[[], ProjectState | None] = field(default=lambda: None, compare=False)

    @property
    def name(self) -> str:
        """Of the migration: ``blog.0003_fill_slugs``."""
        return f"{self.migration.app_label}.{self.migration.name}"

    @property
    def is_own(self) -> bool:
        """Is the migration the project's, and not a package's?"""
        return is_own(type(self.migration).__module__)

    @cached_property
    def code(self) -> StepCode:
        """What a Python step runs."""
        return code_of_step(self.operation)

    def model(self, app_label: str, name: str) -> ModelState | None:
        """A model as it is before the migration; None where that is not known."""
        state = self.state()
        return state.models.get((app_label, name.lower())) if state else None

    def table(self, app_label: str, name: str) -> str:
        """The table of a model before the migration."""
        model = self.model(app_label, name)
        given = model.options.get("db_table") if model else None
        return str(given or f"{app_label}_{name}".lower())


@dataclass(frozen=True)
class ReviewedStep:
    """A statement or Python step (``sql`` is empty then) of a file that is reviewed.

    ``before`` and ``after`` are the tables of the schema around it, ``programs`` the views,
    triggers, routines and events that were there before it. ``new`` are the tables that
    this file, or one before it that is reviewed as well, made: no running code knows them and they
    have no rows. ``line`` is where it begins in the file. ``session`` are the SETs of a person that
    stand between the step before and this one.
    """

    family: str
    ordinal: int
    sql: str
    record: StepRecord
    before: Tables
    after: Tables
    new: frozenset[str] = frozenset()
    line: int | None = None
    source: OperationPlace | None = None
    rows: RowCount = rows_unknown
    programs: Definitions = field(default_factory=dict)
    session: tuple[str, ...] = ()

    @property
    def delta(self) -> Delta:
        return self.record.delta

    @property
    def operation(self) -> Operation | None:
        return self.source.operation if self.source else None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The statement's words and signs, in upper case; names as they are written."""
        return tuple(
            token.text.upper() if token.kind == "word" else token.text
            for token in significant(self.sql)
        )

    @cached_property
    def made(self) -> frozenset[str]:
        """The tables that are new behind it. One that it renames is as new as before."""
        renamed = dict(tables_renamed_by(self.sql))
        came = frozenset(self.after.keys() - self.before.keys())
        return came - {new for old, new in renamed.items() if old not in self.new}

    def is_live(self, table: str) -> bool:
        """Was the table there before the files that are reviewed?"""
        return table in self.before and table not in self.new

    @cached_property
    def live_tables(self) -> tuple[str, ...]:
        """Those that it changes and that were there before the files that are reviewed."""
        touched = dict.fromkeys(key.holder_name for key in self.delta.changes if key.is_of_table)
        return tuple(table for table in touched if self.is_live(table))


@dataclass(frozen=True)
class FieldChange:
    """``before`` is None where there was no such field, or where it is not known."""

    before: Field[Any, Any] | None
    after: Field[Any, Any]


@dataclass(frozen=True)
class ReviewedFile:
    """A file with its steps, for rules that look at several steps at once. ``notes`` are those of
    its header, ``operations`` those of the project's own migrations, also where they have no step.
    """

    family: str
    name: str
    path: Path
    steps: tuple[ReviewedStep, ...]
    before: Tables
    after: Tables
    rows: RowCount = rows_unknown
    notes: tuple[str, ...] = ()
    operations: tuple[OperationPlace, ...] = ()

    @property
    def new(self) -> frozenset[str]:
        return self.steps[0].new if self.steps else frozenset()

    @cached_property
    def changes(self) -> SchemaChanges:
        """What it makes of live tables all in all."""
        return schema_changes(self.steps, self.before, self.after, self.new)

    def field_of(self, column: str) -> FieldChange | None:
        """What the first AddField or AlterField makes of a column, ``table.column``."""
        for step in self.steps:
            source = step.source
            if source is None or not isinstance(source.operation, AddField | AlterField):
                continue
            if any(f"{key.table}.{key.name}" == column for key in step.delta.changes):
                operation = source.operation
                model = source.model(source.migration.app_label, operation.model_name)
                before = model.fields.get(operation.name) if model else None
                return FieldChange(before, operation.field)
        return None


@dataclass(frozen=True)
class ReviewedSchema:
    """The schema that all files of a history make, and the models of the code as it is now.

    ``models`` are the project's own, by their table; ``judged`` are the tables that the reviewed
    files make or change: of others nothing is said. ``packages`` are the tables of installed
    packages, which the project cannot change; ``admins`` are the admin's classes of own models.
    """

    family: str
    tables: Tables
    models: Mapping[str, type[Model]] = field(default_factory=dict)
    judged: frozenset[str] = frozenset()
    rows: RowCount = rows_unknown
    packages: frozenset[str] = frozenset()
    admins: tuple[ModelAdmin[Any], ...] = ()

    @property
    def own_tables(self) -> list[TableSchema]:
        """Those that are judged and are the project's own, whether or not they have a model."""
        return [self.tables[name] for name in sorted(self.judged - self.packages)]

    @property
    def own_models(self) -> list[tuple[TableSchema, type[Model]]]:
        """The models of tables that are judged, each with its table."""
        names = sorted(self.judged & self.models.keys())
        return [(self.tables[name], self.models[name]) for name in names]
