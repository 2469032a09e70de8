"""Several families, several databases, and Django's own special migrations."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import require_fidelity, statements, up_file
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Article(models.Model):
        key = models.UUIDField(null=True)
"""
BOTH = """
    NESTFLUX["FAMILIES"] = ["mariadb", "mysql"]
    NESTFLUX["SHADOWS"] = {{
        {other!r}: database_from_url({url!r}, variable="SHADOW_URL")
    }}
"""


def other_server(family: str) -> tuple[str, str]:
    """The other family and a server of it."""
    other = {"mariadb": "mysql", "mysql": "mariadb"}[family]
    url = os.environ.get(f"SHADOW_{other.upper()}_URL", "")
    if not url:
        pytest.skip(f"SHADOW_{other.upper()}_URL names no server of the other family")
    return other, url


def test_one_command_records_every_family_in_its_own_words(
    project: ProjectFactory, family: str
) -> None:
    other, url = other_server(family)
    shop = project({"shop": {"models.py": MODELS}}, settings=BOTH.format(other=other, url=url))

    outcome = shop.succeeds("db_generate")
    shop.edit("shop/models.py", "UUIDField(null=True)", "UUIDField(null=True, unique=True)")
    shop.succeeds("db_generate", "--name", "unique_keys")

    folder = shop.path / "migrations_sql"
    assert "recorded on MariaDB" in outcome.stdout
    assert "recorded on MySQL" in outcome.stdout
    assert "`key` uuid NULL" in (folder / "mariadb" / "0001_initial.sql").read_text("utf-8")
    assert "`key` char(32) NULL" in (folder / "mysql" / "0001_initial.sql").read_text("utf-8")
    assert (folder / "mariadb" / "0002_unique_keys.sql").exists()
    assert (folder / "mysql" / "0002_unique_keys.sql").exists()
    assert shop.run("db_generate", "--check").code == 0
    require_fidelity(shop)


ASKING = """
    from django.db import connection, migrations

    FAMILY = "mariadb" if connection.mysql_is_mariadb else "mysql"


    def forwards(apps, schema_editor):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO made_for_{FAMILY} VALUES (1)")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                f"CREATE TABLE made_for_{FAMILY} (id int)", f"DROP TABLE made_for_{FAMILY}"
            ),
            migrations.RunPython(forwards, migrations.RunPython.noop),
        ]
"""


def test_a_module_that_asks_the_server_when_it_is_imported_is_asked_of_each_family(
    project: ProjectFactory, family: str
) -> None:
    """As wagtail.search.0009 does."""
    other, url = other_server(family)
    shop = project({"shop": {"models.py": MODELS}}, settings=BOTH.format(other=other, url=url))
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_asking.py", ASKING)

    shop.succeeds("db_generate", "--name", "asking")

    for each in (family, other):
        text = shop.path.joinpath("migrations_sql", each, "0002_asking.sql").read_text("utf-8")
        made = re.findall(r"CREATE TABLE (\w+)", text)
        assert made == [f"made_for_{each}"]
    assert shop.run("db_check").code == 0
    require_fidelity(shop)


NOWHERE = "mysql://root@/x?unix_socket=/nowhere/server.sock"
NAMES = {"mysql": "MySQL", "mariadb": "MariaDB"}


def a_shop_with_one_server(project: ProjectFactory, other: str) -> Project:
    """It keeps both families, and the other's server does not answer."""
    settings = BOTH.format(other=other, url=NOWHERE)
    return project({"shop": {"models.py": MODELS}}, settings=settings)


def reach(shop: Project, other: str, url: str) -> None:
    """The other family's server answers from now on."""
    shop.settings(BOTH.format(other=other, url=url))


def test_a_family_that_cannot_be_reached_falls_behind(project: ProjectFactory, family: str) -> None:
    other = {"mariadb": "mysql", "mysql": "mariadb"}[family]
    shop = a_shop_with_one_server(project, other)

    outcome = shop.succeeds("db_generate")

    lines = outcome.lines
    assert "✓ Generated migration file: 0001_initial.sql" in lines
    assert (
        f"The {NAMES[other]} history is behind since 0001_initial.sql of {NAMES[family]}: "
        "it lacks shop.0001_initial."
    ) in lines
    assert any(line.startswith("  Not recorded now: ") and "/nowhere" in line for line in lines)
    catch_up = f"python manage.py db_generate --family {other}"
    assert f"  To catch up, on a machine that reaches a server of it: {catch_up}" in lines
    assert shop.history.is_dir()
    assert not shop.history.with_name(other).exists()
    shop.succeeds("db_migrate")


def test_every_check_fails_on_a_family_that_is_behind(project: ProjectFactory, family: str) -> None:
    other = {"mariadb": "mysql", "mysql": "mariadb"}[family]
    shop = a_shop_with_one_server(project, other)
    shop.succeeds("db_generate")
    shop.succeeds("db_migrate")
    behind = f"The {NAMES[other]} history is behind since 0001_initial.sql"

    generate, check = shop.run("db_generate", "--check"), shop.run("db_check", "--no-server")
    status, again = shop.succeeds("db_status"), shop.succeeds("db_generate")

    assert (generate.code, check.code) == (1, 1)
    for outcome in (generate, check, status, again):
        assert behind in outcome.stdout, str(outcome)
        assert f"python manage.py db_generate --family {other}" in outcome.stdout
    found = shop.succeeds("db_status", "--json").json["behind"]
    assert [(one["family"], one["files"]) for one in found] == [(other, ["0001_initial"])]
    assert "No changes detected" not in again.stdout


def test_a_family_catches_up_file_by_file_under_the_same_names(
    project: ProjectFactory, family: str
) -> None:
    other, url = other_server(family)
    shop = a_shop_with_one_server(project, other)
    shop.succeeds("db_generate")
    shop.edit("shop/models.py", "UUIDField(null=True)", "UUIDField(null=True, unique=True)")
    shop.succeeds("db_generate", "--name", "unique_keys")
    reach(shop, other, url)
    before = {path.name: path.read_bytes() for path in shop.history.iterdir()}

    outcome = shop.succeeds("db_generate", "--family", other)

    assert "0001_initial.sql" in outcome.stdout
    assert "✓ Generated migration file: 0002_unique_keys.sql" in outcome.lines
    theirs = shop.history.with_name(other)
    for name in ("0001_initial", "0002_unique_keys"):
        assert (theirs / f"{name}.sql").is_file()
        assert (theirs / f"{name}.down.sql").is_file()
    assert {path.name: path.read_bytes() for path in shop.history.iterdir()} == before
    assert shop.run("db_generate", "--check").code == 0
    assert shop.run("db_check").code == 0, str(shop.run("db_check"))


def test_a_family_catches_up_with_the_next_change_in_one_run(
    project: ProjectFactory, family: str
) -> None:
    other, url = other_server(family)
    shop = a_shop_with_one_server(project, other)
    shop.succeeds("db_generate")
    reach(shop, other, url)
    shop.edit("shop/models.py", "UUIDField(null=True)", "UUIDField(null=True, unique=True)")

    shop.succeeds("db_generate", "--name", "unique_keys")

    for each in (family, other):
        names = sorted(p.name for p in shop.history.with_name(each).glob("*[a-z].sql"))
        assert [n for n in names if ".down." not in n] == [
            "0001_initial.sql",
            "0002_unique_keys.sql",
            "schema.sql",
        ]
    assert shop.run("db_generate", "--check").code == 0
    require_fidelity(shop)


def test_a_family_that_is_behind_is_refused_by_db_migrate(
    project: ProjectFactory, family: str
) -> None:
    """The database is of the family that fell behind."""
    other, url = other_server(family)
    both = project({"shop": {"models.py": MODELS}}, settings=BOTH.format(other=other, url=url))
    both.succeeds("db_generate")
    both.succeeds("db_migrate")
    both.edit("shop/models.py", "UUIDField(null=True)", "UUIDField(null=True, unique=True)")
    both.succeeds("db_generate", "--family", other)

    outcome = both.run("db_migrate")

    assert outcome.code == 2
    assert "has no SQL: no file of the history holds it" in outcome.stderr
    assert "python manage.py db_generate" in outcome.stderr


def test_where_no_family_can_be_reached_nothing_is_written(
    project: ProjectFactory, family: str
) -> None:
    other = {"mariadb": "mysql", "mysql": "mariadb"}[family]
    shop = a_shop_with_one_server(project, other)

    outcome = shop.run("db_generate", "--family", other)

    assert outcome.code == 1
    assert f"The {NAMES[other]} history cannot be recorded" in outcome.stderr
    assert f'point NESTFLUX["SHADOWS"]["{other}"] at' in outcome.stderr
    assert "nothing was written" in outcome.stderr
    assert not (shop.path / "migrations_sql").exists()
    assert not (shop.path / "shop" / "migrations" / "0001_initial.py").exists()


def test_a_family_without_a_server_of_its_own_is_named(
    project: ProjectFactory, family: str
) -> None:
    settings = 'NESTFLUX["FAMILIES"] = ["mariadb", "mysql"]'
    shop = project({"shop": {"models.py": MODELS}}, settings=settings)
    other = {"mariadb": "mysql", "mysql": "mariadb"}[family]

    outcome = shop.run("db_generate", "--family", other)

    assert outcome.code == 1
    assert f'NESTFLUX["SHADOWS"]["{other}"] is not set' in outcome.stderr


ROUTER = """
    own = DATABASES["default"]
    DATABASES["archive"] = {**own, "NAME": own["NAME"] + "_archive"}

    class Router:
        def allow_migrate(self, db, app_label, **hints):
            return (app_label == "archive") == (db == "archive")

    DATABASE_ROUTERS = ["settings.Router"]
"""
REACHES_OVER = """
    from django.db import connections, migrations

    def look(apps, schema_editor):
        other = "archive" if schema_editor.connection.alias == "default" else "default"
        connections[other].cursor().execute("SELECT 1")

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(look, migrations.RunPython.noop)]
"""


def test_each_database_has_a_history_of_its_own(project: ProjectFactory, family: str) -> None:
    site = project(
        {"shop": {"models.py": MODELS}, "archive": {"models.py": MODELS}}, settings=ROUTER
    )
    site.server.sql(f"CREATE DATABASE {site.database}_archive")
    site.succeeds("db_generate")
    site.succeeds("db_generate", "--database", "archive")

    folder = site.path / "migrations_sql"
    here = (folder / family / "schema.sql").read_text("utf-8")
    there = (folder / "archive" / family / "schema.sql").read_text("utf-8")

    assert ("shop_article" in here, "archive_article" in here) == (True, False)
    assert ("shop_article" in there, "archive_article" in there) == (False, True)

    site.write("shop/migrations/0002_look.py", REACHES_OVER)
    outcome = site.run("db_generate")
    assert outcome.code == 1
    assert "connects to the database 'archive' while 'default' is recorded" in outcome.stderr


def test_a_renamed_model_renames_its_content_type_too(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}}, contrib=("django.contrib.contenttypes",))
    shop.succeeds("db_generate")
    shop.edit("shop/models.py", "class Article", "class Story")

    shop.succeeds("db_generate", "--rename", "shop.Article=Story", "--name", "stories")

    assert statements(up_file(shop, "0002_stories")) == [
        "RENAME TABLE `shop_article` TO `shop_story`",
        "python step shop.0002_rename_article_story/rename-content-type:article:story",
    ]
    require_fidelity(shop)


USER = """
    from django.contrib.auth.models import AbstractUser

    class Member(AbstractUser):
        pass
"""


def test_a_swapped_user_and_the_packages_around_it(project: ProjectFactory) -> None:
    """Third-party migrations (auth, contenttypes, admin, sessions) with a user of the project's."""
    contrib = tuple(
        f"django.contrib.{name}" for name in ("contenttypes", "auth", "admin", "sessions")
    )
    site = project(
        {"club": {"models.py": USER}}, contrib=contrib, settings='AUTH_USER_MODEL = "club.Member"'
    )

    site.succeeds("db_generate")

    file = up_file(site, "0001_initial")
    recorded = [section.migration for section in file.sections]
    assert recorded.index("club.0001_initial") < recorded.index("admin.0001_initial")
    assert any("REFERENCES `club_member`" in sql for sql in statements(file))
    require_fidelity(site)


MANY = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL("CREATE TABLE a (i int); CREATE TABLE b (i int)", "DROP TABLE a, b"),
        ]
"""


def test_a_drop_of_several_tables_is_a_statement_a_table(project: ProjectFactory) -> None:
    shop: Project = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_many.py", MANY)
    shop.succeeds("db_generate", "--name", "many")

    down = Path(shop.history / "0002_many.down.sql").read_text("utf-8")

    assert "DROP TABLE a;" in down
    assert "DROP TABLE b;" in down


NOBODY = "mysql://root@/x?unix_socket=/nobody/listens/here"


def with_both(project: ProjectFactory, family: str) -> tuple[Project, str]:
    """A file for each family, and from then on no server of the other one; gives that one too."""
    other, url = other_server(family)
    shop = project({"shop": {"models.py": MODELS}}, settings=BOTH.format(other=other, url=url))
    shop.succeeds("db_generate")
    shop.edit("settings.py", url, NOBODY)
    return shop, other


def test_an_edit_is_accepted_where_the_file_was_edited_and_asks_no_other_family(
    project: ProjectFactory, family: str
) -> None:
    shop, other = with_both(project, family)
    shop.edit(f"migrations_sql/{family}/0001_initial.sql", "CREATE TABLE", "CREATE  TABLE")

    accepted = shop.succeeds("db_generate", "--accept", "0001_initial.sql")

    assert f"✓ Accepted: 0001_initial.sql ({family})" in accepted.lines
    assert "was not edited and stays as it is" in accepted.stdout
    shop.edit(f"migrations_sql/{other}/0001_initial.sql", "CREATE TABLE", "CREATE  TABLE")
    refused = shop.run("db_generate", "--accept", "0001_initial.sql")
    assert refused.code == 1
    assert "history cannot be recorded" in refused.stderr


def test_a_file_that_only_one_family_has_is_accepted(project: ProjectFactory, family: str) -> None:
    shop, _ = with_both(project, family)
    shop.edit("shop/models.py", "null=True", "null=True, unique=True")
    shop.succeeds("db_generate", "--name", "unique_keys")
    shop.edit(f"migrations_sql/{family}/0002_unique_keys.sql", "ALTER TABLE", "ALTER  TABLE")

    accepted = shop.succeeds("db_generate", "--accept", "0002_unique_keys.sql")

    assert f"✓ Accepted: 0002_unique_keys.sql ({family})" in accepted.lines
    shop.succeeds("db_migrate")
