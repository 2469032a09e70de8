"""Other people's packages: what Django's own ``migrate`` builds, and what the files build.

In every run of the tests some packages; ``make realworld`` takes them all.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nestflux.history.sqlfile import Direction
from nestflux.schema.diff import Delta
from tests.realworld.clean_room import is_whole
from tests.realworld.real_site import RealSite, recorded_site
from tests.scenario import TestServer

NOW = 2026
COLLATIONS = {
    "mariadb": ("utf8mb4_unicode_ci", "utf8mb4_bin"),
    "mysql": ("utf8mb4_unicode_ci", "utf8mb4_general_ci"),
}


@pytest.fixture(scope="module")
def site(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSite]:
    with recorded_site(server, tmp_path_factory.mktemp("realworld"), NOW) as made:
        yield made


def test_the_wheel_holds_the_app_and_nothing_else_of_the_repository(site: RealSite) -> None:
    room = site.python.parent.parent
    (package,) = room.glob("lib/python*/site-packages/nestflux")

    assert (package / "templates").is_dir()
    assert (package / "static").is_dir()
    assert (package / "py.typed").is_file()
    assert [*room.glob("lib/python*/site-packages/nestflux-*/licenses/LICENSE")]
    # Of this repository's site: packages import `settings` or `urls` of every installed app.
    assert not {"settings.py", "urls.py", "asgi.py", "wsgi.py"} & {
        p.name for p in package.iterdir()
    }
    assert not {"identity", "blog", "tests", "scripts"} & {p.name for p in package.parent.iterdir()}


def test_the_files_one_by_one_build_what_django_builds(site: RealSite, stock: RealSite) -> None:
    with site.on("replay") as replayed:
        replayed.succeeds("db_migrate", "--replay")

        replayed.require_as(stock)


def test_the_snapshot_builds_what_django_builds(site: RealSite, stock: RealSite) -> None:
    with site.on("fresh") as fresh:
        loaded = fresh.succeeds("db_migrate")

        fresh.require_as(stock)
        assert "Loaded schema.sql" in loaded.stdout


@pytest.mark.parametrize("number", [0, 1] if is_whole() else [0])
def test_in_a_database_of_another_collation_too(site: RealSite, number: int) -> None:
    collation = COLLATIONS[site.server.family][number]
    with site.on("stock2", collation) as stock, site.on("fresh2", collation) as fresh:
        stock.stock("up")
        fresh.succeeds("db_migrate")

        fresh.require_as(stock)
    if is_whole():
        with site.on("stock2", collation) as stock, site.on("replay2", collation) as replayed:
            stock.stock("up")
            replayed.succeeds("db_migrate", "--replay")

            replayed.require_as(stock)


def test_each_down_file_leaves_the_schema_before_and_the_rows_that_django_leaves(
    site: RealSite,
) -> None:
    """Down to the first file that says that it has no way back, where Django has none either."""
    with site.on("file_by_file") as grown:
        schemas = [grown.built()[0]]
        for entry in site.history.journal.entries:
            grown.succeeds("db_migrate", "--replay", "--to", entry.name)
            schemas.append(grown.built()[0])
    with site.on("down") as ours, site.on("stock_down") as stock:
        ours.succeeds("db_migrate", "--replay")  # post_migrate numbers rows once, as stock's does
        stock.stock("up")
        undone = 0
        for entry in reversed(site.history.journal.entries):
            if site.history.file(entry, Direction.DOWN).irreversible:
                break
            ours.succeeds("db_rollback", "--yes")
            stock.stock("down", *reversed(entry.migrations))
            schemas.pop()

            assert Delta.between(schemas[-1], ours.built()[0]).lines() == []
            ours.require_rows_as(stock)
            undone += 1

    assert undone >= 3


def test_nothing_is_left_to_generate_and_db_check_is_content(site: RealSite) -> None:
    with site.on("check") as checked:
        assert checked.run("db_generate", "--check").code == 0
        checked.succeeds("db_migrate")
        assert checked.run("db_check").code == 0
        for options in ((), ("--no-shadow",)):
            drift = checked.succeeds("db_status", "--drift", "--json", *options).json["drift"]
            assert drift["differences"] == []
        assert "up to date" in checked.succeeds("db_migrate").stdout
