"""Checks and foreign keys: what is dropped, what comes, and what has a risk."""

from __future__ import annotations

import pytest

from nestflux.schema.objects import ObjectKey
from nestflux.schema.transform.changes import (
    GOES_ALONG,
    MAY_FAIL,
    Change,
    ChangeKey,
    ColumnRef,
    Phase,
    Risk,
)
from nestflux.schema.transform.columns import TablePair
from nestflux.schema.transform.constraints import (
    ForeignKeyGround,
    ForeignKeyPair,
    check_changes,
    foreign_key_changes,
    foreign_keys_of,
    null_columns,
    paired,
)
from nestflux.schema.transform.tables import TableForeignKey, TableSchema

POSITIVE = "CONSTRAINT `positive` CHECK ((`n` > 0))"
REFUSED = Risk(
    MAY_FAIL,
    "a check refuses rows that break it",
    ("SELECT COUNT(*) FROM `t` WHERE NOT ((`n` > 0))",),
)


def pair(
    after: dict[str, str],
    before: dict[str, str],
    *,
    family: str = "mysql",
    columns: tuple[str, str] = ("int", "int"),
) -> TablePair:
    """A table ``t`` with a column ``n``: the constraints that it is to have, and those that it
    has. ``columns``: likewise, the column's definition."""
    return TablePair(
        TableSchema("t", columns={"n": columns[1]}, constraints=before),
        TableSchema("t", columns={"n": columns[0]}, constraints=after),
        "utf8mb4_bin",
        family,
    )


def dropping_check(name: str, risk: Risk | None = None, word: str = "CHECK") -> Change:
    key = ObjectKey("constraint", name, "t")
    sql = f"ALTER TABLE `t` DROP {word} `{name}`"
    return Change(ChangeKey(key, "drop"), Phase.DROP_CHECK, sql, (key,), risk=risk)


def adding_check(name: str, text: str, risk: Risk | None = None) -> Change:
    key = ObjectKey("constraint", name, "t")
    return Change(
        ChangeKey(key, "add"), Phase.ADD_CHECK, f"ALTER TABLE `t` ADD {text}", (key,), risk=risk
    )


# ---- checks --------------------------------------------------------------------------------


def test_a_check_that_is_there_stays() -> None:
    assert list(check_changes(pair({"positive": POSITIVE}, {"positive": POSITIVE}))) == []


def test_a_missing_check_may_meet_rows_that_it_refuses() -> None:
    assert list(check_changes(pair({"positive": POSITIVE}, {}))) == [
        adding_check("positive", POSITIVE, REFUSED)
    ]


def test_a_missing_check_that_is_not_enforced_refuses_no_row() -> None:
    text = f"{POSITIVE} /*!80016 NOT ENFORCED */"

    assert list(check_changes(pair({"positive": text}, {}))) == [adding_check("positive", text)]


@pytest.mark.parametrize(("family", "word"), [("mysql", "CHECK"), ("mariadb", "CONSTRAINT")])
def test_a_check_that_the_history_does_not_have_is_dropped_as_the_server_says_it(
    family: str, word: str
) -> None:
    found = check_changes(pair({}, {"positive": POSITIVE}, family=family))

    assert list(found) == [dropping_check("positive", word=word)]


def test_a_check_of_another_name_goes_and_comes_for_its_rows_meet_it() -> None:
    old = "CONSTRAINT `old` CHECK ((`N` > 0))"

    assert list(check_changes(pair({"positive": POSITIVE}, {"old": old}))) == [
        dropping_check("old"),
        adding_check("positive", POSITIVE),
    ]


def test_a_check_stays_until_the_one_that_takes_its_name_is_asked_for() -> None:
    other = "CONSTRAINT `positive` CHECK ((`n` > 5))"
    along = Risk(GOES_ALONG, "another check of this name takes its place")

    assert list(check_changes(pair({"positive": POSITIVE}, {"positive": other}))) == [
        dropping_check("positive", along),
        adding_check("positive", POSITIVE, REFUSED),
    ]


def test_two_checks_that_swap_their_names_are_met_already() -> None:
    negative = "CONSTRAINT `{}` CHECK ((`n` < 9))"
    wanted = {"a": POSITIVE.replace("positive", "a"), "b": negative.format("b")}
    live = {"a": negative.format("a"), "b": POSITIVE.replace("positive", "b")}

    assert list(check_changes(pair(wanted, live))) == [
        dropping_check("a"),
        dropping_check("b"),
        adding_check("a", wanted["a"]),
        adding_check("b", wanted["b"]),
    ]


def test_a_check_makes_way_for_a_column_that_goes_and_comes() -> None:
    virtual = "int GENERATED ALWAYS AS (`m`) VIRTUAL"
    elsewhere = "CONSTRAINT `elsewhere` CHECK ((`m` > 0))"
    checks = {"positive": POSITIVE, "elsewhere": elsewhere}

    assert list(check_changes(pair(checks, checks, columns=(virtual, "int")))) == [
        dropping_check("positive"),
        adding_check("positive", POSITIVE),
    ]


# ---- foreign keys: which of them are one ---------------------------------------------------


def key(
    name: str = "f",
    column: str = "p_id",
    parent: str = "p",
    parent_column: str = "id",
    *,
    table: str = "c",
    more: str = "",
) -> TableForeignKey:
    refers = f"REFERENCES `{parent}` (`{parent_column}`){more}"
    text = f"CONSTRAINT `{name}` FOREIGN KEY (`{column}`) {refers}"
    return TableForeignKey.of(table, name, text)


def test_the_foreign_keys_of_tables_are_no_checks() -> None:
    tables = [
        TableSchema("c", constraints={"f": key().text, "positive": POSITIVE}),
        TableSchema("d", constraints={"g": key("g", table="d").text}),
    ]

    assert foreign_keys_of(tables) == [key(), key("g", table="d")]


def test_foreign_keys_pair_by_name_then_by_what_they_say() -> None:
    same_name = key("one", "a_id")
    other_name = key("two", "b_id")
    cascades = key("one", "a_id", more=" ON DELETE CASCADE")
    gone, come = key("four", "c_id"), key("five", "d_id")
    renamed = key("three", "b_id")

    found = paired([other_name, same_name, gone], [come, renamed, cascades], ["c"])

    assert found == [
        ForeignKeyPair(same_name, cascades),
        ForeignKeyPair(other_name, renamed),
        ForeignKeyPair(gone, None),
        ForeignKeyPair(None, come),
    ]


def test_foreign_keys_of_two_tables_are_never_one() -> None:
    of_c, of_d = key("one"), key("two", table="d")

    assert paired([of_c], [of_d], ["c", "d"]) == [
        ForeignKeyPair(of_c, None),
        ForeignKeyPair(None, of_d),
    ]


def test_a_foreign_key_of_a_table_that_is_not_compared_comes_back_as_it_is() -> None:
    assert paired([key()], [], ["p"]) == [ForeignKeyPair(key(), key())]


# ---- foreign keys: what becomes of them ----------------------------------------------------

ON_CHILD, ON_PARENT = ColumnRef("c", "p_id"), ColumnRef("p", "id")
ORPHANS = Risk(
    MAY_FAIL,
    "a foreign key refuses rows that refer to none",
    (
        "SELECT COUNT(*) FROM `c` c WHERE c.`p_id` IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM `p` p WHERE p.`id` = c.`p_id`)",
    ),
)
COMES_BACK_LAST = Risk(GOES_ALONG, "it comes back last, which is commented out, too")


def dropping(one: TableForeignKey, risk: Risk | None = None, *, settles: bool = True) -> Change:
    return Change(
        ChangeKey(one.key, "drop"),
        Phase.DROP_FOREIGN_KEY,
        f"ALTER TABLE `{one.table}` DROP FOREIGN KEY `{one.name}`",
        (one.key,) if settles else (),
        risk=risk,
        column_refs=one.column_refs,
    )


def adding(one: TableForeignKey, risk: Risk | None = None, *, settles: bool = True) -> Change:
    return Change(
        ChangeKey(one.key, "add"),
        Phase.ADD_FOREIGN_KEY,
        f"ALTER TABLE `{one.table}` ADD {one.text}",
        (one.key,) if settles else (),
        risk=risk,
        column_refs=one.column_refs,
    )


def becomes(
    live: TableForeignKey | None, wanted: TableForeignKey | None, ground: ForeignKeyGround
) -> list[Change]:
    return list(foreign_key_changes([ForeignKeyPair(live, wanted)], ground))


def test_a_foreign_key_that_agrees_stays_and_the_next_one_is_looked_at() -> None:
    found = foreign_key_changes(
        [ForeignKeyPair(key(), key()), ForeignKeyPair(key("g"), None)], ForeignKeyGround({})
    )

    assert list(found) == [dropping(key("g"))]


@pytest.mark.parametrize("ref", [ON_CHILD, ON_PARENT])
def test_a_foreign_key_makes_way_for_a_change_of_either_of_its_columns(
    ref: ColumnRef,
) -> None:
    assert becomes(key(), key(), ForeignKeyGround({ref: True})) == [dropping(key()), adding(key())]


def test_a_foreign_key_makes_way_where_one_of_two_changes_is_run() -> None:
    ground = ForeignKeyGround({ON_CHILD: False, ON_PARENT: True})

    assert becomes(key(), key(), ground) == [dropping(key()), adding(key())]


def test_a_foreign_key_is_commented_out_with_the_only_change_of_its_columns() -> None:
    assert becomes(key(), key(), ForeignKeyGround({ON_CHILD: False})) == [
        dropping(key(), COMES_BACK_LAST),
        adding(key(), Risk(GOES_ALONG, "statements on its columns are commented out")),
    ]


def test_another_name_for_a_foreign_key_is_run_whatever_is_commented_out() -> None:
    renamed = key("g")

    assert becomes(key(), renamed, ForeignKeyGround({ON_CHILD: False})) == [
        dropping(key()),
        adding(renamed),
    ]


@pytest.mark.parametrize(
    "live", [None, key(column="other_id"), key(parent="q"), key(parent_column="number")]
)
def test_a_foreign_key_may_fail_where_its_rows_met_none_or_another(
    live: TableForeignKey | None,
) -> None:
    dropped = [dropping(live, COMES_BACK_LAST)] if live else []

    assert becomes(live, key(), ForeignKeyGround({})) == [*dropped, adding(key(), ORPHANS)]


def test_a_foreign_key_that_only_deletes_in_another_way_is_met_already() -> None:
    cascades = key(more=" ON DELETE CASCADE")

    assert becomes(key(), cascades, ForeignKeyGround({})) == [dropping(key()), adding(cascades)]


def test_a_foreign_key_that_the_history_does_not_have_goes() -> None:
    assert becomes(key(), None, ForeignKeyGround({})) == [dropping(key())]


@pytest.mark.parametrize(
    "ground", [ForeignKeyGround({}, new={"c"}), ForeignKeyGround({}, empty={ON_CHILD})]
)
def test_a_foreign_key_refuses_nothing_in_a_new_table_or_an_empty_column(
    ground: ForeignKeyGround,
) -> None:
    wanted = key(column="P_id")

    assert becomes(None, wanted, ground) == [adding(wanted)]


def test_a_foreign_key_may_fail_where_the_new_table_is_its_parent() -> None:
    ground = ForeignKeyGround({}, new={"p"}, empty={ColumnRef("c", "other")})

    assert becomes(None, key(), ground) == [adding(key(), ORPHANS)]


# ---- foreign keys of a table that goes -----------------------------------------------------


@pytest.mark.parametrize(("live", "dropped"), [(key(), {"c"}), (key(parent="c"), {"c"})])
def test_a_foreign_key_goes_with_its_table(live: TableForeignKey, dropped: set[str]) -> None:
    assert becomes(live, live, ForeignKeyGround({}, dropped=dropped)) == []


ALONG_WITH_ITS_TABLE = Risk(GOES_ALONG, "its table is dropped by a statement below")


def test_a_foreign_key_goes_before_its_parent_which_is_dropped_first() -> None:
    assert becomes(key(), key(), ForeignKeyGround({}, dropped={"c", "p"})) == [
        dropping(key(), ALONG_WITH_ITS_TABLE, settles=False)
    ]


def test_a_foreign_key_of_a_table_that_goes_makes_way_and_comes_back_until_then() -> None:
    assert becomes(key(), key(), ForeignKeyGround({ON_PARENT: True}, dropped={"c"})) == [
        dropping(key(), settles=False),
        adding(key(), settles=False),
    ]


def test_a_foreign_key_of_a_table_that_goes_is_commented_out_with_its_parents_change() -> None:
    assert becomes(key(), key(), ForeignKeyGround({ON_PARENT: False}, dropped={"c"})) == [
        dropping(key(), ALONG_WITH_ITS_TABLE, settles=False)
    ]


# ---- columns that are NULL in each row -----------------------------------------------------


def test_a_new_column_without_a_value_of_its_own_is_null_everywhere() -> None:
    columns = {"Old": "int", "New": "int", "filled": "int DEFAULT 5", "some": "int NOT NULL"}
    wanted, live = TableSchema("t", columns=columns), TableSchema("t", columns={"Old": "int"})

    assert list(null_columns(TablePair(live, wanted, "utf8mb4_bin", "mysql"))) == [("t", "new")]
