from __future__ import annotations
from tests.scenario import Project
from tests.squashing.histories import LAST, OLD

def test_it(shop: Project) -> None:
    print(shop.succeeds("db_squash", "--to", LAST, "--plan").stdout)
    done = shop.succeeds("db_squash", "--to", LAST, "--yes")
    print(done.stdout)
    print((shop.history / "0004_squashed.sql").read_text())
    print((shop.history / "0004_squashed.down.sql").read_text())
    print((shop.history / "journal.json").read_text())
    print(sorted(p.name for p in shop.history.iterdir()))
    print(shop.run("db_check"))
    print(shop.run("db_migrate"))
    assert 0
