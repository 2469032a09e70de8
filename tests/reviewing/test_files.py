"""What ``db_check`` finds in the files of a history, without any server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from nestflux.history.folder import Folder
from nestflux.reviewing.findings import Report
from nestflux.reviewing.reading import read_history
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.subjects import Histories
from nestflux.sql.statements import sha256
from tests.reviewing.shop import check, found, the_only
from tests.scenario import Outcome, Project


def change_journal(shop: Project, change: Callable[[dict[str, Any]], object]) -> None:
    path = shop.history / "journal.json"
    journal = json.loads(path.read_text(encoding="utf-8"))
    change(journal)
    path.write_text(json.dumps(journal, indent=2) + "\n", encoding="utf-8")


def edit(shop: Project, name: str, old: str, new: str) -> None:
    path = shop.history / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def look(shop: Project) -> Outcome:
    """What the command would print of files and journals alone, without starting it."""
    root = shop.history.parent
    histories = [read_history(Folder(path, path.name)) for path in sorted(root.iterdir())]
    readable = {h.family: h.journal for h in histories if h.journal and not h.contradictions}
    subjects = [*histories, Histories(readable, root)]
    found_in_files = [each for subject in subjects for each in look_at(subject)]
    report = Report("default", tuple(found_in_files))
    return Outcome(int(report.failed), json.dumps(report.to_json()), "")


def test_a_sound_history_has_no_findings_and_says_what_was_left_out(shop: Project) -> None:
    outcome = check(shop, "--no-server")

    assert found(outcome) == []
    assert outcome.code == 0
    assert [part["why"] for part in outcome.json["not_checked"]] == ["--no-server", "--no-server"]


def test_no_server_is_asked(shop: Project) -> None:
    outcome = check(shop, "--no-server", env={"DATABASE_URL": "mysql://nobody@127.0.0.1:9/nothing"})

    assert outcome.code == 0, str(outcome)


@pytest.mark.parametrize("name", ["0002_slugs.sql", "0001_products.down.sql", "schema.sql"])
def test_an_edited_file(shop: Project, name: str) -> None:
    edit(shop, name, "\n\n", "\n\n-- looked at\n")

    outcome = look(shop)

    finding = the_only(outcome, "edited-snapshot" if name == "schema.sql" else "edited-file")
    assert outcome.code == 1
    assert finding["where"].endswith(name)
    assert "git checkout" in finding["then"]


@pytest.mark.parametrize("name", ["0002_slugs.sql", "0001_products.deltas.json", "schema.sql"])
def test_a_file_that_was_removed(shop: Project, name: str) -> None:
    (shop.history / name).unlink()

    finding = the_only(look(shop), "missing-file")

    assert finding["where"].endswith(name)


def test_a_file_that_no_entry_knows(shop: Project) -> None:
    for end in (".sql", ".deltas.json"):
        shutil.copy(shop.history / f"0002_slugs{end}", shop.history / f"0003_stray{end}")

    outcome = look(shop)

    assert found(outcome) == [("error", "stray-file")] * 2
    assert "0003_stray.sql is not in journal.json." in [f["what"] for f in outcome.json["findings"]]


def test_conflict_markers_with_their_line(shop: Project) -> None:
    path = shop.history / "journal.json"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:5], "<<<<<<< HEAD", *lines[5:]]))

    finding = the_only(look(shop), "conflict-markers")

    assert finding["line"] == 6
    assert "db_generate" in finding["then"]


def test_a_journal_that_is_not_json(shop: Project) -> None:
    edit(shop, "journal.json", '"files": [', '"files": ')

    assert the_only(look(shop), "unreadable-journal")["line"] is not None


def test_a_journal_that_is_gone(shop: Project) -> None:
    (shop.history / "journal.json").unlink()

    finding = the_only(look(shop), "unreadable-journal")

    assert "git checkout" in finding["then"]


def test_a_journal_of_the_other_family(shop: Project) -> None:
    other = {"mysql": "mariadb", "mariadb": "mysql"}[shop.server.family]
    change_journal(shop, lambda j: j.update(family=other))

    assert other in the_only(look(shop), "unreadable-journal")["what"]


def contradictions(shop: Project) -> list[str]:
    findings = look(shop).json["findings"]
    return [f["what"] for f in findings if f["code"] == "journal-contradiction"]


def test_a_migration_in_two_files(shop: Project) -> None:
    change_journal(shop, lambda j: j["files"][1]["migrations"].append("shop.0001_initial"))

    assert contradictions(shop) == ["the migration shop.0001_initial stands in two files."]


def test_an_id_that_stands_twice(shop: Project) -> None:
    identity = json.loads((shop.history / "journal.json").read_text())["files"][0]["id"]
    change_journal(shop, lambda j: j["files"][1].update(id=identity))

    assert contradictions(shop) == [f"the id {identity} stands in two files."]


def test_entries_out_of_order(shop: Project) -> None:
    change_journal(shop, lambda j: j["files"].reverse())

    assert contradictions(shop)[0].startswith("0001_products follows 0002_slugs: a number used")


def test_a_number_used_twice_and_everything_else_in_one_run(shop: Project) -> None:
    change_journal(shop, lambda j: j["files"][1].update(name="0001_slugs"))

    outcome = look(shop)

    codes = {code for _, code in found(outcome)}
    assert codes == {"journal-contradiction", "missing-file", "stray-file"}
    assert "the number 1 stands in two files." in contradictions(shop)
    assert outcome.code == 1


def test_a_header_that_is_not_its_entrys(shop: Project) -> None:
    change_journal(shop, lambda j: j["files"][0].update(id="0" * 32))
    change_journal(shop, lambda j: j["files"][1].update(migrations=["shop.0002_slugs"]))

    findings = look(shop).json["findings"]

    told = [f for f in findings if f["code"] == "other-header"]
    assert [f["what"].split(" in ")[0] for f in told] == [
        "The id",
        "The id",
        "The list of migrations",
        "The list of migrations",
    ]
    assert told[0]["details"][1] == f"journal: {'0' * 32}"


def test_a_text_that_is_no_sql_migration_with_its_line(shop: Project) -> None:
    edit(shop, "0002_slugs.sql", "-- [1]", "BEGIN;\n-- [1]")

    outcome = look(shop)

    (unreadable,) = (f for f in outcome.json["findings"] if f["code"] == "unreadable-file")
    lines = (shop.history / "0002_slugs.sql").read_text().splitlines()
    assert lines[unreadable["line"] - 1] == "BEGIN;"


def test_bytes_that_are_no_text(shop: Project) -> None:
    (shop.history / "0001_products.sql").write_bytes(b"\xff\xfe")

    assert the_only(look(shop), "unreadable-file")["what"] == "0001_products.sql is not UTF-8."


def test_records_of_other_statements(shop: Project) -> None:
    path = shop.history / "0001_products.deltas.json"
    record = json.loads(path.read_text())
    record["up"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(record))
    change_journal(shop, lambda j: j["files"][0].update(record=sha256(path.read_text())))

    finding = the_only(look(shop), "stale-record")

    assert "--accept 0001_products.sql" in finding["then"]


def test_no_history_cannot_be_checked(shop: Project) -> None:
    shutil.rmtree(shop.path / "migrations_sql")

    outcome = shop.run("db_check", "--no-server")

    assert outcome.code == 2
    assert "has no history: there is nothing to check" in outcome.stderr
    assert "python manage.py db_generate" in outcome.stderr


def test_a_family_that_lacks_a_file_is_behind(shop: Project) -> None:
    other = {"mysql": "mariadb", "mariadb": "mysql"}[shop.server.family]
    theirs = shop.history.with_name(other)
    shutil.copytree(shop.history, theirs)
    for path in theirs.glob("0002_*"):
        path.unlink()
    journal = json.loads((theirs / "journal.json").read_text())
    journal["family"] = other
    del journal["files"][1]
    (theirs / "journal.json").write_text(json.dumps(journal))

    outcome = look(shop)

    finding = the_only(outcome, "families-out-of-step")
    assert finding["severity"] == "error"
    assert "is behind since 0002_slugs.sql" in finding["what"]
    assert finding["then"] == f"python manage.py db_generate --family {other}"
    assert outcome.code == 1


def test_models_that_changed_without_a_migration(shop: Project) -> None:
    shop.edit("shop/models.py", "max_length=40, help_text", "max_length=60, help_text")

    finding = the_only(check(shop, "--no-server"), "models-changed")

    assert finding["details"] == ["~ Alter field name on product"]


def test_models_that_only_a_person_can_tell(shop: Project) -> None:
    shop.edit(
        "shop/models.py",
        "name = models.CharField(max_length=40, ",
        "title = models.CharField(max_length=40, ",
    )

    finding = the_only(check(shop, "--no-server"), "models-changed")

    assert "renamed, or dropped" in finding["what"]
    assert "--rename" in finding["then"]


def test_a_migration_without_sql(shop: Project) -> None:
    shop.write(
        "shop/migrations/0004_more.py",
        """
        from django.db import migrations

        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_tokens")]
            operations = [migrations.RunSQL("UPDATE shop_product SET slug = ''", "")]
        """,
    )

    finding = the_only(check(shop, "--no-server"), "migration-without-sql")

    assert finding["what"].startswith("shop.0004_more has no SQL for ")


def test_migrations_that_do_not_load_and_files_all_the_same(shop: Project) -> None:
    shop.write("shop/migrations/0004_more.py", "nonsense =")
    edit(shop, "0002_slugs.sql", "\n\n", "\n\n-- looked at\n")

    outcome = check(shop, "--no-server")

    assert sorted(found(outcome)) == [("error", "broken-migrations"), ("error", "edited-file")]
    assert outcome.code == 1
