"""A site of two years ago gets today's packages: its history goes on, and so do its databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.realworld.clean_room import is_whole, python_of
from tests.realworld.packages import in_two_stages, stages
from tests.realworld.real_site import RealSite, recorded_site
from tests.scenario import TestServer

THEN, NOW = 2024, 2026
# Each post_migrate numbers what is new: one at the end does it in another order than two.
NUMBERED_BY_SIGNALS = ("auth_permission", "django_content_type")


@pytest.fixture
def site(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSite]:
    grown = stages() if is_whole() else in_two_stages()
    with recorded_site(server, tmp_path_factory.mktemp("upgrade"), THEN, grown) as made:
        yield made


def test_the_upgrade_builds_what_django_builds(site: RealSite) -> None:
    with site.on("ours") as ours, site.on("stock") as stock, site.on("fresh") as fresh:
        ours.succeeds("db_migrate")
        stock.stock("up")
        files = len(site.history.journal.entries)

        upgraded = _with_todays_packages(ours)
        upgraded.succeeds("db_generate", "--noinput", "--name", "upgrade")
        applied = upgraded.succeeds("db_migrate")
        _with_todays_packages(stock).stock("up")

        upgraded.require_as(stock)
        assert len(site.history.journal.entries) == files + 1
        assert "Applied migration" in applied.stdout
        assert upgraded.run("db_check").code == 0
        loaded = _with_todays_packages(fresh)
        loaded.succeeds("db_migrate")
        loaded.require_as(stock, but=NUMBERED_BY_SIGNALS)


def _with_todays_packages(site: RealSite) -> RealSite:
    return replace(site, python=python_of(NOW))
