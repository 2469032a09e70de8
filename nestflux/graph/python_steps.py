"""Python steps: which operations of a migration only Django can run, and running one of them.

A step is known by its locator, ``blog.0003_fill_slugs/1``: migration, slash, the operation's index
in it; ``1.0`` is the first database operation of a SeparateDatabaseAndState. Operations that
``pre_migrate`` receivers inject (contenttypes' renames) are known by what they are, not by index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.migrations.migration import Migration
from django.db.migrations.operations import RunPython, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from nestflux.exceptions import OtherDatabase, Refused
from nestflux.graph.loader import ExtendedLoader, dotted, undotted
from nestflux.graph.one_order import sets_in_one_order
from nestflux.graph.receivers import historical_receivers_kept, receivers_connected
from nestflux.graph.swappable import swappable_names_kept

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class PythonOperation:
    """An operation that is a Python step, with its place."""

    locator: str
    path: tuple[int, ...]
    migration: Migration
    operation: Operation

    @property
    def atomic(self) -> bool:
        """Is it run in a transaction (django/db/migrations/migration.py, apply)? One nested in
        SeparateDatabaseAndState is too, where Django opens none: so it runs exactly once."""
        own = self.operation.atomic
        return bool(own or (self.migration.atomic and own is not False))

    @property
    def note(self) -> str:
        """What the file's comment line says of it."""
        return f"{_described(self.operation)}, {'atomic' if self.atomic else 'not atomic'}"


def is_python(operation: Operation) -> bool:
    """Django's own mark: such an operation's effect cannot be written as SQL."""
    return not operation.reduces_to_sql and not isinstance(operation, SeparateDatabaseAndState)


def operations_of(migration: Migration) -> Iterator[PythonOperation]:
    """Every operation of a migration in its order, nested ones included, Python step or not."""
    name = dotted((migration.app_label, migration.name))
    written = 0
    for index, operation in enumerate(migration.operations):
        if injected := _injected_name(operation):
            yield PythonOperation(f"{name}/{injected}", (index,), migration, operation)
            continue
        for path, nested in _flattened(operation, (written,)):
            locator = f"{name}/{'.'.join(map(str, path))}"
            yield PythonOperation(locator, (index, *path[1:]), migration, nested)
        written += 1


def _flattened(
    operation: Operation, path: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], Operation]]:
    if isinstance(operation, SeparateDatabaseAndState):
        for index, nested in enumerate(operation.database_operations):
            yield from _flattened(nested, (*path, index))
    else:
        yield path, operation


def _injected_name(operation: Operation) -> str:
    """``rename-content-type:post:article`` for contenttypes' injected operation, else empty.

    Source: django/contrib/contenttypes/management/__init__.py, RenameContentType.
    """
    kind = type(operation)
    if kind.__name__ == "RenameContentType" and hasattr(operation, "old_model"):
        made_of: Any = operation
        return f"rename-content-type:{made_of.old_model}:{made_of.new_model}"
    return ""


def _described(operation: Operation) -> str:
    code = getattr(operation, "code", None)
    name = getattr(code, "__qualname__", "") if isinstance(operation, RunPython) else ""
    kind = type(operation).__name__
    return f"{kind}({name})" if name else kind


@contextmanager
def step_named(step: PythonOperation) -> Iterator[None]:
    """An error about another database says which step it comes from."""
    try:
        yield
    except OtherDatabase as error:
        error.where = f"{step.locator} ({error.where})" if error.where else step.locator
        raise


_APART = 64  # migrations between two states that are kept


class StepRunner:
    """Runs Python steps of a history in the state that Django would give them.

    States are built lazily and forward only: a run that has no Python step builds none, and a
    later step goes on from the state of the step before. Some are kept on the way, for a run
    backwards to go on from.

    Args:
        loader: the project's migrations.
        order: every migration of the history in its frozen order.
    """

    def __init__(self, loader: ExtendedLoader, order: Sequence[str]) -> None:
        self.loader = loader
        self.order = list(order)
        self._places = {name: place for place, name in enumerate(self.order)}
        self._position = 0
        self._state = ProjectState(real_apps=loader.unmigrated_apps)
        self._kept = {0: self._state.clone()}

    def find(self, locator: str) -> PythonOperation:
        """Raises Refused where the project's migration does not hold that step (any more)."""
        migration = self._migration(locator.split("/", 1)[0])
        for found in operations_of(migration):
            if found.locator == locator:
                return found
        if injected := self._missing_injection(migration, locator):
            return injected
        raise Refused(
            f"The migration {dotted((migration.app_label, migration.name))} has no Python step "
            f"{locator!r}: it was edited after it was recorded.",
            stands="nothing was run",
            then="restore the migration, or record it again with db_generate --accept",
        )

    def state_before(self, migration: str) -> ProjectState:
        """The state in which Django would apply a migration of the history. Raises Refused where
        it is not known any more."""
        return self._state_before(migration).clone()

    def run(
        self, step: PythonOperation, connection: BaseDatabaseWrapper, *, backwards: bool = False
    ) -> None:
        """Run one step, inside the caller's transaction or, not atomic, outside any.

        What the step raises is raised.
        """
        before, after = self._states_around(step)
        label = step.migration.app_label
        with (
            swappable_names_kept(),
            sets_in_one_order(),
            historical_receivers_kept(),
            receivers_connected(before, after),
            step_named(step),
            connection.schema_editor(atomic=False) as editor,
        ):
            editor.atomic_migration = False
            if backwards:
                step.operation.database_backwards(label, editor, after, before)
            else:
                step.operation.database_forwards(label, editor, before, after)

    def run_as_django(
        self, step: PythonOperation, connection: BaseDatabaseWrapper, *, backwards: bool = False
    ) -> None:
        """Run one step in a transaction of its own where Django would open one."""
        if not step.atomic:
            self.run(step, connection, backwards=backwards)
            return
        with transaction.atomic(connection.alias):
            self.run(step, connection, backwards=backwards)

    def _states_around(self, step: PythonOperation) -> tuple[ProjectState, ProjectState]:
        state = self._state_before(dotted((step.migration.app_label, step.migration.name))).clone()
        label = step.migration.app_label
        operations: Sequence[Operation] = step.migration.operations
        for depth, index in enumerate(step.path):
            for operation in operations[:index]:
                operation.state_forwards(label, state)
            if depth + 1 < len(step.path):
                nested: Any = operations[index]
                operations = nested.database_operations
        after = state.clone()
        step.operation.state_forwards(label, after)
        return state, after

    def _state_before(self, migration: str) -> ProjectState:
        target = self._places.get(migration)
        if target is None:
            raise Refused(
                f"No file of the history holds the migration {migration}.",
                then="python manage.py db_check",
            )
        if target < self._position:
            self._position = max(at for at in self._kept if at <= target)
            self._state = self._kept[self._position].clone()
        for place in range(self._position, target):
            if place % _APART == 0 and place not in self._kept:
                self._kept[place] = self._state.clone()
            for each in self._standing_for(self.order[place]):
                each.mutate_state(self._state, preserve=False)
        self._position = target
        return self._state

    def _standing_for(self, name: str) -> list[Migration]:
        """The migration; of those that were squashed away, the squash at the place of the last."""
        if undotted(name) not in self.loader.disk_migrations and name in self._squashes:
            squash, last = self._squashes[name]
            return [squash] if name == last else []
        return [self._migration(name)]

    @cached_property
    def _squashes(self) -> dict[str, tuple[Migration, str]]:
        """By each name that they replace, the squashes of the project, and the last such name."""
        found: dict[str, tuple[Migration, str]] = {}
        for squash in self.loader.disk_migrations.values():
            replaced = [dotted(key) for key in squash.replaces]
            held = [name for name in replaced if name in self._places]
            last = max(held, key=self._places.__getitem__, default="")
            for name in replaced:
                found.setdefault(name, (squash, last))
        return found

    def _migration(self, name: str) -> Migration:
        try:
            return self.loader.disk_migrations[undotted(name)]
        except KeyError:
            raise Refused(
                f"The migration {name} is not in the project any more, and a Python step needs it.",
                stands="nothing was run",
                then="restore the migration module, or the package version that has it",
            ) from None

    def _missing_injection(self, migration: Migration, locator: str) -> PythonOperation | None:
        """A content type rename that no receiver injected this time: made as Django makes it."""
        _, _, name = locator.partition("/")
        if not name.startswith("rename-content-type:"):
            return None
        from django.contrib.contenttypes.management import RenameContentType

        _, old, new = name.split(":")
        index = len(migration.operations)
        for position, operation in enumerate(migration.operations):
            if getattr(operation, "new_name_lower", None) == new:
                index = position + 1
        made = RenameContentType(migration.app_label, old, new)
        return PythonOperation(locator, (index,), migration, made)
