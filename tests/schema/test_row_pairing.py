"""Pure: rows of two runs are paired by what both runs have alike."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.recording.snapshot import volatility
from nestflux.schema.row_pairing import Comparison, Uuid, compare_rows, uuid_in
from nestflux.schema.rows import Column, TableRows

NAMES = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=6, unique=True)


def column(name: str, kind: str = "varchar", *, key: bool = False, counted: bool = False) -> Column:
    return Column(name, kind, key, unique=False, referenced=key, counted=counted)


def run(names: list[str]) -> dict[str, TableRows]:
    """Statuses with random keys in the order of these, and rows of a table that refer to them."""
    keys = {name: f"'{uuid.uuid4()}'" for name in names}
    statuses = sorted((key, f"'{name}'") for name, key in keys.items())
    links = tuple((str(n), keys[name], "7") for n, name in enumerate(names, start=1))
    return {
        "link": TableRows(
            "link",
            (column("id", "int", key=True, counted=True), column("status"), column("kind", "int")),
            links,
            (("id",), ("status", "kind")),
            (("status", ("status", "id")),),
        ),
        "status": TableRows(
            "status",
            (column("id", "uuid", key=True), column("name")),
            tuple(statuses),
            (("id",), ("name",)),
        ),
    }


@given(NAMES)
def test_random_keys_and_another_order_are_no_difference(names: list[str]) -> None:
    other = sorted(names, reverse=True)

    found = compare_rows(run(names), run(other))
    varying = volatility(run(names), run(other))

    assert found.columns == {}
    assert not found.uneven
    assert len(found.uuids) == len(names)
    assert varying.because == {}


def test_another_row_is_a_difference() -> None:
    assert compare_rows(run(["a", "b"]), run(["a", "c"])).columns
    assert compare_rows(run(["a", "b"]), run(["a"])).uneven == {"status", "link"}


def test_a_text_that_is_no_key_is_taken_for_a_secret() -> None:
    def secret(value: str) -> dict[str, TableRows]:
        columns = (column("id", "int", key=True), column("token"))
        return {"t": TableRows("t", columns, (("1", f"'{value}'"),), (("id",),))}

    varying = volatility(secret(uuid.uuid4().hex), secret(uuid.uuid4().hex))

    assert varying.because == {"t": "token varies"}


# ---- by example ----------------------------------------------------------------------------

# Two rows' keys in one run and in the other, where they sort the other way round.
U1, U2 = f"'{'1' * 32}'", f"'{'2' * 32}'"
V1, V2 = f"'{'9' * 32}'", f"'{'8' * 32}'"
ID, NAME = column("id", "int", key=True), column("name")
KEY, REF, TOKEN = column("id", "uuid", key=True), column("ref"), column("token")


def table(
    name: str,
    columns: tuple[Column, ...],
    *rows: tuple[str, ...],
    keys: tuple[tuple[str, ...], ...] = (("id",),),
    refers: str = "",
) -> TableRows:
    """A table's rows; ``refers``: the table whose id the column ``ref`` refers to."""
    references = (("ref", (refers, "id")),) if refers else ()
    return TableRows(name, columns, rows, keys, references)


def compared(one: list[TableRows], other: list[TableRows]) -> Comparison:
    return compare_rows({t.table: t for t in one}, {t.table: t for t in other})


@pytest.mark.parametrize(
    ("literal", "found"),
    [
        (f"'{uuid.UUID(int=7)}'", Uuid("dashed", uuid.UUID(int=7).hex)),
        (f"'{uuid.UUID(int=7).hex}'", Uuid("hex", uuid.UUID(int=7).hex)),
        (f"X'{uuid.UUID(int=7).hex}'", Uuid("bytes", uuid.UUID(int=7).hex)),
        (f"'{'g' * 32}'", None),
        (f"'{'1' * 36}'", None),
        (f"'{'1' * 31}'", None),
        ("7", None),
    ],
)
def test_a_uuid_is_one_however_it_is_written(literal: str, found: Uuid | None) -> None:
    assert uuid_in(literal) == found


def test_rows_that_are_alike_are_paired_by_place() -> None:
    rows = table("t", (ID, NAME), ("1", "'a'"), ("2", "'b'"))

    found = compared([rows], [rows])

    assert found == Comparison({}, frozenset(), {"t": ((0, 0), (1, 1))}, frozenset())


def test_a_table_without_rows_in_either_run_is_uneven_and_the_next_is_compared() -> None:
    one, other = table("one", (ID,), ("1",)), table("other", (ID,), ("1",))
    last = table("t", (ID, TOKEN), ("1", "'x'"))

    found = compared([one, last], [other, table("t", (ID, TOKEN), ("1", "'y'"))])

    assert found.uneven == {"one", "other"}
    assert found.columns == {"t": {"token"}}


def test_rows_are_paired_by_a_unique_key_that_both_runs_filled_alike() -> None:
    keys = (("id",), ("name",))
    ours = table("t", (ID, NAME, TOKEN), ("1", "'a'", "'x'"), ("2", "'b'", "'y'"), keys=keys)
    theirs = table("t", (ID, NAME, TOKEN), ("3", "'b'", "'v'"), ("4", "'a'", "'w'"), keys=keys)

    found = compared([ours], [theirs])

    assert found.pairs == {"t": ((0, 1), (1, 0))}
    assert found.columns == {"t": {"id", "token"}}


def test_a_key_of_a_generated_column_pairs_nothing() -> None:
    keys = (("generated",), ("id",))
    ours = table("t", (ID, TOKEN), ("1", "'x'"), keys=keys)
    theirs = table("t", (ID, TOKEN), ("1", "'y'"), keys=keys)

    assert compared([ours], [theirs]).columns == {"t": {"token"}}


def test_rows_without_such_a_key_are_paired_by_the_columns_that_do_not_vary() -> None:
    ours = table("t", (ID, NAME, TOKEN), ("1", "'a'", "'x'"), ("2", "'b'", "'y'"))
    theirs = table("t", (ID, NAME, TOKEN), ("3", "'b'", "'v'"), ("4", "'a'", "'w'"))

    found = compared([ours], [theirs])

    assert found.pairs == {"t": ((0, 1), (1, 0))}
    assert found.columns == {"t": {"id", "token"}}


def test_rows_that_nothing_tells_apart_are_paired_by_place() -> None:
    found = compared([table("t", (KEY,), (U1,), (U2,))], [table("t", (KEY,), (V2,), (V1,))])

    uuids = frozenset({"1" * 32, "2" * 32})
    assert found == Comparison({}, frozenset(), {"t": ((0, 0), (1, 1))}, uuids)


def test_counters_may_give_the_same_numbers_in_another_order_but_no_others() -> None:
    counter = column("id", "int", key=True, counted=True)
    keys = (("id",), ("name",))

    def rows(identity: Column, *ids: str) -> list[TableRows]:
        named = zip(ids, ("'a'", "'b'"), strict=True)
        return [table("t", (identity, NAME), *sorted(named), keys=keys)]

    assert compared(rows(counter, "1", "2"), rows(counter, "2", "1")).columns == {}
    assert compared(rows(counter, "1", "2"), rows(counter, "1", "3")).columns == {"t": {"id"}}
    assert compared(rows(ID, "1", "2"), rows(ID, "2", "1")).columns == {"t": {"name"}}


def test_a_row_is_known_by_the_row_that_it_refers_to_whatever_the_key() -> None:
    keys = (("id",), ("name",))

    def run(a: str, b: str) -> list[TableRows]:
        parents = sorted([(a, "'a'"), (b, "'b'")])
        children = (("1", a), ("2", b))
        return [
            table("child", (ID, REF), *children, refers="parent"),
            table("parent", (ID, NAME), *parents, keys=keys),
        ]

    found = compared(run("5", "6"), run("8", "7"))

    assert found.columns == {"parent": {"id"}}
    assert found.pairs["parent"] == ((0, 1), (1, 0))


def test_a_row_that_refers_to_another_row_is_a_difference() -> None:
    parents = [("5", "'a'"), ("6", "'b'")], [("7", "'a'"), ("8", "'b'")]
    keys = (("id",), ("name",))
    one = [
        table("child", (ID, REF), ("1", "5"), refers="parent"),
        table("parent", (ID, NAME), *parents[0], keys=keys),
    ]
    other = [
        table("child", (ID, REF), ("1", "8"), refers="parent"),
        table("parent", (ID, NAME), *parents[1], keys=keys),
    ]

    assert compared(one, other).columns == {"parent": {"id"}, "child": {"ref"}}


@pytest.mark.parametrize("keys", [(("id",),), (("id",), ("name",))])
def test_a_uuid_is_learned_where_a_name_tells_rows_apart_whichever_table_comes_first(
    keys: tuple[tuple[str, ...], ...],
) -> None:
    """``first`` has no foreign key, and is looked at before ``second`` says what the uuids are."""

    def run(a: str, b: str) -> list[TableRows]:
        return [
            table("first", (REF,), *sorted([(a,), (b,)]), keys=()),
            table("second", (KEY, NAME), *sorted([(a, "'a'"), (b, "'b'")]), keys=keys),
        ]

    found = compared(run(U1, U2), run(V1, V2))

    assert found.columns == {}
    assert found.pairs == {"first": ((0, 1), (1, 0)), "second": ((0, 1), (1, 0))}
    assert found.uuids == {"1" * 32, "2" * 32}


@pytest.mark.parametrize("kept", [U1, V1])
def test_a_uuid_that_stays_while_the_row_that_it_means_got_another_is_a_difference(
    kept: str,
) -> None:
    held = table("later", (ID, REF), ("1", kept))

    found = compared(
        [table("keyed", (KEY, NAME), (U1, "'a'")), held],
        [table("keyed", (KEY, NAME), (V1, "'a'")), held],
    )

    assert found.columns == {"later": {"ref"}}


def test_a_uuid_that_both_runs_have_is_no_other_one_elsewhere() -> None:
    found = compared(
        [table("a", (ID, REF), ("1", U1)), table("b", (ID, REF), ("1", U1))],
        [table("a", (ID, REF), ("1", U1)), table("b", (ID, REF), ("1", V1))],
    )

    assert found.columns == {"b": {"ref"}}
    assert found.uuids == frozenset()


@pytest.mark.parametrize(("one", "other"), [("'x'", U1), (U1, "'x'"), ("NULL", U1)])
def test_a_uuid_in_one_run_alone_is_a_difference(one: str, other: str) -> None:
    found = compared([table("t", (ID, TOKEN), ("1", one))], [table("t", (ID, TOKEN), ("1", other))])

    assert found.columns == {"t": {"token"}}


def test_a_row_that_refers_to_none_is_the_same_in_both_runs() -> None:
    keys = (("id",), ("name",))

    def run(parent: str) -> list[TableRows]:
        return [
            table("child", (ID, REF), ("1", parent), ("2", "NULL"), refers="parent"),
            table("parent", (ID, NAME), (parent, "'a'"), keys=keys),
        ]

    assert compared(run("5"), run("7")).columns == {"parent": {"id"}}


def test_a_uuid_in_another_form_is_not_the_same_one() -> None:
    dashed = f"'{uuid.UUID(int=7)}'"

    found = compared([table("t", (ID, TOKEN), ("1", dashed))], [table("t", (ID, TOKEN), ("1", U1))])

    assert found.columns == {"t": {"token"}}
    assert found.uuids == frozenset()


def test_a_uuid_that_both_runs_have_is_itself_wherever_it_stands() -> None:
    def run(token: str) -> list[TableRows]:
        return [table("t", (KEY, TOKEN), (U1, token))]

    found = compared(run("'x'"), run("'y'"))

    assert found.columns == {"t": {"token"}}
    assert found.uuids == frozenset()


def test_two_uuids_of_one_run_are_not_one_of_the_other() -> None:
    """A key and its copy are two columns with the same counterpart; two keys are not."""
    two_columns = (ID, column("a"), column("b"))

    same = compared(
        [table("t", two_columns, ("1", U1, U1))], [table("t", two_columns, ("1", V1, V1))]
    )
    one_of_two = compared(
        [table("t", two_columns, ("1", U1, U2))], [table("t", two_columns, ("1", V1, V1))]
    )
    two_of_one = compared(
        [table("t", two_columns, ("1", U1, U1))], [table("t", two_columns, ("1", V1, V2))]
    )

    assert same.columns == {}
    assert one_of_two.columns == two_of_one.columns == {"t": {"b"}}
