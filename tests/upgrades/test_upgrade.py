"""What an older version left goes on with this one as if nothing had happened.

Each folder of this one is what a version wrote: files, backups, and databases with their ledgers
(``freeze.py``). A change that fails here would fail in every database out there: a column or key
with another name needs an entry of ``_UPGRADES`` in ``ledger/tables.py``, or a reader that knows
the old name too. Another frozen folder is no answer.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nestflux.ledger.tables import PLAIN_NAMES, VERSION
from tests.conftest import ProjectFactory
from tests.scenario import REPOSITORY, Project, TestServer
from tests.scenarios.looking import schema_of
from tests.upgrades.freeze import BACKUPS, COLLATION, DATABASE, HERE, freeze
from tests.upgrades.shop import NO_DUPLICATE

VERSIONS = sorted(path.name for path in HERE.iterdir() if re.fullmatch(r"\d+\.\d+", path.name))
MODELS = ("Backup", "Run", "SqlMigration", "Statement", "Version")
# What no frozen database holds a value in, and why.
NEVER_SET = {
    ("nestflux_statement", "note"): "written where a run recovers",
    ("nestflux_version", "upgraded_at"): "the first version's ledger was never upgraded",
}

Rows = dict[str, dict[Any, dict[str, Any]]]  # table → key → column → value
Restored = Callable[[str], Project]


@pytest.fixture(params=VERSIONS)
def restored(request: pytest.FixtureRequest, project: ProjectFactory) -> Restored:
    """Makes a project of that version: its files, and its database in one of the three states."""
    frozen = HERE / request.param

    def make(state: str) -> Project:
        made = project({"shop": {}})
        of_family = frozen / made.server.family
        shutil.copytree(frozen / "shop", made.path / "shop", dirs_exist_ok=True)
        shutil.copytree(of_family / "history", made.history)
        shutil.copytree(of_family / "backups", made.path / "backups")
        made.recreate_database(COLLATION)
        dump = (of_family / f"{state}.sql").read_text(encoding="utf-8")
        made.feed_to_the_client(dump.replace(f"'{BACKUPS}/", f"'{made.path}/backups/"))
        return made

    return make


def ledger(project: Project) -> Rows:
    """All rows of the ledger's tables, asked of the server itself."""
    tables = [table for table in project.tables() if table.startswith("nestflux_")]
    return {
        table: {
            row[0]: dict(zip(project.columns(table), row, strict=True))
            for row in project.sql(f"SELECT * FROM `{table}` ORDER BY id")
        }
        for table in tables
    }


def states(project: Project) -> dict[str, str]:
    found = project.run("db_status", "--json").json
    return {file["name"]: file["state"] for file in found["files"]}


def errors(project: Project) -> list[str]:
    """What a check finds that asks only files, code and the live ledger."""
    found = project.run("db_check", "--no-shadow", "--json").json
    return [each["code"] for each in found["findings"] if each["severity"] == "error"]


def products(project: Project, column: str) -> list[Any]:
    return [value for (value,) in project.sql(f"SELECT {column} FROM shop_product ORDER BY id")]


def test_status_and_check_read_it_as_it_is(restored: Restored) -> None:
    project = restored("ledger")
    before = ledger(project)

    assert states(project) == {
        "0001_products": "applied",
        "0002_slugs": "applied",
        "0003_no_notes": "applied",
        "0004_stock": "pending",
    }
    assert errors(project) == []
    project.succeeds("db_generate", "--check")
    assert ledger(project) == before


def test_a_pending_file_runs_and_no_old_row_changes(restored: Restored) -> None:
    project = restored("ledger")
    before = ledger(project)

    project.succeeds("db_migrate")

    assert states(project)["0004_stock"] == "applied"
    assert products(project, "stock") == [7, 7]
    assert errors(project) == []
    after = ledger(project)
    del before["nestflux_version"]  # whose row says that the ledger was upgraded
    for table, rows in before.items():
        for key, row in rows.items():
            kept = {column: after[table][key][column] for column in row}
            assert kept == row, f"{table} {key}"


def test_a_restore_brings_back_what_an_old_backup_holds(restored: Restored) -> None:
    project = restored("ledger")

    project.succeeds("db_restore", "0003_no_notes", "--yes")

    assert products(project, "note") == ["from Uji", "signed"]
    assert states(project)["0003_no_notes"] == "pending"
    project.succeeds("migrate", "--no-backup")
    assert "note" not in project.columns("shop_product")
    assert products(project, "stock") == [7, 7]


def test_all_the_way_down_and_up_again(restored: Restored) -> None:
    project = restored("ledger")

    project.succeeds("db_rollback", "--to", "zero", "--yes")
    assert not [table for table in project.tables() if table.startswith("shop_")]

    project.succeeds("db_migrate", "--replay")
    assert set(states(project).values()) == {"applied"}
    assert project.sql("SELECT name FROM shop_category ORDER BY id") == [
        ("Books",),
        ("Tea and coffee",),
    ]


def test_a_file_that_stopped_goes_on_at_its_statement(restored: Restored) -> None:
    project = restored("stopped")
    assert states(project)["0004_stock"] == "failed"
    assert errors(project) == ["unfinished-file"]
    project.sql(NO_DUPLICATE)

    project.succeeds("db_migrate")

    assert _tries(project) == [1, 1, 1, 2]  # what was done is not done again
    assert states(project)["0004_stock"] == "applied"


def test_a_file_that_stopped_can_be_undone(restored: Restored) -> None:
    project = restored("stopped")

    project.succeeds("db_rollback", "--yes")

    assert "stock" not in project.columns("shop_product")
    assert states(project)["0004_stock"] == "pending"


def test_a_statement_that_ran_before_its_row_was_written_is_found_done(restored: Restored) -> None:
    project = restored("died")

    project.succeeds("db_migrate")

    assert _tries(project) == [1, 1, 1, 2]
    assert states(project)["0004_stock"] == "applied"


def _tries(project: Project) -> list[int]:
    rows = project.sql(
        "SELECT tries FROM nestflux_statement JOIN nestflux_sql_migration m "
        "ON m.id = sql_migration_id WHERE m.name = '0004_stock' ORDER BY ordinal"
    )
    return [tries for (tries,) in rows]


@pytest.mark.parametrize("state", ["ledger", "stopped", "died"])
def test_the_models_read_each_column_of_it(restored: Restored, state: str) -> None:
    """By the column's name: an attribute may be called otherwise, a column may not."""
    project = restored(state)
    before = ledger(project)

    read = project.python(
        f"""
        import json
        from django.db import connection
        from nestflux import models
        from nestflux.ledger.tables import ensure_ledger

        def text(value):
            return json.dumps(value) if isinstance(value, dict | list) else str(value)

        ensure_ledger(connection)  # as the first run that writes does
        print(json.dumps({{
            model._meta.db_table: [
                {{field.column: text(getattr(row, field.attname)) for field in model._meta.fields}}
                for row in model._default_manager.order_by("pk")
            ]
            for model in (getattr(models, name) for name in {MODELS!r})
        }}))
        """
    ).json

    assert before.keys() == read.keys()
    (version,), (upgraded,) = before.pop("nestflux_version").values(), read["nestflux_version"]
    assert int(upgraded["version"]) == VERSION >= version["version"]
    for table, rows in before.items():
        for old, new in zip(rows.values(), read[table], strict=True):
            for column, value in old.items():
                assert _same(value, new[column]), f"{table}.{column}: {value!r} → {new[column]!r}"


def test_ways_back_that_are_not_exact_are_recorded_anew(restored: Restored) -> None:
    """The up files, and what Django gave for the way back, stay as they are."""
    project = restored("ledger")
    name = "0003_no_notes.down.sql"
    ups = {path.name: path.read_text() for path in project.history.glob("*[a-z].sql")}
    up = {file: text for file, text in ups.items() if ".down." not in file}
    old = ups[name]
    assert "INEXACT" in old

    said = project.succeeds("db_generate", "--redo-down")

    assert f"✓ Recorded the way back anew: {name}" in said.stdout
    assert {file: (project.history / file).read_text() for file in up} == up
    new = (project.history / name).read_text()
    assert "INEXACT" not in new
    assert [line for line in old.splitlines() if line.startswith("ALTER")] == [
        line for line in new.splitlines() if line.startswith("ALTER")
    ][:-1]
    assert project.succeeds("db_generate", "--redo-down").stdout == (
        "The ways back are exact as they are; nothing was written.\n"
    )
    assert errors(project) == []


def test_a_database_takes_them_over_and_goes_back_exactly(restored: Restored) -> None:
    project = restored("ledger")
    project.succeeds("db_generate", "--redo-down")
    project.succeeds("db_migrate", "--to", "3")
    before = schema_of(project)

    project.succeeds("db_rollback", "3", "--yes", "--no-backup")
    without = project.columns("shop_product")
    project.succeeds("db_migrate", "--to", "3", "--no-backup")

    assert without.index("note") < without.index("slug")
    assert schema_of(project) == before


def test_its_columns_get_plain_names(restored: Restored) -> None:
    """For whoever reads the ledger in SQL; the names of 0.1 stay, for a 0.1 that writes there."""
    project = restored("stopped")
    names = [(each.table, each.column, each.of) for each in PLAIN_NAMES]

    project.run("db_migrate")

    for table, column, old in names:
        rows = project.sql(f"SELECT `{column}`, `{old}` FROM `{table}`")
        assert rows
        assert all(new == before for new, before in rows)


def _same(value: Any, read: str) -> bool:
    """A value as mysqlclient gives it, and as text what a model's field made of it."""
    if read in (str(value), str(bool(value)), f"{value}+00:00"):
        return True
    return isinstance(value, str) and bool(json.loads(value) == json.loads(read))


def test_the_admin_shows_it(restored: Restored) -> None:
    project = restored("stopped")
    project.settings(
        """
        ROOT_URLCONF = "urls"
        TEMPLATES = [{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
        }]
        """,
        apps=("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "shop"),
    )
    project.write(
        "urls.py",
        """
        from django.contrib import admin
        from django.urls import path

        urlpatterns = [path("admin/", admin.site.urls)]
        """,
    )

    shown = project.python(
        """
        import json
        from django.contrib import admin
        from django.contrib.auth.models import User
        from django.contrib.contenttypes.models import ContentType
        from django.db import connection
        from django.test import RequestFactory
        from django.urls import resolve
        from nestflux.ledger.tables import ensure_ledger
        from nestflux.models import Backup, Run, SqlMigration

        ensure_ledger(connection)
        with connection.schema_editor() as editor:
            editor.create_model(ContentType)
        pages = {}
        for model in (Backup, Run, SqlMigration):
            place = f"/admin/nestflux/{model._meta.model_name}/"
            keys = [str(key) for key in model.objects.values_list("pk", flat=True)]
            for path in (place, *(f"{place}{key}/change/" for key in keys)):
                request = RequestFactory().get(path)
                request.user = User(username="ann", is_staff=True, is_superuser=True)
                request.resolver_match = found = resolve(path)
                response = found.func(request, *found.args, **found.kwargs)
                pages[path] = [response.status_code, response.render().content.decode()]
        print(json.dumps(pages))
        """
    )

    assert shown.code == 0, str(shown)
    pages = shown.json
    assert {code for code, _ in pages.values()} == {200}
    text = "\n".join(text for _, text in pages.values())
    for told in (
        *("0001_products.sql", "0004_stock.sql", "loaded with schema.sql", "deploy-1"),
        *("Duplicate entry", "instant", "TRUNCATE leaves no trace", DATABASE),
        *("shop_category_name_11b68823_uniq", "shop_product: 2", "column shop_product.note"),
    ):
        assert told in text, told


def test_each_column_holds_something(restored: Restored) -> None:
    """Or what happens to its values would not be seen."""
    found: dict[tuple[str, str], bool] = {}
    for state in ("ledger", "stopped", "died"):
        for table, rows in ledger(restored(state)).items():
            for row in rows.values():
                for column, value in row.items():
                    place = (table, column)
                    found[place] = found.get(place, False) or value not in (None, "", "{}", "[]")

    assert {place for place, is_set in found.items() if not is_set} == NEVER_SET.keys()


def released() -> Iterator[str]:
    """The versions of the change log."""
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    yield from re.findall(r"^## \[(\d+\.\d+)\.\d+\] - ", text, re.MULTILINE)


KEPT = {"history", "backups", "ledger.sql", "stopped.sql", "died.sql"}


def test_each_version_is_frozen_for_both_servers() -> None:
    assert sorted(set(released())) == VERSIONS
    for version in VERSIONS:
        for family in ("mariadb", "mysql"):
            assert {path.name for path in (HERE / version / family).iterdir()} == KEPT


def test_this_version_can_be_frozen(server: TestServer, tmp_path: Path) -> None:
    freeze(server, tmp_path)

    assert {path.name for path in (tmp_path / server.family).iterdir()} == KEPT
    assert (tmp_path / "shop" / "migrations" / "0004_stock.py").exists()
    assert_of_no_machine(tmp_path)
    ledger_sql = (tmp_path / server.family / "ledger.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"'default','([^']+)',\d+,'([^']+)'", ledger_sql)) == {
        ("deploy-1", "ann")
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_of_the_machine_that_made_them_stands_in_them(version: str) -> None:
    assert_of_no_machine(HERE / version)


def assert_of_no_machine(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(tmp|work|home|root|var)/", text), path.name


def test_nothing_may_touch_their_bytes() -> None:
    """What is hashed there is not to be changed by git or ruff."""
    attributes = (REPOSITORY / ".gitattributes").read_text(encoding="utf-8")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))

    assert "\ntests/upgrades/*/** -text" in attributes
    assert "tests/upgrades/[0-9]*" in project["tool"]["ruff"]["extend-exclude"]
