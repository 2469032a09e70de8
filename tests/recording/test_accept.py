"""``db_generate --accept``: a reviewer edits a file before it is applied anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from nestflux.history.folder import Folder
from nestflux.history.sqlfile import Direction
from tests.conftest import ProjectFactory
from tests.recording.django_truth import files_build, snapshot_builds, statements, up_file, verdicts
from tests.scenario import Outcome, Project

MODELS = """
    from django.db import models

    class Event(models.Model):
        day = models.IntegerField()
"""
LATER = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL("UPDATE shop_event SET day = day + 1", ""),
            migrations.AddField("event", "note", models.CharField(max_length=9, null=True)),
        ]
"""

FILLED = """
    from django.db import migrations, models

    def fill(apps, editor):
        apps.get_model("shop", "Event").objects.using(editor.connection.alias).update(note="x")

    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_later")]
        operations = [
            migrations.RunSQL("ALTER TABLE shop_event COMMENT 'a'", ""),
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RunSQL("ALTER TABLE shop_event COMMENT 'b'", ""),
        ]
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    made = project({"shop": {"models.py": MODELS}})
    made.succeeds("db_generate")
    made.write("shop/migrations/0002_later.py", LATER)
    made.write(
        "shop/models.py", MODELS + "        note = models.CharField(max_length=9, null=True)\n"
    )
    made.succeeds("db_generate", "--name", "later")
    return made


def edit(shop: Project, name: str, old: str, new: str) -> None:
    path = shop.history / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} in {text}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def texts(shop: Project) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in shop.history.iterdir()}


def accept(shop: Project, name: str = "0002_later.sql") -> Outcome:
    return shop.run("db_generate", "--accept", name)


def sound(shop: Project) -> bool:
    """The journal knows every file as it is, and the snapshot is what the files build."""
    folder = Folder(shop.history, shop.server.family)
    for entry in folder.journal.entries:
        assert [folder.edited(entry, way) for way in Direction] == [None, None]
        folder.record(entry)
    files_build(shop).require(snapshot_builds(shop))
    return shop.run("db_generate", "--check").code == 0


def test_an_update_is_batched(shop: Project) -> None:
    edit(
        shop,
        "0002_later.sql",
        "UPDATE shop_event SET day = day + 1;",
        "UPDATE shop_event SET day = day + 1 WHERE id < 1000;\n\n"
        "-- [2]\nUPDATE shop_event SET day = day + 1 WHERE id >= 1000;",
    )
    refused = shop.run("db_generate")

    outcome = accept(shop)

    assert refused.code == 2
    assert "0002_later.sql" in refused.stderr
    assert "--accept" in refused.stderr
    assert outcome.code == 0, str(outcome)
    assert outcome.lines == [
        f"✓ Accepted: 0002_later.sql ({shop.server.family})",
        "  the schema after it stays as it was",
    ]
    assert verdicts(up_file(shop, "0002_later")) == ["writes rows", "writes rows", "instant"]
    assert "-- [3] instant" in (shop.history / "0002_later.sql").read_text(encoding="utf-8")
    assert sound(shop)


def test_statements_that_an_edit_leaves_keep_their_operation(shop: Project) -> None:
    edit(shop, "0002_later.sql", "day = day + 1", "day = day + 2")

    shop.succeeds("db_generate", "--accept", "0002_later")

    entry = Folder(shop.history, shop.server.family).journal.entry("0002_later")
    ups = Folder(shop.history, shop.server.family).record(entry).up
    assert [record.operation for record in ups] == ["", "shop.0002_later/1"]


def test_a_table_is_partitioned_in_an_earlier_file(shop: Project) -> None:
    edit(shop, "0001_initial.sql", "NOT NULL PRIMARY KEY", "NOT NULL")
    edit(
        shop,
        "0001_initial.sql",
        "`day` integer NOT NULL\n)",
        "`day` integer NOT NULL,\n  PRIMARY KEY (`id`, `day`)\n)\n"
        "PARTITION BY RANGE (`day`) (PARTITION p0 VALUES LESS THAN (100),\n"
        "  PARTITION p1 VALUES LESS THAN MAXVALUE)",
    )

    outcome = accept(shop, "0001_initial")

    assert outcome.code == 0, str(outcome)
    assert "PARTITION" in outcome.stdout
    assert "PARTITION" in (shop.history / "schema.sql").read_text(encoding="utf-8")
    assert "(`id`,`day`)" in (shop.history / "0001_initial.deltas.json").read_text("utf-8")
    assert sound(shop)


def test_a_down_file_is_edited(shop: Project) -> None:
    edit(shop, "0002_later.down.sql", "DROP COLUMN `note`", "DROP COLUMN `note`, FORCE")

    outcome = accept(shop, "0002_later.down.sql")

    assert outcome.code == 0, str(outcome)
    assert sound(shop)


def test_a_comment_is_an_edit_that_changes_nothing_else(shop: Project) -> None:
    before = (shop.history / "schema.sql").read_bytes()
    edit(shop, "0002_later.sql", "-- [2]", "-- agreed with operations\n-- [2]")

    assert accept(shop).code == 0
    assert "-- agreed with operations" in (shop.history / "0002_later.sql").read_text("utf-8")
    assert (shop.history / "schema.sql").read_bytes() == before


def test_an_edit_that_cannot_be_taken_over_changes_nothing(shop: Project) -> None:
    path = shop.history / "0002_later.sql"
    recorded = path.read_bytes()
    for old, new, said, code in (
        ("ADD COLUMN", "ADD COLUM", "The server refuses the edited statement", 1),
        ("day = day + 1", "dayy = 1", "step 1", 1),
        ("day = day + 1;", "day = 'never closed;", "a quote that is never closed", 2),
        ("UPDATE shop_event SET", "BEGIN;\nUPDATE shop_event SET", "BEGIN, COMMIT", 2),
        ("-- Id: ", "-- Id: f", "the id and the migrations of a file stay", 2),
        ("-- Migration shop.0002_later", "-- Migration shop.x", "the migrations of a file stay", 2),
    ):
        edit(shop, path.name, old, new)
        before = texts(shop)

        outcome = accept(shop)

        assert outcome.code == code, str(outcome)
        assert said in outcome.stderr
        assert "Traceback" not in outcome.stderr
        assert texts(shop) == before
        path.write_bytes(recorded)

    outcomes = [accept(shop), accept(shop, "0009_nothing")]
    assert [outcome.code for outcome in outcomes] == [2, 2]
    assert "there is no edit to accept" in outcomes[0].stderr


def test_a_statement_may_be_added(shop: Project) -> None:
    edit(
        shop,
        "0002_later.sql",
        "-- [1]",
        "-- [1]\nALTER TABLE shop_event ADD INDEX by_day (day);\n\n-- [2]",
    )
    edit(
        shop,
        "0002_later.down.sql",
        "DROP COLUMN `note`;",
        "DROP COLUMN `note`;\n\n-- [9]\nALTER TABLE shop_event DROP INDEX by_day;",
    )

    outcome = accept(shop)

    assert outcome.code == 0, str(outcome)
    assert any("+ table shop_event / index by_day" in line for line in outcome.lines)
    assert statements(up_file(shop, "0002_later"))[0].endswith("ADD INDEX by_day (day)")
    assert "INEXACT" not in (shop.history / "0002_later.down.sql").read_text("utf-8")


def test_a_python_step_is_neither_dropped_nor_moved(shop: Project) -> None:
    shop.write("shop/migrations/0003_fill.py", FILLED)
    shop.succeeds("db_generate", "--name", "fill")
    path = shop.history / "0003_fill.sql"
    recorded = path.read_text(encoding="utf-8")
    step = next(line for line in recorded.splitlines() if "shop.0003_fill/1" in line)
    without = recorded.replace(f"{step}\n", "")

    path.write_text(without, encoding="utf-8")
    dropped = accept(shop, "0003_fill.sql")
    path.write_text(f"{without}{step}\n", encoding="utf-8")
    moved = accept(shop, "0003_fill.sql")
    path.write_text(recorded, encoding="utf-8")

    assert dropped.code == moved.code == 2
    assert "the Python step shop.0003_fill/1 is gone" in dropped.stderr
    assert "the Python step shop.0003_fill/1 was moved past ALTER TABLE" in moved.stderr
    assert "put it back to its place" in moved.stderr
    assert sound(shop)
