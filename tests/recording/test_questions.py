"""A person at a terminal is asked as Django asks."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.recording.django_truth import statements, up_file
from tests.recording.test_changes import POINTING, with_package
from tests.recording.test_effects import recorded

# A package whose models ask everything that Django can ask of its migrations.
ASKING = """
    import uuid
    from django.db import models

    class Account(models.Model):
        title = models.CharField(max_length=20)
        note = models.CharField(max_length=20)
        opened = models.DateField()
        made = models.DateTimeField(auto_now_add=True)
        code = models.UUIDField(unique=True, default=uuid.uuid4)

    class Entry(models.Model):
        text = models.TextField()
"""
ASKED_OF = """
    from django.db import migrations, models

    ID = models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )

    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel("Account", [
                ("id", ID),
                ("name", models.CharField(max_length=20)),
                ("note", models.CharField(max_length=20, null=True)),
            ]),
            migrations.CreateModel("Log", [("id", ID), ("text", models.TextField())]),
        ]
"""
END_OF_INPUT = "\x04"


def test_a_rename_is_asked_and_the_answer_counts(project: ProjectFactory) -> None:
    shop = recorded(project)
    shop.edit("shop/models.py", "name =", "title =")

    outcome = shop.on_a_terminal("db_generate", "--name", "title", answers="y\n")

    assert outcome.code == 0, str(outcome)
    assert "Was product.name renamed to product.title" in outcome.stdout
    assert statements(up_file(shop, "0002_title")) == [
        "ALTER TABLE `shop_product` RENAME COLUMN `name` TO `title`"
    ]


def test_a_required_column_gets_the_value_that_is_typed(project: ProjectFactory) -> None:
    shop = recorded(project)
    shop.edit(
        "shop/models.py",
        "name = models.CharField(max_length=40)",
        "name = models.CharField(max_length=40)\n    stock = models.IntegerField()",
    )

    outcome = shop.on_a_terminal("db_generate", "--name", "stock", answers="1\n7\n")

    assert outcome.code == 0, str(outcome)
    first, _ = statements(up_file(shop, "0002_stock"))
    assert first == "ALTER TABLE `shop_product` ADD COLUMN `stock` integer DEFAULT 7 NOT NULL"


def test_nobody_is_asked_about_an_installed_packages_models(project: ProjectFactory) -> None:
    site = project({"shop": {"models.py": f"{POINTING}        note = models.TextField()\n"}})
    vendor = with_package(site, ASKING, ASKED_OF)
    first = site.on_a_terminal("db_generate", "--name", "first", answers=END_OF_INPUT)
    site.edit("shop/models.py", "note", "remark")

    second = site.on_a_terminal(
        "db_generate", "--name", "second", answers=f"y\n{END_OF_INPUT}{END_OF_INPUT}"
    )

    assert (first.code, second.code) == (0, 0), f"{first}\n{second}"
    assert "[y/N]" not in first.stdout
    assert second.stdout.count("[y/N]") == 1
    assert "Was order.note renamed to order.remark" in second.stdout
    for outcome in (first, second):
        assert "vendor: models and migrations of the package differ" in outcome.stdout
        assert "account" not in outcome.stdout
        assert "Select an option" not in outcome.stdout
    assert [path.name for path in (vendor / "migrations").glob("0*")] == ["0001_initial.py"]


def test_a_person_sees_what_is_being_recorded_and_a_log_does_not(project: ProjectFactory) -> None:
    shop = recorded(project)
    shop.edit("shop/models.py", "max_length=40", "max_length=50")

    watched = shop.on_a_terminal("db_generate", "--name", "longer", kind="xterm")
    shop.edit("shop/models.py", "max_length=50", "max_length=60")
    unwatched = shop.run("db_generate", "--name", "longer_still")
    checked = shop.on_a_terminal("db_check", kind="xterm")

    assert (watched.code, unwatched.code, checked.code) == (0, 0, 0)
    for said in (": recording shop.0002_", ": recording the way back of shop.0002_"):
        assert said in watched.stdout
        assert said not in unwatched.stdout + unwatched.stderr
    assert ": running the text of 0002_longer.sql again" in watched.stdout
    assert ": loading schema.sql" in watched.stdout
    assert ": running the files again" in checked.stdout
