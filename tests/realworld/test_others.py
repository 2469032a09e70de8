"""More of other people's packages, each site of them with one file: only in ``make realworld``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nestflux.history.sqlfile import Direction
from tests.realworld.clean_room import is_whole, python_of_others
from tests.realworld.packages import OTHERS, site_of
from tests.realworld.real_site import RealSite, recorded_on
from tests.scenario import TestServer

pytestmark = pytest.mark.skipif(not is_whole(), reason="make realworld")

# guardian's receiver of post_migrate makes a user whose password is another each time.
MADE_BY_RECEIVERS = {"staff": ("auth_user",)}
# One of a package's steps has no way back; machina's receiver fails where its tables are gone.
WITHOUT_A_WAY_BACK = {"staff", "club", "forum"}


@pytest.fixture(scope="module", params=OTHERS, ids=lambda stage: stage.name)
def site(
    request: Any, server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSite]:
    folder = tmp_path_factory.mktemp(request.param.name)
    with recorded_on(server, folder, python_of_others(), site_of(request.param)) as made:
        yield made


def varying(site: RealSite) -> tuple[str, ...]:
    return MADE_BY_RECEIVERS.get(site.stages[-1].name, ())


def test_the_files_one_by_one_build_what_django_builds(site: RealSite, stock: RealSite) -> None:
    with site.on("replay") as replayed:
        replayed.succeeds("db_migrate", "--replay")

        replayed.require_as(stock, but=varying(site))


def test_the_snapshot_builds_what_django_builds(site: RealSite, stock: RealSite) -> None:
    with site.on("fresh") as fresh:
        loaded = fresh.succeeds("db_migrate")

        fresh.require_as(stock, but=varying(site))
        assert "Loaded schema.sql" in loaded.stdout


def test_the_down_file_leaves_what_django_leaves(site: RealSite) -> None:
    entry = site.history.journal.entries[-1]
    if site.stages[-1].name in WITHOUT_A_WAY_BACK:
        pytest.skip("no way back")
    assert not site.history.file(entry, Direction.DOWN).irreversible
    with site.on("down") as ours, site.on("stock_down") as stock:
        ours.succeeds("db_migrate")
        stock.stock("up")

        ours.succeeds("db_rollback", "--yes")
        stock.stock("down", *reversed(entry.migrations))

        ours.require_as(stock)


def test_nothing_is_left_to_generate_and_db_check_is_content(site: RealSite) -> None:
    with site.on("check") as checked:
        assert checked.run("db_generate", "--check").code == 0
        checked.succeeds("db_migrate")
        checked.succeeds("db_check")
