"""Models of two apps that nothing orders: the history's own order is the one that ran.

Django's plan for an empty database renames ``shop.Box`` before it makes the first model that points
at it, for the rename of ``Box`` depends on no migration of the other app.
"""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory

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
RENAMES = ("--rename", "depot.Shelf=Tray", "--rename", "shop.Box=Crate")
THERE_IS = "SELECT model FROM django_content_type WHERE app_label IN ('depot', 'shop') ORDER BY 1"


@pytest.mark.parametrize("how", [(), ("--replay",)], ids=["loaded", "replayed"])
def test_two_models_renamed_at_once_of_which_one_points_at_the_other(
    project: ProjectFactory, how: tuple[str, ...]
) -> None:
    apps = {"shop": {"models.py": BOX}, "depot": {"models.py": SHELF}}
    site = project(apps, contrib=("django.contrib.contenttypes",))
    for box, shelf, flags in (("Box", "Shelf", ()), ("Crate", "Tray", RENAMES)):
        site.app("shop", {"models.py": BOX.format(box=box)})
        site.app("depot", {"models.py": SHELF.format(box=box, shelf=shelf)})
        site.succeeds("db_generate", "--name", shelf.lower(), "--noinput", *flags)

    applied = site.run("db_migrate", *how)
    found = site.sql(THERE_IS)
    undone = site.run("db_rollback", "--yes")

    assert (applied.code, undone.code) == (0, 0), f"{applied}\n{undone}"
    assert found == [("crate",), ("tray",)]
    assert not site.succeeds("db_status", "--json").json["post_migrate_owed"]
