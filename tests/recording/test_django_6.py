"""What Django 6.0 and 6.1 do on MySQL and MariaDB that 5.2 does not: recorded, undone, checked.

Every test holds the files against what Django's own executor runs (``require_fidelity``).
"""

from __future__ import annotations

import django
import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import down_file, require_fidelity, statements, up_file
from tests.scenario import Project

pytestmark = pytest.mark.skipif(
    django.VERSION < (6, 1), reason="needs Django 6.1, whose migrations these are"
)

ORDERS = """
    from django.db import models

    class Customer(models.Model):
        name = models.CharField(max_length=40)

    class Order(models.Model):
        customer = models.ForeignKey(Customer, models.CASCADE, null=True)
"""
RULED = ORDERS.replace("models.CASCADE", "models.DB_CASCADE")
RULE = "ON DELETE CASCADE"


def orders(project: ProjectFactory, models: str = ORDERS) -> Project:
    """A project with one app, ``shop``, whose first migration is recorded."""
    site = project({"shop": {"models.py": models}})
    site.succeeds("db_generate", "--name", "first")
    return site


def changed_to(site: Project, models: str) -> tuple[list[str], list[str]]:
    """The statements, up and down, of the file that the models' change gives; all of it holds."""
    site.write("shop/models.py", models)
    site.succeeds("db_generate", "--name", "second")
    require_all(site)
    up, down = up_file(site, "0002_second"), down_file(site, "0002_second")
    return statements(up), statements(down)


def require_all(site: Project) -> None:
    """The history is Django's; its last file runs, is undone and runs again."""
    require_fidelity(site)
    site.succeeds("db_generate", "--check")
    site.succeeds("db_migrate")
    applied = site.applied()
    site.succeeds("db_rollback", "--yes")
    assert len(site.applied()) < len(applied)
    site.succeeds("db_migrate")
    assert site.applied() == applied
    site.succeeds("db_generate", "--check")


# ---- what the server does when a row goes ----------------------------------------------------


@pytest.mark.parametrize("rule", ["CASCADE", "SET NULL"])
def test_a_rule_of_the_server_is_in_the_foreign_key_of_a_new_table(
    project: ProjectFactory, rule: str
) -> None:
    name = f"DB_{rule.replace(' ', '_')}"
    site = orders(project, ORDERS.replace("CASCADE", name))

    assert statements(up_file(site, "0001_first"))[-1].endswith(f"ON DELETE {rule}")
    require_all(site)
    site.sql("INSERT INTO shop_customer VALUES (1, 'Ada')")
    site.sql("INSERT INTO shop_order VALUES (1, 1)")
    site.sql("DELETE FROM shop_customer")
    left = [(1, None)] if rule == "SET NULL" else []
    assert list(site.sql("SELECT id, customer_id FROM shop_order")) == left


def test_a_new_column_with_a_rule_of_the_server(project: ProjectFactory) -> None:
    without = ORDERS.replace(
        "customer = models.ForeignKey(Customer, models.CASCADE, null=True)", "pass"
    )
    up, _ = changed_to(orders(project, without), RULED)

    assert RULE in " ".join(up)


@pytest.mark.parametrize(("before", "after"), [(ORDERS, RULED), (RULED, ORDERS)])
def test_on_delete_moves_between_django_and_the_server(
    project: ProjectFactory, before: str, after: str
) -> None:
    up, down = changed_to(orders(project, before), after)

    for found in (up, down):
        assert ["DROP FOREIGN KEY" in sql for sql in found] == [True, False]
        assert "ADD CONSTRAINT" in found[1]
    with_rule, without = (up, down) if after == RULED else (down, up)
    assert RULE in with_rule[1]
    assert RULE not in without[1]


def test_one_rule_of_the_server_becomes_another(project: ProjectFactory) -> None:
    up, down = changed_to(orders(project, RULED), RULED.replace("DB_CASCADE", "DB_SET_NULL"))

    assert up[-1].endswith("ON DELETE SET NULL")
    assert down[-1].endswith(RULE)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [("DB_CASCADE", "DB_SET_NULL", 2), ("CASCADE", "DB_CASCADE", 2), ("CASCADE", "PROTECT", 0)],
)
def test_an_edited_migration_is_found_where_the_rule_is_the_servers(
    project: ProjectFactory, before: str, after: str, code: int
) -> None:
    site = orders(project, ORDERS.replace("CASCADE", before))
    for name, word in (("migrations/0001_initial.py", "deletion."), ("models.py", "models.")):
        site.edit(f"shop/{name}", f"{word}{before}", f"{word}{after}")

    outcome = site.run("db_migrate")

    assert outcome.code == code, str(outcome)


# ---- operations ------------------------------------------------------------------------------

SECOND = "0002_alter_item_item_price.py"
CHECKED = """
    from django.db import models

    class Item(models.Model):
        price = models.IntegerField()

        class Meta:
            constraints = [
                models.CheckConstraint(
                    condition=models.Q(price__gte=0),
                    name="item_price",
                    violation_error_message="Too low",
                )
            ]
"""


def test_another_message_of_a_constraint_makes_no_statement(project: ProjectFactory) -> None:
    site = orders(project, CHECKED)
    assert changed_to(site, CHECKED.replace("Too low", "Below zero")) == ([], [])
    assert "AlterConstraint" in site.read(f"shop/migrations/{SECOND}")


def test_another_message_in_a_migration_that_was_applied_is_no_edit(
    project: ProjectFactory,
) -> None:
    site = orders(project, CHECKED)
    changed_to(site, CHECKED.replace("Too low", "Below zero"))
    site.edit(f"shop/migrations/{SECOND}", "Below zero", "Negative")
    site.edit("shop/models.py", "Below zero", "Negative")

    site.succeeds("db_check")


GENERATED = """
    from django.db import models

    class Item(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(default=0)
        gross = models.GeneratedField(
            expression=models.F("price") * 2,
            output_field=models.IntegerField(),
            db_persist=True,
        )
"""


def test_a_generated_field_goes_before_the_field_that_it_is_made_of(
    project: ProjectFactory,
) -> None:
    up, _ = changed_to(orders(project, GENERATED), GENERATED[: GENERATED.index("        price")])

    assert [sql.split("`")[3] for sql in up] == ["gross", "price"]


MANY = """
    from django.db import models

    class One(models.Model):
        pass

    class Other(models.Model):
        pass

    class Item(models.Model):
        many = models.ManyToManyField(One)
"""


def test_a_many_to_many_field_with_another_target_has_another_table(
    project: ProjectFactory,
) -> None:
    up, down = changed_to(orders(project, MANY), MANY.replace("Field(One)", "Field(Other)"))

    assert up[0].startswith("DROP TABLE `shop_item_many`")
    assert "`other_id`" in up[1]
    assert "`one_id`" in down[1]


INDEXED = """
    from django.db import models

    class Kept(models.Model):
        pass

    class Item(models.Model):
        kept = models.ForeignKey(Kept, models.CASCADE)
        name = models.CharField(max_length=40)

        class Meta:
            indexes = [models.Index(fields=["name"], name="item_by_name")]
            constraints = [models.UniqueConstraint(fields=["kept", "name"], name="item_once")]
"""


def test_a_model_that_goes_loses_its_indexes_and_constraints_first(
    project: ProjectFactory,
) -> None:
    up, _ = changed_to(orders(project, INDEXED), INDEXED[: INDEXED.index("    class Item")])

    assert "item_by_name" in up[0]
    assert "DROP TABLE `shop_item`" in up[-1]


COMMENTED = """
    from django.db import models

    class Item(models.Model):
        name = models.CharField(max_length=40, db_comment="what it's called")
        price = models.IntegerField(null=True, db_comment="net")
"""


def test_a_comment_comes_after_not_null(project: ProjectFactory) -> None:
    site = orders(project, COMMENTED)
    up, _ = changed_to(site, COMMENTED.replace("called", "named").replace('"net"', '"gross"'))

    assert "NOT NULL COMMENT 'what it" in up[0]
    assert "NULL COMMENT 'gross'" in up[1]


TOGETHER = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Item",
                [
                    ("id", models.BigAutoField(primary_key=True, serialize=False)),
                    ("name", models.CharField(max_length=40)),
                    ("price", models.IntegerField()),
                ],
                options={"unique_together": {("name", "price")}},
            ),
            migrations.AlterUniqueTogether("item", {("price", "id")}),
            migrations.AlterUniqueTogether("item", set()),
        ]
"""
PLAIN = """
    from django.db import models

    class Item(models.Model):
        id = models.BigAutoField(primary_key=True)
        name = models.CharField(max_length=40)
        price = models.IntegerField()
"""


def test_unique_together_changes_in_the_migration_that_made_it(project: ProjectFactory) -> None:
    site = project({"shop": {"models.py": PLAIN, "migrations/0001_initial.py": TOGETHER}})
    site.succeeds("db_generate", "--name", "first")

    require_all(site)


# ---- squashes of squashes --------------------------------------------------------------------

FIRST = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        operations = [
            migrations.CreateModel(
                "Item", [("id", models.BigAutoField(primary_key=True, serialize=False))],
            ),
        ]
"""
ADDED = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shop", "{before}")]
        operations = [migrations.AddField("item", "{name}", {field})]
"""
SQUASHED = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        replaces = [("shop", "{one}"), ("shop", "{other}")]
        operations = [
            migrations.CreateModel("Item", [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40, default='')),
                {more}
            ]),
        ]
"""
NAME = "models.CharField(max_length=40, default='')"
PRICE = "models.IntegerField(default=0)"
DEFAULTS = PLAIN.replace("40)", "40, default='')").replace(
    "IntegerField()", "IntegerField(default=0)"
)
SQUASHES = {
    "0001_squashed_0002.py": SQUASHED.format(one="0001_initial", other="0002_name", more=""),
    "0001_squashed_0003.py": SQUASHED.format(
        one="0001_squashed_0002", other="0003_price", more=f'("price", {PRICE}),'
    ),
}
REPLACED = {
    "0001_initial.py": FIRST,
    "0002_name.py": ADDED.format(before="0001_initial", name="name", field=NAME),
    "0003_price.py": ADDED.format(before="0002_name", name="price", field=PRICE),
}


def in_the_app(files: dict[str, str]) -> dict[str, str]:
    return {f"migrations/{name}": text for name, text in files.items()}


def test_a_squash_of_squashes_is_recorded_in_place_of_all(project: ProjectFactory) -> None:
    site = project({"shop": {"models.py": DEFAULTS, **in_the_app(REPLACED | SQUASHES)}})
    site.succeeds("db_generate", "--name", "first")

    assert [one.migration for one in up_file(site, "0001_first").sections] == [
        "shop.0001_squashed_0003"
    ]
    require_all(site)


def test_a_squash_of_squashes_of_recorded_migrations_makes_no_file(
    project: ProjectFactory,
) -> None:
    site = project({"shop": {"models.py": DEFAULTS, **in_the_app(REPLACED)}})
    site.succeeds("db_generate", "--name", "first")
    site.succeeds("db_migrate")
    site.app("shop", in_the_app(SQUASHES))

    site.succeeds("db_generate", "--check")
    site.succeeds("db_migrate")
    require_all(site)


def test_squashes_that_replace_each_other_are_no_graph(project: ProjectFactory) -> None:
    circle = {
        "0001_one.py": SQUASHED.format(one="0001_other", other="0001_initial", more=""),
        "0001_other.py": SQUASHED.format(one="0001_one", other="0002_name", more=""),
    }
    site = project({"shop": {"models.py": DEFAULTS, **in_the_app(REPLACED | circle)}})

    outcome = site.run("db_generate")

    assert outcome.code == 2
    assert "The migrations do not form a graph: Cyclical squash" in outcome.stderr
