"""Django's migrations as they are on disk, plus those that were detected and not yet written."""

from __future__ import annotations

import copy
import heapq
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    InvalidBasesError,
    NodeNotFoundError,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration, swappable_dependency
from django.db.migrations.state import ProjectState
from django.db.utils import Error

from nestflux.collector import collector_resting
from nestflux.exceptions import Refused
from nestflux.graph.in_place import own_operations, spare_fields
from nestflux.graph.project_commands import import_overrides

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Key = tuple[str, str]

# Statements with which migration modules asked for rows while they were imported.
_asked: list[str] = []


class ExtendedLoader(MigrationLoader):
    """A MigrationLoader that also knows migrations which exist in memory only, and the order in
    which a history's files hold those that they hold."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper | None,
        extra: Iterable[Migration] = (),
        order: Sequence[str] = (),
    ) -> None:
        self._extra = {(m.app_label, m.name): _resolved(m) for m in extra}
        self._places = {name: place for place, name in enumerate(order)}
        # As makemigrations: auth may depend on a project's user whose first migration is not made.
        super().__init__(connection, ignore_no_migrations=True)

    def load_disk(self) -> None:
        with _questions_noticed():
            super().load_disk()
        self.disk_migrations.update(self._extra)
        self.migrated_apps |= {label for label, _ in self._extra}
        self.unmigrated_apps -= {label for label, _ in self._extra}
        migrations: Iterable[Any] = self.disk_migrations.values()
        for migration in migrations:
            migration.operations = own_operations(migration.operations)
            spare_fields(migration.operations)

    def plan(self) -> list[Key]:
        """Every migration of the graph, in the order in which an empty database gets them: as the
        history's files hold them, then the rest in Django's order.

        Where nothing orders two apps, Django's order may rename a model before the other app's
        first migration points at it by its old name, and loses the reference. A squash stands at
        the place of the last that it replaces; nothing stands before what it depends on.
        """
        wanted = sorted(self._django_plan(), key=self._place)
        rank = {key: number for number, key in enumerate(wanted)}
        nodes = self.graph.node_map
        waits_for = {key: len(nodes[key].parents) for key in wanted}
        ready = [rank[key] for key in wanted if not waits_for[key]]
        planned = []
        while ready:
            key = wanted[heapq.heappop(ready)]
            planned.append(key)
            for child in nodes[key].children:
                waits_for[child.key] -= 1
                if not waits_for[child.key]:
                    heapq.heappush(ready, rank[child.key])
        return planned

    def _django_plan(self) -> dict[Key, None]:
        graph = self.graph
        return dict.fromkeys(
            key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf)
        )

    def _place(self, key: Key) -> int:
        names = map(dotted, _with_replaced(self, key))
        held = [self._places[name] for name in names if name in self._places]
        return max(held, default=len(self._places))

    def project_state(
        self, nodes: Key | Sequence[Key] | None = None, at_end: bool = True
    ) -> ProjectState:
        """Django's; the state after every migration follows ``plan``."""
        if nodes is not None:
            return super().project_state(nodes, at_end)
        return self.state_after(self.plan())

    def state_after(self, keys: Iterable[Key]) -> ProjectState:
        """The state that these migrations make, in the order that is given."""
        state = ProjectState(real_apps=self.unmigrated_apps)
        for key in keys:
            self.graph.nodes[key].mutate_state(state, preserve=False)
        return state


def load(
    connection: BaseDatabaseWrapper | None = None,
    extra: Iterable[Migration] = (),
    order: Sequence[str] = (),
) -> ExtendedLoader:
    """The project's migrations.

    Args:
        extra: migrations that exist in memory only.
        order: those that a history's files hold, as they hold them.

    The project's own commands are imported first: they may change Django's classes.

    Raises Refused, naming file and line, where one cannot be loaded or the graph does not hold
    together; and where an app has two leaf nodes. Raises django.db.Error where the server does not
    answer.
    """
    import_overrides()
    try:
        with collector_resting():
            loader = ExtendedLoader(connection, extra, order)
    except (  # CommandError: two squashes that replace each other, from Django 6.0
        BadMigrationError,
        CircularDependencyError,
        NodeNotFoundError,
        CommandError,
    ) as error:
        raise Refused(
            f"The migrations do not form a graph: {error}",
            stands="nothing was changed",
            then="correct the dependencies, then run the command again",
        ) from None
    except InvalidBasesError as error:
        raise Refused(
            f"A migration names an unknown base: {error}",
            then="correct bases or dependencies of the migration, then run the command again",
        ) from None
    except Error:  # rows are read, and a module may ask what the server is when it is imported
        raise
    except Exception as error:  # whatever a migration module raises when it is imported
        raise Refused(
            f"A migration cannot be imported: {type(error).__name__}: {error}",
            where=_innermost_place(error),
            stands="nothing was changed",
            then="fix the file and run the command again",
        ) from error
    if conflicts := loader.detect_conflicts():
        named = "; ".join(f"{', '.join(names)} in {app}" for app, names in conflicts.items())
        raise Refused(
            f"Two migrations follow the same one ({named}).",
            stands="nothing was changed",
            then="python manage.py makemigrations --merge",
        )
    return loader


@contextmanager
def _questions_noticed() -> Iterator[None]:
    def notice(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if " FROM " in sql.upper():  # not what the server is
            _asked.append(sql)
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(notice))
        yield


def modules_depend_on_rows() -> bool:
    """Did a module ask a database for rows when it was imported, as wagtail-localize's first asks
    ``django_migrations``? On another database it may hold something else."""
    return bool(_asked)


def forget_modules() -> None:
    """The next ``load`` imports every migration module anew.

    A module may ask what its server is when it is imported (``wagtail.search.0009``); Python, and
    Django's loader with it, imports it once a process.
    """
    packages = [
        MigrationLoader.migrations_module(config.label)[0] for config in apps.get_app_configs()
    ]
    beginnings = tuple(f"{package}." for package in packages if package)
    for name in [name for name in sys.modules if name.startswith(beginnings)]:
        del sys.modules[name]


def _resolved(migration: Migration) -> Migration:
    """As it will be once it is written and imported: the autodetector's dependency on the model
    that a setting names is only turned into one on an app by the .py file
    (django/db/migrations/writer.py, swappable_dependency)."""
    resolved: Any = copy.copy(migration)
    resolved.dependencies = [
        swappable_dependency(getattr(settings, name)) if label == "__setting__" else (label, name)
        for label, name in migration.dependencies
    ]
    of_graph: Migration = resolved
    return of_graph


def dotted(key: Key) -> str:
    """``("blog", "0001_initial")`` → ``blog.0001_initial``."""
    return f"{key[0]}.{key[1]}"


def _with_replaced(loader: MigrationLoader, key: Key) -> Iterator[Key]:
    """A migration and all that it replaces: from Django 6.0 a squash may replace squashes."""
    yield key
    found = loader.disk_migrations.get(key)  # None: its file was removed after the squash
    for replaced in found.replaces if found else ():
        yield from _with_replaced(loader, replaced)


def is_held(loader: MigrationLoader, key: Key, held: Collection[str]) -> bool:
    """Is a migration among ``held``, or, where it is a squash, all that it replaces? From Django
    6.0 a squash may replace squashes."""
    if dotted(key) in held:
        return True
    found = loader.disk_migrations.get(key)  # None: its file was removed after the squash
    return bool(
        found
        and found.replaces
        and all(is_held(loader, replaced, held) for replaced in found.replaces)
    )


def states_around(
    loader: ExtendedLoader, held: Collection[str], migrations: Sequence[Migration]
) -> tuple[ProjectState, ProjectState]:
    """The states before ``migrations`` and after them.

    Args:
        held: the names of those that stand before.
        migrations: of the loader, in their order.
    """
    before = loader.state_after([key for key in loader.plan() if is_held(loader, key, held)])
    after = before.clone()
    for migration in migrations:
        migration.mutate_state(after, preserve=False)
    return before, after


def undotted(name: str) -> Key:
    """The other way round."""
    label, _, migration = name.partition(".")
    return label, migration


def _innermost_place(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
