"""A file that stopped at any of its steps is reversed to the last name: by its reviewed statements,
and where one of these does two things of which one is done, by statements compiled from the
schemas."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.applying.dying import die_at
from tests.conftest import ProjectFactory
from tests.recording.ways_back import BY_HAND, CASES, Case, record
from tests.scenario import Project
from tests.scenarios.looking import schema_of

ALL = {**CASES, **BY_HAND}
RENAMED = "a model with keys to itself and many-to-many under another name"
FILLED = "rows that are filled, then a removed foreign key"
Point = tuple[int, bool]  # a step, and whether it ran before the run died


def behind(*steps: int) -> set[Point]:
    """Dead behind each of these steps, or before the next one."""
    return {(step, True) for step in steps} | {(step + 1, False) for step in steps}


# From where no reviewed statement leads back.
COMPILED = {
    "one-to-one to foreign key": behind(1),
    "a removed foreign key": behind(1),
    "a foreign key that becomes a number": behind(1),
    # Step 3 fills the NULLs and commits with its row: behind it, what was reviewed leads back.
    "comments, defaults and NULL": behind(2),
    RENAMED: behind(*range(1, 12)),
    FILLED: behind(4),
}
# From where nothing does, until a person changes the rows, and what is said.
REFUSED = {FILLED: {(5, True): "shop_post holds rows whose author_id is not found"}}
# Every kind in the fault walk (make faults); else those where statements are compiled.
IS_WHOLE = os.environ.get("NESTFLUX_FAULTS") == "all"
WALKED = list(ALL) if IS_WHOLE else [name for name in ALL if name in COMPILED and name != RENAMED]
WALKED_FORWARD = list(ALL) if IS_WHOLE else WALKED[:2]
# Where rows are as before, too: nothing of them is dropped or changed by the file.
KEPT = {RENAMED, "a column that others refer to, under another name and longer"}


def points(shop: Project, file: str) -> Iterator[Point]:
    steps = (shop.history / file).read_text(encoding="utf-8").count("\n-- [")
    for ordinal in range(1, steps + 1):
        yield from ((ordinal, False), (ordinal, True))


def tables(case: Case) -> list[str]:
    return [found for row in case.rows for found in re.findall(r"INSERT INTO (\w+)", row)]


def fill(shop: Project, case: Case) -> None:
    """The rows of a case, and no others."""
    empty(shop, case)
    for row in case.rows:
        shop.sql(row)


def empty(shop: Project, case: Case) -> None:
    for table in reversed(tables(case)):
        shop.sql(f"DELETE FROM {table} ORDER BY id DESC")


def rows_of(shop: Project, case: Case) -> list[list[tuple[object, ...]]]:
    return [shop.sql(f"SELECT * FROM {table} ORDER BY id") for table in tables(case)]


def recorded(project: ProjectFactory, case: Case) -> tuple[Project, str, str]:
    """A project with the files of a case, and the names of the first two."""
    shop = record(project, case)
    names = sorted(path.name.removesuffix(".down.sql") for path in shop.history.glob("*.down.sql"))
    return shop, names[0], names[1]


@pytest.mark.parametrize("name", WALKED)
def test_a_file_that_died_at_any_step_goes_back_exactly(project: ProjectFactory, name: str) -> None:
    case = ALL[name]
    shop, first, second = recorded(project, case)
    shop.succeeds("db_migrate", "--replay", "--to", first)
    before = schema_of(shop)
    compiled: set[Point] = set()
    refused: dict[Point, str] = {}
    for point in points(shop, f"{second}.sql"):
        fill(shop, case)
        rows = rows_of(shop, case)
        die_at(shop, point[0], after=point[1], file=second, options="backup=NOT_ASKED")

        back = shop.run("db_rollback", "--yes", "--no-backup")
        if "--unreviewed" in back.stderr:
            compiled.add(point)
            back = shop.run("db_rollback", "--yes", "--unreviewed", "--no-backup")

        if back.code:
            refused[point] = back.stderr
            empty(shop, case)
            shop.succeeds("db_rollback", "--yes", "--no-backup")
        assert schema_of(shop) == before, point
        if name in KEPT:
            assert rows_of(shop, case) == rows, point

    expected = REFUSED.get(name, {})
    assert compiled == COMPILED.get(name, set())
    assert refused.keys() == expected.keys(), refused
    assert [point for point, why in expected.items() if why not in refused[point]] == []


@pytest.mark.parametrize("name", WALKED_FORWARD)
def test_a_rollback_that_died_at_any_step_goes_forward_exactly(
    project: ProjectFactory, name: str
) -> None:
    case = ALL[name]
    shop, first, second = recorded(project, case)
    shop.succeeds("db_migrate", "--replay", "--to", first)
    if name not in REFUSED:
        fill(shop, case)
    shop.succeeds("db_migrate", "--to", second, "--no-backup")
    after = schema_of(shop)
    for point in points(shop, f"{second}.down.sql"):
        options = "backup=NOT_ASKED"
        die_at(shop, point[0], after=point[1], file=second, command="undo", options=options)

        forward = shop.run("db_migrate", "--to", second, "--no-backup")
        if "--unreviewed" in forward.stderr:
            forward = shop.run("db_migrate", "--to", second, "--unreviewed", "--no-backup")

        assert forward.code == 0, (point, str(forward))
        assert schema_of(shop) == after, point
