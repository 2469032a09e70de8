"""The process in which the written apps are loaded: ``python -m nestflux.pulling.child``.

Nothing of what a broken model leaves in Django's registry can so reach the command itself. What is
asked for comes as JSON on standard input, the answer goes to the file that it names.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.db.utils import Error

from nestflux.exceptions import NestFluxError, ServerUnavailable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.migration import Migration


# ER_NO_SUCH_TABLE, ER_FK_CANNOT_OPEN_PARENT, ER_CANT_CREATE_TABLE (MariaDB, of a foreign key)
_NO_TABLE = (1146, 1824, 1005)


def main() -> None:
    request = json.load(sys.stdin)
    try:
        answer = _answer(request)
    except NestFluxError as error:
        unavailable = isinstance(error, ServerUnavailable)
        answer = {"error": {**vars(error), "exit_code": error.exit_code}, "no_server": unavailable}
    except Error as error:
        from nestflux.django_compat import statement_of

        answer = {"refused": [_refused(error, statement_of(error))]}
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if f.filename.startswith(request["staging"])]
        place = f"{own[-1].filename}, line {own[-1].lineno}" if own else ""
        answer = {"broken": f"{type(error).__name__}: {error}", "place": place}
    Path(request["answer"]).write_text(json.dumps(answer, default=str), encoding="utf-8")


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    sys.path[:] = [request["staging"], *request["sys_path"]]
    _let_packages_reach(Path(request["staging"]), request["apps"])
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *request["apps"]]
    django.setup()
    if problems := _problems(request["labels"]):
        return {"broken": "\n".join(problems), "place": ""}
    from nestflux.conf import configuration
    from nestflux.database.server import server_of
    from nestflux.database.session import pin
    from nestflux.database.shadow import server_settings, shadow
    from nestflux.schema.introspection import read_schema
    from nestflux.schema.names import names_learned_from_now_on
    from nestflux.schema.objects import to_texts

    configured = configuration()
    server = server_settings(request["alias"], configured.shadows.get(request["family"]))
    given = request["collation"]
    collation = given or configured.shadow_collation
    made = shadow(request["alias"], server, prefix=configured.shadow_name, collation=collation)
    with made as connection:
        names_learned_from_now_on(connection)
        version = server_of(connection).name
        with connection.execute_wrapper(refused := _Refused()):
            if request["as_they_are"]:
                _make_all(connection, request["labels"])
            else:
                _migrate(connection, request["labels"])
        if refused.found:
            return {"refused": refused.causes()}
        pin(connection)
        read = read_schema(connection, request["tables"], every_collation=not given)
        return {"definitions": to_texts(read.definitions), "server": version}


def _refused(error: Error, statement: object) -> dict[str, Any]:
    from nestflux.database.errors import in_words

    code = error.args[0] if error.args else 0
    return {"code": code, "what": in_words(error), "statement": str(statement)}


class _Refused:
    """Lets a run go on behind statements that the server refuses, and keeps them: the schema is
    thrown away, and a person wants to know all that is wrong."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except Error as error:
            if not str(sql).startswith(("CREATE ", "ALTER ")):
                raise
            self.found.append(_refused(error, sql))
            return None

    def causes(self) -> list[dict[str, Any]]:
        """Less what fails because a table is missing that was refused itself."""
        return [each for each in self.found if each["code"] not in _NO_TABLE] or self.found


def _let_packages_reach(staging: Path, apps: Sequence[str]) -> None:
    """An app inside a package of the project is looked for in the staging folder too."""
    for app in apps:
        parents = app.split(".")[:-1]
        for depth in range(1, len(parents) + 1):
            package = importlib.import_module(".".join(parents[:depth]))
            path: Any = package.__path__
            folder = str(staging.joinpath(*parents[:depth]))
            if folder not in path:
                package.__path__ = [*path, folder]


def _problems(labels: Sequence[str]) -> list[str]:
    from django.apps import apps
    from django.core.checks import ERROR, Tags, run_checks

    configs = [apps.get_app_config(label) for label in labels]
    found = run_checks(app_configs=configs, tags=[Tags.models])
    return [str(message) for message in found if message.level >= ERROR]


def _migrate(connection: BaseDatabaseWrapper, labels: Sequence[str]) -> None:
    """Django's own migrations of the new apps, and what these depend on, on the shadow."""
    from django.apps import apps
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.questioner import MigrationQuestioner
    from django.db.migrations.state import ProjectState
    from django.db.migrations.writer import MigrationWriter

    from nestflux.graph.initial_operations import MANY, InitialAutodetector

    loader = MigrationLoader(None, ignore_no_migrations=True)
    detector = InitialAutodetector(
        loader.project_state(),
        ProjectState.from_apps(apps),
        MigrationQuestioner(specified_apps=set(labels), dry_run=True),
    )
    wanted = set(labels)
    changes = detector.changes(graph=loader.graph, trim_to_apps=wanted, convert_apps=wanted)
    for migrations in changes.values():
        for migration in migrations:
            writer = MigrationWriter(migration)
            Path(writer.path).write_text(writer.as_string(), encoding="utf-8")
    importlib.invalidate_caches()
    executor = MigrationExecutor(connection)
    leaves = [key for key in executor.loader.graph.leaf_nodes() if key[0] in wanted]
    if sum(len(each.operations) for found in changes.values() for each in found) <= MANY:
        executor.migrate(leaves)
        return
    plan = [migration for migration, _ in executor.migration_plan(leaves)]
    needed = [(m.app_label, m.name) for m in plan if m.app_label not in wanted]
    executor.migrate(needed)
    _make(connection, [m for m in plan if m.app_label in wanted])


def _make(connection: BaseDatabaseWrapper, migrations: Sequence[Migration]) -> None:
    """What many migrations of new models leave, from the models themselves: their operations one by
    one would make all models anew for each (django/db/migrations/state.py, ``reload_model``)."""
    from django.apps import apps
    from django.db.migrations import CreateModel

    with connection.schema_editor() as editor:
        for migration in migrations:
            for operation in migration.operations:
                if isinstance(operation, CreateModel):
                    model = apps.get_model(migration.app_label, operation.name)
                    if model._meta.managed:
                        editor.create_model(model)


def _make_all(connection: BaseDatabaseWrapper, labels: Sequence[str]) -> None:
    """The tables of all models of these apps; what they refer to need not be there."""
    from django.apps import apps

    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
    with connection.schema_editor() as editor:
        for label in labels:
            for model in apps.get_app_config(label).get_models():
                if model._meta.managed and not model._meta.proxy:
                    editor.create_model(model)


if __name__ == "__main__":
    main()
