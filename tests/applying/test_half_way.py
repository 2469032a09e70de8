"""A file that stopped at any of its steps is reversed to the last name: by its reviewed statements,
and where these do two things at once of which one is done, by statements compiled from the schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.applying.dying import die_at
from tests.conftest import ProjectFactory
from tests.recording.ways_back import BY_HAND, CASES, Case, record
from tests.scenario import Project
from tests.scenarios.looking import schema_of

ALL = {**CASES, **BY_HAND}
Point = tuple[int, bool]  # a step, and whether it ran before the run died


def points(shop: Project, file: str) -> Iterator[Point]:
    for ordinal in range(1, shop.history.joinpath(file).read_text().count("\n-- [") + 1):
        yield from ((ordinal, False), (ordinal, True))


def fill(shop: Project, case: Case) -> None:
    """The rows of a case, and no others."""
    empty(shop, case)
    for row in case.rows:
        shop.sql(row)


def empty(shop: Project, case: Case) -> None:
    for row in reversed(case.rows):
        found = re.match(r"INSERT INTO (\w+)", row)
        assert found
        shop.sql(f"DELETE FROM {found[1]} ORDER BY id DESC")


def rows_of(shop: Project, case: Case) -> list[object]:
    """All rows of the case's tables."""
    tables = [re.match(r"INSERT INTO (\w+)", row)[1] for row in case.rows]
    return [shop.sql(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


def recorded(project: ProjectFactory, case: Case) -> tuple[Project, str, str]:
    """A project with the files of a case, and the names of the first two."""
    shop = record(project, case)
    names = sorted(path.name.removesuffix(".down.sql") for path in shop.history.glob("*.down.sql"))
    return shop, names[0], names[1]


@dataclass
class Walked:
    """The points of a walk at which no reviewed statement did it, and those that were refused, with
    what was said."""

    compiled: set[Point] = field(default_factory=set)
    refused: dict[Point, str] = field(default_factory=dict)


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_died_at_any_step_goes_back_exactly(project: ProjectFactory, name: str) -> None:
    case = ALL[name]
    shop, first, second = recorded(project, case)
    shop.succeeds("db_migrate", "--replay", "--to", first)
    before = schema_of(shop)
    walked = Walked()
    for point in points(shop, f"{second}.sql"):
        fill(shop, case)
        rows = rows_of(shop, case)
        die_at(shop, point[0], after=point[1], file=second, options="backup=NOT_ASKED")

        back = shop.run("db_rollback", "--yes", "--no-backup")
        if "--unreviewed" in back.stderr:
            walked.compiled.add(point)
            back = shop.run("db_rollback", "--yes", "--unreviewed", "--no-backup")

        if back.code:
            walked.refused[point] = back.stderr
            empty(shop, case)
            shop.succeeds("db_rollback", "--yes", "--no-backup")
        assert schema_of(shop) == before, point
        if name in BY_HAND and "filled" not in name: assert rows_of(shop, case) == rows, point
    print("BACK", name, sorted(walked.compiled), walked.refused)
    assert False


@pytest.mark.parametrize("name", ALL)
def test_a_rollback_that_died_at_any_step_goes_forward_exactly(
    project: ProjectFactory, name: str
) -> None:
    case = ALL[name]
    shop, first, second = recorded(project, case)
    shop.succeeds("db_migrate", "--replay", "--to", first)
    if "then" not in name:
        fill(shop, case)
    shop.succeeds("db_migrate", "--to", second, "--no-backup")
    after = schema_of(shop)
    walked = Walked()
    for point in points(shop, f"{second}.down.sql"):
        options = "backup=NOT_ASKED"
        die_at(shop, point[0], after=point[1], file=second, command="undo", options=options)

        on = shop.run("db_migrate", "--to", second, "--no-backup")
        if "--unreviewed" in on.stderr:
            walked.compiled.add(point)
            on = shop.run("db_migrate", "--to", second, "--unreviewed", "--no-backup")

        assert on.code == 0, (point, on)
        assert schema_of(shop) == after, point
    print("FORWARD", name, sorted(walked.compiled), walked.refused)
    assert False
