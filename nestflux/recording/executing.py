"""Django's own executor on a shadow, under the recorder."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from django.core.management.sql import emit_pre_migrate_signal
from django.db.migrations.migration import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import Error

from nestflux.database.errors import in_words
from nestflux.database.server import FAMILY_NAMES
from nestflux.django_compat import OpenExecutor, forget_models, statement_of
from nestflux.exceptions import NestFluxError, RecordingFailed
from nestflux.graph.loader import dotted
from nestflux.graph.one_order import sets_in_one_order
from nestflux.graph.receivers import historical_receivers_kept, receivers_connected
from nestflux.graph.swappable import swappable_names_kept
from nestflux.recording.adapting import AsInFile, ToSchemaBefore
from nestflux.recording.capture import Recorded, Recorder, RunsOnData, place_of
from nestflux.recording.model_subset import apps_for_receivers, needs_few
from nestflux.sql.statements import summary

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.state import ProjectState

    from nestflux.graph.loader import ExtendedLoader
    from nestflux.history.sqlfile import Section
    from nestflux.schema.introspection import Schema


logger = logging.getLogger(__name__)


class DjangoFailed(RecordingFailed):
    """Django's own executor fails on the shadow: so would the stock ``migrate``."""


class _QuietRecorder(MigrationRecorder):
    """Writes ``django_migrations`` as Django does, and is not recorded doing it."""

    def __init__(self, connection: Any, recorder: Recorder) -> None:
        super().__init__(connection)
        self._statements = recorder

    def record_applied(self, app: str, name: str) -> None:
        with self._statements.paused():
            super().record_applied(app, name)

    def record_unapplied(self, app: str, name: str) -> None:
        with self._statements.paused():
            super().record_unapplied(app, name)


class _RecordingExecutor(OpenExecutor):
    def __init__(self, connection: Any, recorder: Recorder, loader: ExtendedLoader) -> None:
        # Not MigrationExecutor's own: its loader fails where a migration that is not written yet is
        # depended on.
        self.connection = connection
        self.progress_callback = self._log
        self.loader = loader
        self.recorder = _QuietRecorder(connection, recorder)
        self.statements = recorder
        self._loader = loader

    def _log(self, action: str, migration: Any = None, fake: Any = None, /) -> None:
        doing = {"apply_start": "recording", "unapply_start": "recording the way back of"}
        if action in doing:
            name = dotted((migration.app_label, migration.name))
            logger.info("%s: %s %s", FAMILY_NAMES[self.statements.family], doing[action], name)

    @cached_property
    def _ordered(self) -> list[Migration]:
        nodes: dict[Any, Migration] = self._loader.graph.nodes
        return [nodes[key] for key in self._loader.plan()]

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        """The whole graph, which is all that Django asks for where it is given a plan, in the
        history's order: states are made along it, too."""
        return [(migration, False) for migration in self._ordered]

    def migrate_forwards(self, state: ProjectState, plan: Sequence[Any]) -> ProjectState:
        """Django's, but that a state's models are not made for a migration that needs few."""
        for migration, _ in plan:
            self.make_models_for(migration, state)
            state = self.apply_migration(state, migration)
        return state

    def migrate_backwards(self, plan: Sequence[Any], full_plan: Sequence[Any]) -> None:
        """Django's, but for the same; nobody asks for the state at the end."""
        going = {migration for migration, _ in plan}
        applied = self.loader.applied_migrations
        states: dict[Migration, Any] = {}
        state = self.first_state()
        for migration, _ in full_plan:
            if len(states) == len(going):
                break
            if migration in going:
                self.make_models_for(migration, state)
                states[migration] = state
                state = migration.mutate_state(state, preserve=True)
            elif (migration.app_label, migration.name) in applied:
                migration.mutate_state(state, preserve=False)
        for migration, _ in plan:
            self.unapply_migration(states.pop(migration), migration)

    def make_models_for(self, migration: Migration, state: ProjectState) -> None:
        """Make the models of the whole state, or none, before ``migration`` changes it: those that
        are made are made anew with every change of one that is related to them."""
        if needs_few(migration, state):
            forget_models(state)
        else:
            _ = state.apps  # makes them all, in one go

    def apply_migration(
        self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False
    ) -> Any:
        with self.statements.migration(migration, backwards=False):
            return super().apply_migration(state, migration, fake, fake_initial)

    def unapply_migration(self, state: Any, migration: Any, fake: bool = False) -> Any:
        with self.statements.migration(migration, backwards=True):
            return super().unapply_migration(state, migration, fake)


def to_record(loader: ExtendedLoader, only: Collection[str] | None = None) -> list[Migration]:
    """The migrations that are not recorded as applied on the shadow, in the history's order.

    Args:
        loader: of the shadow; with migrations that are not written yet, if there are any.
        only: the names of those that are asked for; None: all.
    """
    nodes: dict[Any, Migration] = loader.graph.nodes
    return [
        nodes[key]
        for key in loader.plan()
        if key not in loader.applied_migrations and (only is None or dotted(key) in only)
    ]


def record_forwards(
    connection: BaseDatabaseWrapper,
    family: str,
    loader: ExtendedLoader,
    on_data: frozenset[str],
    migrations: Sequence[Migration],
    output: TextIO | None = None,
) -> list[Recorded]:
    """Apply ``migrations``, which are ``to_record``.

    Args:
        on_data: locators of operations that are Python steps because they run on data.
        output: where their prints go; None: where everybody's go.

    Raises RunsOnData where another such operation is met.
    """
    recorder = Recorder(connection, family, on_data, output=output)
    executor = _RecordingExecutor(connection, recorder, loader)
    _run(connection, executor, [(migration, False) for migration in migrations])
    return recorder.recorded


def record_backwards(
    connection: BaseDatabaseWrapper,
    family: str,
    loader: ExtendedLoader,
    on_data: frozenset[str],
    migrations: Sequence[Migration],
    before: Schema,
) -> list[Recorded]:
    """Unapply ``migrations``, the last ones that were applied, the last first.

    Args:
        before: the schema before they were applied.
    """
    adapting = ToSchemaBefore(connection, before.definitions)
    recorder = Recorder(connection, family, on_data, adapting=adapting)
    executor = _RecordingExecutor(connection, recorder, loader)
    own = executor.loader.graph.nodes
    plan = [(own[m.app_label, m.name], True) for m in reversed(migrations)]
    _run(connection, executor, plan)
    return recorder.recorded


@swappable_names_kept()
@sets_in_one_order()
@historical_receivers_kept()
def record_one(
    connection: BaseDatabaseWrapper,
    family: str,
    loader: ExtendedLoader,
    migration: Migration,
    state: ProjectState,
    on_data: frozenset[str],
    in_file: Section,
    *,
    backwards: bool,
) -> Recorded:
    """Apply or unapply one migration, whatever Django's plan would be now, and measure nothing.

    Args:
        state: before it is applied; ``migration`` is of ``loader``.
        in_file: what is recorded of it, by which Django's statements are adapted.

    Raises DjangoFailed where Django fails, RunsOnData where another such operation is met.
    """
    recorder = Recorder(connection, family, on_data, adapting=AsInFile(in_file), measured=False)
    executor = _RecordingExecutor(connection, recorder, loader)
    plan = [(migration, backwards)]
    with _describe_failures(connection, executor, plan), connection.execute_wrapper(recorder):
        _send_pre_migrate(connection, state, plan)
        executor.make_models_for(migration, state)
        run = executor.unapply_migration if backwards else executor.apply_migration
        run(state, migration)
    return recorder.recorded[0]


def irreversible_because(migrations: Sequence[Migration]) -> str:
    """Why Django has no way back over these migrations; empty if it has."""
    for migration in migrations:
        for operation in migration.operations:
            if not operation.reversible:
                name = dotted((migration.app_label, migration.name))
                return f"{name}: {' '.join(operation.describe().split())} has no reverse"
    return ""


@swappable_names_kept()
@sets_in_one_order()
@historical_receivers_kept()
def _run(
    connection: BaseDatabaseWrapper,
    executor: _RecordingExecutor,
    plan: list[tuple[Migration, bool]],
) -> None:
    recorder = executor.statements
    with _describe_failures(connection, executor, plan):
        before = executor.state_of_applied()
        with connection.execute_wrapper(recorder):
            _send_pre_migrate(connection, before, plan)
            executor.migrate(None, plan=plan, state=before.clone() if not plan[0][1] else None)


def _send_pre_migrate(
    connection: BaseDatabaseWrapper, state: ProjectState, plan: list[tuple[Migration, bool]]
) -> None:
    with receivers_connected(state):
        emit_pre_migrate_signal(
            verbosity=0,
            interactive=False,
            db=connection.alias,
            apps=apps_for_receivers(state),
            plan=plan,
        )


@contextmanager
def _describe_failures(
    connection: BaseDatabaseWrapper,
    executor: _RecordingExecutor,
    plan: list[tuple[Migration, bool]],
) -> Iterator[None]:
    try:
        yield
    except (NestFluxError, RunsOnData):
        raise
    except Error as error:
        raise DjangoFailed(
            f"Django's own migrate fails on the shadow: {in_words(error, connection)}",
            where=_where(executor, plan, statement_of(error)),
            stands="nothing was written",
            then="correct the migration (or, where it stands after others, what they make), then "
            "run the command again",
        ) from error
    except Exception as error:  # whatever a migration's Python code raises
        raise DjangoFailed(
            f"A migration fails on the shadow: {type(error).__name__}: {error}",
            where=_where(executor, plan),
            stands="nothing was written",
            then="correct the migration, then run the command again; with --traceback it shows "
            "the line that raised",
        ) from error


def _where(
    executor: _RecordingExecutor, plan: list[tuple[Migration, bool]], statement: str = ""
) -> str:
    """What was being run: the operation, or, between two of them, the migration, which is the first
    that is not recorded as done; and the statement."""
    place = _unfinished(executor, plan)
    return f"{place}: {summary(statement)}" if statement else place


def _unfinished(executor: _RecordingExecutor, plan: list[tuple[Migration, bool]]) -> str:
    if executor.statements.unfinished is not None:
        return place_of(executor.statements.unfinished)
    done = len(executor.statements.recorded)
    migration = plan[min(done, len(plan) - 1)][0]
    return dotted((migration.app_label, migration.name))
