"""What happens between a deploy that died or failed and the next one: told apart, and named."""

from __future__ import annotations

from tests.applying.dying import die_at
from tests.scenario import Project

UP_TO_DATE = "Database is up to date!"
TWO_COLUMNS, UNIQUE, DROP_THREE = 4, 5, 6
BESIDES = "changed there besides, and not by it: + table shop_product / index dba"


def _index_by_hand(odd: Project) -> None:
    odd.sql("CREATE INDEX dba ON shop_product (price)")


def _columns(odd: Project) -> list[str]:
    return odd.columns("shop_product")[-2:]


def _said(odd: Project, *args: str) -> str:
    """What ``db_migrate`` says of the step in flight; it then finishes the file."""
    outcome = odd.succeeds("db_migrate", *args)
    assert outcome.lines[-1] == UP_TO_DATE
    assert not {"old_a", "old_b", "old_c"} & set(odd.tables())
    return next(line for line in outcome.lines if ", statement " in line)


def test_an_index_by_hand_after_a_kill_hides_nothing(odd: Project) -> None:
    die_at(odd, TWO_COLUMNS, after=True)
    _index_by_hand(odd)

    assert _said(odd) == (
        "0003_odd.sql, statement 4 was in flight and is done: the schema shows that it ran; "
        f"{BESIDES}"
    )
    assert _columns(odd) == ["first", "second"]


def test_an_index_by_hand_before_a_statement_that_did_not_run_stops_nothing(odd: Project) -> None:
    die_at(odd, TWO_COLUMNS)
    _index_by_hand(odd)

    assert _said(odd) == (
        "0003_odd.sql, statement 4 was in flight; running it again: the schema shows that it did "
        f"not run; {BESIDES}"
    )
    assert _columns(odd) == ["first", "second"]


def test_a_half_by_hand_is_listed_and_taken_for_done_once_it_is_whole(odd: Project) -> None:
    die_at(odd, TWO_COLUMNS)
    odd.sql("ALTER TABLE shop_product ADD COLUMN first int")

    asked = odd.run("db_migrate")
    shown = odd.run("db_resolve", "0003", "4")
    odd.sql("ALTER TABLE shop_product ADD COLUMN second int")
    said = _said(odd)

    assert asked.code == 1
    assert "a part of what it changes is there, and a part is not" in asked.stderr
    for outcome in (asked.stderr, shown.stdout):
        there, _, missing = outcome.partition("Not there, as before the statement:")
        assert "+ table shop_product / column first: int" in there.partition("There, as after")[2]
        assert "+ table shop_product / column second: int" in missing
    assert said.endswith("was in flight and is done: the schema shows that it ran")


def test_a_column_that_is_neither_is_shown_three_times(odd: Project) -> None:
    die_at(odd, TWO_COLUMNS)
    odd.sql("ALTER TABLE shop_product ADD COLUMN first text, ADD COLUMN second int")

    asked = odd.run("db_migrate")

    assert asked.code == 1
    assert "table shop_product / column first is neither" in asked.stderr
    assert "before it:  (not there)" in asked.stderr
    assert "live:       text" in asked.stderr


def test_an_index_by_hand_after_a_failure_is_no_work_of_the_statement(odd: Project) -> None:
    _make_unique_fail(odd)
    _index_by_hand(odd)
    odd.sql("DELETE FROM shop_product WHERE id = 9")

    assert _said(odd) == (
        "0003_odd.sql, statement 5 failed in an earlier run; running it again: it changed "
        f"nothing; {BESIDES}"
    )


def test_a_failed_statement_that_a_person_ran_by_hand_is_taken_for_done(odd: Project) -> None:
    _make_unique_fail(odd)
    odd.sql("DELETE FROM shop_product WHERE id = 9")
    odd.sql("CREATE UNIQUE INDEX one_each ON shop_product (category_id)")

    assert _said(odd) == (
        "0003_odd.sql, statement 5 failed in an earlier run and is done all the same: the schema "
        "shows that it ran"
    )


def test_a_failed_statement_fixed_by_hand_in_another_way_is_run(odd: Project) -> None:
    _make_unique_fail(odd)
    odd.sql("DELETE FROM shop_product WHERE id = 9")
    odd.sql("CREATE UNIQUE INDEX theirs ON shop_product (category_id)")

    said = _said(odd)

    assert "failed in an earlier run; running it again: it changed nothing; changed" in said
    indexes = {row[2] for row in odd.sql("SHOW INDEX FROM shop_product")}
    assert {"theirs", "one_each"} <= indexes


def _make_unique_fail(odd: Project) -> None:
    odd.sql("INSERT INTO shop_product (id, name, price, category_id) VALUES (9, 'x', 1, 1)")
    failed = odd.run("db_migrate")
    assert "0003_odd.sql, statement 5 of 6 failed" in failed.stderr, str(failed)


def test_a_drop_of_tables_of_which_one_is_missing(odd: Project, family: str) -> None:
    """MariaDB drops those that are there and fails; MySQL drops none."""
    die_at(odd, DROP_THREE)
    odd.sql("UPDATE nestflux_statement SET state = 'pending' WHERE state = 'started'")
    odd.sql("DROP TABLE old_b")

    failed = odd.run("db_migrate")
    left = {"old_a", "old_c"} & set(odd.tables())
    if family == "mysql":
        odd.sql("CREATE TABLE old_b (id int PRIMARY KEY)")
    said = _said(odd)

    assert failed.code == 1
    if family == "mariadb":
        assert left == set()
        assert "statement 6 changed a part: " in failed.stderr
        assert "is done all the same: the schema shows that it ran" in said
    else:
        assert left == {"old_a", "old_c"}
        assert "statement 6 changed nothing" in failed.stderr
        assert "running it again: it changed nothing" in said


def test_a_drop_of_which_a_part_took_effect_is_asked_about(odd: Project) -> None:
    die_at(odd, DROP_THREE)
    odd.sql("DROP TABLE old_a")

    asked = odd.run("db_migrate")
    odd.sql("DROP TABLE old_b, old_c")
    said = _said(odd)

    assert asked.code == 1
    there, _, missing = asked.stderr.partition("Not there, as before the statement:")
    assert "- table old_a: ENGINE=InnoDB" in there
    assert "- table old_b: ENGINE=InnoDB" in missing
    assert "- table old_c: ENGINE=InnoDB" in missing
    assert said.endswith("was in flight and is done: the schema shows that it ran")
