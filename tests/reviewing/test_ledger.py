"""What ``db_check`` finds in a database: what ran against what the files say."""

from __future__ import annotations

import json
from typing import Any

from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import parse
from nestflux.sql.statements import sha256
from tests.reviewing.shop import check, clean, found, the_only
from tests.reviewing.test_files import change_journal, edit
from tests.scenario import Outcome, Project
from tests.scenarios.databases import migrate_as_django
from tests.scenarios.looking import difference, everything_in


def look(shop: Project) -> Outcome:
    """The ledger, and what asks no server; nothing is run again."""
    return check(shop, "--no-shadow")


def ledger(shop: Project) -> list[dict[str, str]]:
    """The findings of the ledger: those that the files alone do not show."""
    alone = check(shop, "--no-server").json["findings"]
    return [each for each in look(shop).json["findings"] if each not in alone]


def test_an_applied_file_that_was_edited_names_its_statements(migrated: Project) -> None:
    edit(migrated, "0002_slugs.sql", "varchar(40)", "varchar(90)")

    outcome = look(migrated)

    finding = the_only(outcome, "applied-file-edited")
    assert (
        "0002_slugs.sql was changed after it was applied to 'default': statement 1"
        in (finding["what"])
    )
    assert any(line.startswith("-") and "varchar(40)" in line for line in finding["details"])
    assert "write the change as a new migration" in finding["then"]
    assert outcome.code == 1


def test_an_edit_that_was_accepted_elsewhere(migrated: Project) -> None:
    migrated_url = migrated.env.get("DATABASE_URL", "")
    migrated.server.sql(f"CREATE DATABASE `{migrated.database}_bob`")
    migrated.env["DATABASE_URL"] = migrated.server.database_url(f"{migrated.database}_bob")
    edit(migrated, "0002_slugs.sql", "varchar(40)", "varchar(90)")
    migrated.succeeds("db_generate", "--accept", "0002_slugs.sql")
    migrated.env["DATABASE_URL"] = migrated_url or migrated.server.database_url(migrated.database)

    assert the_only(look(migrated), "applied-file-edited")["severity"] == "error"


def test_an_applied_file_that_left_the_journal(migrated: Project) -> None:
    for path in migrated.history.glob("0002_slugs.*"):
        path.unlink()
    for name in ("0002_slugs.py", "0003_tokens.py"):
        migrated.remove(f"shop/migrations/{name}")
    migrated.write("shop/models.py", migrated.read("shop/models.py").split("    slug")[0])
    change_journal(migrated, lambda j: j["files"].pop())

    findings = ledger(migrated)

    assert [(f["severity"], f["code"]) for f in findings] == [("warning", "applied-file-gone")]
    assert "another branch's, or it was deleted" in findings[0]["what"]


def test_a_file_that_was_renumbered_is_a_remark(migrated: Project) -> None:
    for path in migrated.history.glob("0002_slugs.*"):
        path.rename(path.with_name(path.name.replace("0002", "0003")))
    change_journal(migrated, lambda j: j["files"][1].update(name="0003_slugs"))

    outcome = look(migrated)

    assert found(outcome) == [
        ("remark", "other-name"),
        ("remark", "other-name"),
        ("remark", "applied-file-renamed"),
    ]
    told = outcome.json["findings"][2]["what"]
    assert "0002_slugs ran in 'default' and is 0003_slugs now" in told
    assert outcome.code == 0
    assert "0002_slugs ran already as 0003_slugs" in migrated.succeeds("db_migrate").stdout
    assert ("remark", "applied-file-renamed") not in found(look(migrated))


def test_files_that_ran_in_another_order(migrated: Project) -> None:
    migrated.sql(
        "UPDATE nestflux_sql_migration SET finished_at = finished_at - INTERVAL 1 DAY "
        "WHERE name = '0002_slugs'"
    )

    finding = the_only(look(migrated), "applied-out-of-order")

    assert finding["severity"] == "warning"
    assert finding["what"].startswith("0001_products ran in 'default' after 0002_slugs")


def test_a_pending_file_before_applied_ones(migrated: Project) -> None:
    """Its row is gone as if it had been merged just now; Django's books say the same."""
    migrated.sql("DELETE FROM nestflux_sql_migration WHERE name = '0001_products'")
    migrated.sql("DELETE FROM django_migrations WHERE name = '0001_initial'")

    finding = the_only(look(migrated), "applied-out-of-order")

    assert "0001_products is pending" in finding["what"]
    assert "db_migrate runs it next" in finding["what"]


def test_a_file_that_failed_half_way(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    shop.sql("ALTER TABLE shop_product ADD token int")
    assert shop.run("db_migrate").code == 1

    finding = the_only(look(shop), "unfinished-file")

    assert finding["what"] == "0002_slugs was begun in 'default' and failed."
    assert finding["details"][0] == "statement 4 of 5: ALTER TABLE shop_product"
    assert "Duplicate column" in finding["details"][1]


def test_django_migrations_that_contradicts_the_ledger(migrated: Project) -> None:
    migrated.sql("DELETE FROM django_migrations WHERE name = '0003_tokens'")

    finding = the_only(look(migrated), "ledger-contradiction")

    assert "django_migrations does not hold shop.0003_tokens" in finding["what"]
    assert "INSERT INTO django_migrations" in finding["then"]


def test_tables_without_a_ledger(shop: Project) -> None:
    migrate_as_django(shop)

    assert "db_baseline" in the_only(look(shop), "tables-without-ledger")["then"]


def test_an_empty_database_is_said_not_to_be_checked(shop: Project) -> None:
    assert check(shop).json["not_checked"] == [
        {"what": "the ledger of the database", "why": "nothing was ever applied to it"}
    ]


def test_a_server_on_which_no_schema_can_be_made(migrated: Project) -> None:
    grant = f"ALL PRIVILEGES ON `{migrated.database}`.*"
    with migrated.a_user(f"{migrated.database}_u", "a-password", grant) as url:
        outcome = check(migrated, env={"DATABASE_URL": url})

    assert outcome.code == 0, str(outcome)
    (left_out,) = outcome.json["not_checked"]
    assert "lacks a grant" in left_out["why"]


def test_a_database_that_does_not_answer(shop: Project) -> None:
    """The recording server is another one here, and does its part."""
    shop.settings(
        "NESTFLUX['SHADOWS'] = {os.environ['FAMILY']: "
        "database_from_url(os.environ['SHADOW'], variable='SHADOW')}"
    )
    shop.env |= {"FAMILY": shop.server.family, "SHADOW": shop.server.database_url("x")}

    outcome = check(shop, env={"DATABASE_URL": "mysql://nobody@127.0.0.1:9/nothing"})

    assert outcome.code == 0, str(outcome)
    (left_out,) = outcome.json["not_checked"]
    assert left_out["what"] == "the ledger of the database"
    assert "No database server answers" in left_out["why"]
    assert any("recorded again on" in part for part in outcome.json["checked"])


def test_no_server_of_the_family(shop: Project) -> None:
    outcome = check(shop, env={"DATABASE_URL": "mysql://nobody@127.0.0.1:9/nothing"})

    assert outcome.code == 0, str(outcome)
    assert len(outcome.json["not_checked"]) == 2


def test_nothing_is_changed_by_a_check(migrated: Project) -> None:
    before = everything_in(migrated)

    check(migrated)

    assert difference(everything_in(migrated), before) == []
    left = [n for (n,) in migrated.server.sql("SHOW DATABASES") if "_shadow_" in str(n)]
    assert not [name for name in left if str(name).startswith(migrated.database)]


def test_a_server_of_other_features(migrated: Project) -> None:
    def differ(journal: dict[str, Any]) -> None:
        flags = journal["features"]
        flags["has_native_uuid_field"] = not flags["has_native_uuid_field"]

    change_journal(migrated, differ)

    outcome = check(migrated)

    assert ("error", "unsuitable-server") in found(outcome)
    assert any("other DDL" in part["why"] for part in outcome.json["not_checked"])


def test_a_snapshot_that_lost_a_constraint(shop: Project) -> None:
    """Its hash is the journal's: somebody wrote both anew."""
    path = shop.history / "schema.sql"
    path.write_text(path.read_text().replace("varchar(40)", "varchar(41)", 1))
    change_journal(shop, lambda j: j.update(snapshot=sha256(path.read_text())))

    outcome = check(shop)

    finding = the_only(outcome, "snapshot-differs")
    assert any("varchar(41)" in line for line in finding["details"])
    assert any("recorded again" in part["what"] for part in outcome.json["not_checked"])


def test_files_whose_text_does_not_run(shop: Project) -> None:
    path = shop.history / "0001_products.sql"
    path.write_text(path.read_text().replace("CREATE TABLE", "CREATE TABLEAU"))
    record = shop.history / "0001_products.deltas.json"
    data = json.loads(record.read_text())
    ((_, _, step),) = parse(path.read_text()).steps()
    data["up"][0]["sha256"] = step.sha256
    text = FileRecord.loads(json.dumps(data)).dumps()
    record.write_text(text)
    change_journal(
        shop,
        lambda j: j["files"][0].update(up=sha256(path.read_text()), record=sha256(text)),
    )

    finding = the_only(check(shop), "replay-fails")

    assert finding["what"].startswith("Step 1 of 0001_products fails when it is run again")


def test_a_squash(shop: Project) -> None:
    """The files hold the migrations one by one, and the squash stands beside its parts, then
    alone."""
    shop.write(
        "shop/migrations/0001_squashed_0003.py",
        """
        import uuid

        from django.db import migrations, models

        class Migration(migrations.Migration):
            initial = True
            replaces = [("shop", "0001_initial"), ("shop", "0002_slugs"), ("shop", "0003_tokens")]
            operations = [
                migrations.CreateModel("Product", [
                    ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                               serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=40, help_text="As on the box")),
                    ("slug", models.CharField(max_length=40, default="")),
                    ("token", models.UUIDField(default=uuid.uuid4)),
                ]),
            ]
        """,
    )
    clean(shop)

    # A model behind it is recorded again in the state that the squash leaves.
    shop.write(
        "shop/models.py",
        shop.read("shop/models.py") + "    size = models.IntegerField(null=True)\n",
    )
    shop.succeeds("db_generate", "--name", "sizes")
    for name in ("0001_initial", "0002_slugs", "0003_tokens"):
        shop.remove(f"shop/migrations/{name}.py")

    outcome = check(shop)

    # The step's code is gone with its migration: a replay is not possible any more.
    finding = the_only(outcome, "replay-fails")
    assert "The migration shop.0002_slugs is not in the project any more" in finding["what"]


def test_several_findings_in_one_run(migrated: Project) -> None:
    edit(migrated, "0002_slugs.sql", "varchar(40)", "varchar(90)")
    edit(migrated, "schema.sql", "varchar(40)", "varchar(90)")
    migrated.sql("DELETE FROM django_migrations WHERE name = '0003_tokens'")
    migrated.edit("shop/models.py", "max_length=40, help_text", "max_length=60, help_text")
    migrated.edit("shop/words.py", 'replace(" ", "-")', 'replace(" ", "_")')

    outcome = check(migrated)

    assert outcome.code == 1
    assert {code for _, code in found(outcome)} == {
        "applied-file-edited",
        "edited-snapshot",
        "ledger-contradiction",
        "models-changed",
    }
