"""A database that ran files of a branch that is not checked out any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

ITEM = """
    from django.db import models

    class Item(models.Model):
        code = models.CharField(max_length=20)
"""
UP_TO_DATE = "Database is up to date!"
FIELD = "        {name} = models.IntegerField(null=True)\n"


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """The first file is applied, and both branches begin there."""
    made = project({"shop": {"models.py": ITEM}})
    made.succeeds("db_generate", "--name", "initial")
    made.succeeds("db_migrate")
    return made


@contextmanager
def another_branch(shop: Project) -> Iterator[None]:
    """What is written meanwhile goes, as with git; what was applied stays applied."""
    kept = shop.path.with_name("kept")
    shutil.copytree(shop.path, kept, ignore=shutil.ignore_patterns("__pycache__"))
    yield
    shutil.rmtree(shop.path)
    shutil.move(kept, shop.path)


def gets(shop: Project, field: str) -> None:
    """A file of its own, applied."""
    shop.write("shop/models.py", ITEM + FIELD.format(name=field))
    shop.succeeds("db_generate", "--name", field)
    shop.succeeds("db_migrate")


def test_what_is_not_on_disk_is_undone_from_the_ledger(shop: Project) -> None:
    with another_branch(shop):
        gets(shop, "colour")
    assert shop.columns("shop_item") == ["id", "code", "colour"]
    status = shop.succeeds("db_status")

    undone = shop.succeeds("db_rollback", "--off-branch", "--yes")

    assert "db_rollback --off-branch undoes it" in status.stdout
    assert "Rolled back migration: 0002_colour.sql" in undone.stdout
    assert shop.columns("shop_item") == ["id", "code"]
    assert shop.applied() == ["shop.0001_initial"]
    assert "off-branch" not in shop.succeeds("db_status").stdout


def test_what_was_applied_after_it_goes_too_and_comes_again(shop: Project) -> None:
    with another_branch(shop):
        gets(shop, "colour")
    gets(shop, "weight")

    plan = shop.succeeds("db_rollback", "--off-branch", "--plan", "--json").json
    shop.succeeds("db_rollback", "--off-branch", "--yes")
    between = shop.columns("shop_item")
    shop.succeeds("db_migrate")

    assert [file["name"] for file in plan["files"]] == ["0002_weight", "0002_colour"]
    assert between == ["id", "code"]
    assert shop.columns("shop_item") == ["id", "code", "weight"]


def test_a_file_that_the_other_branch_left_half_applied_is_undone(shop: Project) -> None:
    shop.sql("INSERT INTO shop_item (code) VALUES ('a'), ('a')")
    unique = ITEM.replace("max_length=20", "max_length=20, unique=True")
    with another_branch(shop):
        shop.write("shop/models.py", unique + FIELD.format(name="colour"))
        shop.succeeds("db_generate", "--name", "rules")
        assert shop.run("db_migrate").code == 1

    shop.succeeds("db_rollback", "--off-branch", "--yes")

    assert shop.columns("shop_item") == ["id", "code"]
    assert shop.succeeds("db_status").lines[-1] == UP_TO_DATE


def test_where_every_file_is_on_disk_there_is_nothing_to_undo(shop: Project) -> None:
    assert shop.succeeds("db_rollback", "--off-branch", "--yes").lines == ["Nothing to roll back."]


def test_it_is_one_wish_or_another(shop: Project) -> None:
    refused = shop.run("db_rollback", "--off-branch", "--to", "zero")

    assert refused.code == 2
    assert "Give one of: a file, --to, --off-branch." in refused.stderr
