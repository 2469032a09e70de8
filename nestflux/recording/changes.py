"""What changed in the models since the last migration, decided by Django's autodetector, or by the
one that the project gives its ``makemigrations``. What it asks is in ``questions``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

from django.apps import apps
from django.db.migrations import (
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveIndex,
)
from django.db.migrations.autodetector import OperationDependency
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.migration import Migration
from django.db.migrations.operations import RenameField, RenameModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.questioner import (
    InteractiveMigrationQuestioner,
    MigrationQuestioner,
)
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter

from nestflux.django_compat import add_dependencies, forget_dependencies
from nestflux.exceptions import Refused
from nestflux.graph.in_place import spare_fields
from nestflux.graph.initial_operations import InitialAutodetector
from nestflux.graph.loader import ExtendedLoader, dotted
from nestflux.graph.one_order import sets_in_one_order
from nestflux.graph.packages import missing_package
from nestflux.graph.project_commands import project_autodetector
from nestflux.recording.questions import (
    AboutOwnModels,
    Unattended,
    is_written_into,
    refuse_look_alikes,
)

_RENAME = re.compile(r"(\w+)\.(\w+)(?:\.(\w+))?=(\w+)")


@dataclass(frozen=True)
class Rename:
    """``--rename identity.User.name=full_name``, or of a model: ``identity.User=Person``."""

    app_label: str
    model: str
    field: str | None
    new: str

    @classmethod
    def parse(cls, text: str) -> Rename:
        match = _RENAME.fullmatch(text)
        if match is None:
            raise Refused(
                f"--rename {text!r} is not understood.",
                then="write --rename app.Model.field=new_field, or --rename app.Model=NewModel",
            )
        return cls(*match.groups())

    def operation(self, state: ProjectState) -> Operation:
        """The operation, checked against the models as the migrations leave them."""
        model = state.models.get((self.app_label, self.model.lower()))
        if model is None:
            raise Refused(
                f"--rename: the migrations know no model {self.app_label}.{self.model}.",
                then="give the name that the app's migrations know",
            )
        if self.field is None:
            return RenameModel(model.name, self.new)
        if self.field not in model.fields:
            raise Refused(
                f"--rename: {self.app_label}.{self.model} has no field {self.field!r} in the "
                "migrations.",
                then="give the name that the app's migrations know",
            )
        return RenameField(model.name, self.field, self.new)


@dataclass(frozen=True)
class DetectOptions:
    """How changes are looked for. ``interactive``: a person sits at a terminal. ``existing_only``:
    no changes are looked for; the migrations that exist are all there is."""

    interactive: bool = False
    renames: tuple[Rename, ...] = ()
    no_rename: bool = False
    name: str | None = None
    existing_only: bool = False


class _Autodetector(InitialAutodetector):
    """The project's, with the renames that were stated put first, and with other apps' operations
    of the same run behind a model's rename that they need."""

    given_renames: Mapping[str, list[Operation]]
    generated_operations: dict[str, list[Operation]]

    def check_dependency(self, operation: Operation, dependency: Any) -> bool:
        """Django's, to which a model is made by CreateModel only."""
        if isinstance(operation, RenameModel):
            return (
                dependency.field_name is None
                and dependency.type == OperationDependency.Type.CREATE
                and dependency.model_name_lower == operation.new_name_lower
            )
        return super().check_dependency(operation, dependency)

    @cached_property
    def _options_stated(self) -> frozenset[str]:
        return frozenset(
            name
            for state in (self.from_state, self.to_state)
            for model in state.models.values()
            for name, value in model.options.items()
            if value
        )

    def together_operations(self, option_name: str) -> Iterator[Any]:
        """Django's, which ``create_altered_indexes`` lets go over all models once for each model;
        it finds none where no model states the option."""
        if option_name not in self._options_stated:
            return iter(())
        return super().together_operations(option_name)

    def sort_operations(self) -> None:
        for operations in self.generated_operations.values():
            for asked in operations:
                if isinstance(asked, RenameModel):
                    # Django's are on models that may be new themselves and point at this one.
                    forget_dependencies(asked)
        super().sort_operations()
        for label, operations in self.given_renames.items():
            found = with_renames(operations, self.generated_operations.get(label, []))
            for operation in found:
                add_dependencies(operation)
            self.generated_operations[label] = found


def _autodetector() -> type[_Autodetector]:
    """Ours on top of the one that the project's ``makemigrations`` uses."""
    base = project_autodetector()
    if issubclass(_Autodetector, base):  # Django's
        return _Autodetector
    return type(base.__name__, (_Autodetector, base), {})


def with_renames(given_renames: Sequence[Operation], found: Sequence[Operation]) -> list[Operation]:
    """An app's operations, the renames that were stated first. Pure.

    Before a field is renamed go the indexes and constraints that its model loses, as Django orders
    them (django/db/migrations/autodetector.py, ``_detect_changes``): one whose field is renamed is
    dropped and made anew. They get the name that the model has by then.
    """
    rest = list(found)
    ordered: list[Operation] = []
    for index, rename in enumerate(given_renames):
        if isinstance(rename, RenameField):
            last = _name_after(rename.model_name, given_renames[index + 1 :])
            for gone in [operation for operation in rest if _drops_rule_of(operation, last)]:
                rest.remove(gone)
                ordered.append(type(gone)(rename.model_name, gone.name))
        ordered.append(rename)
    return [*ordered, *rest]


def _name_after(model: str, renames: Iterable[Operation]) -> str:
    for rename in renames:
        if isinstance(rename, RenameModel) and rename.old_name_lower == model.lower():
            model = rename.new_name
    return model


def _drops_rule_of(operation: Operation, model: str) -> TypeGuard[RemoveIndex | RemoveConstraint]:
    return (
        isinstance(operation, RemoveIndex | RemoveConstraint)
        and operation.model_name_lower == model.lower()
    )


@dataclass(frozen=True)
class Detected:
    """The migrations that the project's models ask for, in memory, in the order of the graph; and
    the installed packages whose models ask for some that would be theirs to write."""

    migrations: list[Migration]
    packages: tuple[str, ...] = ()


def detect(loader: ExtendedLoader, options: DetectOptions) -> Detected:
    """What changed in the models since the last migrations.

    Raises ChangesUndecided where only a person can tell, and nobody can be asked.
    """
    if options.existing_only:
        return Detected([])
    before = loader.project_state()
    after = ProjectState.from_apps(apps)
    given_renames: dict[str, list[Operation]] = {}
    for rename in options.renames:
        operation = rename.operation(before)
        spare_fields([operation])
        operation.state_forwards(rename.app_label, before)
        given_renames.setdefault(rename.app_label, []).append(operation)
    now_managed = [key for key in before.models if _becomes_managed(key, before, after)]
    for key in now_managed:
        before.remove_model(*key)
    answering: MigrationQuestioner = (
        InteractiveMigrationQuestioner()
        if options.interactive
        else Unattended(options.no_rename, before, after)
    )
    autodetector = _autodetector()(before, after, AboutOwnModels(answering, after))
    autodetector.given_renames = given_renames
    with sets_in_one_order():
        changes = autodetector.changes(graph=loader.graph, migration_name=options.name)
    packages = [label for label in changes if not is_written_into(label)]
    gone = {(label, migration.name) for label in packages for migration in changes[label]}
    migrations = [m for label, found in changes.items() if label not in packages for m in found]
    for migration in migrations:
        _follow_those_that_point_at_it(migration, before, loader.graph)
        _follow_what_is_there(migration, gone, loader.graph)
    if not options.no_rename and not options.interactive:
        refuse_look_alikes(migrations, before)
    for migration in migrations:
        _make_what_was_not_managed(migration, now_managed)
    return Detected(migrations, tuple(sorted(packages)))


def _becomes_managed(key: tuple[str, str], before: ProjectState, after: ProjectState) -> bool:
    return (
        key in after.models
        and not before.models[key].options.get("managed", True)
        and bool(after.models[key].options.get("managed", True))
    )


def _make_what_was_not_managed(migration: Migration, models: Collection[tuple[str, str]]) -> None:
    """A model that becomes a managed one is made: no migration has made its table so far. (Django
    writes AlterModelOptions, which does nothing, and looks at none of its fields.) The model of
    before is deleted, which says nothing of its table: it is not managed."""
    changed: Any = migration
    changed.operations = [
        operation
        for made in migration.operations
        for operation in (
            [DeleteModel(made.name), made]
            if isinstance(made, CreateModel) and (migration.app_label, made.name_lower) in models
            else [made]
        )
    ]


def _follow_what_is_there(
    migration: Migration, gone: Collection[tuple[str, str]], graph: MigrationGraph
) -> None:
    """Depend on an app's last migration instead of one that is not written."""
    changed: Any = migration
    changed.dependencies = list(
        dict.fromkeys(
            leaf
            for needed in migration.dependencies
            for leaf in (graph.leaf_nodes(needed[0]) if tuple(needed) in gone else [needed])
        )
    )


def _follow_those_that_point_at_it(
    migration: Migration, before: ProjectState, graph: MigrationGraph
) -> None:
    """A model is renamed after all that other apps' migrations have said of it by its old name.

    Without such a dependency the rename may come before them in the plan for an empty database,
    and they point at what is not there any more.
    """
    label = migration.app_label
    for rename in migration.operations:
        if not isinstance(rename, RenameModel):
            continue
        pointing = {
            app
            for name in (rename.old_name_lower, rename.new_name_lower)  # the new one: it was stated
            for app in (*_with_relations_to(label, name, before), *_bases_on(label, name, before))
        }
        leaves = {leaf for app in pointing - {label} for leaf in graph.leaf_nodes(app)}
        changed: Any = migration
        changed.dependencies = [
            *migration.dependencies,
            *sorted(leaves - set(migration.dependencies)),
        ]


def _with_relations_to(label: str, name: str, state: ProjectState) -> Iterator[str]:
    yield from (app for app, _ in state.relations.get((label, name), ()))


def _bases_on(label: str, name: str, state: ProjectState) -> Iterator[str]:
    for (app, _), model in state.models.items():
        if any(isinstance(base, str) and base.lower() == f"{label}.{name}" for base in model.bases):
            yield app


def empty_migrations(
    loader: ExtendedLoader, labels: Sequence[str], name: str | None
) -> list[Migration]:
    """An empty migration for each app, to be filled by hand (RunSQL, RunPython)."""
    for label in labels:
        if label not in loader.migrated_apps:
            raise _no_package(label)
    autodetector = project_autodetector()(ProjectState(), ProjectState())
    changes = autodetector.arrange_for_graph(
        changes={label: [Migration("custom", label)] for label in labels},
        graph=loader.graph,
        migration_name=name,
    )
    return [migration for found in changes.values() for migration in found]


def _no_package(label: str) -> Refused:
    if label not in apps.app_configs:
        return Refused(
            f"No app has the label {label!r}.",
            where="settings.INSTALLED_APPS",
            stands="nothing was written",
            then="name an app by its label, or add it to INSTALLED_APPS",
        )
    missing = missing_package(label)
    return Refused(
        f"The app {label!r} has no migrations"
        + (f": {missing.why}." if missing else ": MIGRATION_MODULES says None."),
        where=apps.get_app_config(label).name,
        stands="nothing was written",
        then=f"make the file {missing.init_file}, then db_generate" if missing else "",
    )


@dataclass(frozen=True)
class MigrationModule:
    """A migration's ``.py`` file: where it goes and what it says."""

    name: str
    path: Path
    text: str


def written(migrations: Iterable[Migration]) -> list[MigrationModule]:
    """The ``.py`` text of migrations. Raises Refused where Django cannot serialise a value."""
    modules = []
    for migration in migrations:
        writer = MigrationWriter(migration)
        try:
            text = writer.as_string()
        except ValueError as error:
            raise Refused(
                f"{migration} cannot be written as Python: {error}",
                then="make the value one that Django can serialize, such as an importable function",
            ) from None
        name = dotted((migration.app_label, migration.name))
        modules.append(MigrationModule(name, Path(writer.path), text))
    return modules
