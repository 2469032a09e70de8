"""Pure: rows of two runs are paired by what both runs have alike."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from nestflux.recording.snapshot import volatility
from nestflux.schema.row_pairing import compare_rows
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
