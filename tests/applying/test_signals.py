"""``post_migrate`` is owed until it was sent to its end: no permission and no content type is lost
with a run that is killed after its last statement, or in the middle of the signal."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project, TestServer, new_project

CONTRIB = ("django.contrib.contenttypes", "django.contrib.auth")
UP_TO_DATE = "Database is up to date!"
PRODUCT = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
SUPPLIER = (
    PRODUCT
    + """

    class Supplier(models.Model):
        name = models.CharField(max_length=40)

        class Meta:
            permissions = [("call", "May call")]
"""
)
# Dies by SIGKILL: instead of the signal, or at an INSERT of a table in it.
DIES = """
import os, signal
from django.db import connection
from nestflux.applying.run import signals as sending
from nestflux.applying.run.migrate import migrate
from nestflux.applying.target import open_target
from nestflux.applying.run.rollback import rollback

left = {inserts}

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def count(execute, sql, params, many, context):
    global left
    if sql.startswith("INSERT INTO `{table}`"):
        left -= 1
        if left == 0:  # before it, for not every Django has a transaction around it
            die()
    return execute(sql, params, many, context)

if left:
    connection.ensure_connection()
    connection.execute_wrappers.append(count)
else:
    sending.send_post = die
{action}
"""
MIGRATE, ROLL_BACK = 'migrate(open_target("default"))', 'rollback(open_target("default"))'
KILLED = [
    pytest.param(0, "", id="before the signal"),
    pytest.param(1, "django_content_type", id="at a content type"),
    pytest.param(1, "auth_permission", id="at a permission"),
]


@pytest.fixture(scope="session")
def recorded_permissions(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer
) -> Iterator[Path]:
    """Two files: one with all tables of the apps, one that adds a model with permissions."""
    path = tmp_path_factory.mktemp("permissions")
    database = f"nf_{secrets.token_hex(5)}"
    project = new_project(path, server, database, {"shop": {"models.py": PRODUCT}}, contrib=CONTRIB)
    try:
        project.succeeds("db_generate", "--name", "first", "--noinput")
        project.app("shop", {"models.py": SUPPLIER})
        project.succeeds("db_generate", "--name", "supplier", "--noinput")
        yield path
    finally:
        server.drop_all(database)


@pytest.fixture
def permitted(project: ProjectFactory, recorded_permissions: Path) -> Project:
    made = project({"shop": {}}, contrib=CONTRIB)
    made.take_over(recorded_permissions, "shop", "migrations_sql")
    return made


def _killed(project: Project, action: str, inserts: int, table: str) -> Outcome:
    return project.python(DIES.format(action=action, inserts=inserts, table=table))


def _rows(project: Project) -> list[tuple[object, ...]]:
    """Every content type, and with it every permission."""
    return project.sql(
        "SELECT app_label, model, codename FROM django_content_type c "
        "LEFT JOIN auth_permission p ON p.content_type_id = c.id ORDER BY 1, 2, 3"
    )


# Of models and permissions that the project has: content types first, then what may be done.
MODELS = {
    ("auth", "group"): 4,
    ("auth", "permission"): 4,
    ("auth", "user"): 4,
    ("contenttypes", "contenttype"): 4,
    ("shop", "product"): 4,
    ("shop", "supplier"): 5,
}
LEDGER = 5  # NestFlux's own models, which have the four permissions of Django


def _require_complete(project: Project) -> None:
    rows = _rows(project)
    found = {key: sum(row[:2] == key for row in rows) for key in MODELS}
    assert found == MODELS
    assert all(codename for *_, codename in rows)
    assert len(rows) == len(set(rows)) == sum(MODELS.values()) + 4 * LEDGER
    status = project.succeeds("db_status", "--json").json
    assert not status["post_migrate_pending"]


@pytest.mark.parametrize(("inserts", "table"), KILLED)
def test_a_pending_file(permitted: Project, inserts: int, table: str) -> None:
    permitted.succeeds("db_migrate", "--to", "0001")
    # Models of the code, not of the database, get content types: those of the second are there.
    permitted.sql(
        "DELETE p FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id "
        "WHERE c.model = 'supplier'"
    )
    permitted.sql("DELETE FROM django_content_type WHERE model = 'supplier'")

    died = _killed(permitted, MIGRATE, inserts, table)
    after_death = _rows(permitted)
    finished = permitted.succeeds("db_migrate")

    assert died.code == -9, str(died)
    assert ("shop", "supplier", "call") not in after_death
    assert finished.lines[-1] == UP_TO_DATE
    assert "✓ Applied" not in finished.stdout
    _require_complete(permitted)


@pytest.mark.parametrize(("inserts", "table"), [*KILLED[:2], (3, "auth_permission")])
def test_a_fresh_database(permitted: Project, inserts: int, table: str) -> None:
    died = _killed(permitted, MIGRATE, inserts, table)
    after_death = _rows(permitted)
    finished = permitted.succeeds("db_migrate")

    assert died.code == -9, str(died)
    assert ("shop", "supplier", "call") not in after_death
    assert "✓ Loaded" not in finished.stdout
    _require_complete(permitted)


@pytest.mark.parametrize(("inserts", "table"), [KILLED[0], KILLED[2]])
def test_a_rollback(permitted: Project, inserts: int, table: str) -> None:
    permitted.succeeds("db_migrate")
    permitted.sql("DELETE FROM auth_permission WHERE codename = 'view_product'")

    died = _killed(permitted, ROLL_BACK, inserts, table)
    after_death = _rows(permitted)
    pending = permitted.run("db_status", "--json").json["post_migrate_pending"]
    finished = permitted.succeeds("db_migrate", "--to", "0001")

    assert died.code == -9, str(died)
    assert ("shop", "product", "view_product") not in after_death
    assert pending
    assert "1 pending, as --to asked." in finished.stdout
    assert permitted.applied()[-1] == "shop.0001_initial"
    _require_complete(permitted)


HEARING = """
    from django.apps import AppConfig
    from django.db import connection
    from django.db.models.signals import post_migrate


    def hear(app_config, apps, **kwargs):
        rows = apps.get_model("contenttypes", "ContentType").objects.count()
        print("heard", app_config.label, rows, connection.in_atomic_block)


    class ShopConfig(AppConfig):
        name = "shop"

        def ready(self):
            post_migrate.connect(hear, sender={sender})
"""


@pytest.mark.parametrize("sender", ["None", "self"])
def test_another_receiver_hears_outside_a_transaction(permitted: Project, sender: str) -> None:
    permitted.app("shop", {"apps.py": HEARING.format(sender=sender)})

    loaded = permitted.succeeds("db_migrate")

    heard = [line for line in loaded.lines if line.startswith("heard ")]
    assert heard[-1] == f"heard shop {len(MODELS) + LEDGER} False"
    assert len(heard) == (1 if sender == "self" else 4)
    assert not any(line.endswith("True") for line in heard)
    _require_complete(permitted)
