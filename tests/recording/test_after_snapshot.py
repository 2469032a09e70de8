"""Rows that vary: the snapshot serves the other tables, and the steps that make these run behind
it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nestflux.history.folder import Folder
from nestflux.history.journal import Journal
from tests.conftest import ProjectFactory
from tests.recording.django_truth import django_runs
from tests.scenario import Project, TestServer, kept_project, kill
from tests.scenarios.databases import twin

STATUS = """
    import uuid
    from django.db import models

    class Status(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        name = models.CharField(max_length=40, unique=True)
        created = models.DateTimeField(auto_now_add=True)
        content_types = models.ManyToManyField("contenttypes.ContentType")
"""
ROLES = """
    import uuid
    from django.db import models

    class Role(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        name = models.CharField(max_length=40, unique=True)
        slug = models.SlugField(unique=True)
        content_types = models.ManyToManyField("contenttypes.ContentType")
        status = models.ForeignKey("extras.Status", models.PROTECT)
"""
SITES = """
    import uuid
    from django.db import models

    class Site(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        name = models.CharField(max_length=40)
        status = models.ForeignKey("extras.Status", models.PROTECT)
        role = models.ForeignKey("roles.Role", models.PROTECT)

        class Meta:
            unique_together = [("name", "role")]

    class Note(models.Model):
        object_id = models.CharField(max_length=36)
        content_type = models.ForeignKey("contenttypes.ContentType", models.CASCADE)
"""
MAKES_STATUSES = """
    from django.db import migrations

    def make(apps, schema_editor):
        ContentType = apps.get_model("contenttypes", "ContentType")
        Status = apps.get_model("extras", "Status")
        kinds = [
            ContentType.objects.get_or_create(app_label=label, model=model)[0]
            for label, model in (("roles", "role"), ("sites", "site"))
        ]
        for name in ("Active", "Planned", "Retired"):
            Status.objects.create(name=name).content_types.set(kinds)

    class Migration(migrations.Migration):
        dependencies = [("extras", "0001_initial")]
        operations = [migrations.RunPython(make, migrations.RunPython.noop)]
"""
MAKES_ROLES = """
    from django.db import migrations

    def make(apps, schema_editor):
        Role = apps.get_model("roles", "Role")
        kind = apps.get_model("contenttypes", "ContentType").objects.get(model="site")
        active = apps.get_model("extras", "Status").objects.get(name="Active")
        for name in ("Access", "Core", "Edge"):
            role = Role.objects.create(name=name, slug=name.lower(), status=active)
            role.content_types.add(kind)

    class Migration(migrations.Migration):
        dependencies = [("roles", "0001_initial"), ("extras", "0002_statuses")]
        operations = [migrations.RunPython(make, migrations.RunPython.noop)]
"""
MAKES_SITES = """
    from django.db import migrations

    def make(apps, schema_editor):
        Site, Note = apps.get_model("sites", "Site"), apps.get_model("sites", "Note")
        kind = apps.get_model("contenttypes", "ContentType").objects.get(model="site")
        status = apps.get_model("extras", "Status").objects.get(name="Planned")
        for role in apps.get_model("roles", "Role").objects.order_by("name"):
            site = Site.objects.create(name="HQ", role=role, status=status)
            Note.objects.create(object_id=str(site.pk), content_type=kind)

    class Migration(migrations.Migration):
        dependencies = [("sites", "0001_initial"), ("roles", "0002_roles")]
        operations = [migrations.RunPython(make, migrations.RunPython.noop)]
"""
CONTENT_TYPES = ("django.contrib.contenttypes",)
NAUTOBOT = {
    "extras": {"models.py": STATUS},
    "roles": {"models.py": ROLES},
    "sites": {"models.py": SITES},
}
JOINED = """
    SELECT r.name, s.name, t.model FROM roles_role r
      JOIN extras_status s ON s.id = r.status_id
      JOIN roles_role_content_types l ON l.role_id = r.id
      JOIN django_content_type t ON t.id = l.contenttype_id
     ORDER BY r.name
"""


def journal_of(project: Project) -> Journal:
    return Folder(project.history, project.server.family).journal


@pytest.fixture(scope="module")
def recorded_site(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """Statuses, roles and sites with random keys, made by data migrations of three apps."""
    path = tmp_path_factory.mktemp("site")
    with kept_project(path, server, NAUTOBOT) as site:
        site.settings(apps=(*CONTENT_TYPES, *NAUTOBOT))
        site.succeeds("db_generate")
        site.write("extras/migrations/0002_statuses.py", MAKES_STATUSES)
        site.write("roles/migrations/0002_roles.py", MAKES_ROLES)
        site.succeeds("db_generate", "--name", "rows")
        site.edit(
            "extras/models.py",
            "unique=True)",
            "unique=True)\n    color = models.CharField(max_length=6, default='9e9e9e')",
        )
        site.succeeds("db_generate", "--name", "color")
        site.write("sites/migrations/0002_sites.py", MAKES_SITES)
        site.succeeds("db_generate", "--name", "sites")
        yield path


@pytest.fixture
def site(project: ProjectFactory, recorded_site: Path) -> Project:
    """A project of its own with that history, nothing applied."""
    made = project(NAUTOBOT, contrib=CONTENT_TYPES)
    made.take_over(recorded_site, *NAUTOBOT, "migrations_sql")
    return made


def test_rows_with_random_keys_are_served_by_the_snapshot(site: Project) -> None:
    assert journal_of(site).replay_because == ()
    assert not journal_of(site).after_snapshot
    assert "SET @nestflux_1 = UUID();" in (site.history / "schema.sql").read_text("utf-8")
    one, other = twin(site, "one"), twin(site, "other")
    replayed = twin(site, "replayed")
    for each in (one, other):
        assert each.succeeds("db_migrate").lines[0].startswith("✓ Loaded schema.sql")
    replayed.succeeds("db_migrate", "--replay")
    assert one.sql(JOINED) == other.sql(JOINED) == replayed.sql(JOINED)
    assert len(one.sql(JOINED)) == 3
    notes = "SELECT COUNT(*) FROM sites_note n JOIN sites_site s ON "
    notes += "REPLACE(n.object_id, '-', '') = REPLACE(s.id, '-', '')"
    assert one.sql(notes) == other.sql(notes) == replayed.sql(notes) == [(3,)]
    keys = [{row[0] for row in each.sql("SELECT id FROM extras_status")} for each in (one, other)]
    assert keys[0].isdisjoint(keys[1])
    assert len(one.sql("SELECT id FROM roles_role")) == 3
    found = one.python(
        "from extras.models import Status\nfrom sites.models import *\n"
        "print(sorted(s.role.name for s in Site.objects.filter(status__name='Planned')),"
        " all(Site.objects.filter(pk=n.object_id).exists() for n in Note.objects.all()))"
    )
    assert found.stdout.split("\n")[0] == "['Access', 'Core', 'Edge'] True", found
    one.succeeds("check", "--database", "default")
    assert site.run("db_check").code == 0


def test_the_snapshots_text_does_not_depend_on_the_keys(site: Project) -> None:
    before = (site.history / "schema.sql").read_text("utf-8")

    site.edit("extras/models.py", "max_length=6", "max_length=7")
    site.succeeds("db_generate", "--name", "longer")

    after = (site.history / "schema.sql").read_text("utf-8")
    different = [a for a, b in zip(before.split("\n"), after.split("\n"), strict=True) if a != b]
    assert len(different) == 2, different  # the file's name, and the column


def test_the_mysql_client_loads_it(site: Project) -> None:
    site.feed_to_the_client((site.history / "schema.sql").read_text("utf-8"))

    assert len(site.sql(JOINED)) == 3


TOKENS = """
    from django.db import models

    class Token(models.Model):
        name = models.CharField(max_length=40)
        key = models.CharField(max_length=40)

    class Kind(models.Model):
        name = models.CharField(max_length=40)
"""
MAKES_KINDS = """
    from django.db import migrations

    def make(apps, schema_editor):
        apps.get_model("shop", "Kind").objects.create(name="usual")

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(make, migrations.RunPython.noop)]
"""
MAKES_TOKENS = """
    import os
    import secrets
    import time
    from django.db import migrations

    def make(apps, schema_editor):
        kind = apps.get_model("shop", "Kind").objects.get()
        Token = apps.get_model("shop", "Token")
        Token.objects.create(name=kind.name, key=secrets.token_hex(20))
        if os.environ.get("HANGS"):
            time.sleep(60)

    class Migration(migrations.Migration):
        atomic = ATOMIC
        dependencies = [("shop", "0002_kinds")]
        operations = [migrations.RunPython(make, migrations.RunPython.noop)]
"""


def tokens(project: ProjectFactory, *, atomic: bool = True) -> Project:
    shop = project({"shop": {"models.py": TOKENS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_kinds.py", MAKES_KINDS)
    shop.write("shop/migrations/0003_tokens.py", MAKES_TOKENS.replace("ATOMIC", str(atomic)))
    outcome = shop.succeeds("db_generate", "--name", "rows")
    assert (
        "  Fresh databases load schema.sql and then run 1 Python step (rows of shop_token vary)."
        in outcome.lines
    )
    return shop


def test_a_table_that_varies_is_filled_by_its_step(project: ProjectFactory) -> None:
    shop = tokens(project)
    after = journal_of(shop).after_snapshot
    assert after.steps == ("shop.0003_tokens/0",)
    assert after.tables["shop_token"].because == "key varies"

    one, other = twin(shop, "one"), twin(shop, "other")
    plan = one.succeeds("db_migrate", "--plan")
    for each in (one, other):
        assert each.succeeds("db_migrate").lines[0].startswith("✓ Loaded schema.sql")

    assert "Then runs the Python step shop.0003_tokens/0" in plan.lines
    assert one.sql("SELECT name FROM shop_token") == [("usual",)]
    assert one.sql("SELECT key FROM shop_token".replace("key", "`key`")) != other.sql(
        "SELECT `key` FROM shop_token"
    )
    assert one.sql("SELECT name FROM shop_kind") == [("usual",)]
    assert shop.run("db_check").code == 0
    # The next file keeps it, and so does a change that an unrelated table gets.
    shop.edit(
        "shop/models.py",
        "class Kind(models.Model):",
        "class Kind(models.Model):\n    more = models.IntegerField(default=1)",
    )
    shop.succeeds("db_generate", "--name", "more")
    assert journal_of(shop).after_snapshot.steps == ("shop.0003_tokens/0",)


def test_a_step_that_dies_behind_the_load_is_started_again(project: ProjectFactory) -> None:
    shop = tokens(project, atomic=False)
    process = shop.start("db_migrate", env={"HANGS": "1"})
    deadline = time.monotonic() + 60
    while not (shop.tables().count("shop_token") and shop.sql("SELECT 1 FROM shop_token")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    kill(process)

    shop.succeeds("db_migrate")

    assert len(shop.sql("SELECT * FROM shop_token")) == 1
    assert len(shop.sql("SELECT * FROM shop_kind")) == 1


def test_a_step_whose_table_changed_later_is_replayed_and_named(project: ProjectFactory) -> None:
    shop = tokens(project)
    shop.edit(
        "shop/models.py",
        "    key = models",
        "    scope = models.CharField(max_length=9, default='all')\n    key = models",
    )

    outcome = shop.succeeds("db_generate", "--name", "scope")

    (reason,) = journal_of(shop).replay_because
    assert reason.startswith("the Python step shop.0003_tokens/0 does not run after schema.sql: ")
    assert f"  Fresh databases replay the files, because {reason}." in outcome.lines
    assert (
        twin(shop, "one").succeeds("db_migrate").lines[0].startswith("✓ Applied migration: 0001_")
    )


def test_a_statement_whose_rows_vary_is_replayed_and_named(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": TOKENS}})
    shop.succeeds("db_generate")
    sql = "INSERT INTO shop_token (name, `key`) VALUES ('a', RAND())"
    shop.write(
        "shop/migrations/0002_sql.py",
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        '    dependencies = [("shop", "0001_initial")]\n'
        f"    operations = [migrations.RunSQL({sql!r}, '')]\n",
    )
    shop.succeeds("db_generate", "--name", "sql")

    assert journal_of(shop).replay_because == (
        "statement 1 of 0002_sql.sql, which is no Python step, makes rows of shop_token: "
        "key varies",
    )


def test_a_squash_before_the_step_and_an_accepted_edit_keep_it(project: ProjectFactory) -> None:
    shop = tokens(project)
    shop.succeeds("db_squash", "--to", "0001", "--yes")
    assert journal_of(shop).after_snapshot.steps == ("shop.0003_tokens/0",)

    shop.edit("shop/migrations/0003_tokens.py", "token_hex(20)", "token_hex(19)")
    assert twin(shop, "edited").run("db_migrate").code != 0
    shop.succeeds("db_generate", "--accept", "0002_rows")

    assert journal_of(shop).after_snapshot.steps == ("shop.0003_tokens/0",)
    twin(shop, "one").succeeds("db_migrate")


def test_a_rebased_file_keeps_it(project: ProjectFactory) -> None:
    shop = tokens(project)

    shop.succeeds("db_generate", "--rebase", "0002_rows")

    assert journal_of(shop).after_snapshot.steps == ("shop.0003_tokens/0",)
    twin(shop, "one").succeeds("db_migrate")


def test_test_databases_get_the_rows(project: ProjectFactory) -> None:
    shop = tokens(project)
    shop.write(
        "shop/tests.py",
        """
        from django.test import TestCase
        from shop.models import Kind, Token

        class Rows(TestCase):
            def test_rows(self):
                assert (Token.objects.get().name, Kind.objects.get().name) == ("usual", "usual")
        """,
    )

    outcome = shop.succeeds("test", "--verbosity", "2")

    assert "Loaded schema.sql" in outcome.stdout + outcome.stderr


def test_stock_django_makes_the_same_but_for_the_keys(site: Project) -> None:
    stock = django_runs(site)[1]

    assert {t: len(r) for t, r in stock.rows.items()} == {
        "django_content_type": 2,
        "extras_status": 3,
        "extras_status_content_types": 6,
        "roles_role": 3,
        "roles_role_content_types": 3,
        "sites_note": 3,
        "sites_site": 3,
    }
