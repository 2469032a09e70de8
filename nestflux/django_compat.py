"""Every private name of Django and mysqlclient that NestFlux relies on, in one place.

Each entry says why it is needed and where the name stands in Django's source. All of them are
there in Django 5.2, 6.0 and 6.1. For each that goes or changes its meaning a test of
``tests/graph/test_django_compat.py`` fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import unwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.db.migrations import operations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps
from django.db.models import deletion
from django.db.models.options import Options
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from django.conf import SettingsReference
    from django.core.management.base import OutputWrapper
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState
    from django.dispatch import Signal

# The module of the model classes that a state makes: django/db/migrations/state.py, ``render``.
HISTORICAL_MODULE = "__fake__"

# What newer Djangos have, public names that Django 5.2 lacks: empty there.
# AlterConstraint changes what Django says when a row breaks a constraint, and makes no SQL:
# django/db/migrations/operations/models.py, from 6.0.
ALTER_CONSTRAINT: tuple[type[Operation], ...] = tuple(
    getattr(operations, name) for name in ("AlterConstraint",) if hasattr(operations, name)
)
# The type of DB_CASCADE, DB_SET_NULL and DB_SET_DEFAULT: django/db/models/deletion.py, from 6.1.
_DATABASE_ON_DELETE: Any = getattr(deletion, "DatabaseOnDelete", ())

_DRIVER = str(Path("MySQLdb", "connections.py"))
_CURSOR = str(Path("django", "db", "backends", "utils.py"))


# ---- one object's method, replaced for a while ----------------------------------------------


@contextmanager
def method_replaced(owner: object, name: str, method: Callable[..., Any]) -> Iterator[None]:
    """While the block lasts, ``owner`` has another method of this name: one object, not its class,
    or a class of Django's.

    For ``database_forwards`` and ``database_backwards`` of an operation
    (django/db/migrations/operations/base.py) and ``connect`` of a connection
    (django/db/backends/base/base.py): Django looks them up on the object each time it calls them,
    and has no other place at which to stand around them.
    """
    replaced = is_method_replaced(owner, name)
    before = getattr(owner, name)
    setattr(owner, name, method)
    try:
        yield
    finally:
        if replaced:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


def is_method_replaced(owner: object, name: str) -> bool:
    """Has ``owner`` a method of its own now, beside its class's?"""
    return name in vars(owner)


def forget_server(connection: Any) -> None:
    """Let a connection ask again what its server is: Django asks once, when it connects, and takes
    the session's default engine for the one of every table (``mysql_server_data`` in
    django/db/backends/mysql/base.py, the cached properties of features.py)."""
    for owner in (connection, connection.features):
        for name in list(vars(owner)):
            if isinstance(getattr(type(owner), name, None), cached_property):
                delattr(owner, name)


# ---- states and their models ----------------------------------------------------------------


def models_are_made(state: ProjectState) -> bool:
    """Has the state its model classes? ``ProjectState.apps`` is a cached property that makes them
    (django/db/migrations/state.py); to ask for it would make them."""
    return "apps" in vars(state)


def forget_models(state: ProjectState) -> None:
    """Let the state make its models anew when they are asked for. Django's own ``clear_models``
    of the registry leaves an empty one in their place."""
    vars(state).pop("apps", None)


def forget_relations(state: ProjectState) -> None:
    """Let the state find anew which fields refer to which models, when that is asked for
    (``ProjectState.relations`` of django/db/migrations/state.py)."""
    own: Any = state
    own._relations = None


@contextmanager
def relations_through(sort: Callable[[list[Any]], None]) -> Iterator[None]:
    """While the block lasts, ``sort`` sorts the fields of a state's models that refer to a model.

    ``_populate_directed_relation_graph`` of django/db/models/options.py finds them, once for all
    models of a registry, and keeps them with each; whoever asks for what is related gets that.
    """
    options: Any = Options
    of_django = options._populate_directed_relation_graph

    def populate(own: Any) -> Any:
        found = of_django(own)
        if isinstance(own.apps, StateApps):
            for model in own.apps.get_models(include_auto_created=True):
                sort(vars(model._meta)["_relation_tree"])
        return found

    with method_replaced(options, of_django.__name__, populate):
        yield


@contextmanager
def swappable_settings_name_through(
    keep: Callable[[Callable[[str], str | None]], Callable[[str], str | None]],
) -> Iterator[None]:
    """While the block lasts, the real registry answers ``get_swappable_settings_name`` by a
    function of its own, made by ``keep`` from Django's without its cache.

    django/apps/registry.py keeps the answers of all registries in one cache, which each of them
    empties (``clear_cache``; all registries share it).
    """
    name = Apps.get_swappable_settings_name.__name__
    if is_method_replaced(apps, name):
        yield
        return
    plain = partial(unwrap(Apps.get_swappable_settings_name), apps)
    with method_replaced(apps, name, keep(plain)):
        yield


# ---- autodetector and executor --------------------------------------------------------------


class OpenAutodetector(MigrationAutodetector):
    """Django's, three private steps of which a subclass may change under public names.

    Source: django/db/migrations/autodetector.py, ``_detect_changes``.
    """

    def optimize(self) -> None:
        """Put operations together, where they make as much as fewer do."""
        asked: Any = super()
        asked._optimize_migrations()

    def _optimize_migrations(self) -> None:
        self.optimize()

    def together_operations(self, option_name: str) -> Iterator[Any]:
        """What ``create_altered_indexes`` and others ask for, over all models: the models whose
        ``unique_together`` or ``index_together`` has changed."""
        asked: Any = super()
        found: Iterator[Any] = asked._get_altered_foo_together_operations(option_name)
        return found

    def sort_operations(self) -> None:
        """Put each app's operations in an order in which they can run."""
        asked: Any = super()
        asked._sort_migrations()

    def _get_altered_foo_together_operations(self, option_name: str) -> Iterator[Any]:
        return self.together_operations(option_name)

    def _sort_migrations(self) -> None:
        self.sort_operations()


def forget_dependencies(operation: Operation) -> None:
    """Let the autodetector sort the operation as one that depends on no other (``_auto_deps``, set
    by ``add_operation`` of django/db/migrations/autodetector.py)."""
    found: Any = operation
    found._auto_deps = []


def add_dependencies(operation: Operation) -> None:
    """Make an operation that the autodetector did not make one that it can go on with: it reads
    ``_auto_deps`` of each."""
    if not hasattr(operation, "_auto_deps"):
        forget_dependencies(operation)


class OpenExecutor(MigrationExecutor):
    """Django's, two private steps of which a subclass changes under public names.

    Source: django/db/migrations/executor.py, ``migrate``.
    """

    def migrate_forwards(self, state: ProjectState, plan: Sequence[Any]) -> ProjectState:
        raise NotImplementedError

    def migrate_backwards(self, plan: Sequence[Any], full_plan: Sequence[Any]) -> None:
        raise NotImplementedError

    def state_of_applied(self) -> ProjectState:
        """The state with all that is applied."""
        return self._state(with_applied_migrations=True)

    def first_state(self) -> ProjectState:
        """The state before any migration, with the apps that have none."""
        return self._state(with_applied_migrations=False)

    def _state(self, *, with_applied_migrations: bool) -> ProjectState:
        own: Any = self
        state: ProjectState = own._create_project_state(with_applied_migrations)
        return state

    def _migrate_all_forwards(
        self, state: Any, plan: Any, full_plan: Any, fake: bool, fake_initial: bool
    ) -> Any:
        return self.migrate_forwards(state, plan)

    def _migrate_all_backwards(self, plan: Any, full_plan: Any, fake: bool) -> None:
        self.migrate_backwards(plan, full_plan)


def database_on_delete(on_delete: object) -> str:
    """``CASCADE``: what the server does when a row goes that is referred to. Empty where Django
    does it, or where this is no ``on_delete``."""
    if not isinstance(on_delete, _DATABASE_ON_DELETE):
        return ""
    rule: Any = on_delete
    return str(rule.operation)


def setting_of(reference: SettingsReference) -> str:
    """The setting that a migration names (django/conf/__init__.py, ``SettingsReference``)."""
    found: Any = reference
    return str(found.setting_name)


def key_name(
    connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], suffix: str
) -> str:
    """What Django calls a foreign key: ``_create_index_name`` of
    django/db/backends/base/schema.py."""
    editor: Any = connection.schema_editor()
    return str(editor._create_index_name(table, list(columns), suffix=suffix))


# ---- signals --------------------------------------------------------------------------------
# django/dispatch/dispatcher.py, ``Signal.connect``: an entry begins with the ids of receiver and
# sender, then the receiver or a weak reference to it. The rest differs between Djangos.


def sender_id(entry: Any) -> int:
    """The id of the class that an entry of ``Signal.receivers`` is for."""
    return int(entry[0][1])


def receiver_of(entry: Any) -> Any:
    """The receiver of an entry of ``Signal.receivers``, or a weak reference to it."""
    return entry[1]


def forget_answers(signal: Signal) -> None:
    """After ``Signal.receivers`` was changed: Django keeps who receives for which sender."""
    known: Any = signal
    known.sender_receivers_cache.clear()


@contextmanager
def receivers_muted(signal: Signal) -> Iterator[None]:
    """While the block lasts, nobody receives the signal; whoever is connected in it is forgotten
    with it."""
    receivers = signal.receivers
    signal.receivers = []
    forget_answers(signal)
    try:
        yield
    finally:
        signal.receivers = receivers
        forget_answers(signal)


# ---- commands and test runners --------------------------------------------------------------


def stream_of(wrapper: OutputWrapper) -> TextIO:
    """The stream beneath a command's output (django/core/management/base.py, ``OutputWrapper``),
    which adds an end of line to whatever is written."""
    found: Any = wrapper
    stream: TextIO = found._out
    return stream


def tests_are_running() -> bool:
    """Has a test runner set up the process? django/test/utils.py, ``setup_test_environment``, notes
    it in ``_TestState``; nothing public tells."""
    utilities: Any = sys.modules.get("django.test.utils")
    return utilities is not None and hasattr(utilities._TestState, "saved_data")


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """While the block lasts, hashing a password takes no time: a field may do it for every row.

    django/contrib/auth/hashers.py keeps the hashers of the setting; ``reset_hashers`` receives
    ``setting_changed``, and forgets them.
    """
    hashers: Any = sys.modules.get("django.contrib.auth.hashers")
    if hashers is None:
        yield
        return
    before = settings.PASSWORD_HASHERS
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    hashers.reset_hashers(setting="PASSWORD_HASHERS")
    try:
        yield
    finally:
        settings.PASSWORD_HASHERS = before
        hashers.reset_hashers(setting="PASSWORD_HASHERS")


# ---- tracebacks ---------------------------------------------------------------------------


def bytes_sent(error: BaseException) -> int:
    """The size of what the driver was sending when the error was raised, parameters filled in; 0
    where the traceback does not show it. (Source: MySQLdb/connections.py, ``query``.)"""
    return len(_local_of(error, "query", _DRIVER, "query") or "")


def statement_of(error: BaseException) -> str:
    """The statement, its parameters not filled in, that Django was executing when the error was
    raised; empty where the traceback shows none. (Source: django/db/backends/utils.py.)"""
    return str(_local_of(error, "_execute", _CURSOR, "sql") or "")


def _local_of(error: BaseException, function: str, file: str, name: str) -> Any:
    """A local variable of the innermost call of a function in an error's traceback."""
    found, trace = None, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name == function and code.co_filename.endswith(file):
            found = trace.tb_frame.f_locals.get(name)
        trace = trace.tb_next
    return found
