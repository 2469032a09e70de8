"""Many deploys at once: one works, the others wait, and say for whom and what it did."""

from __future__ import annotations

import socket

import pytest

from tests.applying.at_once import Together, ended, lock_taken, run_together, until
from tests.scenario import Project, kill

UP_TO_DATE = "Database is up to date!"
DB_MIGRATE, MIGRATE = ("db_migrate",), ("migrate",)


def _require_all_done(shop: Project, together: Together) -> None:
    assert [outcome.code for outcome in together.outcomes] == [0] * 8, str(together)
    assert len(together.saying(f"Waiting for another deploy: connection {together.held_by}")) == 8
    assert shop.sql("SELECT price FROM shop_product") == [(11,), (11,)]
    assert shop.succeeds("db_status", "--json").json["up_to_date"]


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([DB_MIGRATE] * 8, id="db_migrate"),
        pytest.param([DB_MIGRATE] * 4 + [MIGRATE] * 4, id="with the stock command"),
    ],
)
def test_eight_deploys_of_a_pending_file_run_every_statement_once(
    shop: Project, commands: list[tuple[str, ...]]
) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    together = run_together(shop, commands)

    _require_all_done(shop, together)
    worked = together.saying("✓ Applied migration: 0002_second.sql")
    waited = together.saying(", which applied 0002_second.sql")
    assert (len(worked), len(waited)) == (1, 7), str(together)
    assert worked[0] not in waited
    assert shop.sql("SELECT MAX(tries), MIN(tries) FROM nestflux_statement") == [(1, 1)]


def test_eight_deploys_of_a_fresh_database_load_it_once(shop: Project) -> None:
    together = run_together(shop, [DB_MIGRATE] * 8)

    _require_all_done(shop, together)
    worked = together.saying("✓ Loaded schema.sql")
    waited = together.saying(", which loaded schema.sql: 0001_first.sql, 0002_second.sql")
    assert (len(worked), len(waited)) == (1, 7), str(together)
    assert worked[0] not in waited


def test_a_wait_is_reported_with_its_length_its_holder_and_what_that_did(shop: Project) -> None:
    shop.succeeds("db_migrate")
    with lock_taken(shop) as holder:
        waiting = shop.start("db_rollback", "--yes", "--json")
        until(lambda: shop.sql("SELECT IS_USED_LOCK(%s)", [f"nestflux:{shop.database}"]))
        assert waiting.stderr is not None
        line = ""
        while "Waiting for another deploy" not in line:
            line = waiting.stderr.readline()
            assert line, str(ended(waiting))
        identity = holder.thread_id()
    rolled_back = ended(waiting)
    alone = shop.succeeds("db_migrate", "--json").json

    assert rolled_back.json["waited"]["holder"].startswith(f"connection {identity}")
    assert rolled_back.json["waited"]["seconds"] > 0
    assert rolled_back.json["waited"]["runs"] == []
    assert f"s for connection {identity}" in rolled_back.stderr
    assert "which recorded nothing" in rolled_back.stderr
    assert alone["waited"] is None


def test_a_waiter_names_connection_host_and_statement_of_a_holder_that_hangs(
    shop: Project,
) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    user = shop.server.connect(shop.database)
    user.cursor().execute("LOCK TABLES shop_product READ")
    hanging = shop.start("db_migrate", "--lock", "DDL_TIMEOUT=3600")
    until(lambda: _waits_for_a_table(shop), [hanging])
    ((connection,),) = _waits_for_a_table(shop)

    waited = shop.run("db_migrate", "--lock", "TIMEOUT=1")
    still = shop.sql("SELECT IS_USED_LOCK(%s)", [f"nestflux:{shop.database}"])
    user.close()
    finished = ended(hanging)

    who = f"connection {connection}, db_migrate on {socket.gethostname()}, pid {hanging.pid}, for "
    ((total,),) = shop.sql("SELECT statement_count FROM nestflux_sql_migration WHERE number = 2")
    where = f"at statement 1 of {total} of 0002_second.sql, running for "
    assert waited.code == 1
    for said in (waited.stdout, waited.stderr):
        assert who in said, str(waited)
        assert where in said, str(waited)
        assert "s: ALTER TABLE `shop_product` ADD COLUMN `price`" in said, str(waited)
    assert "Now:   nothing was changed; waited 1 s" in waited.stderr
    assert still == [(connection,)]
    assert finished.code == 0, str(finished)


def _waits_for_a_table(shop: Project) -> list[tuple[int]]:
    return [
        (int(identity),)
        for (identity,) in shop.sql(
            "SELECT ID FROM information_schema.PROCESSLIST "
            "WHERE STATE LIKE 'Waiting for table metadata lock' AND DB = %s",
            [shop.database],
        )
    ]


def test_a_run_that_died_is_reported_by_the_one_that_waited_for_it(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    user = shop.server.connect(shop.database)
    user.cursor().execute("LOCK TABLES shop_product READ")
    dying = shop.start("db_migrate", "--lock", "DDL_TIMEOUT=3600")
    until(lambda: _waits_for_a_table(shop), [dying])
    waiting = shop.start("db_migrate")
    assert waiting.stdout is not None
    said = waiting.stdout.readline()

    kill(dying)
    user.close()
    finished = ended(waiting)

    assert said.startswith("Waiting for another deploy: connection ")
    assert finished.code == 0, str(finished)
    assert finished.lines[0].startswith("Waited ")
    assert f"pid {dying.pid}, which stopped in 0002_second.sql" in finished.lines[0]
    assert shop.sql("SELECT price FROM shop_product") == [(11,), (11,)]
