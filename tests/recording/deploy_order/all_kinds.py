"""One project with every kind of change as an app of its own, migrated to before and to after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.recording.deploy_order.kinds import KINDS, Kind
from tests.scenario import Project, TestServer, kept_project

_MODELS = """
import os

if os.environ["CODE"] == "new":
    from .models_new import *
else:
    from .models_old import *
"""
_SECOND = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("{kind}", "0001_initial")]
    operations = [{operations}]
"""
_MIGRATE = """
import sys
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

executor = MigrationExecutor(connection)
graph = executor.loader.graph
executor.migrate(graph.leaf_nodes() if {all} else graph.root_nodes())
"""
# What code does with its rows: no part of what is measured is used here.
_WORK = """
import datetime, json, sys
from decimal import Decimal
from importlib import import_module
from django.db import transaction

moment = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)

def work(module, name, rows, also):
    known = {{**vars(module), "moment": moment, "Decimal": Decimal}}
    P = known[name]
    for row in rows:
        given = eval(f"dict({{row}})", known)
        p = P.objects.create(**given)
        found = P.objects.get(pk=p.pk)
        for field, value in given.items():
            read = getattr(found, field)
            if type(read) is not type(value) or read != value:
                return f"{{field}}: {{read!r}} for {{value!r}}"
        found.save()
        exec(also, {{**known, "p": found}})
        len(P.objects.filter(**given))
    if {rollback}:
        for found in P.objects.all():
            found.delete()
    return ""

answers = {{}}
for kind, name, rows, also in {kinds!r}:
    try:
        with transaction.atomic():
            answers[kind] = work(import_module(f"{{kind}}.models"), name, rows, also)
            transaction.set_rollback({rollback})
    except Exception as error:
        answers[kind] = f"{{type(error).__name__}}: {{error}}"
print(json.dumps(answers))
"""
# What the other code does with the rows that are left.
_READ = """
import json
from importlib import import_module
from django.db import transaction
from django.db.models import ProtectedError

def read(P):
    for found in P.objects.all():
        found.save()
        try:
            with transaction.atomic():
                found.delete()
        except Exception as error:
            if error.args[0] != 1451:
                raise

answers = {{}}
for kind, name in {kinds!r}:
    try:
        with transaction.atomic():
            read(vars(import_module(f"{{kind}}.models"))[name])
            transaction.set_rollback(True)
        answers[kind] = ""
    except Exception as error:
        answers[kind] = f"{{type(error).__name__}}: {{error}}"
print(json.dumps(answers))
"""
_MEASURE = """
import json, time
from django.db import connections
from nestflux.conf import configuration
from nestflux.graph.loader import load
from nestflux.recording.deploy_order.code import Change
from nestflux.recording.deploy_order.measure import measure
from nestflux.recording.recording_target import recording_target
from nestflux.schema.introspection import Schema, read_schema

connection = connections["default"]
target = recording_target("default", {family!r}, configuration())
other = type(connection)({{**connection.settings_dict, "NAME": {after!r}}}, "default")
before, after = read_schema(connection), read_schema(other)
loader = load(None)
first = [key for key in loader.plan() if key[1].startswith("0001")]

def part(schema, kind):
    def own(objects):
        return {{k: v for k, v in objects.items() if k.holder_name.startswith(f"{{kind}}_")}}
    return Schema(own(schema.definitions), own(schema.made_by))

for kind in {kinds!r}:
    old = loader.state_after(key for key in first if key[0] == kind)
    new = loader.state_after(key for key in loader.plan() if key[0] == kind)
    began = time.monotonic()
    found = measure(target, Change(part(before, kind), part(after, kind), old, new))
    took = time.monotonic() - began
    print(json.dumps({{"kind": kind, "order": found.to_json(), "took": took}}))
"""


@dataclass(frozen=True)
class Measured:
    """By kind: what was measured, as JSON, with the seconds that it took; and what went wrong with
    the code of models (first) on the schema of models (second), in a process of its own; ``mixed``
    with the rows that the code of that schema wrote there."""

    orders: Mapping[str, Mapping[str, Any]]
    took: Mapping[str, float]
    really: Mapping[tuple[str, str], Mapping[str, str]]
    mixed: Mapping[tuple[str, str], Mapping[str, str]]

    def real_order(self, kind: str) -> str:
        """What would go wrong in a deploy of either order."""
        old, new = (
            bool(self.really[pairing][kind] or self.mixed[pairing][kind])
            for pairing in (("old", "new"), ("new", "old"))
        )
        return {
            (False, False): "no difference found",
            (False, True): "migrate first",
            (True, False): "code first",
            (True, True): "two steps",
        }[old, new]


@contextmanager
def measured_kinds(path: Path, server: TestServer) -> Iterator[Measured]:
    apps = {kind.name: _files(kind) for kind in KINDS}
    with kept_project(path, server, apps) as project:
        after = f"{project.database}_after"
        server.sql(f"CREATE DATABASE `{after}` CHARACTER SET utf8mb4")
        databases = {"old": project.database, "new": after}
        _write_migrations(project)
        for code, database in databases.items():
            _python(project, code, database, _MIGRATE.format(all=code == "new"))
        really = {
            (code, schema): json.loads(_python(project, code, database, _work_of(code)))
            for code in databases
            for schema, database in databases.items()
        }
        mixed = {}
        for code, schema in (("old", "new"), ("new", "old")):
            _python(project, schema, databases[schema], _work_of(schema, rollback=False))
            answers = _python(project, code, databases[schema], _reading_of(code))
            mixed[code, schema] = json.loads(answers)
        script = _MEASURE.format(
            family=server.family, after=after, kinds=[kind.name for kind in KINDS]
        )
        lines = _python(project, "new", project.database, script).splitlines()
        found = [json.loads(line) for line in lines]
        yield Measured(
            {each["kind"]: each["order"] for each in found},
            {each["kind"]: each["took"] for each in found},
            really,
            mixed,
        )


def _files(kind: Kind) -> dict[str, str]:
    return {
        "models.py": _MODELS,
        "models_old.py": kind.module(new=False),
        "models_new.py": kind.module(new=True),
    }


def _write_migrations(project: Project) -> None:
    project.succeeds("makemigrations", env={"CODE": "old"})
    for kind in KINDS:
        if kind.operations:
            text = _SECOND.format(kind=kind.name, operations=kind.operations)
            project.write(f"{kind.name}/migrations/0002_changed.py", text)
    project.succeeds("makemigrations", "--no-input", env={"CODE": "new"})


def _reading_of(code: str) -> str:
    names = [(kind.name, kind.model_new if code == "new" else "P") for kind in KINDS]
    return _READ.format(kinds=names)


def _work_of(code: str, *, rollback: bool = True) -> str:
    new = code == "new"
    kinds = [
        (
            kind.name,
            kind.model_new if new else "P",
            kind.rows_new if new else kind.rows_old,
            kind.also_new if new else kind.also_old,
        )
        for kind in KINDS
    ]
    return _WORK.format(kinds=kinds, rollback=rollback)


def _python(project: Project, code: str, database: str, script: str) -> str:
    project.env = {"CODE": code, "DATABASE_URL": project.server.database_url(database)}
    outcome = project.python(script)
    assert outcome.code == 0, str(outcome)
    return outcome.stdout
