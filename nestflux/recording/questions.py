"""What the autodetector asks, and who answers: of own models only, and without a terminal a flag.

A rename is only ever asked for or stated: a field that is gone and one of the same type that is
new are not turned into data loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.migrations import AddField, RemoveField
from django.db.migrations.migration import Migration
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter

from nestflux.exceptions import ChangesUndecided
from nestflux.graph.source import is_own_path


def is_written_into(label: str) -> bool:
    """Would an app's migration lie in the project? An installed package's would be gone with its
    next version, and are nobody else's (``MIGRATION_MODULES`` says that they are the project's)."""
    try:
        return is_own_path(MigrationWriter(Migration("0001_initial", label)).path)
    except ValueError:  # an app without a place for migrations: writing says so
        return True


class AboutOwnModels(MigrationQuestioner):
    """Hands on what is asked of models for which migrations are written. Of an installed package's
    models nobody is asked: whatever the answer, nothing comes of it."""

    def __init__(self, answering: MigrationQuestioner, after: ProjectState) -> None:
        super().__init__()
        self.answering = answering
        self.after = after

    def _is_own(self, model_name: str, field_name: str) -> bool:
        """Has an own model of this name that field? Django does not say of which app it speaks."""
        return any(
            name == model_name.lower() and field_name in model.fields and is_written_into(label)
            for (label, name), model in self.after.models.items()
        )

    def ask_rename(
        self, model_name: str, old_name: str, new_name: str, field_instance: Any
    ) -> bool:
        return self._is_own(model_name, new_name) and self.answering.ask_rename(
            model_name, old_name, new_name, field_instance
        )

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        return is_written_into(new_model_state.app_label) and self.answering.ask_rename_model(
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


class Unattended(MigrationQuestioner):
    """Answers what a flag states, and stops where only a person could answer."""

    def __init__(self, no_rename: bool, before: ProjectState, after: ProjectState) -> None:
        super().__init__()
        self.no_rename = no_rename
        self.before = before
        self.after = after

    def ask_rename(
        self, model_name: str, old_name: str, new_name: str, field_instance: Any
    ) -> bool:
        if self.no_rename:
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
        if self.no_rename:
            return False
        old = f"{old_model_state.app_label}.{old_model_state.name}"
        new = f"{new_model_state.app_label}.{new_model_state.name}"
        raise _renamed_or_dropped(old, new, new_model_state.name)

    def ask_not_null_addition(self, field_name: str, model_name: str) -> None:
        if not self.no_rename:
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


def refuse_look_alikes(migrations: Iterable[Migration], before: ProjectState) -> None:
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
