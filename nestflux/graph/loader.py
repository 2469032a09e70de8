"""Django's migrations as they are on disk, plus those that were detected and not yet written."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    InvalidBasesError,
    NodeNotFoundError,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration, swappable_dependency

from nestflux.exceptions import Refused

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Key = tuple[str, str]


class ExtendedLoader(MigrationLoader):
    """A MigrationLoader that also knows migrations which exist in memory only."""

    def __init__(
        self, connection: BaseDatabaseWrapper | None, extra: Iterable[Migration] = ()
    ) -> None:
        self._extra = {(m.app_label, m.name): _resolved(m) for m in extra}
        # As makemigrations: auth may depend on a project's user whose first migration is not made.
        super().__init__(connection, ignore_no_migrations=True)

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations.update(self._extra)
        self.migrated_apps |= {label for label, _ in self._extra}
        self.unmigrated_apps -= {label for label, _ in self._extra}


def load(
    connection: BaseDatabaseWrapper | None = None, extra: Iterable[Migration] = ()
) -> ExtendedLoader:
    """The project's migrations. Raises Refused, naming file and line, where one cannot be loaded
    or the graph does not hold together; and where an app has two leaf nodes."""
    try:
        loader = ExtendedLoader(connection, extra)
    except (BadMigrationError, CircularDependencyError, NodeNotFoundError) as error:
        raise Refused(
            f"The migrations do not form a graph: {error}", stands="nothing was changed"
        ) from None
    except InvalidBasesError as error:
        raise Refused(f"A migration names an unknown base: {error}") from None
    except Exception as error:  # whatever a migration module raises when it is imported
        raise Refused(
            f"A migration cannot be imported: {type(error).__name__}: {error}",
            where=_innermost_place(error),
            stands="nothing was changed",
            then="mend the file and run the command again",
        ) from error
    if conflicts := loader.detect_conflicts():
        named = "; ".join(f"{', '.join(names)} in {app}" for app, names in conflicts.items())
        raise Refused(
            f"Two migrations follow the same one ({named}).",
            stands="nothing was changed",
            then="python manage.py makemigrations --merge",
        )
    return loader


def _resolved(migration: Migration) -> Migration:
    """As it will be once it is written and imported: the autodetector's dependency on the model
    that a setting names is only turned into one on an app by the .py file
    (django/db/migrations/writer.py, swappable_dependency)."""
    resolved = copy.copy(migration)
    vars(resolved)["dependencies"] = [
        swappable_dependency(getattr(settings, name)) if label == "__setting__" else (label, name)
        for label, name in migration.dependencies
    ]
    return resolved


def dotted(key: Key) -> str:
    """``("blog", "0001_initial")`` → ``blog.0001_initial``."""
    return f"{key[0]}.{key[1]}"


def plan_order(loader: MigrationLoader) -> Iterator[Key]:
    """Every migration of the graph, in the order of Django's plan for an empty database."""
    seen = set()
    for target in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(target):
            if key not in seen:
                seen.add(key)
                yield key


def is_held(loader: MigrationLoader, key: Key, held: Collection[str]) -> bool:
    """Is a migration among ``held``, or, where it is a squash, all that it replaces?"""
    replaces = loader.disk_migrations[key].replaces
    return dotted(key) in held or bool(
        replaces and all(dotted(replaced) in held for replaced in replaces)
    )


def in_frozen_order(
    loader: MigrationLoader, keys: Sequence[Key], order: Sequence[str]
) -> Sequence[Key]:
    """Migrations in the order in which a history holds them, a squash at the place of the last
    that it replaces; as they are given where the history lacks one of them.

    The graph's own order is another one where nothing orders two apps: it may rename a model before
    the other app's first migration points at it by its old name. Django, which has only that order,
    loses the reference then.
    """
    places = {name: place for place, name in enumerate(order)}
    found: dict[Key, int] = {}
    for key in keys:
        names = map(dotted, [key, *loader.disk_migrations[key].replaces])
        held = [places[name] for name in names if name in places]
        if not held:
            return keys
        found[key] = max(held)
    return sorted(keys, key=found.__getitem__)


def undotted(name: str) -> Key:
    """The other way round."""
    label, _, migration = name.partition(".")
    return label, migration


def _innermost_place(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
