"""Which files the schema rules look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import migrations

from nestflux.history.records import StepRecord
from nestflux.reviewing import schema_review
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import OperationPlace, ReviewedStep
from tests.conftest import ProjectFactory
from tests.reviewing.shop import check, git
from tests.scenario import Outcome, Project

ON = 'NESTFLUX["RULES"] = {}'
MODELS = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40)
{fields}
"""
SLUG = '        slug = models.CharField(max_length=40, db_default="")\n'
COLOR = '        color = models.CharField(max_length=40, db_default="")\n'


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """Three files: a table with two columns; one is dropped; the other is dropped."""
    made = project({"shop": {"models.py": MODELS.format(fields=SLUG + COLOR)}})
    made.settings(ON)
    for name, fields in (("products", SLUG + COLOR), ("colorless", SLUG), ("slugless", "")):
        made.write("shop/models.py", MODELS.format(fields=fields))
        made.succeeds("db_generate", "--name", name)
    return made


def dropped(outcome: Outcome) -> list[str]:
    """The columns that are said to be dropped."""
    found = outcome.json["findings"]
    return [each["about"] for each in found if each["code"] == "drop-column"]


def test_without_a_database_it_is_the_newest_file(shop: Project) -> None:
    outcome = check(shop, "--no-server")

    assert dropped(outcome) == ["shop_product.slug"]
    assert "schema rules: the newest file, 0003_slugless" in outcome.json["checked"]


def test_all_files_can_be_looked_at(shop: Project) -> None:
    outcome = check(shop, "--no-server", "--all-files")

    assert dropped(outcome) == ["shop_product.color", "shop_product.slug"]


def test_with_a_database_it_is_what_is_pending(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001_products", "--replay")

    outcome = check(shop, "--no-shadow")

    assert dropped(outcome) == ["shop_product.color", "shop_product.slug"]
    assert "schema rules: 2 pending files" in outcome.json["checked"]


def test_where_nothing_is_pending_it_is_the_newest_file(shop: Project) -> None:
    shop.succeeds("db_migrate", "--replay", "--no-backup")

    assert dropped(check(shop, "--no-shadow")) == ["shop_product.slug"]


def test_since_a_commit_it_is_what_the_branch_adds(shop: Project) -> None:
    git(shop, "init", "-q")
    git(shop, "add", "-A")
    journal = shop.history / "journal.json"
    newest = journal.read_text(encoding="utf-8")
    shop.write("shop/models.py", MODELS.format(fields=""))
    before = newest.replace("0003_slugless", "0003_other")
    journal.write_text(before.replace(_id_of(newest, 2), "0" * 32), encoding="utf-8")
    git(shop, "commit", "-aqm", "another third file")
    journal.write_text(newest, encoding="utf-8")

    outcome = check(shop, "--no-server", "--since", "HEAD")

    assert dropped(outcome) == ["shop_product.slug"]
    assert "schema rules: 1 file that HEAD does not have" in outcome.json["checked"]


def test_since_a_commit_without_a_history_the_tables_are_new_as_well(shop: Project) -> None:
    git(shop, "init", "-q")
    git(shop, "add", "shop")
    git(shop, "commit", "-qm", "no history yet")

    outcome = check(shop, "--no-server", "--since", "HEAD")

    assert dropped(outcome) == []
    assert "schema rules: 3 files that HEAD does not have" in outcome.json["checked"]


def test_a_commit_that_git_does_not_know_is_refused(shop: Project) -> None:
    git(shop, "init", "-q")

    outcome = shop.run("db_check", "--no-server", "--since", "origin/main")

    assert outcome.code == 2
    assert outcome.stderr.splitlines()[0] == "--since origin/main: git does not know it."
    assert "Next:  git fetch" in outcome.stderr


@pytest.mark.parametrize("empty", ["--since=", "--since= "])
def test_no_commit_is_refused(shop: Project, empty: str) -> None:
    outcome = shop.run("db_check", "--no-server", empty)

    assert outcome.code == 2
    assert outcome.stderr.splitlines()[0] == "--since names no commit."
    assert "Next:  name the commit that the branch goes to" in outcome.stderr


def test_an_option_of_git_is_no_commit(shop: Project) -> None:
    git(shop, "init", "-q")

    outcome = shop.run("db_check", "--no-server", "--since=--help")

    assert outcome.code == 2
    assert "git does not know it" in outcome.stderr


def _id_of(journal: str, index: int) -> str:
    import json

    return str(json.loads(journal)["files"][index]["id"])


@pytest.mark.parametrize(
    ("module", "severity"),
    [
        ("shop.migrations.0002_x", "error"),
        ("django.contrib.auth.migrations.0001_initial", "warning"),
    ],
)
def test_what_a_package_does_is_no_error(
    module: str, severity: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop/migrations").mkdir(parents=True)
    for name in ("shop/__init__.py", "shop/migrations/__init__.py", "shop/migrations/0002_x.py"):
        (tmp_path / name).touch()
    monkeypatch.syspath_prepend(tmp_path)
    kind = type("Migration", (migrations.Migration,), {"__module__": module})
    source = OperationPlace(kind("0002_x", "shop"), migrations.RunSQL("SELECT 1"))
    step = ReviewedStep("mysql", 1, "SELECT 1", StepRecord("", "ddl", ""), {}, {}, source=source)
    found = Finding("rename-column", Severity.ERROR, "x", fix="keep the column")

    placed = schema_review.placed(found, tmp_path / "0002.sql", step)

    assert placed.severity.value == severity
    assert (placed.fix == "keep the column") == (severity == "error")
