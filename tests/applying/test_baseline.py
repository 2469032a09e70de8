"""``db_baseline``: databases that stock Django migrated, taken over by the real commands."""

from __future__ import annotations

import secrets

import pytest

from nestflux.adopting.baseline import choose_entries
from nestflux.exceptions import LedgerConflict
from nestflux.history.journal import Entry, Journal
from nestflux.schema.compare import compare
from nestflux.schema.objects import ORDER, ObjectKey
from tests.scenario import Outcome, Project

UP_TO_DATE = "Database is up to date!"


def _stock(shop: Project, *targets: str) -> None:
    """Migrate with Django's own executor, as `migrate` did before there was a history."""
    named = [target.split(".") for target in targets]
    outcome = shop.python(
        f"""
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        executor.migrate([tuple(t) for t in {named!r}] or executor.loader.graph.leaf_nodes())
        """
    )
    assert outcome.code == 0, str(outcome)


def _origins(shop: Project) -> list[tuple[object, ...]]:
    return shop.sql("SELECT name, state, origin FROM nestflux_sql_migration ORDER BY name")


def _has_no_ledger(shop: Project) -> bool:
    return not any(name.startswith("nestflux_") for name in shop.tables())


def _differs(shop: Project) -> list[str]:
    """The differences that a refused baseline shows; nothing was changed by it."""
    outcome = shop.run("db_baseline", "--yes")
    assert outcome.code == 1, str(outcome)
    assert "Nothing was changed. Make both agree" in outcome.stdout
    assert _has_no_ledger(shop)
    return [line.strip() for line in outcome.lines if line.startswith("    ")]


def test_a_whole_history_is_taken_over(shop: Project) -> None:
    _stock(shop)
    rows = shop.applied()

    refused = shop.run("db_migrate")
    taken = shop.succeeds("db_baseline", "--yes")

    assert refused.code == 2
    assert "db_baseline" in refused.stderr
    assert taken.lines == [
        "The schema is what the files up to 0002_second.sql make. Marked as applied:",
        "    0001_first.sql",
        "    0002_second.sql",
        "✓ Baselined at 0002_second.sql",
        UP_TO_DATE,
    ]
    assert _origins(shop) == [
        ("0001_first", "applied", "baseline"),
        ("0002_second", "applied", "baseline"),
    ]
    assert shop.applied() == rows
    assert shop.sql("SELECT * FROM heard") == [("post_migrate",)]
    assert shop.succeeds("db_status", "--json").json["up_to_date"]
    assert shop.succeeds("db_migrate").lines == [UP_TO_DATE]


def test_a_beginning_is_taken_over_and_db_migrate_goes_on(shop: Project) -> None:
    _stock(shop, "shop.0001_initial")

    taken = shop.succeeds("db_baseline", "--to", "0001", "--yes")
    migrated = shop.succeeds("db_migrate")

    assert "Pending afterwards: 0002_second.sql" in taken.lines
    assert taken.lines[-1] == "1 pending. Next: python manage.py db_migrate"
    assert [line.split("  ")[0] for line in migrated.lines] == [
        "✓ Applied migration: 0002_second.sql",
        UP_TO_DATE,
    ]
    assert _origins(shop) == [
        ("0001_first", "applied", "baseline"),
        ("0002_second", "applied", "statements"),
    ]
    assert shop.applied() == ["shop.0001_initial", "shop.0002_prices", "shop.0003_titles"]


def test_what_was_taken_over_can_be_rolled_back(shop: Project) -> None:
    _stock(shop)
    shop.succeeds("db_baseline", "--yes")

    shop.succeeds("db_rollback", "--yes")

    assert shop.applied() == ["shop.0001_initial"]
    assert "price" not in shop.columns("shop_product")


def test_an_index_made_by_hand_is_a_difference(shop: Project) -> None:
    _stock(shop)
    shop.sql("CREATE INDEX by_hand ON shop_product (price)")

    shown = _differs(shop)
    shop.sql("DROP INDEX by_hand ON shop_product")
    fixed = shop.succeeds("db_baseline", "--yes")

    assert shown == [
        "not in the files: table shop_product / index by_hand: KEY `by_hand` (`price`)"
    ]
    assert fixed.lines[-1] == UP_TO_DATE


def test_a_constraint_of_another_name_is_a_difference(shop: Project) -> None:
    _stock(shop)
    ((name, column),) = shop.sql(
        "SELECT CONSTRAINT_NAME, COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE "
        "WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME = 'shop_category'"
    )
    shop.sql(f"ALTER TABLE shop_product DROP FOREIGN KEY `{name}`")
    shop.sql(
        f"ALTER TABLE shop_product ADD CONSTRAINT `renamed` FOREIGN KEY (`{column}`) "
        "REFERENCES shop_category (id)"
    )

    shown = _differs(shop)

    assert any(
        line.startswith(f"missing: table shop_product / constraint {name}: ") for line in shown
    )
    assert any(
        line.startswith("not in the files: table shop_product / constraint renamed: ")
        for line in shown
    )


def test_a_column_and_a_table_that_differ_are_reported_one_by_one(shop: Project) -> None:
    _stock(shop)
    shop.sql("ALTER TABLE shop_product MODIFY price bigint NOT NULL")
    shop.sql("ALTER TABLE shop_product DROP FOREIGN KEY " + _foreign_key(shop))
    shop.sql("DROP TABLE shop_category")

    shown = _differs(shop)

    assert any(
        line.startswith("differs: table shop_product / column price: bigint") for line in shown
    )
    of_the_table = [line for line in shown if ": table shop_category" in line]
    assert [line.split(": ")[:2] for line in of_the_table] == [["missing", "table shop_category"]]


def _foreign_key(shop: Project) -> str:
    return str(
        shop.sql(
            "SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
            "WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'shop_product'"
        )[0][0]
    )


def test_a_column_that_a_later_file_makes_is_a_difference(shop: Project) -> None:
    """A row of django_migrations that was taken away does not make its columns go away."""
    _stock(shop)
    shop.sql("DELETE FROM django_migrations WHERE name IN ('0002_prices', '0003_titles')")

    shown = _differs(shop)

    assert any("not in the files: table shop_product / column price" in line for line in shown)


def test_what_no_file_knows_is_a_remark(shop: Project) -> None:
    _stock(shop)
    shop.sql("CREATE TABLE legacy (id int PRIMARY KEY, name varchar(10))")
    shop.sql("CREATE VIEW cheap AS SELECT id FROM shop_product WHERE price < 5")
    shop.sql("ALTER TABLE shop_category MODIFY title varchar(60) NOT NULL FIRST")
    shop.sql("INSERT INTO django_migrations (app, name, applied) VALUES ('gone', '0001', NOW())")

    taken = shop.succeeds("db_baseline", "--yes")

    assert [line for line in taken.lines if line.startswith("Remark")] == [
        "Remark: table legacy is in no file of the history; it is left alone",
        "Remark: table shop_category has its columns in another order: title, id",
        "Remark: view cheap is in no file of the history; it is left alone",
        "Remark: django_migrations holds gone.0001, which no file knows",
    ]
    assert "legacy" in shop.tables()


@pytest.mark.parametrize("collation", ["utf8mb4_german2_ci", "latin1_swedish_ci"])
def test_the_collation_of_the_database_is_no_difference(shop: Project, collation: str) -> None:
    shop.server.sql(
        f"ALTER DATABASE `{shop.database}` CHARACTER SET {collation.split('_')[0]} "
        f"COLLATE {collation}"
    )
    _stock(shop)

    assert shop.succeeds("db_baseline", "--yes").lines[-1] == UP_TO_DATE


def test_half_a_file_is_refused_with_what_is_missing(shop: Project) -> None:
    _stock(shop, "shop.0002_prices")

    by_itself = shop.run("db_baseline", "--yes")
    named = shop.run("db_baseline", "--to", "0002", "--yes")

    assert (by_itself.code, named.code) == (2, 2)
    assert "    missing: shop.0003_titles" in by_itself.stderr
    assert "    beyond 0001_first: shop.0002_prices" in by_itself.stderr
    assert "    missing: shop.0003_titles" in named.stderr
    assert _has_no_ledger(shop)


def test_more_than_to_asks_for_is_refused(shop: Project) -> None:
    _stock(shop)

    refused = shop.run("db_baseline", "--to", "0001", "--yes")

    assert refused.code == 2
    assert "    beyond 0001_first: shop.0002_prices, shop.0003_titles" in refused.stderr


def test_a_plan_changes_nothing(shop: Project) -> None:
    _stock(shop)

    agreed = shop.succeeds("db_baseline", "--plan")
    without_a_ledger = _has_no_ledger(shop)
    shop.sql("CREATE INDEX by_hand ON shop_product (price)")
    differing = shop.run("db_baseline", "--plan")

    assert agreed.lines[0].startswith("The schema is what the files up to 0002_second.sql make.")
    assert without_a_ledger
    assert differing.code == 1
    assert shop.server.sql("SHOW DATABASES LIKE %s", [f"{shop.database}\\_shadow%"]) == []


def test_a_terminal_is_asked(shop: Project) -> None:
    _stock(shop)

    no = shop.on_a_terminal("db_baseline", answers="n\n")
    nobody = shop.run("db_baseline")
    without_a_ledger = _has_no_ledger(shop)
    yes = shop.on_a_terminal("db_baseline", answers="y\n")

    assert (no.code, nobody.code, yes.code) == (2, 2, 0)
    assert "db_baseline --yes" in nobody.stderr
    assert without_a_ledger
    assert shop.succeeds("db_status", "--json").json["up_to_date"]


def _refused(outcome: Outcome) -> str:
    assert outcome.code == 2, str(outcome)
    assert "Now:   nothing was changed" in outcome.stderr
    return outcome.stderr.splitlines()[0]


def test_a_database_that_nestflux_migrates_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    assert _refused(shop.run("db_baseline", "--yes")) == (
        "The database has a ledger already: NestFlux migrates it."
    )


def test_an_empty_database_and_one_of_another_project_are_refused(shop: Project) -> None:
    empty = _refused(shop.run("db_baseline", "--yes"))
    shop.sql("CREATE TABLE theirs (id int)")
    without_rows = _differs(shop)
    shop.python(
        """
        from django.db import connection
        from django.db.migrations.recorder import MigrationRecorder

        MigrationRecorder(connection).record_applied("theirs", "0001_initial")
        """
    )
    foreign = _refused(shop.run("db_baseline", "--yes"))

    assert empty == "The database is empty: there is nothing to take over."
    assert without_rows[0].startswith("missing: table shop_")
    assert foreign == "django_migrations holds no migration of the history."


def test_the_grant_for_a_shadow_is_named(shop: Project) -> None:
    _stock(shop)
    user = f"nf{secrets.token_hex(4)}"

    with shop.a_user(user, "Secret-1!", f"ALL ON `{shop.database}`.*") as url:
        refused = shop.run("db_baseline", "--yes", env={"DATABASE_URL": url})

    assert refused.code == 2
    assert "lacks a grant" in refused.stderr
    assert "GRANT " in refused.stderr
    assert f'NESTFLUX["SHADOWS"]["{shop.server.family}"]' in refused.stderr


def test_a_shadow_on_a_server_that_the_setting_names(shop: Project) -> None:
    _stock(shop)
    shop.settings(
        f"""
        NESTFLUX["SHADOWS"] = {{
            "{shop.server.family}": database_from_url(
                os.environ["DEVELOPMENT_URL"], variable="DEVELOPMENT_URL")
        }}
        """
    )
    user = f"nf{secrets.token_hex(4)}"

    with shop.a_user(user, "Secret-1!", f"ALL ON `{shop.database}`.*") as url:
        env = {"DATABASE_URL": url, "DEVELOPMENT_URL": shop.server.database_url("any")}
        taken = shop.succeeds("db_baseline", "--yes", env=env)

    assert taken.lines[-1] == UP_TO_DATE


# ---- decisions ----------------------------------------------------------------------------


def _entry(number: int, *migrations: str, recorded_migrations: tuple[str, ...] = ()) -> Entry:
    name = f"{number:04d}_file"
    return Entry(name, f"id{number}", "u", "d", "r", migrations, recorded_migrations or migrations)


JOURNAL = Journal("mysql", (_entry(1, "a.1", "b.1"), _entry(2, "a.2"), _entry(3, "b.2")))


@pytest.mark.parametrize(
    ("recorded", "to", "wanted"),
    [
        ({"a.1", "b.1"}, None, 1),
        ({"a.1", "b.1", "a.2"}, None, 2),
        ({"a.1", "b.1", "a.2", "gone.1"}, None, 2),
        ({"a.1", "b.1", "a.2", "b.2"}, None, 3),
        ({"a.1", "b.1", "a.2"}, "0002", 2),
        (set(), None, 3),  # made without Django
        (set(), "0002", 2),
        ({"a.1"}, None, 1),  # b was
        ({"b.1"}, None, 1),
        ({"gone.1"}, "0001", 1),
    ],
)
def test_the_longest_beginning_is_chosen(recorded: set[str], to: str | None, wanted: int) -> None:
    assert choose_entries(JOURNAL, {}, recorded, to) == JOURNAL.entries[:wanted]


@pytest.mark.parametrize(
    ("recorded", "to", "says"),
    [
        ({"gone.1"}, None, "no migration of the history"),
        ({"a.1", "b.gone"}, None, "missing: b.1"),
        ({"a.1", "b.1", "b.2"}, None, "missing: a.2\n    beyond 0001_file: b.2"),
        ({"a.1", "b.1"}, "0002", "missing: a.2"),
        ({"a.1", "b.1", "a.2"}, "0001", "beyond 0001_file: a.2"),
    ],
)
def test_what_is_no_beginning_is_refused(recorded: set[str], to: str | None, says: str) -> None:
    with pytest.raises(LedgerConflict) as caught:
        choose_entries(JOURNAL, {}, recorded, to)

    assert says in caught.value.what


@pytest.mark.parametrize("recorded", [{"a.3", "a.4"}, {"a.34"}, {"a.3", "a.4", "a.34"}])
def test_a_squash_is_applied_where_what_it_replaces_is(recorded: set[str]) -> None:
    journal = Journal("mysql", (_entry(1, "a.34", recorded_migrations=("a.3", "a.4", "a.34")),))

    assert choose_entries(journal, {"a.34": ("a.3", "a.4")}, recorded) == journal.entries


def test_an_object_of_a_later_file_is_a_difference() -> None:
    a, b = ObjectKey("table", "a"), ObjectKey("table", "b")
    live = {a: "x", b: "x", ObjectKey("column", "id", "b"): "int", ObjectKey(ORDER, "", "b"): "id"}

    known = compare({a: "x"}, live, {b})
    unknown = compare({a: "x"}, live, {a})

    assert known.differences == ("not in the files: table b: x",)
    assert unknown.differences == ()
    assert unknown.remarks == ("table b is in no file of the history; it is left alone",)


def test_a_check_that_differs_in_the_case_of_a_column_is_no_difference() -> None:
    """MySQL shows the old name of a column there, or the new one, by what ran since."""
    table, key = ObjectKey("table", "a"), ObjectKey("constraint", "c", "a")
    check = "CONSTRAINT `c` CHECK ((`{}` > 'X'))"
    files = {table: "x", key: check.format("Name")}

    same = compare(files, {table: "x", key: check.format("name")}, set())
    other = compare(files, {table: "x", key: check.format("Name").lower()}, set())

    assert same.differences == ()
    assert len(other.differences) == 1
