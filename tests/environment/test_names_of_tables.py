"""Tables whose names have capitals, and servers that compare names without case
(``lower_case_table_names=1``): a history is recorded on either kind and applied on either."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.applying.dying import die_at
from tests.environment.conftest import another_server
from tests.scenario import Project, TestServer, kept_project, new_project

MODELS = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40)

        class Meta:
            db_table = "Shop_Product"


    class Note(models.Model):
        product = models.ForeignKey(Product, models.CASCADE)

        class Meta:
            db_table = "Shop_Note"
"""
PROGRAMS = """
    from django.db import migrations

    def fill(apps, editor):
        apps.get_model("shop", "Product").objects.create(id=2, name="desk")

    def empty(apps, editor):
        apps.get_model("shop", "Product").objects.filter(id=2).delete()


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "INSERT INTO `Shop_Product` (id, name) VALUES (1, 'lamp')",
                "DELETE FROM `Shop_Product`",
            ),
            migrations.RunSQL(
                "CREATE VIEW `Shown_Notes` AS SELECT `Shop_Product`.name, n.id FROM `Shop_Note` n "
                "JOIN `Shop_Product` ON `Shop_Product`.id = n.product_id",
                "DROP VIEW `Shown_Notes`",
            ),
            migrations.RunSQL(
                "CREATE TRIGGER `Keep_Name` BEFORE INSERT ON `Shop_Product` FOR EACH ROW "
                "SET NEW.name = TRIM(NEW.name)",
                "DROP TRIGGER `Keep_Name`",
            ),
            migrations.RunPython(fill, empty),
        ]
"""
MIXED = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL("DELETE FROM shop_product", ""),
            migrations.RunSQL(
                "ALTER TABLE shop_PRODUCT ADD size int NULL", "ALTER TABLE SHOP_product DROP size"
            ),
        ]
"""
WITHOUT_NOTES = MODELS[: MODELS.index("    class Note")].replace("=40", "=300")


@pytest.fixture(scope="session")
def folding(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[TestServer]:
    """A server of the run's family with ``lower_case_table_names=1``."""
    local = tmp_path_factory.mktemp("folding")
    with another_server(server, local, "--lower-case-table-names=1") as made:
        yield made


@dataclass(frozen=True)
class Recorded:
    """A history of four files: tables, programs, a wider column, and a table dropped."""

    path: Path
    is_folded: bool


@pytest.fixture(scope="session", params=["recorded on 0", "recorded on 1"])
def recorded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: TestServer
) -> Iterator[Recorded]:
    is_folded = request.param == "recorded on 1"
    on: TestServer = request.getfixturevalue("folding") if is_folded else server
    path = tmp_path_factory.mktemp("names")
    with kept_project(path, on, {"shop": {"models.py": MODELS}}) as shop:
        shop.succeeds("db_generate", "--name", "tables")
        shop.write("shop/migrations/0002_programs.py", PROGRAMS)
        shop.succeeds("db_generate", "--name", "programs")
        shop.edit("shop/models.py", "max_length=40", "max_length=300")
        shop.succeeds("db_generate", "--name", "wider")
        yield Recorded(path, is_folded)


@pytest.fixture(params=["applied on 0", "applied on 1"])
def shop(
    request: pytest.FixtureRequest, recorded: Recorded, tmp_path: Path, server: TestServer
) -> Iterator[Project]:
    """A copy of the recorded project, on a server that may be of the other kind."""
    on: TestServer = server
    if request.param == "applied on 1":
        on = request.getfixturevalue("folding")
    project = new_project(tmp_path, on, f"nf_{secrets.token_hex(5)}", {"shop": {}})
    for name in ("shop", "migrations_sql"):
        shutil.copytree(recorded.path / name, tmp_path / name, dirs_exist_ok=True)
    try:
        yield project
    finally:
        on.drop_all(project.database)


def drop_notes(shop: Project) -> None:
    """Record that the second table goes, with what reads it."""
    shop.write("shop/models.py", WITHOUT_NOTES)
    shop.write(
        "shop/migrations/0004_no_view.py",
        """
        from django.db import migrations


        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_alter_product_name")]
            operations = [
                migrations.RunSQL(
                    "DROP VIEW `Shown_Notes`", "CREATE VIEW `Shown_Notes` AS SELECT 1 AS one"
                )
            ]
        """,
    )
    shop.succeeds("db_generate", "--name", "no_notes")


def assert_no_drift(shop: Project) -> None:
    """The schema is what the files make: a database that lost its ledger is taken over."""
    for table in shop.tables():
        if table.startswith("nestflux_"):
            shop.sql(f"DROP TABLE `{table}`")

    compared = shop.succeeds("db_baseline", "--yes")

    assert "The schema is what the files" in compared.stdout


def test_a_history_keeps_the_case_of_the_models(recorded: Recorded, server: TestServer) -> None:
    (history,) = (recorded.path / "migrations_sql").iterdir()
    snapshot = (history / "schema.sql").read_text()
    deltas = json.loads((history / "0001_tables.deltas.json").read_text())

    assert "CREATE TABLE `Shop_Product`" in snapshot
    assert "REFERENCES `Shop_Product`" in snapshot
    assert "ON `Shop_Product` FOR EACH ROW" in snapshot
    assert "from (`Shop_Note` `n` join `Shop_Product`" in snapshot
    assert "shop_" not in snapshot.replace("shop_product_id", "").replace("shop_note_", "")
    assert "table Shop_Product" in str(deltas)
    assert "table shop_product" not in str(deltas)


def test_a_fresh_database_is_loaded_and_has_no_drift(shop: Project) -> None:
    shop.succeeds("db_migrate")

    assert_no_drift(shop)
    assert shop.sql("SELECT id, name FROM `Shop_Product`") == [(1, "lamp"), (2, "desk")]
    assert shop.sql("SELECT COUNT(*) FROM `Shown_Notes`") == [(0,)]


def test_a_dropped_table_is_asked_about_backed_up_and_brought_back(shop: Project) -> None:
    shop.succeeds("db_migrate", "--replay")
    shop.sql("INSERT INTO `Shop_Note` (product_id) VALUES (1)")
    drop_notes(shop)

    refused = shop.run("db_migrate")
    assert refused.code == 2, str(refused)
    assert "table Shop_Note (1 row)" in refused.stderr

    shop.succeeds("db_migrate", "--backup", str(shop.path / "backups"))
    assert "shop_note" not in [name.lower() for name in shop.tables()]
    shop.succeeds("db_restore", "0004_no_notes", "--yes")
    assert shop.sql("SELECT product_id FROM `Shop_Note`") == [(1,)]


@pytest.mark.parametrize(("after", "found"), [(True, "is done"), (False, "running it again")])
def test_an_alter_that_was_in_flight_is_decided(shop: Project, after: bool, found: str) -> None:
    shop.succeeds("db_migrate", "--replay", "--to", "0002")
    die_at(shop, 1, after=after, file="wider")

    outcome = shop.succeeds("db_migrate")

    assert found in outcome.stdout, str(outcome)
    assert shop.run("db_status").code == 0


@pytest.mark.parametrize(("after", "found"), [(True, "is done"), (False, "running it again")])
@pytest.mark.parametrize("ordinal", [1, 2, 3])
def test_a_first_file_that_was_in_flight_is_decided(
    shop: Project, ordinal: int, after: bool, found: str
) -> None:
    shop.python(
        "from tests.applying.dying import _DYING\n"
        "command = \"migrate(open_target('default'), replay=True)\"\n"
        f"exec(_DYING.format(ordinal={ordinal}, after={after}, command=command, file='tables'))"
    )

    outcome = shop.succeeds("db_migrate")

    assert found in outcome.stdout, str(outcome)
    assert shop.run("db_status").code == 0


def test_it_goes_back_and_forward(shop: Project) -> None:
    shop.succeeds("db_migrate", "--replay")
    shop.succeeds("db_rollback", "--to", "zero", "--yes", "--no-backup")
    assert not [name for name in shop.tables() if name.lower().startswith("shop_")]

    shop.succeeds("db_migrate", "--replay")

    assert_no_drift(shop)


def test_a_load_that_was_killed_is_begun_again(shop: Project) -> None:
    shop.python(
        """
        from nestflux.applying.run.migrate import migrate
        from nestflux.applying.target import open_target
        from nestflux.database.several import Packets

        send = Packets._send

        def dying(packets, sent, *given):
            send(packets, sent, *given)
            if any("CREATE TRIGGER" in sql.upper() for sql in sent):
                raise SystemExit

        Packets._send = dying
        migrate(open_target("default"))
        """
    )

    outcome = shop.succeeds("db_migrate")

    assert "what it had made was dropped" in outcome.stdout, str(outcome)
    assert_no_drift(shop)


def test_db_check_and_a_database_of_stock_django(shop: Project) -> None:
    """The files are reproduced on this server, and its tables are taken over."""
    assert shop.succeeds("db_check").code == 0

    shop.recreate_database()
    done = shop.python(
        "from django.core.management import call_command\n"
        "from django.core.management.commands.migrate import Command\n"
        "call_command(Command(), verbosity=0)"
    )
    assert done.code == 0, str(done)
    shop.succeeds("db_baseline", "--yes")


def test_a_file_that_was_run_by_hand_is_marked(shop: Project) -> None:
    shop.succeeds("db_migrate", "--replay", "--to", "0002")
    shop.sql("ALTER TABLE `Shop_Product` MODIFY name varchar(300) NOT NULL")

    marked = shop.succeeds("db_mark_applied", "0003_wider", "--yes")

    assert "the schema shows what 1 of 1 step leave" in marked.stdout, str(marked)


def test_an_edit_is_accepted_and_files_are_squashed(shop: Project) -> None:
    shop.edit(f"migrations_sql/{shop.server.family}/0003_wider.sql", "varchar(300)", "varchar(280)")

    shop.succeeds("db_generate", "--accept", "0003_wider.sql")
    shop.succeeds("db_squash", "--yes")
    shop.succeeds("db_migrate", "--replay")

    assert "varchar(280)" in (shop.history / "schema.sql").read_text()
    assert "CREATE TABLE `Shop_Product`" in (shop.history / "schema.sql").read_text()
    assert_no_drift(shop)


def test_a_statement_may_write_a_name_in_another_case_where_the_server_folds(
    folding: TestServer, tmp_path: Path
) -> None:
    project = new_project(tmp_path, folding, "nf_mixed", {"shop": {"models.py": MODELS}})
    try:
        project.succeeds("db_generate", "--name", "tables")
        project.succeeds("db_migrate")
        project.sql("INSERT INTO shop_product (name) VALUES ('lamp')")
        project.write("shop/migrations/0002_mixed.py", MIXED)
        project.succeeds("db_generate", "--name", "mixed")

        refused = project.run("db_migrate")
        project.sql("DELETE FROM shop_product")
        die_at(project, 2, after=True, file="mixed")
        finished = project.succeeds("db_migrate")
    finally:
        folding.drop_all(project.database)

    assert refused.code == 2, str(refused)
    assert "rows of Shop_Product (it holds 1 row)" in refused.stderr
    assert "is done" in finished.stdout, str(finished)


SMALL = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)

        class Meta:
            db_table = "Shop_Product"
"""


def test_a_name_that_changes_its_case_alone(
    server: TestServer, folding: TestServer, tmp_path: Path
) -> None:
    """Recorded where that is another name, and run where it is the same; where it is the same it
    cannot be recorded."""
    if server.sql("SELECT @@lower_case_table_names")[0][0]:
        pytest.skip("this run has no server that compares letters")
    here = new_project(tmp_path, server, "nf_rename", {"shop": {"models.py": SMALL}})
    there = Project(tmp_path, folding, "nf_rename", ("shop",))
    there.recreate_database()
    try:
        here.succeeds("db_generate", "--name", "tables")
        here.edit("shop/models.py", "Shop_Product", "shop_product")
        refused = there.run("db_generate", "--name", "renamed")
        here.succeeds("db_generate", "--name", "renamed")
        here.succeeds("db_migrate", "--replay")
        die = "command = \"migrate(open_target('default'), replay=True)\"\n"
        for file in ("tables", "renamed"):
            died = there.python(
                f"from tests.applying.dying import _DYING\n{die}"
                f"exec(_DYING.format(ordinal=1, after=True, command=command, file={file!r}))"
            )
            assert died.stdout == "died\n", str(died)
        finished = there.succeeds("db_migrate")
        back = there.succeeds("db_rollback", "--to", "zero", "--yes", "--no-backup")
        there.succeeds("db_migrate")
    finally:
        server.drop_all("nf_rename")
        folding.drop_all("nf_rename")

    assert refused.code == 1, str(refused)
    assert "compares names of tables without case" in refused.stderr
    skipped = "renamed, statement 1: this server ignores the case of names: nothing to rename"
    assert skipped in finished.stdout, str(finished)
    assert skipped in back.stdout, str(back)
