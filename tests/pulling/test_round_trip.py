"""A schema that Django did not make, to models and back, on the server of the run."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import ProjectFactory
from tests.pulling.conftest import Pulled, feed
from tests.pulling.schemas import ODD
from tests.scenario import REPOSITORY, Project

APPS = ("geo", "legacy", "shop")
TABLES = {
    "shop_customer",
    "shop_orders",
    "shop_order_lines",
    "shop_line_notes",
    "shop_card",
    "geo_country",
    "geo_city",
    "visits_by_day",
}


def test_a_rich_schema_comes_back(rich: Pulled) -> None:
    assert rich.outcome.code == 0, str(rich.outcome)
    assert "✓ Migrated to an empty schema, the models give it back: 8 tables, 0 differences" in (
        rich.outcome.lines
    )
    assert rich.outcome.lines[-3:] == [
        'Next: add "geo", "legacy", "shop" to INSTALLED_APPS, then',
        "      python manage.py db_generate",
        "      python manage.py db_baseline",
    ]


def test_what_differs_all_the_same_is_said(rich: Pulled) -> None:
    assert rich.remarks("Django puts foreign keys last") == [
        "geo_city",
        "geo_country",
        "shop_orders",
    ]
    assert rich.remarks("The server itself acts") == [
        "geo_city.in_country (ON UPDATE CASCADE)",
        "shop_orders.billed (ON DELETE SET NULL)",
        "shop_orders.shop_orders_ibfk_1 (ON DELETE CASCADE)",
    ]
    types = rich.remarks("Django has no field of this type")
    assert "shop_customer.status (enum('new','it''s','gone'))" in types
    assert not [line for line in types if line.startswith(("shop_card", "shop_customer.email"))]


def test_the_whole_walk_to_an_adopted_database(own_rich: Project) -> None:
    """Legacy SQL, db_pull, INSTALLED_APPS, db_generate, db_baseline, db_migrate. The schema that
    the history gives an empty database is compared by what the server prints, line by line."""
    own_rich.settings(apps=APPS)
    live = {table: _printed(own_rich, own_rich.database, table) for table in TABLES}

    own_rich.succeeds("db_generate", "--noinput")
    taken = own_rich.succeeds("db_baseline", "--yes")

    assert own_rich.succeeds("db_generate", "--check").stdout.startswith("No changes detected")
    assert taken.lines[-2:] == [
        "✓ Baselined at 0001_initial.sql",
        "Database is up to date!",
    ]
    assert own_rich.succeeds("db_migrate").lines == ["Database is up to date!"]
    assert {table: _printed(own_rich, own_rich.database, table) for table in TABLES} == live
    fresh = f"{own_rich.database}_fresh"
    own_rich.server.sql(f"CREATE DATABASE `{fresh}` CHARACTER SET utf8mb4")
    url = own_rich.server.database_url(fresh)
    own_rich.succeeds("db_migrate", env={"DATABASE_URL": url})
    assert {table: _printed(own_rich, fresh, table) for table in TABLES} == live


def _printed(project: Project, database: str, table: str) -> list[str]:
    """SHOW CREATE TABLE, its lines in no order, without the next value of AUTO_INCREMENT."""
    text = project.sql(f"SHOW CREATE TABLE `{table}`", database=database)[0][1]
    text = re.sub(r" AUTO_INCREMENT=\d+", "", text)
    if "DEFAULT CHARSET=latin1" in text:  # MySQL prints a column's own even where it is the table's
        text = text.replace(" CHARACTER SET latin1 COLLATE latin1_swedish_ci", "")
    return sorted(line.rstrip(",") for line in text.splitlines())


def test_the_orm_works_on_what_was_pulled(own_rich: Project) -> None:
    own_rich.settings(apps=APPS)
    spot = ", spot=bytes.fromhex('e6100000010100000000000000000000000000000000000000')"
    spot = spot if own_rich.server.family == "mysql" else ""
    outcome = own_rich.python(
        f"""
        from geo.models import City, Country
        from shop.models import Card, Customer, LineNote, Order, OrderLine

        ann = Customer.objects.create(email="ann@x", full_name="Ann", bits=b"\\x03"{spot})
        ann.refresh_from_db()
        print(ann.status, ann.visits, ann.is_vip, ann.upper_name, ann.hidden, ann.bits)
        order = Order.objects.create(customer=ann, made="2020-01-01T00:00:00Z")
        OrderLine.objects.create(order=order, line=2, sku="x")
        LineNote.objects.create(order_id=order.pk, line=2)
        Card.objects.create(customer=ann, name="gold")
        print(OrderLine.objects.get(pk=(order.pk, 2)).sku, LineNote.objects.get().percent)
        print(Order.objects.filter(customer__card__name="gold").count())
        Country.objects.create(code="at", name="Austria", iso="AUT")
        City.objects.create(country_id="at", mayor=ann, iso_id="AUT")
        print(City.objects.get().country.name, City.objects.get().iso.name)
        """
    )

    assert outcome.code == 0, str(outcome)
    assert outcome.lines == [
        "new 0 False ANN 4 b'\\x03'",
        "x 100%",
        "1",
        "Austria Austria",
    ]


def test_the_files_are_as_ruff_formats_them(rich: Pulled) -> None:
    folders = [str(rich.project.path / app) for app in APPS]
    settings = ["--config", str(REPOSITORY / "pyproject.toml"), "--no-cache"]
    ruff = [sys.executable, "-m", "ruff"]

    formatted = subprocess.run(
        [*ruff, "format", "--check", "--line-length=88", *settings, *folders],
        capture_output=True,
        text=True,
    )
    checked = subprocess.run(
        [*ruff, "check", *settings, "--ignore", "DJ001", *folders], capture_output=True, text=True
    )

    assert formatted.returncode == 0, formatted.stdout
    assert checked.returncode == 0, checked.stdout


def test_standard_fields_where_django_has_them(rich: Pulled) -> None:
    text = rich.project.read("shop/models/customer.py")

    assert "    exact = models.FloatField(null=True, blank=True)" in text
    assert "    is_vip = models.BooleanField(db_default=" in text
    assert "    left_at = models.DateTimeField(null=True, blank=True)" in text
    assert "    doc = models.JSONField(" in text
    assert "    film = models.BinaryField(null=True, blank=True)" in text
    assert 'models.UniqueConstraint(fields=["full_name", "day"], name="name_day")' in text
    order = rich.project.read("shop/models/orders.py")
    assert "    position = models.PositiveIntegerField(db_default=1)" in order
    assert 'models.Index(fields=["customer", "made"], name="customer_id")' in order
    assert "class Order(models.Model):" in order
    assert order.count('"part_of"') == 1  # the server makes its index, unnamed here
    assert "    pk = models.CompositePrimaryKey(" in rich.project.read("shop/models/order_lines.py")
    assert rich.project.read("shop/models/__init__.py").endswith(
        '__all__ = ["Card", "Customer", "LineNote", "Order", "OrderLine"]\n'
    )


def test_odd_names_and_what_no_model_can_say(project: ProjectFactory, family: str) -> None:
    odd = feed(project({}), ODD[family])
    pulled = Pulled(odd, odd.run("db_pull", "--app", "parents=other_*"))

    assert pulled.outcome.code == 0, str(pulled.outcome)
    versioned = family == "mariadb"
    assert "✓ Migrated to an empty schema, the models give it back: 14 tables, 3 explained" in (
        pulled.outcome.lines
    )
    assert pulled.remarks("No primary key") == ["keyless"]
    assert pulled.remarks("The primary key holds parts") == ["partly"]
    assert pulled.remarks("Django quotes no backquote") == ["backquoted"]
    assert pulled.remarks("It leads to a table that no migration") == ["lonely.to_keyless"]
    assert pulled.remarks("The foreign key leads to columns that are") == ["paired.to_no_key"]
    assert pulled.remarks("A zero date") == ["zeros.d ('0000-00-00')"]
    assert pulled.remarks("Options that Django has no") == ["archive (MyISAM)"]
    assert pulled.remarks("A view: its model only reads") == ["thing_view"]
    others = ["trigger stamps"]
    assert pulled.remarks("No model is written for it") == (
        ["sequence numbers", *others] if versioned else others
    )
    if versioned:
        assert pulled.remarks("System versioning") == ["versioned"]
    names = odd.read("legacy/models/table_2_odd_words.py")
    assert "class Table2OddWord(models.Model):" in names
    for line in (
        "    select = models.IntegerField(null=True, blank=True)",
        '    mixed_case = models.IntegerField(db_column="Mixed Case", null=True, blank=True)',
        '    save_field = models.IntegerField(db_column="save", null=True, blank=True)',
        '    pk_field = models.IntegerField(db_column="pk", null=True, blank=True)',
        '    a_b = models.IntegerField(db_column="a__b", null=True, blank=True)',
        '    a_b_1 = models.IntegerField(db_column="a_b", null=True, blank=True)',
        '    class_field = models.IntegerField(db_column="class", null=True, blank=True)',
    ):
        assert line in names
    exported = odd.read("legacy/models/__init__.py")
    assert "import Box\n" in exported
    assert "import Boxes\n" in exported
    _baseline_names_what_was_explained(odd)


def _baseline_names_what_was_explained(odd: Project) -> None:
    """What the remarks excuse is all that keeps the database from being adopted."""
    odd.settings(apps=("legacy", "parents"))
    odd.succeeds("db_generate", "--noinput")
    refused = odd.run("db_baseline", "--yes")

    assert refused.code == 1
    said = [line.strip() for line in refused.lines if line.startswith("    ")]
    assert len(said) == 3
    assert said[0].startswith("not in the files: table lonely / constraint to_keyless")
    assert said[1].startswith("not in the files: table paired / constraint to_no_key")
    assert said[2].startswith("differs: table zeros / column d: date NOT NULL DEFAULT '0000-00-00'")

    odd.sql("ALTER TABLE lonely DROP FOREIGN KEY to_keyless")
    odd.sql("ALTER TABLE paired DROP FOREIGN KEY to_no_key")
    odd.sql("ALTER TABLE zeros ALTER d DROP DEFAULT")
    assert odd.succeeds("db_baseline", "--yes").lines[-1] == "Database is up to date!"
