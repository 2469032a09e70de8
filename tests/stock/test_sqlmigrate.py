"""Stock ``sqlmigrate`` prints what was recorded: what was reviewed is what runs."""

from __future__ import annotations

import shutil

from tests.conftest import ProjectFactory
from tests.scenario import Project


def test_it_prints_the_section_of_the_file(shop: Project) -> None:
    outcome = shop.succeeds("sqlmigrate", "depot", "0001")

    assert outcome.lines[0] == "-- From 0002_shelves.sql"
    assert outcome.lines[1] == "-- ---- Migration depot.0001_initial"
    assert "CREATE TABLE `depot_shelf`" in outcome.stdout
    assert "shop_product` ADD COLUMN" not in outcome.stdout
    assert "-- [" in outcome.stdout


def test_its_lines_stand_so_in_the_file(shop: Project) -> None:
    printed = shop.succeeds("sqlmigrate", "shop", "0002").lines[1:]

    assert "\n".join(printed) in shop.read(f"migrations_sql/{shop.server.family}/0002_shelves.sql")


def test_backwards_prints_the_down_file(shop: Project) -> None:
    outcome = shop.succeeds("sqlmigrate", "shop", "0002", "--backwards")

    assert outcome.lines[0] == "-- From 0002_shelves.down.sql"
    assert "DROP COLUMN `price`" in outcome.stdout


def test_the_mysql_client_accepts_it(shop: Project) -> None:
    shop.succeeds("migrate", "shop", "0001")
    printed = shop.succeeds("sqlmigrate", "shop", "0002").stdout

    shop.feed_to_the_client(printed)

    assert shop.columns("shop_product") == ["id", "name", "price"]


def test_it_prints_the_same_after_it_was_applied(shop: Project) -> None:
    before = shop.succeeds("sqlmigrate", "depot", "0002").stdout
    shop.succeeds("migrate", "-v", "0")

    assert shop.succeeds("sqlmigrate", "depot", "0002").stdout == before


def test_one_history_needs_no_server(shop: Project) -> None:
    outcome = shop.run(
        "sqlmigrate", "shop", "0001", env={"DATABASE_URL": "mysql://nobody@127.0.0.1:1/nowhere"}
    )

    assert outcome.code == 0, str(outcome)
    assert "CREATE TABLE `shop_product`" in outcome.stdout


def test_a_migration_that_no_file_holds_is_refused(shop: Project) -> None:
    shop.edit("shop/models.py", "max_length=40", "max_length=50")
    shop.succeeds("makemigrations", "shop")

    outcome = shop.run("sqlmigrate", "shop", "0003")

    assert outcome.code == 2
    assert "No file of this history holds a migration shop.0003" in outcome.stderr
    assert "db_generate" in outcome.stderr


def test_an_app_that_is_not_installed_is_refused(shop: Project) -> None:
    outcome = shop.run("sqlmigrate", "shopp", "0001")

    assert outcome.code == 2
    assert "No installed app with label 'shopp'" in outcome.stderr


def test_an_edited_file_is_refused(shop: Project) -> None:
    name = f"migrations_sql/{shop.server.family}/0001_products.sql"
    shop.edit(name, "varchar(40)", "varchar(41)")

    outcome = shop.run("sqlmigrate", "shop", "0001")

    assert outcome.code == 2
    assert "it was edited" in outcome.stderr


def test_without_a_history_it_is_djangos_own(project: ProjectFactory, shop: Project) -> None:
    plain = project({})
    shutil.copytree(shop.path / "shop", plain.path / "shop")
    plain.settings(apps=("shop",))

    outcome = plain.succeeds("sqlmigrate", "shop", "0001")

    assert "-- Create model Product" in outcome.stdout
    assert "-- From" not in outcome.stdout
