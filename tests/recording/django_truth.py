"""What stock Django really does with a project's migrations, to hold recordings against.

Django's own ``MigrationExecutor`` runs in another database; what it executed, and the schema and
rows that it leaves, are compared with the text of the recorded files and with the snapshot.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connections

from nestflux.database.session import PINNED, pin
from nestflux.history.folder import Folder
from nestflux.history.sqlfile import PythonStep, SqlFile, Statement, parse
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import read_schema
from nestflux.schema.rows import read_rows
from nestflux.sql.lexer import fragments, significant
from tests.scenario import Project

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_RUN = """
import json
from django.core.management.sql import emit_pre_migrate_signal
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

connection = connections["default"]
connection.settings_dict["NAME"] = {database!r}
executed = []

def keep(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    executed.append(connection.ops.last_executed_query(context["cursor"], sql, params))
    return result

with connection.cursor() as cursor:
    for sql in {pinned!r}:
        cursor.execute(sql)
with connection.execute_wrapper(keep):
    for app, name in {migrations!r}:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan([(app, name)])
        state = executor._create_project_state(with_applied_migrations=True)
        emit_pre_migrate_signal(
            verbosity=0, interactive=False, db="default", apps=state.apps, plan=plan
        )
        executor.migrate([(app, name)], plan=plan, state=state.clone())
print(json.dumps(executed))
"""
_DDL = re.compile(r"(CREATE|ALTER|DROP|RENAME|TRUNCATE)\b(?!.*django_migrations)", re.S)


@dataclass(frozen=True)
class Built:
    """A schema as the one reader reads it, and every table's rows as literals."""

    definitions: Definitions
    rows: Mapping[str, tuple[tuple[str, ...], ...]]

    def require(self, other: Built) -> None:
        """Fails, telling what differs from ``other``, a line each."""
        ours, theirs = ({k: str(v) for k, v in built.rows.items()} for built in (self, other))
        schema = Delta.between(self.definitions, other.definitions).lines()
        assert not schema, "\n".join(schema)
        assert ours == theirs


@contextmanager
def another_database(project: Project) -> Iterator[BaseDatabaseWrapper]:
    """A connection to an empty database of the project, pinned as a run of a file is."""
    name = f"{project.database}_{secrets.token_hex(3)}"
    project.server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    connection = type(connections["default"])({**project.server.settings, "NAME": name}, "default")
    try:
        pin(connection, PINNED)
        yield connection
    finally:
        connection.close()
        project.server.sql(f"DROP DATABASE `{name}`")


def files(project: Project) -> list[SqlFile]:
    """The history's up files in their order."""
    names = Folder(project.history, project.server.family).journal.names
    return [up_file(project, name) for name in names]


def up_file(project: Project, name: str) -> SqlFile:
    return parse((project.history / f"{name}.sql").read_text(encoding="utf-8"))


def down_file(project: Project, name: str) -> SqlFile:
    return parse((project.history / f"{name}.down.sql").read_text(encoding="utf-8"))


def statements(file: SqlFile) -> list[str]:
    """A file's steps as lines of text: SQL, or ``python step LOCATOR``."""
    return [
        step.sql if isinstance(step, Statement) else f"python step {step.locator}"
        for _, _, step in file.steps()
    ]


def verdicts(file: SqlFile) -> list[str]:
    return [step.note for _, _, step in file.steps()]


def django_runs(project: Project) -> tuple[list[str], Built]:
    """The DDL that stock Django executes for the history's migrations, and what it builds."""
    migrations = [
        tuple(section.migration.split(".", 1))
        for file in files(project)
        for section in file.sections
    ]
    with another_database(project) as connection:
        database = connection.settings_dict["NAME"]
        code = _RUN.format(database=database, pinned=PINNED, migrations=migrations)
        outcome = project.python(code)
        assert outcome.code == 0, str(outcome)
        executed: list[str] = json.loads(outcome.lines[-1])
        return [sql for sql in executed if _DDL.match(sql)], _built(connection)


def files_build(project: Project) -> Built:
    """What the texts of the up files build, run one after the other."""
    with another_database(project) as connection:
        for file in files(project):
            _run_script(connection, (project.history / f"{file.name}.sql").read_text("utf-8"))
        return _built(connection)


def snapshot_builds(project: Project) -> Built:
    """What ``schema.sql`` builds."""
    with another_database(project) as connection:
        _run_script(connection, (project.history / "schema.sql").read_text("utf-8"))
        return _built(connection)


def require_fidelity(project: Project) -> None:
    """Files, snapshot and stock Django agree: statement for statement, schema and rows."""
    executed, by_django = django_runs(project)
    recorded = [sql for file in files(project) for sql in statements(file)]
    ddl = [sql for sql in recorded if _DDL.match(sql)]
    assert len(ddl) == len(executed), f"recorded {ddl}\nexecuted {executed}"
    for ours, theirs in zip(ddl, executed, strict=True):
        assert _shape(ours) == _shape(theirs), f"recorded {ours}\nexecuted {theirs}"
    snapshot_builds(project).require(by_django)
    steps = [step for file in files(project) for _, _, step in file.steps()]
    if not any(isinstance(step, PythonStep) for step in steps):
        files_build(project).require(by_django)


def _shape(sql: str) -> list[str]:
    """A statement without its literals: mysqlclient writes them in its own way, and what they
    are is compared by the schema and the rows."""
    return ["'…'" if token.kind == "string" else token.text for token in significant(sql)]


def _run_script(connection: BaseDatabaseWrapper, script: str) -> None:
    with connection.cursor() as cursor:
        for found in fragments(script):
            if found.kind == "statement":
                cursor.execute(found.text)


def _built(connection: BaseDatabaseWrapper) -> Built:
    rows = {table: found.rows for table, found in read_rows(connection).items()}
    return Built(read_schema(connection).definitions, rows)
