"""What ``db_pull`` refuses, what it is told, and that nothing is written meanwhile."""

from __future__ import annotations

import json
import secrets
import shlex

import pytest

from tests.conftest import ProjectFactory
from tests.pulling.conftest import feed
from tests.scenario import Outcome, Project

TWO = """
CREATE TABLE shop_product (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE shop_price (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, product_id bigint NOT NULL,
  CONSTRAINT price_of FOREIGN KEY (product_id) REFERENCES shop_product (id)
);
"""


@pytest.fixture
def two(project: ProjectFactory) -> Project:
    return feed(project({}), TWO)


def _folders(project: Project) -> set[str]:
    return {path.name for path in project.path.iterdir()} - {"__pycache__"}


def _refused(outcome: Outcome, code: int = 2) -> str:
    assert outcome.code == code, str(outcome)
    assert "Now:   nothing was written" in outcome.stderr
    return outcome.stderr.splitlines()[0]


def test_a_plan_writes_nothing_and_asks_for_no_scratch_schema(two: Project) -> None:
    user = f"nf{secrets.token_hex(4)}"
    before = _folders(two)

    with two.a_user(user, "Secret-1!", f"SELECT ON `{two.database}`.*") as url:
        shown = two.succeeds("db_pull", "--plan", env={"DATABASE_URL": url})

    assert shown.lines == [
        "shop: 2 tables",
        "  shop_price    Price",
        "  shop_product  Product",
    ]
    assert _folders(two) == before


def test_a_file_that_is_there_is_written_over_by_nobody(two: Project) -> None:
    two.write("shop/models/price.py", "MINE = 1\n")

    refused = two.run("db_pull")

    assert _refused(refused) == (
        "shop/models/price.py is there already, and db_pull writes over nothing."
    )
    assert two.read("shop/models/price.py") == "MINE = 1\n"
    assert not (two.path / "shop" / "models" / "product.py").exists()


def test_a_models_module_would_be_hidden_by_the_package(two: Project) -> None:
    two.write("shop/models.py", "")

    assert _refused(two.run("db_pull")).startswith("shop/models.py is there already")


def test_wrong_use(two: Project) -> None:
    before = _folders(two)

    for argument, value, says in (
        ("--app", "shop", "--app 'shop' is not understood."),
        ("--app", "Shop=shop_*", "--app 'Shop=shop_*' is not understood."),
        ("--app", "shop=order*", "No table matches 'order*'."),
        ("--exclude", "orders", "No table matches 'orders'."),
        ("--exclude", "*", "There is no table to pull"),
        ("--app", "class=shop_*", "'class' cannot be the name of an app: it is a word of"),
        ("--app", "json=shop_*", "'json' cannot be the name of an app: Python has a module"),
        ("--app", "nestflux=shop_*", "'nestflux' cannot be the name of an app: an installed app"),
        ("--into", "with-hyphen", "--into with-hyphen: 'with-hyphen' cannot be a Python package"),
    ):
        assert _refused(two.run("db_pull", argument, value)).startswith(says)
    assert _folders(two) == before


def test_all_names_that_no_app_can_have_are_said_at_once(project: ProjectFactory) -> None:
    """And the command that is proposed works as it stands."""
    site = project({}, contrib=("django.contrib.contenttypes", "django.contrib.auth"))
    tables = ("auth_a", "auth_b", "Email_x", "email_y", "queue_a", "queue_b", "shop_a", "shop_b")
    feed(site, "".join(f"CREATE TABLE `{t}` (id int NOT NULL PRIMARY KEY);" for t in tables))

    refused = site.run("db_pull", "--exclude", "shop_b", "--into", "apps")
    at_the_top = site.run("db_pull", "--exclude", "shop_b")

    assert (
        _refused(refused) == "'auth' cannot be the name of an app: an installed app has that label."
    )
    assert _refused(at_the_top) == "'auth', 'email', 'queue' cannot be the names of apps."
    lines = at_the_top.stderr.splitlines()
    assert [line.split(":")[-2].split()[-1] for line in lines[1:4]] == ["auth", "email", "queue"]
    (then,) = (line for line in lines if line.startswith("  Next:"))
    command = shlex.split(then.removeprefix("  Next:"))
    assert command[:3] == ["python", "manage.py", "db_pull"]
    assert "legacy_email=Email_*" in command
    done = site.succeeds(*command[2:])
    assert "legacy_email: 2 tables" in done.lines
    site.settings(apps=(*site.apps, "legacy", "legacy_auth", "legacy_email", "legacy_queue"))
    site.succeeds("check")


def test_groups_as_a_person_wants_them(two: Project) -> None:
    done = two.succeeds(
        "db_pull", "--app", "money=*_price", "--app", "goods=shop_*", "--into", "apps"
    )

    assert "✓ Wrote apps/goods/  (5 files)" in done.lines
    assert 'Next: add "apps.goods", "apps.money" to INSTALLED_APPS, then' in done.lines
    assert '"goods.ShopProduct",' in two.read("apps/money/models/shop_price.py")
    two.settings(apps=("apps.goods", "apps.money"))
    two.succeeds("db_generate", "--noinput")
    assert two.succeeds("db_baseline", "--yes").lines[-1] == "Database is up to date!"


def test_what_is_left_out_may_be_referred_to(two: Project) -> None:
    done = two.succeeds("db_pull", "--exclude", "shop_product", "--json").json

    assert [remark["about"] for remark in done["remarks"]] == ["shop_price.price_of"]
    assert [each["key"] for each in done["excused"]] == ["table shop_price / constraint price_of"]
    assert done["differences"] == []
    assert done["written"]
    text = two.read("legacy/models/shop_price.py")
    assert "    product_id = models.BigIntegerField()" in text
    assert 'models.Index(fields=["product_id"], name="price_of")' in text


def test_another_schema_may_be_referred_to(two: Project) -> None:
    other = f"{two.database}_other"
    two.server.sql(f"CREATE DATABASE `{other}`")
    two.sql("CREATE TABLE there (id bigint NOT NULL PRIMARY KEY)", database=other)
    two.sql(
        "ALTER TABLE shop_product ADD CONSTRAINT far FOREIGN KEY (id) "
        f"REFERENCES `{other}`.there (id)"
    )

    done = two.succeeds("db_pull", "--json").json

    assert [each["key"] for each in done["excused"]] == ["table shop_product / constraint far"]


PEOPLE = """
from django.db import models

class User(models.Model):
    name = models.CharField(max_length=20)

class Team(models.Model):
    seller_set = models.CharField(max_length=20)  # what a relation's way back would be called
"""


def test_tables_of_installed_apps_are_referred_to(project: ProjectFactory) -> None:
    """Those of people were made by Django and are booked; those beside them were not."""
    user = 'AUTH_USER_MODEL = "people.User"\n'
    site = project({"people": {"models.py": PEOPLE}}, settings=user)
    site.succeeds("makemigrations", "people")
    site.succeeds("migrate", "-v", "0")
    feed(
        site,
        """
        CREATE TABLE shop_shop (id int NOT NULL PRIMARY KEY);
        CREATE TABLE shop_seller (
          id int NOT NULL PRIMARY KEY, user_id bigint NOT NULL, chief_id bigint, team_id bigint,
          KEY by_user (user_id), UNIQUE KEY chief_id (chief_id),
          CONSTRAINT is_user FOREIGN KEY (user_id) REFERENCES people_user (id) ON DELETE CASCADE,
          CONSTRAINT is_chief FOREIGN KEY (chief_id) REFERENCES people_user (id),
          CONSTRAINT is_team FOREIGN KEY (team_id) REFERENCES people_team (id)
        );
        """,
    )

    done = site.succeeds("db_pull")

    assert done.lines[0] == "shop: 2 tables"
    seller = site.read("shop/models/seller.py")
    assert "from django.conf import settings\n" in seller
    assert "    user = models.ForeignKey(\n        settings.AUTH_USER_MODEL,\n" in seller
    assert "    chief = models.OneToOneField(\n        settings.AUTH_USER_MODEL,\n" in seller
    assert '        "people.Team",\n' in seller
    assert '        related_name="shop_seller_team_set",\n' in seller
    site.settings(user, apps=("people", "shop"))
    site.succeeds("db_generate", "--noinput")
    taken = site.succeeds("db_baseline", "--yes")
    assert taken.lines[-1] == "Database is up to date!"
    assert (
        "Remark: shop.0001_initial: not in django_migrations, judged by the schema and marked"
        in taken.lines
    )


def test_another_database_of_the_project(two: Project, project: ProjectFactory) -> None:
    site = project({})
    site.settings(
        'DATABASES["old"] = database_from_url(os.environ["OLD_URL"], variable="OLD_URL")\n'
    )
    site.env["OLD_URL"] = two.server.database_url(two.database)

    done = site.succeeds("db_pull", "--database", "old")

    assert "✓ Migrated to an empty schema, the models give it back: 2 tables, 0 differences" in (
        done.lines
    )
    assert done.lines[-2:] == [
        "      python manage.py db_generate --database old",
        "      python manage.py db_baseline --database old",
    ]


def test_without_the_right_to_make_a_scratch_schema(two: Project) -> None:
    user = f"nf{secrets.token_hex(4)}"
    before = _folders(two)

    with two.a_user(user, "Secret-1!", f"ALL ON `{two.database}`.*") as url:
        refused = two.run("db_pull", env={"DATABASE_URL": url})
        two.settings(
            f"""
            NESTFLUX["SHADOWS"] = {{"{two.server.family}": database_from_url(
                os.environ["DEVELOPMENT_URL"], variable="DEVELOPMENT_URL")}}
            """
        )
        elsewhere = {"DATABASE_URL": url, "DEVELOPMENT_URL": two.server.database_url("x")}
        done = two.succeeds("db_pull", env=elsewhere)

    assert _refused(refused).startswith("The database user lacks a grant")
    assert "GRANT ALL PRIVILEGES ON" in refused.stderr
    assert f'NESTFLUX["SHADOWS"]["{two.server.family}"]' in refused.stderr
    assert "Secret-1!" not in str(refused)
    assert "0 differences" in done.stdout
    assert _folders(two) == {*before, "shop"}


def test_what_the_server_refuses_is_reported_and_nothing_written(two: Project) -> None:
    """A value twice in an enum: what a session that is not strict let pass."""
    feed(two, "SET sql_mode = ''; CREATE TABLE shop_odd (id int PRIMARY KEY, e enum('a','a'));")
    before = _folders(two)

    refused = two.run("db_pull")

    assert _refused(refused, 1).startswith("The server refuses what the written models make:")
    assert "CREATE TABLE `shop_odd`" in refused.stderr
    assert "db_pull --exclude" in refused.stderr
    assert _folders(two) == before
    assert two.succeeds("db_pull", "--exclude", "shop_odd").code == 0


def test_an_empty_database_and_json(project: ProjectFactory) -> None:
    refused = project({}).run("db_pull", "--json")

    assert refused.code == 2
    assert json.loads(refused.stdout)["error"]["kind"] == "Refused"
    assert _refused(refused).startswith("There is no table to pull")


def test_a_project_that_does_not_load_in_the_child(two: Project) -> None:
    two.settings("import sys\nif 'nestflux.pulling.child' in str(sys.orig_argv): sys.exit(3)\n")

    refused = two.run("db_pull")

    assert _refused(refused, 1).startswith("The written apps could not be loaded")
    assert "shop" not in _folders(two)


def test_what_no_remark_explains_is_shown_and_the_files_stay(two: Project) -> None:
    """Here the project's own code gives every table that it makes another row format."""
    two.settings(
        """
        import sys
        if "nestflux.pulling.child" in str(sys.orig_argv):
            from django.db.backends.mysql.schema import DatabaseSchemaEditor
            DatabaseSchemaEditor.sql_create_table += " ROW_FORMAT=COMPACT"
        """
    )

    done = two.run("db_pull")

    assert done.code == 1
    assert [line for line in done.lines if line.startswith("    not in")] == [
        "    not in the database: table shop_price, more: ROW_FORMAT=COMPACT",
        "    not in the database: table shop_product, more: ROW_FORMAT=COMPACT",
    ]
    assert "Migrated to an empty schema, the models do not give the same schema back:" in done.lines
    assert (two.path / "shop" / "models" / "price.py").exists()


def test_what_a_check_of_the_project_forbids_is_reported(two: Project) -> None:
    two.settings(
        """
        from django.core.checks import Error, Tags, register

        @register(Tags.models)
        def singular(app_configs, **kwargs):
            return [Error("A price of nothing.", id="site.E1") for c in app_configs
                    if c.label == "shop"]
        """
    )

    refused = two.run("db_pull")

    assert _refused(refused, 1) == (
        "The written models cannot be used: ?: (site.E1) A price of nothing."
    )
    assert "shop" not in _folders(two)
