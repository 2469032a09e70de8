"""Models of two apps that nothing orders: the history's own order is the one that ran.

Django's plan for an empty database renames ``shop.Box`` before ``yard`` makes the first model that
points at it, where the rename depends on no migration of that app.
"""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

BOX = """
    from django.db import models


    class {box}(models.Model):
        code = models.CharField(max_length=20)
"""
SHELF = """
    from django.db import models


    class {shelf}(models.Model):
        owner = models.ForeignKey("shop.{box}", models.CASCADE)
"""
RENAMES = ("--rename", "yard.Shelf=Tray", "--rename", "shop.Box=Crate")
STOCK_MIGRATE = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

executor = MigrationExecutor(connection)
executor.migrate(executor.loader.graph.leaf_nodes())
"""
THERE_IS = "SELECT model FROM django_content_type WHERE app_label IN ('shop', 'yard') ORDER BY 1"


RENAMED_BY_HAND = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]

        operations = [migrations.RenameModel("Box", "Crate")]
"""


def _with_models(site: Project, box: str, shelf: str, more: str = "") -> None:
    site.app("shop", {"models.py": BOX.format(box=box)})
    site.app("yard", {"models.py": SHELF.format(box=box, shelf=shelf) + more})


def _begun(project: ProjectFactory) -> Project:
    apps = {"shop": {"models.py": BOX}, "yard": {"models.py": SHELF}}
    site = project(apps, contrib=("django.contrib.contenttypes",))
    _with_models(site, "Box", "Shelf")
    site.succeeds("db_generate", "--name", "shelf", "--noinput")
    return site


@pytest.mark.parametrize("how", [(), ("--replay",)], ids=["loaded", "replayed"])
def test_two_models_renamed_at_once_of_which_one_points_at_the_other(
    project: ProjectFactory, how: tuple[str, ...]
) -> None:
    site = _begun(project)
    _with_models(site, "Crate", "Tray")
    site.succeeds("db_generate", "--name", "tray", "--noinput", *RENAMES)

    applied = site.run("db_migrate", *how)
    found = site.sql(THERE_IS)
    undone = site.run("db_rollback", "--yes")

    assert (applied.code, undone.code) == (0, 0), f"{applied}\n{undone}"
    assert found == [("crate",), ("tray",)]
    assert not site.succeeds("db_status", "--json").json["post_migrate_pending"]


def test_a_rename_follows_what_points_at_the_model_by_its_old_name(project: ProjectFactory) -> None:
    """So that stock ``migrate`` and the next ``db_generate`` have a plan that works."""
    site = _begun(project)
    _with_models(site, "Crate", "Shelf")

    site.succeeds("db_generate", "--noinput", "--rename", "shop.Box=Crate")

    stock = site.python(STOCK_MIGRATE)
    assert stock.code == 0, stock
    assert site.run("makemigrations", "--check").code == 0


def test_a_new_model_points_at_one_that_is_renamed_at_the_same_time(
    project: ProjectFactory,
) -> None:
    site = _begun(project)
    _with_models(site, "Crate", "Shelf", SHELF.format(box="Crate", shelf="Rack"))

    site.succeeds("db_generate", "--noinput", "--rename", "shop.Box=Crate")

    assert site.run("db_migrate", "--replay").code == 0
    assert site.run("makemigrations", "--check").code == 0
    assert site.run("db_rollback", "--yes").code == 0


def test_after_a_rename_that_nothing_orders_the_next_change_is_recorded(
    project: ProjectFactory,
) -> None:
    """Stock ``migrate`` fails there: in its plan the rename comes first."""
    site = _begun(project)
    _with_models(site, "Crate", "Shelf")
    site.app("shop", {"migrations/0002_crate.py": RENAMED_BY_HAND})
    site.succeeds("db_generate", "--noinput")
    _with_models(site, "Crate", "Shelf", "\n    code = models.CharField(max_length=9, null=True)")

    generated = site.run("db_generate", "--noinput")
    applied = site.run("db_migrate", "--replay")
    again = site.run("db_generate", "--check")
    undone = site.run("db_rollback", "--yes")

    runs = (generated, applied, again, undone)
    assert [run.code for run in runs] == [0, 0, 0, 0], "\n".join(map(str, runs))
