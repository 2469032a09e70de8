"""Packages whose migrations were edited: in a folder that counts as site-packages."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import INITIAL, SLUGS, check, clean, the_only
from tests.scenario import REPOSITORY, Project


@pytest.fixture
def site(project: ProjectFactory, tmp_path: Path) -> Project:
    base = tmp_path / "base"
    version = sysconfig.get_python_version()
    packages = base / "lib" / f"python{version}" / "site-packages"
    made = project({}, contrib=("parcels",))
    made.env |= {
        "PYTHONUSERBASE": str(base),
        "PYTHONPATH": f"{REPOSITORY}:{packages}",
    }
    app = packages / "parcels"
    (app / "migrations").mkdir(parents=True)
    for name in ("__init__.py", "migrations/__init__.py"):
        (app / name).write_text("")
    models = dedent(
        """
        from django.db import models

        class Product(models.Model):
            name = models.CharField(max_length=40, help_text="As on the box")
            slug = models.CharField(max_length=40, default="")
        """
    )
    (app / "models.py").write_text(models)
    (app / "words.py").write_text("def slug_of(text):\n    return text.lower()\n")
    (app / "migrations" / "0001_initial.py").write_text(dedent(INITIAL))
    slugs = dedent(SLUGS).replace("shop", "parcels")
    (app / "migrations" / "0002_slugs.py").write_text(slugs)
    made.succeeds("db_generate", "--name", "parcels")
    return made


def package(site: Project) -> Path:
    return Path(site.env["PYTHONPATH"].split(":")[1]) / "parcels"


def test_its_edits_are_a_remark_and_stop_nothing(site: Project) -> None:
    module = package(site) / "migrations" / "0002_slugs.py"
    text = module.read_text().replace("product.save()", "product.save(force_update=True)")
    module.write_text(text.replace("max_length=40", "max_length=60"))
    models = package(site) / "models.py"
    models.write_text(
        models.read_text().replace(
            "slug = models.CharField(max_length=40", "slug = models.CharField(max_length=60"
        )
    )

    outcome = check(site)
    migrated = site.run("db_migrate", "--replay")

    finding = the_only(outcome, "package-changed-migration")
    assert finding["severity"] == "remark"
    assert finding["details"] == ["parcels.0002_slugs", "parcels.0002_slugs/1"]
    assert outcome.code == 0
    assert migrated.code == 0, str(migrated)
    assert "It is a package's: nothing is refused." in migrated.stdout


def test_what_is_made_at_each_import_is_no_edit(site: Project) -> None:
    """As in Mayan EDMS, ``documents.0003_auto_20150608_1915``."""
    (package(site) / "migrations" / "0003_token.py").write_text(
        dedent(
            """
            import uuid

            from django.db import migrations, models

            class Migration(migrations.Migration):
                dependencies = [("parcels", "0002_slugs")]
                operations = [
                    migrations.AddField("product", "token", models.CharField(
                        max_length=36, default=str(uuid.uuid4()))),
                    migrations.AlterField("product", "token", models.CharField(
                        max_length=36, default="")),
                ]
            """
        )
    )
    models = package(site) / "models.py"
    line = '    token = models.CharField(max_length=36, default="")\n'
    models.write_text(models.read_text() + line)
    site.succeeds("db_generate", "--name", "tokens")

    finding = the_only(check(site), "depends-on-settings")

    assert "parcels.0003_token makes other operations here" in finding["what"]
    assert "or are made anew" in finding["what"]


def test_what_makes_no_other_sql_is_not_even_a_remark(site: Project) -> None:
    module = package(site) / "migrations" / "0001_initial.py"
    module.write_text("# edited\n" + module.read_text().replace("on the box", "on the label"))
    models = package(site) / "models.py"
    models.write_text(models.read_text().replace("on the box", "on the label"))
    site.succeeds("db_migrate")

    clean(site)
