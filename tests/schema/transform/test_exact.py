"""To the last name and the order of columns: the statements, without a server."""

from __future__ import annotations

import pytest

from nestflux.schema.diff import Definitions
from nestflux.schema.objects import ObjectKey
from nestflux.schema.transform.changes import ColumnRef
from nestflux.schema.transform.transform import transform

KEY = "CONSTRAINT `{name}` FOREIGN KEY (`a`) REFERENCES `parent` (`id`)"


def table(columns: str, *, fk: str = "", index: str = "") -> Definitions:
    """``child`` with integer columns; a foreign key of ``a``, and an index of it."""
    found = {ObjectKey("table", "parent"): "ENGINE=InnoDB"}
    found[ObjectKey("column", "id", "parent")] = "int NOT NULL"
    found[ObjectKey("table", "child")] = "ENGINE=InnoDB"
    found |= {ObjectKey("column", name, "child"): "int NOT NULL" for name in columns.split()}
    if fk:
        found[ObjectKey("constraint", fk, "child")] = KEY.format(name=fk)
    if index:
        found[ObjectKey("index", index, "child")] = f"KEY `{index}` (`a`)"
    return found


def statements(before: Definitions, after: Definitions, **given: object) -> list[str]:
    found = transform(
        before,
        after,
        collation="utf8mb4_bin",
        family="mysql",
        exact=True,
        **given,  # type: ignore[arg-type]
    )
    assert found.by_hand == ()
    return [" ".join(change.sql.split()) for change in found.changes]


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("a b c", "a b c", ""),
        ("a b c", "c a b", "MODIFY `c` int NOT NULL FIRST"),
        ("b c a", "a b c", "MODIFY `a` int NOT NULL FIRST"),
        ("a c b d", "a b c d", "MODIFY `c` int NOT NULL AFTER `b`"),
        (
            "d c b a",
            "a b c d",
            "MODIFY `b` int NOT NULL AFTER `a`, MODIFY `c` int NOT NULL AFTER `b`, "
            "MODIFY `d` int NOT NULL AFTER `c`",
        ),
    ],
)
def test_the_fewest_columns_are_moved(before: str, after: str, moves: str) -> None:
    wanted = [f"ALTER TABLE `child` {moves}"] if moves else []

    assert statements(table(before), table(after)) == wanted


def test_columns_that_were_made_anew_are_moved_rather_than_others() -> None:
    """Then the statement is right as well where only one of them had to be made anew."""
    anew = {ColumnRef.of("child", name) for name in ("b", "c")}

    assert statements(table("a d b c"), table("a b c d")) == [
        "ALTER TABLE `child` MODIFY `d` int NOT NULL AFTER `c`"
    ]
    assert statements(table("a d b c"), table("a b c d"), made_anew=anew) == [
        "ALTER TABLE `child` MODIFY `b` int NOT NULL AFTER `a`, MODIFY `c` int NOT NULL AFTER `b`"
    ]


def test_a_foreign_key_gets_its_name_back_in_one_statement() -> None:
    before, after = table("a", fk="new", index="own"), table("a", fk="old", index="own")

    assert statements(before, after) == [
        f"ALTER TABLE `child` DROP FOREIGN KEY `new`, ADD {KEY.format(name='old')}"
    ]


def test_an_index_of_the_servers_own_comes_back_with_its_key() -> None:
    """Renamed or stated it would stay where a later index serves the key, and look the same."""
    before, after = table("a", fk="k", index="stated"), table("a", fk="k", index="k")

    assert statements(before, after) == [
        "ALTER TABLE `child` DROP INDEX `stated`, DROP FOREIGN KEY `k`, "
        f"ADD {KEY.format(name='k_tmp')}",
        f"ALTER TABLE `child` DROP FOREIGN KEY `k_tmp`, ADD {KEY.format(name='k')}",
    ]


def test_the_name_for_the_moment_is_no_longer_than_a_server_takes() -> None:
    long = "k" * 64
    first, _ = statements(table("a", fk=long, index="s"), table("a", fk=long, index=long))

    assert f"ADD CONSTRAINT `{'k' * 60}_tmp` FOREIGN KEY" in first


def test_a_foreign_key_that_is_another_one_is_dropped_and_added_as_ever() -> None:
    other = dict(table("a b", fk="k"))
    other[ObjectKey("constraint", "k", "child")] = KEY.format(name="k").replace("(`a`)", "(`b`)")

    assert statements(table("a b", fk="k"), other) == [
        "ALTER TABLE `child` DROP FOREIGN KEY `k`",
        f"ALTER TABLE `child` ADD {other[ObjectKey('constraint', 'k', 'child')]}",
    ]
