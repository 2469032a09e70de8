"""From outcomes to an order: pure."""

from __future__ import annotations

from collections.abc import Mapping

from nestflux.history.deploy_order import Code, DeployOrder, Order
from nestflux.recording.deploy_order.grading import grade
from nestflux.recording.deploy_order.outcomes import Action, Outcome, Probe, Run, Runs

MODEL = "shop.P"
LEAST = Probe(MODEL, Action.INSERT, "least row")
SELECT = Probe(MODEL, Action.SELECT)
VALUE = Probe(MODEL, Action.INSERT, "f", "-1")
CASE = Probe(MODEL, Action.FILTER_CASE, "f")
MIXED = Probe(MODEL, Action.DELETE, "full row of new code")

OK = Outcome()
NO_COLUMN = Outcome(1054, "Unknown column 'shop_p.f' in 'SELECT'", "SELECT f FROM shop_p")
NOT_GIVEN = Outcome(1364, "Field 'f' doesn't have a default value")
TOO_LARGE = Outcome(1264, "Out of range value for column 'f' at row 1")
REFERRED_TO = Outcome(
    1451,
    "Cannot delete or update a parent row: a foreign key constraint fails (`shop_child`, "
    "CONSTRAINT `c` FOREIGN KEY (`p_id`) REFERENCES `shop_p` (`id`))",
)
ALL_WELL = {LEAST: OK, SELECT: OK, VALUE: OK}


def run(*outcomes: Mapping[Probe, Outcome], went_in: bool = True) -> Run:
    merged = {probe: each for found in outcomes for probe, each in found.items()}
    return Run(merged, {MODEL: {}} if went_in else {})


def graded(
    *,
    old_there: Mapping[Probe, Outcome] | None = None,
    new_there: Mapping[Probe, Outcome] | None = None,
    old_home: Mapping[Probe, Outcome] | None = None,
    new_home: Mapping[Probe, Outcome] | None = None,
    mixed_old: Mapping[Probe, Outcome] | None = None,
    alike_old: Mapping[Probe, Outcome] | None = None,
    keys: frozenset[tuple[str, str]] = frozenset(),
    old_columns: Mapping[str, bool] | None = None,
    new_columns: Mapping[str, bool] | None = None,
) -> DeployOrder:
    """Everything goes well but for what is given."""
    return grade(
        Runs(
            own={Code.OLD: run(ALL_WELL, old_home or {}), Code.NEW: run(ALL_WELL, new_home or {})},
            other={
                Code.OLD: run(ALL_WELL, old_there or {}),
                Code.NEW: run(ALL_WELL, new_there or {}),
            },
            alike={Code.OLD: run(alike_old or {}), Code.NEW: Run()},
            mixed_own={code: Run() for code in Code},
            mixed_other={Code.OLD: run(mixed_old or {}), Code.NEW: Run()},
            keys={Code.OLD: keys, Code.NEW: frozenset()},
            columns={
                Code.OLD: _columns({"id": True, **(old_columns or {})}),
                Code.NEW: _columns({"id": True, **(new_columns or {})}),
            },
        )
    )


def _columns(required: Mapping[str, bool]) -> dict[tuple[str, str], bool]:
    return {("shop_p", name): needed for name, needed in required.items()}


def test_where_nothing_fails_no_difference_was_found() -> None:
    found = graded()

    assert found.order is Order.NO_DIFFERENCE
    assert found.failures == ()


def test_where_new_code_fails_on_the_schema_before_the_file_goes_first() -> None:
    found = graded(new_there={SELECT: NO_COLUMN})

    assert found.order is Order.MIGRATE_FIRST
    (failure,) = found.failures
    assert failure.code is Code.NEW
    assert failure.structural
    assert (failure.table, failure.column) == ("shop_p", "f")
    assert failure.query == "SELECT f FROM shop_p"
    assert failure.words == "1054 Unknown column 'shop_p.f' in 'SELECT' (SELECT shop.P)"


def test_one_cause_is_said_once_whatever_queries_meet_it() -> None:
    insert = Outcome(1054, "Unknown column 'f' in 'INSERT INTO'")
    join = Probe("shop.Child", Action.JOIN, "p")
    other = Outcome(1054, "Unknown column 'shop_p.g' in 'SELECT'")
    found = graded(
        new_there={SELECT: NO_COLUMN, LEAST: insert, join: NO_COLUMN, VALUE: other},
        new_home={join: OK},
    )

    assert [failure.message for failure in found.failures] == [NO_COLUMN.error, other.error]


def test_where_old_code_fails_on_the_schema_after_the_code_goes_first() -> None:
    assert graded(old_there={SELECT: NO_COLUMN}).order is Order.CODE_FIRST


def test_a_value_that_fails_decides_as_much_as_every_row_does() -> None:
    found = graded(old_there={VALUE: TOO_LARGE})

    assert found.order is Order.CODE_FIRST
    assert [failure.structural for failure in found.failures] == [False]


def test_where_no_row_goes_in_at_all_a_value_is_no_longer_one_of_some() -> None:
    there = Run({**ALL_WELL, LEAST: TOO_LARGE}, {})
    nothing = {code: Run() for code in Code}
    found = grade(
        Runs(
            own={code: run(ALL_WELL) for code in Code},
            other={Code.OLD: there, Code.NEW: run(ALL_WELL)},
            alike=nothing,
            mixed_own=nothing,
            mixed_other=nothing,
        )
    )

    assert [failure.structural for failure in found.failures] == [True]


def test_a_null_that_the_least_row_has_is_in_every_row() -> None:
    refused = Outcome(1048, "Column 'f' cannot be null")

    assert graded(old_there={LEAST: refused}).failures[0].structural
    assert not graded(old_there={VALUE: refused}).failures[0].structural


def test_what_fails_at_home_as_well_is_no_difference() -> None:
    found = graded(old_home={VALUE: TOO_LARGE}, old_there={VALUE: TOO_LARGE})

    assert found.order is Order.NO_DIFFERENCE


def test_a_value_that_is_read_otherwise_than_it_was_written_is_a_failure() -> None:
    found = graded(new_there={VALUE: Outcome(read="'5' is read for 5")})

    assert found.order is Order.MIGRATE_FIRST
    assert found.failures[0].message == "'5' is read for 5"
    assert found.failures[0].verb == "silently changes values"


def test_a_value_that_is_read_otherwise_at_home_too_is_none() -> None:
    other = Outcome(read="Decimal('1.0') is read for 1")

    assert graded(new_home={VALUE: other}, new_there={VALUE: other}).order is Order.NO_DIFFERENCE


def test_a_filter_that_finds_other_rows_is_a_caution() -> None:
    found = graded(
        old_home={CASE: Outcome(read="f='Q' does not find 'q'")},
        old_there={CASE: Outcome(read="f='Q' finds 'q'")},
    )

    assert found.order is Order.NO_DIFFERENCE
    assert found.cautions == (
        "a filter finds other rows of shop.P after the file: f='Q' finds 'q'",
    )


def test_a_row_that_only_the_other_code_knows_does_not_change_the_order() -> None:
    found = graded(new_there={SELECT: NO_COLUMN}, mixed_old={MIXED: REFERRED_TO})

    assert found.order is Order.MIGRATE_FIRST
    assert found.cautions == (
        "old code that deletes a row of shop.P fails where a row of `shop_child` refers to it, "
        "written by new code (1451)",
    )


def test_a_row_that_the_code_itself_leaves_to_the_server_is_no_caution() -> None:
    keys = frozenset({("shop_child", "p_id")})

    assert graded(mixed_old={MIXED: REFERRED_TO}, keys=keys).cautions == ()


def test_a_row_of_the_other_code_that_cannot_be_read_counts() -> None:
    probe = Probe(MODEL, Action.SELECT, "full row of new code")
    found = graded(mixed_old={probe: Outcome(error="ValueError: badly formed UUID")})

    assert found.order is Order.CODE_FIRST


def test_what_fails_with_rows_of_the_same_code_as_well_does_not_count() -> None:
    no_parent = Outcome(1452, "Cannot add or update a child row: a foreign key constraint fails")
    own = Probe(MODEL, Action.DELETE, "full row of old code")

    assert graded(mixed_old={MIXED: no_parent}).order is Order.CODE_FIRST
    alike = graded(mixed_old={MIXED: no_parent}, alike_old={own: no_parent})
    assert alike.order is Order.NO_DIFFERENCE
    well = graded(mixed_old={MIXED: Outcome(error="ValueError: …")}, alike_old={own: OK})
    assert well.order is Order.CODE_FIRST


def test_new_models_that_fail_on_their_own_schema_are_a_defect() -> None:
    found = graded(new_home={SELECT: NO_COLUMN})

    assert found.order is Order.UNDECIDED
    assert [defect.number for defect in found.defects] == [1054]
    assert found.lines()[1].startswith("The models do not fit what the file makes: 1054")


def test_where_the_old_models_did_not_fit_either_it_is_no_defect_of_this_file() -> None:
    found = graded(
        new_home={SELECT: NO_COLUMN}, old_home={SELECT: NO_COLUMN}, old_there={VALUE: TOO_LARGE}
    )

    assert found.order is Order.CODE_FIRST
    assert found.defects == ()
    assert found.not_tried == (
        "what fails before the file as well: 1054 Unknown column 'shop_p.f' in 'SELECT' "
        "(SELECT shop.P)",
    )


def test_a_model_of_which_no_row_goes_in_is_named() -> None:
    refused = Outcome(3819, "Check constraint 'c' is violated.")
    own = Run({LEAST: refused, SELECT: OK}, {})
    nothing = {code: Run() for code in Code}
    found = grade(
        Runs(dict.fromkeys(Code, own), dict.fromkeys(Code, own), nothing, nothing, nothing)
    )

    assert found.order is Order.UNDECIDED
    assert found.not_tried == (
        "rows of old code's shop.P: none was found that the server takes (3819)",
        "rows of new code's shop.P: none was found that the server takes (3819)",
    )


# ---- the two steps --------------------------------------------------------------------------


def test_a_new_column_that_old_code_does_not_give_is_made_required_later() -> None:
    found = graded(
        new_there={SELECT: NO_COLUMN}, old_there={LEAST: NOT_GIVEN}, new_columns={"f": True}
    )

    assert found.order is Order.TWO_STEPS
    assert found.steps == (
        "Step 1: add f with null=True or a db_default (migrate first), then deploy code that "
        "always gives it",
        "Step 2: fill the rows without it, and make f required",
    )


def test_a_column_that_new_code_does_not_give_is_dropped_later() -> None:
    found = graded(
        old_there={SELECT: NO_COLUMN}, new_there={LEAST: NOT_GIVEN}, old_columns={"f": True}
    )

    assert found.steps == (
        "Step 1: give f null=True or a db_default (migrate first), then deploy code that does not "
        "use it",
        "Step 2: drop f",
    )


def test_of_several_columns_the_steps_name_all_though_the_server_names_the_first() -> None:
    columns = {"f": True, "g": True, "h": False}
    added = graded(new_there={SELECT: NO_COLUMN}, old_there={LEAST: NOT_GIVEN}, new_columns=columns)
    gone = graded(old_there={SELECT: NO_COLUMN}, new_there={LEAST: NOT_GIVEN}, old_columns=columns)

    assert added.steps == (
        "Step 1: add f, g with null=True or a db_default (migrate first), then deploy code that "
        "always gives them",
        "Step 2: fill the rows without them, and make f, g required",
    )
    assert gone.steps == (
        "Step 1: give f, g null=True or a db_default (migrate first), then deploy code that does "
        "not use them",
        "Step 2: drop f, g",
    )


def test_of_many_columns_the_steps_name_the_first_and_how_many_more() -> None:
    found = graded(
        new_there={SELECT: NO_COLUMN},
        old_there={LEAST: NOT_GIVEN},
        new_columns=dict.fromkeys("fghijklm", True),
    )

    assert found.steps[1] == (
        "Step 2: fill the rows without them, and make f, g, h, i, j, k and 2 more required"
    )


def test_a_column_beside_another_one_must_not_be_required_yet() -> None:
    other = Outcome(1054, "Unknown column 'shop_p.g' in 'SELECT'")
    found = graded(
        old_there={SELECT: NO_COLUMN},
        new_there={SELECT: other},
        old_columns={"f": True},
        new_columns={"g": False, "h": True},
    )

    assert found.steps[0].startswith(
        "Step 1: a file that adds g, h and keeps f (migrate first; h with null=True or a "
        "db_default), then code"
    )


def test_one_column_gone_and_another_not_there_yet_are_two_files() -> None:
    other = Outcome(1054, "Unknown column 'shop_p.g' in 'SELECT'")
    found = graded(old_there={SELECT: NO_COLUMN}, new_there={SELECT: other})

    assert found.steps[0].startswith("Step 1: a file that adds g and keeps f (migrate first)")
    assert found.steps[1].endswith("then a file that drops f")


def test_a_tables_name_likewise() -> None:
    old = Outcome(1146, "Table 'shop_p' doesn't exist")
    new = Outcome(1146, "Table 'shop_q' doesn't exist")
    found = graded(old_there={SELECT: old}, new_there={SELECT: new})

    assert "adds shop_q and keeps shop_p" in found.steps[0]


def test_values_of_which_neither_side_takes_the_others_are_put_beside() -> None:
    found = graded(old_there={VALUE: TOO_LARGE}, new_there={VALUE: TOO_LARGE})

    assert found.steps[0].startswith("Step 1: add what new code needs beside")


# ---- as it is kept --------------------------------------------------------------------------


def test_an_order_is_the_same_after_json() -> None:
    found = graded(new_there={SELECT: NO_COLUMN}, mixed_old={MIXED: REFERRED_TO})

    assert DeployOrder.from_json(found.to_json()) == found
