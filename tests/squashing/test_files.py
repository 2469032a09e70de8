from __future__ import annotations
from tests.scenario import Project
from tests.squashing.histories import LAST, OLD


def test_it(shop: Project) -> None:
    print(shop.succeeds("db_squash", "--to", LAST, "--plan").stdout)
    done = shop.succeeds("db_squash", "--to", LAST, "--yes")
    print(done.stdout)
    print(shop.run("db_check"))
    assert 0
