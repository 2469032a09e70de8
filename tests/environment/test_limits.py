"""What a server refuses in the middle of a deploy: too large, locked, a deadlock, read-only."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.environment.conftest import BACK, FORWARD, FRESH, Attempt, Scene, globally
from tests.environment.deploys import BOUND, Deploy, assert_told, deploy, state_of, until
from tests.environment.histories import lengthen, replace_in
from tests.scenario import Project

MEGABYTE = 2**20
UP_TO_DATE = "Database is up to date!"
PRICES = "SELECT DISTINCT price FROM shop_product"


# ---- a backup's lock -----------------------------------------------------------------------


def test_a_backup_that_locks_the_server_during_the_first_run_is_named(scene: Scene) -> None:
    shop = scene.before(FRESH)
    backup = scene.server.connect(shop.database)
    try:
        cursor = backup.cursor()
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        cursor.execute("SELECT CONNECTION_ID()")
        ((identity,),) = cursor.fetchall()
        failed = shop.run("db_migrate", "--lock", "DDL_TIMEOUT=1")
    finally:
        backup.close()
    left = shop.tables()

    assert_told(failed, "its tables are locked, as by a server's backup")
    assert "Now:   nothing was run" in failed.stderr
    assert f"KILL {identity};" in failed.stderr or "SHOW FULL PROCESSLIST" in failed.stderr
    assert [name for name in left if name.startswith("shop_")] == []
    scene.finishes(shop, FRESH)


# ---- max_allowed_packet --------------------------------------------------------------------


ADD = "UPDATE shop_product SET price = price + "
TAKE = "UPDATE shop_product SET price = price - "


@pytest.mark.parametrize("size", [MEGABYTE, MEGABYTE - 200], ids=["it", "its row in the ledger"])
def test_a_statement_larger_than_the_server_takes_is_refused_before_anything_runs(
    scene: Scene, size: int
) -> None:
    shop = scene.before(FORWARD)
    lengthen(shop, "0002_second.sql", {f"{ADD}100": size})
    before = state_of(shop)

    with globally(scene.server, max_allowed_packet=MEGABYTE):
        refused = shop.run("db_migrate")
    after = state_of(shop)
    shop.succeeds("db_migrate")

    assert_told(
        refused,
        "0002_second.sql, statement 5 of 8, has 1.",
        "and the server takes 1.0 MB at once (max_allowed_packet)",
        "SET GLOBAL max_allowed_packet = 2097152;",
        code=2,
    )
    assert after == before
    assert shop.sql(PRICES) == [(11111,)]


def test_a_way_back_larger_than_the_server_takes_is_refused_before_anything_runs(
    scene: Scene,
) -> None:
    shop = scene.before(FORWARD)
    lengthen(shop, "0002_second.down.sql", {f"{TAKE}100": MEGABYTE})
    shop.succeeds("db_migrate")

    with globally(scene.server, max_allowed_packet=MEGABYTE):
        refused = shop.run("db_rollback", "--yes")
    prices = shop.sql(PRICES)
    shop.succeeds("db_rollback", "--yes")

    assert_told(refused, "0002_second.down.sql, statement ", "1.0 MB at once", code=2)
    assert prices == [(11111,)]
    assert shop.sql(PRICES) == [(0,)]


def test_a_snapshot_larger_than_the_server_takes_is_refused_before_anything_is_loaded(
    scene: Scene,
) -> None:
    shop = scene.before(FRESH)
    row = "(1, 'a', 11111"
    replace_in(shop, "schema.sql", {row: f"{row} + 0 * LENGTH('{'x' * MEGABYTE}')"})

    with globally(scene.server, max_allowed_packet=MEGABYTE):
        refused = shop.run("db_migrate")
    tables = shop.tables()
    shop.succeeds("db_migrate")

    assert_told(refused, "schema.sql, statement 6, has 1.0 MB", "1.0 MB at once", code=2)
    assert tables == []
    scene.ends_undisturbed(shop, FRESH)


def test_a_file_whose_text_the_ledger_cannot_keep_is_refused_before_anything_runs(
    scene: Scene,
) -> None:
    shop = scene.before(FORWARD)
    lengthen(shop, "0002_second.sql", three(ADD, 400_000))

    with globally(scene.server, max_allowed_packet=MEGABYTE):
        refused = shop.run("db_migrate")
    prices = shop.sql(PRICES)
    shop.succeeds("db_migrate")

    assert_told(refused, "0002_second.sql has 1.2 MB as the ledger keeps it", code=2)
    assert prices == [(0,)]
    assert shop.sql(PRICES) == [(11111,)]


@pytest.mark.parametrize("attempt", [FORWARD, BACK, FRESH], ids=["up", "down", "fresh"])
def test_the_ledger_writes_what_is_too_much_at_once_in_parts(
    scene: Scene, attempt: Attempt
) -> None:
    shop = scene.shop_on(scene.server, FRESH)
    lengthen(shop, "0002_second.sql", three(ADD, 600_000))
    lengthen(shop, "0002_second.down.sql", three(TAKE, 600_000))

    with globally(scene.server, max_allowed_packet=2 * MEGABYTE):
        attempt.prepare(shop)
        shop.succeeds(*attempt.command)

    assert shop.sql(PRICES) == [(0 if attempt is BACK else 11111,)]
    kept = shop.sql(
        "SELECT SHA2(up_text, 256), SHA2(down_text, 256) FROM nestflux_sql_migration ORDER BY name"
    )
    assert kept[1] == tuple(
        hashlib.sha256((shop.history / f"0002_second{end}").read_bytes()).hexdigest()
        for end in (".sql", ".down.sql")
    )


def three(sql: str, size: int) -> dict[str, int]:
    """Each data statement of a way so much longer."""
    return {f"{sql}{price}": size for price in (1, 100, 10000)}


@pytest.mark.parametrize("attempt", [FORWARD, BACK], ids=["up", "down"])
def test_a_python_step_that_sends_more_than_the_server_takes_is_refused_with_the_sizes(
    scene: Scene, attempt: Attempt
) -> None:
    shop = scene.before(attempt)
    with globally(scene.server, max_allowed_packet=MEGABYTE):
        failed = shop.run(*attempt.command, env={"ATOMIC": f"sends {2 * MEGABYTE}"})

    assert_told(
        failed, "2.0 MB were sent at once, and the server takes 1.0 MB", "server error 1153"
    )
    scene.finishes(shop, attempt, "failed in an earlier run; running it again")


# ---- locks and deadlocks -------------------------------------------------------------------


@contextmanager
def another(shop: Project, *statements: str) -> Iterator[Any]:
    """A transaction of somebody else's, open until the end of the block, or its own."""
    connection = shop.server.connect(shop.database)
    try:
        connection.autocommit(False)
        for sql in statements:
            connection.cursor().execute(sql)
        yield connection
    finally:
        connection.close()


LOCKED = "locked by another connection; trying again in 1 s"


@pytest.mark.parametrize(
    ("attempt", "statement", "number"),
    [(FORWARD, "price = price + 1", 3), (BACK, "price = price - 10000", 2)],
    ids=["up", "down"],
)
def test_rows_that_another_connection_locks_are_tried_again(
    scene: Scene, attempt: Attempt, statement: str, number: int
) -> None:
    """On a server that rolls back the whole transaction at a row lock's timeout."""
    shop = scene.before(attempt)
    with deploy(shop, *attempt.command, STOP_BEFORE=statement) as running:
        running.waits_at_its_stop()
        with another(shop, "SELECT * FROM shop_product WHERE id = 2 FOR UPDATE") as theirs:
            running.goes_on()
            said = heard(running, "trying")
            theirs.rollback()
            finished = running.ended()

    assert f"0002_second.sql, statement {number}: {LOCKED}" in said
    assert finished.code == 0, str(finished)
    scene.ends_undisturbed(shop, attempt)


def heard(running: Deploy, word: str) -> str:
    """The line of a deploy that holds a word, or that it ended."""
    assert running.process.stdout is not None
    while line := running.process.stdout.readline():
        if word in line:
            return line
    raise AssertionError(f"it ended and never said {word!r}: {running.ended()}")


@pytest.mark.parametrize(
    ("stop", "number"),
    [({"STOP_BEFORE": "price = price + 100"}, 5), ({"STOP_AFTER": "MODIFY `name`"}, 8)],
    ids=["data", "ddl"],
)
def test_rows_of_the_ledger_that_another_connection_locks_are_tried_again(
    scene: Scene, stop: dict[str, str], number: int
) -> None:
    shop = scene.before(FORWARD)
    with deploy(shop, **stop) as running:
        running.waits_at_its_stop()
        with another(shop, "SELECT * FROM nestflux_statement FOR UPDATE") as theirs:
            running.goes_on()
            said = heard(running, "trying")
            theirs.rollback()
            finished = running.ended()

    assert f"statement {number}: {LOCKED}" in said
    assert finished.code == 0, str(finished)
    assert shop.sql("SELECT MAX(tries) FROM nestflux_statement") == [(1,)]
    scene.ends_undisturbed(shop, FORWARD)


def test_a_ledger_that_another_connection_locks_from_the_start_stops_the_run(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    with another(shop, "SELECT * FROM nestflux_sql_migration FOR UPDATE"):
        failed = shop.run("db_migrate", "--lock", "DDL_TRIES=2")

    assert_told(failed, "The ledger could not be written", "holds a lock on ")
    scene.finishes(shop, FORWARD)


@contextmanager
def deadlock(shop: Project, *steps: str) -> Iterator[None]:
    """A transaction of somebody else's that has changed more than the deploy's, and so is the one
    that survives; its last step begins once the deploy waits for a row."""
    begun = threading.Event()

    def cross() -> None:
        with another(shop, RECENT, HEAVY, *steps[:-1]) as theirs:
            begun.set()
            # InnoDB shows the same picture to whoever looks again within a tenth of a second.
            until(lambda: the_deploy_waits_for_a_row(shop), "a deploy that waits", every=0.2)
            theirs.cursor().execute(steps[-1])
            theirs.rollback()

    shop.sql("CREATE TABLE theirs (n int)")
    shop.sql("INSERT INTO theirs VALUES (1)")
    thread = threading.Thread(target=cross)
    thread.start()
    assert begun.wait(BOUND)
    yield
    thread.join()
    shop.sql("DROP TABLE theirs")


# A picture of the rows from before a deploy's DDL would be refused after it (1412).
RECENT = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
HEAVY = "INSERT INTO theirs (n) SELECT 1 FROM information_schema.COLUMNS LIMIT 200"


def the_deploy_waits_for_a_row(shop: Project) -> bool:
    return bool(
        shop.sql(
            "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' "
            "AND trx_mysql_thread_id = IS_USED_LOCK(CONCAT('nestflux:', DATABASE()))"
        )
    )


@pytest.fixture
def patient(scene: Scene) -> Iterator[None]:
    """A deadlock is found while both wait, not before a row lock's timeout ends one of them."""
    with globally(scene.server, innodb_lock_wait_timeout=60):
        yield


@pytest.mark.usefixtures("patient")
def test_a_statement_that_loses_a_deadlock_is_run_again(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    with deploy(shop, STOP_BEFORE="price = price + 1") as running:
        running.waits_at_its_stop()
        product = "UPDATE shop_product SET name = 'x' WHERE id = "
        with deadlock(shop, f"{product}2", f"{product}1"):
            running.goes_on()
            finished = running.ended()

    assert finished.code == 0, str(finished)
    assert "statement 3: deadlock; trying again in 1 s" in finished.stdout
    scene.ends_undisturbed(shop, FORWARD)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("attempt", "number", "mode"),
    [(FORWARD, 4, "asks"), (FORWARD, 4, "asks, and hears no error"), (BACK, 5, "asks")],
    ids=["up", "up, error caught", "down"],
)
def test_an_atomic_python_step_that_loses_a_deadlock_is_run_again(
    scene: Scene, attempt: Attempt, number: int, mode: str
) -> None:
    """Also one that catches the error and would go on with half of its work undone."""
    shop = scene.before(attempt)
    with deadlock(shop, "UPDATE theirs SET n = n + 1", "UPDATE shop_product SET name = 'x'"):
        finished = shop.run(*attempt.command, env={"ATOMIC": mode})

    assert finished.code == 0, str(finished)
    assert f"statement {number}: deadlock; trying again in 1 s" in finished.stdout
    scene.ends_undisturbed(shop, attempt)


# ---- read-only -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "stop", "says"),
    [
        # What the ledger says of a statement goes in its packet: it is not begun.
        pytest.param(
            FORWARD, {"STOP_BEFORE": "price = price + 100"}, "Applied migration", id="data"
        ),
        pytest.param(FORWARD, {"STOP_BEFORE": "MODIFY `name`"}, "Applied migration", id="ddl"),
        pytest.param(
            FORWARD, {"STOP_AFTER": "MODIFY `name`"}, "statement 8 was in flight and is", id="book"
        ),
        pytest.param(FORWARD, {"ATOMIC": "stops"}, "statement 4 was in flight; run", id="python"),
        pytest.param(
            BACK, {"STOP_BEFORE": "price = price - 10000"}, "statement 1 was in f", id="down"
        ),
        pytest.param(
            FRESH, {"STOP_BEFORE": "INSERT INTO `shop_product`"}, "was dropped", id="fresh"
        ),
    ],
)
def test_the_server_becomes_read_only(
    scene: Scene, attempt: Attempt, stop: dict[str, str], says: str
) -> None:
    """As a failover does with the primary that was; the same data is then another server's."""
    shop = scene.before(attempt)
    with shop.a_user("deployer", "secret", f"ALL ON `{shop.database}`.*") as url:
        with deploy(shop, *attempt.command, DATABASE_URL=url, **stop) as running:
            running.waits_at_its_stop()
            with globally(scene.server, read_only=1):
                running.goes_on()
                failed = running.ended()
                refused = shop.run(*attempt.command, env={"DATABASE_URL": url})

        assert_told(failed, "The server takes no writes (read_only)")
        assert_told(refused, "is read-only: a replica", code=2)
        scene.finishes(shop, attempt, says)
