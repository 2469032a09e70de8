"""Which family is behind, and the files with which it catches up."""

from __future__ import annotations

import pytest

from nestflux.history.families import behind, plan_files
from nestflux.history.journal import Entry, Journal


def _journal(family: str, *files: tuple[str, tuple[str, ...]]) -> Journal:
    entries = tuple(
        Entry(name, f"{family}{name}", "", "", "", migrations, migrations)
        for name, migrations in files
    )
    return Journal(family, entries)


FIRST = ("0001_initial", ("a.1", "b.1"))
SECOND = ("0002_keys", ("a.2",))
THIRD = ("0003_names", ("a.3", "b.2"))


def test_families_that_hold_the_same_are_not_behind() -> None:
    """In whichever files and in whichever order they hold it."""
    one = _journal("mariadb", FIRST, SECOND)
    other = _journal("mysql", ("0001_all", ("b.1", "a.1", "a.2")))

    assert behind({"mariadb": one, "mysql": other}) == ()


def test_a_family_is_behind_since_the_first_file_that_it_lacks() -> None:
    one = _journal("mariadb", FIRST, SECOND, THIRD)
    other = _journal("mysql", FIRST)

    (found,) = behind({"mariadb": one, "mysql": other})

    assert (found.family, found.ahead) == ("mysql", "mariadb")
    assert found.files == ("0002_keys", "0003_names")
    assert found.migrations == ("a.2", "a.3", "b.2")
    assert str(found) == (
        "The MySQL history is behind since 0002_keys.sql of MariaDB: it lacks a.2 and 2 more."
    )
    assert found.command == "python manage.py db_generate --family mysql"


def test_a_single_migration_that_lacks_is_reported_alone() -> None:
    (found,) = behind({"mariadb": _journal("mariadb", FIRST), "mysql": _journal("mysql")})
    (less,) = behind(
        {"mariadb": _journal("mariadb", FIRST, SECOND), "mysql": _journal("mysql", FIRST)}
    )

    assert str(found).endswith(" since 0001_initial.sql of MariaDB: it lacks a.1 and 1 more.")
    assert str(less).endswith(" since 0002_keys.sql of MariaDB: it lacks a.2.")


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_family_is_behind_the_one_that_holds_most_of_what_it_lacks(
    order: tuple[str, str],
) -> None:
    ahead = {"a": _journal("a", SECOND), "b": _journal("b", SECOND, THIRD)}

    found = behind({"mysql": _journal("mysql"), **{name: ahead[name] for name in order}})

    assert (found[0].family, found[0].ahead, len(found[0].migrations)) == ("mysql", "b", 3)


def test_the_names_come_from_the_family_that_holds_most_of_what_is_missing() -> None:
    more = _journal("mariadb", ("0001_both", ("a.1", "b.1")))
    less = _journal("other", ("0001_one", ("a.1",)), ("0002_old", ("x.1", "x.2", "x.3")))

    for others in ([more, less], [less, more]):
        planned = plan_files(_journal("mysql"), others, ["a.1", "b.1"], "new")
        assert [file.name for file in planned] == ["0001_both"]


def test_each_of_two_families_can_be_behind_the_other() -> None:
    one = _journal("mariadb", FIRST, SECOND)
    other = _journal("mysql", FIRST, ("0002_names", ("a.3",)))

    assert [(b.family, b.migrations) for b in behind({"mariadb": one, "mysql": other})] == [
        ("mariadb", ("a.3",)),
        ("mysql", ("a.2",)),
    ]


def test_a_squash_of_what_the_other_has_one_by_one_is_nothing_that_lacks() -> None:
    squash = Entry("0001_all", "x", "", "", "", ("a.12",), ("a.1", "a.2", "a.12"))
    one = Journal("mariadb", (squash,))
    other = _journal("mysql", ("0001_initial", ("a.1",)), ("0002_more", ("a.2",)))

    assert [found.family for found in behind({"mariadb": one, "mysql": other})] == []


def test_a_squash_of_what_the_other_has_in_part_lacks() -> None:
    squash = Entry("0001_all", "x", "", "", "", ("a.12",), ("a.1", "a.2", "a.12"))
    one = Journal("mariadb", (squash,))

    (found,) = behind({"mysql": _journal("mysql", ("0001_initial", ("a.1",))), "mariadb": one})[:1]

    assert (found.family, found.files, found.migrations) == ("mysql", ("0001_all",), ("a.12",))


@pytest.mark.parametrize(
    ("own", "other", "missing", "past", "wanted"),
    [
        pytest.param((), (), "a.1 b.1", "", {"0001_new": "a.1 b.1"}, id="a new history"),
        pytest.param(
            (), (), "a.1 b.1 a.2", "a.1 b.1", {"0001_initial": "a.1 b.1", "0002_new": "a.2"},
            id="a history that is younger than its project",
        ),
        pytest.param((), (), "a.1 b.1", "a.1 b.1", {"0001_new": "a.1 b.1"}, id="nothing is new"),
        pytest.param((FIRST,), (), "a.2", "a.1", {"0002_new": "a.2"}, id="the next file"),
        pytest.param(
            (FIRST,), (FIRST, SECOND, THIRD), "a.2 b.2 a.3",
            "", {"0002_keys": "a.2", "0003_names": "b.2 a.3"}, id="file by file",
        ),
        pytest.param(
            (), (FIRST, SECOND), "b.1 a.1 a.2 c.1", "b.1 a.1",
            {"0001_initial": "b.1 a.1", "0002_keys": "a.2", "0003_new": "c.1"},
            id="a family that begins, and what is new",
        ),
        pytest.param((FIRST,), (), "a.2 c.1", "a.2", {"0002_new": "a.2 c.1"}, id="no first file"),
        pytest.param(
            (), (FIRST,), "b.1 a.1 x.1 c.1", "b.1 a.1 x.1",
            {"0001_initial": "b.1 a.1", "0002_new": "x.1 c.1"},
            id="a family that begins, and what neither holds",
        ),
        pytest.param(
            (FIRST,), (FIRST, ("0002_more_keys", ("a.2",))), "a.2", "", {"0002_more_keys": "a.2"},
            id="a name of two words",
        ),
        pytest.param(
            (FIRST, ("0002_own", ("c.1",))), (FIRST, SECOND), "a.2", "",
            {"0003_keys": "a.2"}, id="a number that is taken",
        ),
        pytest.param(
            (("0001_initial", ("a.1", "b.1", "a.2")),), (FIRST, SECOND, ("0007_names", ("a.3",))),
            "a.3", "", {"0007_names": "a.3"}, id="a number ahead",
        ),
    ],
)  # fmt: skip
def test_the_next_files(
    own: tuple[tuple[str, tuple[str, ...]], ...],
    other: tuple[tuple[str, tuple[str, ...]], ...],
    missing: str,
    past: str,
    wanted: dict[str, str],
) -> None:
    planned = plan_files(
        _journal("mysql", *own),
        [_journal("mariadb", *other)],
        missing.split(),
        "new",
        past.split(),
    )

    assert {file.name: " ".join(file.migrations) for file in planned} == wanted
