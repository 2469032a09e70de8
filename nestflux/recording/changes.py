"""What changed in the models since the last migration, decided by Django's autodetector, or by the
one that the project gives its ``makemigrations``.

A rename is only ever asked for or stated: without a terminal a field that is gone and one of the
same type that is new are not turned into data loss.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

from django.apps import apps
from django.db.migrations import (
    AddField,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
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

from nestflux.django_compat import OpenAutodetector, add_dependencies, forget_dependencies
from nestflux.exceptions import ChangesUndecided, Refused
from nestflux.graph.in_place import spare_fields
from nestflux.graph.loader import ExtendedLoader, dotted
from nestflux.graph.one_order import sets_in_one_order
from nestflux.graph.packages import missing_package
from nestflux.graph.project_commands import project_autodetector
from nestflux.graph.source import is_own_path

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


class _Autodetector(OpenAutodetector):
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
        else _Unattended(options, before, after)
    )
    autodetector = _autodetector()(before, after, _AboutOwnModels(answering, after))
    autodetector.given_renames = given_renames
    with sets_in_one_order():
        changes = autodetector.changes(graph=loader.graph, migration_name=options.name)
    packages = [label for label in changes if not _is_written_into(label)]
    gone = {(label, migration.name) for label in packages for migration in changes[label]}
    migrations = [m for label, found in changes.items() if label not in packages for m in found]
    for migration in migrations:
        _follow_those_that_point_at_it(migration, before, loader.graph)
        _follow_what_is_there(migration, gone, loader.graph)
    if not options.no_rename and not options.interactive:
        _refuse_look_alikes(migrations, before)
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


def _is_written_into(label: str) -> bool:
    """Would an app's migration lie in the project? An installed package's would be gone with its
    next version, and are nobody else's (``MIGRATION_MODULES`` says that they are the project's)."""
    try:
        return is_own_path(MigrationWriter(Migration("0001_initial", label)).path)
    except ValueError:  # an app without a place for migrations: writing says so
        return True


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


class _AboutOwnModels(MigrationQuestioner):
    """Hands on what is asked of models for which migrations are written. Of an installed package's
    models nobody is asked: whatever the answer, nothing comes of it."""

    def __init__(self, answering: MigrationQuestioner, after: ProjectState) -> None:
        super().__init__()
        self.answering = answering
        self.after = after

    def _is_own(self, model_name: str, field_name: str) -> bool:
        """Has an own model of this name that field? Django does not say of which app it speaks."""
        return any(
            name == model_name.lower() and field_name in model.fields and _is_written_into(label)
            for (label, name), model in self.after.models.items()
        )

    def ask_rename(
        self, model_name: str, old_name: str, new_name: str, field_instance: Any
    ) -> bool:
        return self._is_own(model_name, new_name) and self.answering.ask_rename(
            model_name, old_name, new_name, field_instance
        )

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        return _is_written_into(new_model_state.app_label) and self.answering.ask_rename_model(
            old_model_state, new_model_state
        )

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        return self._of_own(self.answering.ask_not_null_addition, field_name, model_name)

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        return self._of_own(self.answering.ask_not_null_alteration, field_name, model_name)

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        return self._of_own(self.answering.ask_auto_now_add_addition, field_name, model_name)

    def ask_unique_callable_default_addition(self, field_name: str, model_name: str) -> Any:
        ask = self.answering.ask_unique_callable_default_addition
        return self._of_own(ask, field_name, model_name)

    def _of_own(self, ask: Callable[[str, str], Any], field_name: str, model_name: str) -> Any:
        return ask(field_name, model_name) if self._is_own(model_name, field_name) else None


class _Unattended(MigrationQuestioner):
    """Answers what a flag states, and stops where only a person could answer."""

    def __init__(self, options: DetectOptions, before: ProjectState, after: ProjectState) -> None:
        super().__init__()
        self.options = options
        self.before = before
        self.after = after

    def ask_rename(
        self, model_name: str, old_name: str, new_name: str, field_instance: Any
    ) -> bool:
        if self.options.no_rename:
            return False
        label = next(
            label
            for (label, name), model in self.after.models.items()
            if name == model_name.lower() and new_name in model.fields
        )
        model = self.after.models[label, model_name.lower()].name
        raise _renamed_or_dropped(
            f"{label}.{model}.{old_name}", f"{label}.{model}.{new_name}", new_name
        )

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        if self.options.no_rename:
            return False
        old = f"{old_model_state.app_label}.{old_model_state.name}"
        new = f"{new_model_state.app_label}.{new_model_state.name}"
        raise _renamed_or_dropped(old, new, new_model_state.name)

    def ask_not_null_addition(self, field_name: str, model_name: str) -> None:
        if not self.options.no_rename:
            self._refuse_look_alike(field_name, model_name)
        raise _needs_default(field_name, model_name, "is new and must not be NULL")

    def _refuse_look_alike(self, new: str, model_name: str) -> None:
        """Django asks for a default before anybody sees that a field like the new one is gone."""
        for (label, name), model in self.after.models.items():
            earlier = self.before.models.get((label, name))
            if name != model_name.lower() or earlier is None or new not in model.fields:
                continue
            for gone in earlier.fields.keys() - model.fields.keys():
                if _same_type(model.fields[new], earlier.fields[gone]):
                    path = f"{label}.{model.name}"
                    raise _renamed_or_dropped(f"{path}.{gone}", f"{path}.{new}", new)

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> None:
        raise _needs_default(field_name, model_name, "may be NULL now and must not be any more")

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> None:
        raise _needs_default(field_name, model_name, "is new with auto_now_add")


def _renamed_or_dropped(old: str, new: str, new_name: str) -> ChangesUndecided:
    return ChangesUndecided(
        f"{old} is gone and {new}, of the same type, is new: renamed, or dropped with its data?",
        stands="nothing was written",
        then=f"python manage.py db_generate --rename {old}={new_name}\n"
        "         python manage.py db_generate --no-rename   (drops the old one and its data)",
    )


def _needs_default(field: str, model: str, why: str) -> ChangesUndecided:
    return ChangesUndecided(
        f"The field {field!r} of {model!r} {why}, and existing rows have no value for it.",
        stands="nothing was written",
        then="give the field a db_default= or default=, or run db_generate on a terminal, which "
        "asks for a one-off value",
    )


def _refuse_look_alikes(migrations: Iterable[Migration], before: ProjectState) -> None:
    """A field removed and one of the same class added to the same model, which Django's own
    question misses when an option differs too."""
    for migration in migrations:
        removed = [op for op in migration.operations if isinstance(op, RemoveField)]
        added = [op for op in migration.operations if isinstance(op, AddField)]
        for gone in removed:
            model = before.models.get((migration.app_label, gone.model_name_lower))
            if model is None or gone.name not in model.fields:
                continue
            for new in added:
                same_model = new.model_name_lower == gone.model_name_lower
                if same_model and _same_type(new.field, model.fields[gone.name]):
                    path = f"{migration.app_label}.{model.name}"
                    raise _renamed_or_dropped(f"{path}.{gone.name}", f"{path}.{new.name}", new.name)


def _same_type(one: Any, other: Any) -> bool:
    targets = [str(field.remote_field.model).lower() for field in (one, other) if field.is_relation]
    return type(one) is type(other) and len(set(targets)) <= 1


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
