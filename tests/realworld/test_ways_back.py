"""Other people's migrations, each a file of its own: every way back is exact."""

from __future__ import annotations

import pytest

from tests.realworld.clean_room import is_whole, python_of
from tests.realworld.packages import stages
from tests.realworld.real_site import RealSite
from tests.scenario import TestServer


def test_every_way_back_gives_the_schema_before(
    server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("chains") / "site"
    grown = stages() if is_whole() else stages()[:2]
    site = RealSite.made(folder, server, python_of(2026), "nf_chains", grown)
    with site.on("models") as made:
        outcome = made.run_script("chains.py")

    assert outcome.code == 0, str(outcome)
    found = outcome.json
    assert found["files"] > 20
    assert found["inexact"] == []
    assert found["wrong"] == []
