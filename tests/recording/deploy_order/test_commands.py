"""The deploy order where a person meets it: db_generate, the file, --plan, db_check, the admin."""

from __future__ import annotations

from nestflux.history.deploy_order import Order
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import parse, render
from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
MEASURED = 'NESTFLUX["DEPLOY_ORDER"] = True'


def shop_of(project: ProjectFactory) -> Project:
    shop = project({"shop": {"models.py": MODELS}}, settings=MEASURED)
    shop.succeeds("db_generate", "--name", "products")
    return shop


def add(shop: Project, field: str, name: str) -> str:
    """Add a field, and record it; what was printed."""
    shop.write("shop/models.py", shop.read("shop/models.py") + f"    {field}\n")
    return shop.succeeds("db_generate", "--name", name).stdout


def record_of(shop: Project, name: str) -> FileRecord:
    return FileRecord.loads((shop.history / f"{name}.deltas.json").read_text(encoding="utf-8"))


def test_the_first_file_needs_no_measuring(project: ProjectFactory) -> None:
    shop = shop_of(project)

    text = (shop.history / "0001_products.sql").read_text(encoding="utf-8")
    assert "-- Order: migrate first. No running code knows these tables.\n" in text
    order = record_of(shop, "0001_products").deploy_order
    assert order is not None
    assert order.order is Order.MIGRATE_FIRST


def test_a_file_states_its_order_with_the_failing_query_and_what_was_not_measured(
    project: ProjectFactory,
) -> None:
    shop = shop_of(project)

    said = add(shop, "price = models.IntegerField(null=True)", "price")

    assert "    Deploy order: migrate first\n" in said
    text = (shop.history / "0002_price.sql").read_text(encoding="utf-8")
    header = text.partition("\n\n")[0].splitlines()
    begin = next(i for i, line in enumerate(header) if line.startswith("-- Order: "))
    assert header[begin].startswith("-- Order: migrate first. Measured on M")
    assert ", strict: 1 model, " in header[begin]
    assert header[begin + 1].startswith(
        "--   New code before this file fails: 1054 Unknown column 'shop_product.price' in "
    )
    assert "--   Not measured: raw SQL, triggers, data steps, performance" in header
    assert render(parse(text)) == text
    order = record_of(shop, "0002_price").deploy_order
    assert order is not None
    assert "SELECT" in order.failures[0].query
    assert order.failures[0].column == "price"


def test_two_steps_are_said_in_words(project: ProjectFactory) -> None:
    shop = shop_of(project)

    said = add(shop, "price = models.IntegerField(default=1)", "price")

    assert "    Deploy order: two steps\n" in said
    assert "      Step 1: add price with null=True or a db_default (migrate first)" in said
    assert "      Step 2: fill the rows without it, and make price required" in said


def test_it_can_be_switched_off(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}}, settings='NESTFLUX["DEPLOY_ORDER"] = False')
    shop.succeeds("db_generate", "--name", "products")

    said = add(shop, "price = models.IntegerField(null=True)", "price")

    assert "Deploy order" not in said
    assert "-- Order:" not in (shop.history / "0002_price.sql").read_text(encoding="utf-8")
    assert record_of(shop, "0002_price").deploy_order is None


def test_whatever_goes_wrong_the_file_is_written_and_says_why(project: ProjectFactory) -> None:
    shop = shop_of(project)
    shop.write(
        "shop/broken.py",
        """
        from django.db import models

        class Broken(models.IntegerField):
            def deconstruct(self):
                name, path, args, kwargs = super().deconstruct()
                return name, path, args, kwargs

            def contribute_to_class(self, cls, name, **kwargs):
                if cls.__module__ == "__fake__" and Broken.is_measured():
                    raise RuntimeError("no historical models of this")
                super().contribute_to_class(cls, name, **kwargs)

            @staticmethod
            def is_measured():
                import sys

                frame = sys._getframe()
                while frame:
                    if frame.f_code.co_name == "models_of":
                        return True
                    frame = frame.f_back
                return False
        """,
    )
    shop.edit(
        "shop/models.py",
        "from django.db import models",
        "from django.db import models\nfrom shop.broken import Broken",
    )

    said = add(shop, "price = Broken(null=True)", "price")

    why = "undecided: it could not be measured: RuntimeError: no historical models of this"
    assert f"    Deploy order: {why}\n" in said
    assert (shop.history / "0002_price.sql").exists()


def test_a_plan_shows_it(project: ProjectFactory) -> None:
    shop = shop_of(project)
    shop.succeeds("db_migrate")
    add(shop, "price = models.IntegerField(null=True)", "price")

    plan = shop.succeeds("db_migrate", "--plan").stdout
    as_json = shop.succeeds("db_migrate", "--plan", "--json").json

    assert "  Deploy order: migrate first. Measured on M" in plan
    assert "do not add up" not in plan
    assert as_json["files"][0]["deploy_order"]["order"] == "migrate first"


def test_several_files_are_measured_together(project: ProjectFactory) -> None:
    """One is made, and another takes it away: each has an order, and the two make no difference."""
    shop = shop_of(project)
    shop.succeeds("db_migrate")
    add(shop, "price = models.IntegerField(null=True)", "price")
    shop.write("shop/models.py", MODELS)
    shop.succeeds("db_generate", "--name", "no_price")

    plan = shop.succeeds("db_migrate", "--plan").stdout
    together = shop.succeeds("db_migrate", "--plan", "--order")
    report = shop.succeeds("db_check", "--json").json

    assert "python manage.py db_migrate --plan --order" in plan
    assert "  Deploy order of these 2 files together: no difference found." in together.stdout
    assert [f["code"] for f in report["findings"]] == []


def test_a_run_measures_nothing(project: ProjectFactory) -> None:
    outcome = shop_of(project).run("db_migrate", "--order")

    assert outcome.code == 2
    assert "python manage.py db_migrate --plan --order" in outcome.stderr


def test_a_check_reports_what_is_pending(project: ProjectFactory) -> None:
    shop = shop_of(project)
    shop.succeeds("db_migrate")
    add(shop, "price = models.IntegerField(default=1)", "price")

    (found,) = shop.succeeds("db_check", "--json").json["findings"]
    shop.succeeds("db_migrate")
    after = shop.succeeds("db_check", "--json").json["findings"]

    assert (found["code"], found["severity"]) == ("two-steps", "warning")
    assert found["what"].startswith("Deploy order of 0002_price.sql: two steps. Measured on M")
    assert after == []


def test_models_that_do_not_fit_what_their_file_makes_are_an_error(project: ProjectFactory) -> None:
    shop = shop_of(project)
    shop.write(
        "shop/migrations/0002_price.py",
        """
        from django.db import migrations, models

        class Migration(migrations.Migration):
            dependencies = [("shop", "0001_initial")]
            operations = [
                migrations.SeparateDatabaseAndState(
                    state_operations=[
                        migrations.AddField("product", "price", models.IntegerField(null=True))
                    ]
                )
            ]
        """,
    )

    said = add(shop, "price = models.IntegerField(null=True)", "price")
    outcome = shop.run("db_check", "--json")

    assert "the models after this file do not fit the schema that it makes" in said
    assert outcome.code == 1
    assert [found["code"] for found in outcome.json["findings"]] == ["models-misfit"]


def test_an_accepted_edit_is_measured_anew(project: ProjectFactory) -> None:
    shop = shop_of(project)
    add(shop, "price = models.IntegerField(null=True)", "price")
    file = shop.history / "0002_price.sql"
    text = file.read_text(encoding="utf-8")
    end = text.index("NULL;")
    file.write_text(f"{text[:end]}NULL, ADD UNIQUE (name);{text[end + 5 :]}", encoding="utf-8")

    shop.succeeds("db_generate", "--accept", "0002_price.sql")

    order = record_of(shop, "0002_price").deploy_order
    assert order is not None
    assert order.order is Order.TWO_STEPS
    assert "-- Order: two steps." in file.read_text(encoding="utf-8")


def test_a_file_without_an_order_goes_on_as_before(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}}, settings='NESTFLUX["DEPLOY_ORDER"] = False')
    shop.succeeds("db_generate", "--name", "products")
    add(shop, "price = models.IntegerField(null=True)", "price")
    shop.succeeds("db_migrate", "--to", "0001")
    shop.settings(MEASURED)

    plan = shop.succeeds("db_migrate", "--plan").stdout

    assert "Deploy order" not in plan
    assert shop.succeeds("db_check", "--json").json["findings"] == []
    shop.succeeds("db_migrate")


def test_only_what_is_related_is_loaded_and_nothing_of_it_is_missing(
    project: ProjectFactory,
) -> None:
    """Only Django's own additions: the recording loads a part of the schema. A maker's full row
    needs a town, whose table refers to that of countries, which is not there."""
    shop = project(
        {
            "shop": {
                "models.py": """
                    from django.db import models

                    class Tag(models.Model):
                        name = models.CharField(max_length=40)

                    class Box(models.Model):
                        product = models.ForeignKey("Product", models.CASCADE)
                        tags = models.ManyToManyField(Tag)

                    class Other(models.Model):
                        name = models.CharField(max_length=40)

                    class Country(models.Model):
                        name = models.CharField(max_length=40)

                    class Town(models.Model):
                        country = models.ForeignKey(Country, models.CASCADE, null=True)

                    class Maker(models.Model):
                        town = models.ForeignKey(Town, models.CASCADE, null=True)

                    class Product(models.Model):
                        name = models.CharField(max_length=40)
                        maker = models.ForeignKey(Maker, models.CASCADE)
                    """
            }
        },
        settings=MEASURED,
    )
    shop.succeeds("db_generate", "--name", "products")

    said = add(shop, "price = models.IntegerField(null=True)", "price")

    assert "    Deploy order: migrate first\n" in said


def test_a_swapped_user_has_no_table(project: ProjectFactory) -> None:
    shop = project(
        {
            "shop": {
                "models.py": """
                    from django.contrib.auth.models import AbstractUser
                    from django.db import models

                    class User(AbstractUser):
                        pass
                    """
            }
        },
        contrib=("django.contrib.contenttypes", "django.contrib.auth"),
        settings=f'{MEASURED}\nAUTH_USER_MODEL = "shop.User"',
    )
    shop.succeeds("db_generate", "--name", "users")
    shop.write(
        "shop/models.py",
        shop.read("shop/models.py").replace(
            "pass",
            "groups = models.ManyToManyField('auth.Group', related_name='+')\n"
            "    rank = models.IntegerField(null=True)",
        ),
    )

    said = shop.succeeds("db_generate", "--name", "rank").stdout

    assert "    Deploy order: migrate first\n" in said


def test_a_squash_has_no_order_and_the_file_behind_it_has(project: ProjectFactory) -> None:
    shop = shop_of(project)
    add(shop, "price = models.IntegerField(null=True)", "price")
    shop.succeeds("db_squash", "--yes")

    said = add(shop, "cost = models.IntegerField(null=True)", "cost")

    assert record_of(shop, "0002_squashed").deploy_order is None
    assert "-- Order" not in (shop.history / "0002_squashed.sql").read_text(encoding="utf-8")
    assert "    Deploy order: migrate first\n" in said
    assert shop.succeeds("db_check", "--json").json["findings"] == []


def test_a_router_of_the_project_has_no_say(project: ProjectFactory) -> None:
    shop = project(
        {
            "shop": {
                "models.py": """
                    from django.db import models

                    class Tag(models.Model):
                        name = models.CharField(max_length=40)

                    class Product(models.Model):
                        tags = models.ManyToManyField(Tag)
                        tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")
                    """,
                "routers.py": """
                    class Router:
                        def allow_relation(self, one, other, **hints):
                            return False
                    """,
            }
        },
        settings=f'{MEASURED}\nDATABASE_ROUTERS = ["shop.routers.Router"]',
    )
    shop.succeeds("db_generate", "--name", "products")

    said = add(shop, "price = models.IntegerField(null=True)", "price")

    assert "    Deploy order: migrate first\n" in said
    order = record_of(shop, "0002_price").deploy_order
    assert order is not None
    assert order.not_tried == ()


def test_a_base_class_that_saves_in_its_own_way_has_no_say(project: ProjectFactory) -> None:
    """Its code may do anything: a state's models have it, too."""
    shop = project(
        {
            "shop": {
                "mixins.py": """
                    class Announced:
                        def save(self, *args, **kwargs):
                            raise RuntimeError("nobody is to hear of this")

                        delete = save
                    """,
                "models.py": """
                    from django.db import models
                    from shop.mixins import Announced

                    class Product(Announced, models.Model):
                        name = models.CharField(max_length=40)
                    """,
            }
        },
        settings=MEASURED,
    )
    shop.succeeds("db_generate", "--name", "products")

    add(shop, "price = models.IntegerField(null=True)", "price")

    order = record_of(shop, "0002_price").deploy_order
    assert order is not None
    assert order.order is Order.MIGRATE_FIRST
    assert order.not_tried == ()
