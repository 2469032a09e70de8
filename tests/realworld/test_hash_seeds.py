"""Other people's migrations, recorded under one hash seed and checked under others: the order of a
set is no edit. Each migration is recorded again, as if it were the project's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.realworld.clean_room import is_whole, python_of
from tests.realworld.packages import stages
from tests.realworld.real_site import RealSite, recorded_on
from tests.scenario import TestServer

RECORDED_WITH = "1"
SEEDS = range(2, 22) if is_whole() else range(2, 4)


@pytest.fixture(scope="module")
def recorded(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSite]:
    folder = tmp_path_factory.mktemp("seeds")
    grown = stages() if is_whole() else stages()[:1]
    with recorded_on(server, folder, python_of(2026), grown, seed=RECORDED_WITH) as site:
        yield site


@pytest.mark.parametrize("seed", [str(seed) for seed in SEEDS])
def test_no_migration_looks_edited(recorded: RealSite, seed: str) -> None:
    with replace(recorded, seed=seed).on("models") as site:
        checked = site.run_script("check_all.py")

    assert checked.code == 0, str(checked)
    assert checked.json["findings"] == []
    assert any("the migrations recorded again" in part for part in checked.json["checked"])
