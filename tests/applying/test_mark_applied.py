"""``db_mark_applied``: a file that was run by hand, through the real client and commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nestflux.adopting.mark_applied import look, overlaid
from nestflux.schema.diff import Delta
from nestflux.schema.objects import ORDER, ObjectKey
from tests.applying.conftest import copy_recorded
from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project

UP_TO_DATE = "Database is up to date!"
MARK = ("db_mark_applied", "0002_second.sql")
THIRD = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_titles")]
        operations = [
            migrations.RunSQL("CREATE INDEX shop_by_price ON shop_product (price)",
                              "DROP INDEX shop_by_price ON shop_product"),
            migrations.RunSQL("ALTER TABLE shop_product ADD COLUMN wide int NULL",
                              "ALTER TABLE shop_product DROP COLUMN wide"),
        ]
"""
# What the Python step of the second file does.
FILL = (
    "INSERT INTO shop_product (id, name, price, category_id) VALUES (1, 'any', 11, 1), "
    "(2, 'any', 11, 2)"
)


def _run_by_hand(shop: Project, name: str = "0002_second") -> None:
    shop.feed_to_the_client((shop.history / f"{name}.sql").read_text(encoding="utf-8"))


@pytest.fixture
def first(project: ProjectFactory, recorded_with: Callable[[str, str], Path]) -> Project:
    """One file is applied, two are pending."""
    made = copy_recorded(recorded_with("third", THIRD), project({"shop": {}}))
    made.succeeds("db_migrate", "--replay", "--to", "0001")
    return made


@pytest.fixture
def second(project: ProjectFactory, recorded_with: Callable[[str, str], Path]) -> Project:
    """Two files are applied, the third is pending: an index and a column."""
    made = copy_recorded(recorded_with("third", THIRD), project({"shop": {}}))
    made.succeeds("db_migrate", "--to", "0002")
    return made


def _rows_of(shop: Project, name: str) -> list[tuple[object, ...]]:
    return shop.sql(
        "SELECT s.ordinal, s.state, s.note, m.state, m.origin FROM nestflux_statement s "
        "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id AND m.attempt = s.attempt "
        "WHERE m.name = %s ORDER BY s.ordinal",
        [name],
    )


def _refused(outcome: Outcome) -> str:
    assert outcome.code == 2, str(outcome)
    assert "Now:   nothing was changed" in outcome.stderr
    return outcome.stderr


def test_a_file_run_by_hand_is_marked_and_the_next_run_goes_on(first: Project) -> None:
    _run_by_hand(first)
    first.sql(FILL)

    plan = first.succeeds(*MARK, "--plan")
    untouched = first.sql("SELECT COUNT(*) FROM nestflux_sql_migration")
    marked = first.succeeds(*MARK, "--yes")
    after = first.succeeds("db_migrate")

    assert any(line.endswith("python: shop.0002_prices/1") for line in plan.lines), str(plan)
    assert any("data: UPDATE shop_product SET price" in line for line in plan.lines)
    assert untouched == [(1,)]
    assert marked.lines[-1] == "✓ Marked as applied: 0002_second.sql"
    assert [line.split("  ")[0] for line in after.lines] == [
        "✓ Applied migration: 0003_third.sql",
        UP_TO_DATE,
    ]
    rows = _rows_of(first, "0002_second")
    assert {row[1] for row in rows} == {"done"}
    assert {row[3:] for row in rows} == {("applied", "marked")}
    assert [row[2] for row in rows].count("run by hand: a person said so") == 2
    assert first.applied()[:3] == ["shop.0001_initial", "shop.0002_prices", "shop.0003_titles"]
    assert first.sql("SELECT * FROM heard") == [("post_migrate",)]
    assert first.succeeds("migrate").stdout.endswith(f"{UP_TO_DATE}\n")
    assert first.succeeds("migrate", "--check").code == 0


def test_a_marked_file_is_rolled_back_and_applied_again(second: Project) -> None:
    _run_by_hand(second, "0003_third")
    second.succeeds("db_mark_applied", "3", "--yes")

    second.succeeds("db_rollback", "--yes")
    undone = second.columns("shop_product")
    second.succeeds("db_migrate")

    assert undone == ["id", "name", "category_id", "price"]
    assert second.columns("shop_product")[-1] == "wide"
    assert {row[3:] for row in _rows_of(second, "0003_third")} == {("applied", "statements")}


def test_a_file_is_marked_again_after_it_was_rolled_back(second: Project) -> None:
    second.succeeds("db_migrate")
    second.succeeds("db_rollback", "--yes")
    _run_by_hand(second, "0003_third")

    second.succeeds("db_mark_applied", "3", "--yes")

    assert [row[1] for row in _rows_of(second, "0003_third")] == ["done", "done"]
    assert second.succeeds("db_status", "--json").json["up_to_date"]


def test_a_file_that_was_not_run_is_said_to_be_so(second: Project) -> None:
    said = second.run("db_mark_applied", "0003_third.sql", "--yes")

    assert said.code == 1
    assert said.lines == [
        "0003_third.sql was not run: nothing of what it changes in the schema is there.",
        "Nothing was marked. Run it: python manage.py db_migrate",
    ]
    assert "third" not in str(second.sql("SELECT name FROM nestflux_sql_migration"))


def test_a_file_that_was_partly_run_shows_what_is_missing(second: Project) -> None:
    second.sql("CREATE INDEX shop_by_price ON shop_product (price)")

    document = second.run("db_mark_applied", "3", "--yes", "--json")

    assert document.code == 1
    assert document.json["differences"] == [
        f"missing: table shop_product / column wide: {_printed_int(second)}"
    ]
    assert (document.json["marked"], document.json["nothing_there"]) == (False, False)
    assert "third" not in str(second.sql("SELECT name FROM nestflux_sql_migration"))


def _printed_int(project: Project) -> str:
    """A nullable int as the server prints it."""
    return "int(11) DEFAULT NULL" if project.server.family == "mariadb" else "int DEFAULT NULL"


def test_an_index_of_another_name_is_a_difference(second: Project) -> None:
    second.sql("CREATE INDEX by_hand ON shop_product (price)")
    second.sql("ALTER TABLE shop_product ADD COLUMN wide int NULL")

    said = second.run("db_mark_applied", "3", "--yes")
    second.sql("ALTER TABLE shop_product RENAME INDEX by_hand TO shop_by_price")
    fixed = second.succeeds("db_mark_applied", "3", "--yes")

    assert said.code == 1
    assert (
        "    missing: table shop_product / index shop_by_price: KEY `shop_by_price` (`price`) "
        "(there as by_hand)"
    ) in said.lines
    assert fixed.lines[-1] == "✓ Marked as applied: 0003_third.sql"


def test_the_first_file_of_a_database_without_a_ledger_is_marked(shop: Project) -> None:
    _run_by_hand(shop, "0001_first")

    shop.succeeds("db_mark_applied", "1", "--yes")
    shop.succeeds("db_migrate")

    assert shop.applied() == ["shop.0001_initial", "shop.0002_prices", "shop.0003_titles"]


def test_another_column_in_a_table_that_the_file_makes_is_a_difference(shop: Project) -> None:
    _run_by_hand(shop, "0001_first")
    shop.sql("ALTER TABLE shop_category ADD COLUMN theirs int NULL")

    said = shop.run("db_mark_applied", "1", "--yes")

    assert said.code == 1
    assert any(
        line.startswith("    not in the file: table shop_category / column theirs: ")
        for line in said.lines
    )


def test_rows_of_django_migrations_that_were_written_by_hand_are_no_contradiction(
    second: Project,
) -> None:
    _run_by_hand(second, "0003_third")
    second.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0004_third', NOW())"
    )

    refused = second.run("db_migrate")
    second.succeeds("db_mark_applied", "3", "--yes")

    assert "python manage.py db_mark_applied 0003_third.sql" in refused.stderr
    assert second.applied().count("shop.0004_third") == 1


def test_without_a_yes_nothing_is_marked(second: Project) -> None:
    _run_by_hand(second, "0003_third")

    nobody = _refused(second.run("db_mark_applied", "3"))
    no = second.on_a_terminal("db_mark_applied", "3", answers="n\n")
    noinput = second.on_a_terminal("db_mark_applied", "3", "--noinput")
    yes = second.on_a_terminal("db_mark_applied", "3", answers="y\n")

    assert "Next:  python manage.py db_mark_applied 0003_third.sql --yes" in nobody
    assert (no.code, noinput.code, yes.code) == (2, 2, 0)
    assert "Mark it as applied? [y/N]" in no.stdout
    assert second.applied()[-1] == "shop.0004_third"


def test_what_is_not_the_next_pending_file_is_refused(second: Project) -> None:
    unknown = _refused(second.run("db_mark_applied", "nothing", "--yes"))
    applied = _refused(second.run("db_mark_applied", "0002", "--yes"))
    second.succeeds("db_rollback", "--yes")
    out_of_order = _refused(second.run("db_mark_applied", "0003", "--yes"))

    assert unknown.startswith("No SQL migration 'nothing' in this history.")
    assert applied.startswith("0002_second is applied already.")
    assert out_of_order.startswith(
        "0003_third is not the next file: pending before it is 0002_second."
    )
    assert "db_migrate --to 0002_second   (or mark it first)" in out_of_order


def test_a_file_that_is_half_applied_is_not_marked(first: Project) -> None:
    first.sql("INSERT INTO shop_category (id, name) VALUES (9, 'tools')")  # not unique
    assert first.run("db_migrate").code == 1

    said = _refused(first.run(*MARK, "--yes"))

    assert said.startswith("0002_second is half applied: NestFlux began it.")
    assert "db_migrate" in said
    assert "db_resolve" in said


def test_a_file_that_is_not_the_journals_is_refused(first: Project) -> None:
    path = first.history / "0002_second.sql"
    path.write_text(path.read_text().replace("price + 1", "price + 2"))

    said = first.run(*MARK, "--yes")

    assert said.code == 2
    assert "0002_second.sql is not the file that journal.json records" in said.stderr


def test_a_death_between_marking_and_signal_loses_no_signal(second: Project) -> None:
    _run_by_hand(second, "0003_third")
    second.sql("DELETE FROM heard")

    died = second.python(
        """
        import os, signal
        from nestflux.adopting import mark_applied
        from nestflux.applying.run import signals
        signals.send_post = lambda *given, **named: os.kill(os.getpid(), signal.SIGKILL)
        from nestflux.applying.target import open_target
        target = open_target("default")
        mark_applied.mark_applied(target, mark_applied.plan_mark(target, "3"))
        """
    )
    unheard = second.sql("SELECT * FROM heard")
    pending = second.run("db_status", "--json").json["post_migrate_pending"]
    after = second.succeeds("db_migrate")

    assert (died.code, unheard, pending) == (-9, [], True)
    assert after.lines[-1] == UP_TO_DATE
    assert second.sql("SELECT * FROM heard") == [("post_migrate",)]
    assert {row[3:] for row in _rows_of(second, "0003_third")} == {("applied", "marked")}


# ---- the decision ------------------------------------------------------------------------------

TABLE, COLUMNS = ObjectKey("table", "post"), ObjectKey(ORDER, table="post")
ID, NAME = ObjectKey("column", "id", "post"), ObjectKey("column", "name", "post")
OLD = ObjectKey("index", "old", "post")
MADE = Delta({TABLE: (None, "ENGINE=InnoDB"), ID: (None, "bigint")})
WIDER = Delta({ID: ("bigint", "bigint unsigned")})
GONE = Delta({OLD: ("KEY `old` (`id`)", None)})
MOVED = Delta({COLUMNS: ("id, name", "name, id")})


def test_deltas_are_laid_over_one_another() -> None:
    assert overlaid([MADE, WIDER]).changes[ID] == (None, "bigint unsigned")


def test_what_is_after_the_last_step_counts() -> None:
    live = {TABLE: "ENGINE=InnoDB", ID: "bigint"}

    (line,) = look([MADE, WIDER], live, same_server=True).differences

    assert line == f"differs: {TABLE} / column id: bigint, and after the file: bigint unsigned"


def test_what_the_file_drops_must_be_gone() -> None:
    there = look([GONE], {OLD: "KEY `old` (`id`)"}, same_server=True)
    gone = look([GONE], {}, same_server=True)

    assert there.differences == (f"still there: {TABLE} / index old: KEY `old` (`id`)",)
    assert there.nothing_there
    assert gone.differences == ()


def test_another_version_prints_differently_and_a_person_looks() -> None:
    live = {TABLE: "ENGINE=InnoDB STATS=1", ID: "bigint(20)"}

    here = look([MADE], live, same_server=True)
    there = look([MADE], live, same_server=False)

    assert len(here.differences) == 2
    assert there.differences == ()
    assert there.unsure == (
        f"{TABLE}: ENGINE=InnoDB STATS=1, and as it was recorded: ENGINE=InnoDB",
    )


def test_a_changed_column_of_another_version_must_read_the_same() -> None:
    live = {TABLE: "ENGINE=InnoDB", ID: "bigint(20)"}

    assert look([WIDER], live, same_server=False).differences
    wide = {**live, ID: "bigint(20) unsigned"}
    assert not look([WIDER], wide, same_server=False).differences


def test_a_columns_character_set_that_is_its_tables_own_is_none() -> None:
    delta = Delta({NAME: (None, "varchar(9)")})
    live = {
        TABLE: "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci",
        NAME: "varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
    }

    assert look([delta], live, same_server=True).differences == ()


def test_the_order_of_columns_blocks_only_where_it_is_all_there_is() -> None:
    live = {TABLE: "x", COLUMNS: "id, name", NAME: "int"}
    named = Delta({NAME: (None, "int"), **MOVED.changes})

    assert look([MOVED], live, same_server=True).differences
    also = look([named], live, same_server=True)
    assert also.differences == ()
    assert also.remarks == (f"{TABLE} has its columns in another order: id, name",)


def test_what_a_renamed_table_held_before_is_its_own() -> None:
    new, theirs = ObjectKey("table", "new"), ObjectKey("index", "theirs", "new")
    renamed = Delta({ObjectKey("table", "old"): ("x", None), new: (None, "x")})

    traces = look([renamed], {new: "x", theirs: "KEY"}, same_server=True)

    assert replace(traces, remarks=()) == look([renamed], {new: "x"}, same_server=True)
