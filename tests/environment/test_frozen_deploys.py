"""A host that freezes (SIGSTOP), one that is lost (its end of the line stays open and silent), and
an orphan that waits for a table: the deploy that waits takes over, and who wakes does no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from tests.environment.conftest import BACK, FORWARD, FRESH, Attempt, Scene
from tests.environment.deploys import (
    Deploy,
    assert_told,
    at_work,
    connection_of,
    deploy,
    hurried,
    is_slow,
    slow_down,
    until,
)
from tests.environment.relay import relay
from tests.scenario import Project

BEATS = ("--lock", "HEARTBEAT=0.1")
IMPATIENT = (*BEATS, "--lock", "STALE_AFTER=0.5")
TOOK_OVER = "Ended a deploy without a heartbeat: connection "


def has_a_heartbeat(shop: Project) -> bool:
    return bool(
        shop.sql(
            "SELECT 1 FROM nestflux_run WHERE outcome = 'running' AND heartbeat_at IS NOT NULL"
        )
    )


def is_held_by_another(shop: Project, connection: int) -> bool:
    ((identity,),) = shop.sql("SELECT IS_USED_LOCK(CONCAT('nestflux:', DATABASE()))")
    return identity not in (None, connection)


@contextmanager
def table_locked(shop: Project) -> Iterator[Callable[[], None]]:
    """The product table is locked by somebody else, who lets go when told, or at the end."""
    with closing(shop.server.connect(shop.database)) as connection:
        connection.cursor().execute("LOCK TABLES shop_product READ")
        yield lambda: connection.cursor().execute("UNLOCK TABLES")


def taken_over(scene: Scene, shop: Project, attempt: Attempt, *says: str) -> None:
    """The next command waits, ends the one without a heartbeat, and does the rest."""
    lost = connection_of(shop)
    finished = shop.succeeds(*attempt.command, *IMPATIENT)
    for words in (f"Waiting for another deploy: connection {lost}", f"{TOOK_OVER}{lost}", *says):
        assert words in finished.stdout, f"{words!r} is not in:\n{finished}"
    scene.ends_undisturbed(shop, attempt)


def wakes_and_stops(scene: Scene, shop: Project, attempt: Attempt, frozen: Deploy) -> None:
    if frozen.reached.exists():
        frozen.goes_on()
    frozen.thaws()
    assert_told(frozen.ended(), "The connection was lost ")
    scene.ends_undisturbed(shop, attempt)


@pytest.mark.parametrize(
    ("attempt", "statement", "says"),
    [
        pytest.param(FORWARD, "price = price + 100", "0002_second.sql  (8 stat", id="up"),
        pytest.param(BACK, "price = price - 10000", "statement 1 was in flight", id="down"),
        pytest.param(FRESH, "INSERT INTO `shop_product`", "what it had made was", id="fresh"),
    ],
)
def test_frozen_between_two_statements(
    scene: Scene, attempt: Attempt, statement: str, says: str
) -> None:
    shop = scene.before(attempt)
    with deploy(shop, *attempt.command, *BEATS, STOP_BEFORE=statement) as frozen:
        frozen.waits_at_its_stop()
        until(lambda: has_a_heartbeat(shop), "a heartbeat", frozen.process)
        frozen.freezes()

        taken_over(scene, shop, attempt, says)
        wakes_and_stops(scene, shop, attempt, frozen)


@pytest.mark.parametrize(("attempt", "number"), [(FORWARD, 4), (BACK, 5)], ids=["up", "down"])
def test_frozen_inside_an_atomic_python_step(scene: Scene, attempt: Attempt, number: int) -> None:
    shop = scene.before(attempt)
    with deploy(shop, *attempt.command, *BEATS, ATOMIC="stops, then asks") as frozen:
        frozen.waits_at_its_stop()
        until(lambda: has_a_heartbeat(shop), "a heartbeat", frozen.process)
        frozen.freezes()

        taken_over(scene, shop, attempt, f"statement {number} was in flight; running it again")
        wakes_and_stops(scene, shop, attempt, frozen)


def test_frozen_inside_a_python_step_outside_a_transaction_it_wakes_and_goes_on(
    scene: Scene,
) -> None:
    """The one that waited cannot tell whether the step ran. The one that wakes can."""
    shop = scene.before(FORWARD)
    with frozen_in_a_loose_step(shop) as frozen:
        asked = shop.run("db_migrate", *IMPATIENT)
        frozen.goes_on()
        frozen.thaws()
        woken = frozen.ended()

    assert_told(asked, "a Python step that is not atomic", "db_resolve")
    assert woken.code == 0, str(woken)
    scene.ends_undisturbed(shop, FORWARD)


def test_frozen_inside_a_python_step_that_a_person_decided_it_wakes_and_stops(
    scene: Scene,
) -> None:
    shop = scene.before(FORWARD)
    with frozen_in_a_loose_step(shop) as frozen:
        shop.run("db_migrate", *IMPATIENT)
        shop.succeeds("db_resolve", "0002_second.sql", "6", "--ran", "--yes")
        scene.finishes(shop, FORWARD)
        frozen.goes_on()
        frozen.thaws()
        woken = frozen.ended()

    assert_told(woken, "nothing more was run")
    scene.ends_undisturbed(shop, FORWARD)


@contextmanager
def frozen_in_a_loose_step(shop: Project) -> Iterator[Deploy]:
    """Frozen when the step has done its work."""
    with deploy(shop, "db_migrate", *BEATS, LOOSE="stops") as frozen:
        frozen.waits_at_its_stop()
        until(lambda: has_a_heartbeat(shop), "a heartbeat", frozen.process)
        frozen.freezes()
        yield frozen


def test_frozen_while_its_statement_waits_for_a_table(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    with (
        table_locked(shop) as let_go,
        deploy(shop, "db_migrate", *BEATS, "--lock", "DDL_TIMEOUT=60") as frozen,
    ):
        until(lambda: at_work(shop, "ALTER TABLE%"), "the ALTER", frozen.process)
        until(lambda: has_a_heartbeat(shop), "a heartbeat", frozen.process)
        frozen.freezes()
        lost = connection_of(shop)
        with deploy(shop, "db_migrate", *IMPATIENT) as waiting:
            until(lambda: is_held_by_another(shop, lost), "the takeover", waiting.process)
            let_go()
            finished = waiting.ended()

        assert finished.code == 0, str(finished)
        assert f"{TOOK_OVER}{lost}" in finished.stdout
        wakes_and_stops(scene, shop, FORWARD, frozen)


def test_frozen_while_its_statement_works_it_is_not_ended_before_that_is_done(
    scene: Scene,
) -> None:
    shop = scene.before(FORWARD)
    slow_down(shop, 2)
    with deploy(shop, "db_migrate", *BEATS) as frozen:
        until(lambda: is_slow(shop), "the UPDATE", frozen.process)
        frozen.freezes()
        with deploy(shop, "db_migrate", *IMPATIENT) as waiting:
            until(lambda: not is_slow(shop), "the end of the UPDATE", waiting.process)
            with hurried(shop):
                finished = waiting.ended()

        assert finished.code == 0, str(finished)
        assert "and is not ended, for its connection is running a statement" in finished.stdout
        assert TOOK_OVER in finished.stdout
        shop.sql("DROP TRIGGER slow")
        wakes_and_stops(scene, shop, FORWARD, frozen)


@pytest.mark.parametrize(
    ("attempt", "stop", "says"),
    [
        pytest.param(
            FORWARD, {"STOP_BEFORE": "price = price + 100"}, "0002_second.sql  (8", id="between"
        ),
        pytest.param(FORWARD, {"ATOMIC": "stops"}, "statement 4 was in flight", id="atomic"),
        pytest.param(BACK, {"ATOMIC": "stops"}, "statement 5 was in flight", id="down"),
        pytest.param(
            FRESH, {"STOP_BEFORE": "INSERT INTO `shop_product`"}, "was dropped", id="fresh"
        ),
    ],
)
def test_the_host_is_lost_and_the_server_hears_nothing_of_it(
    scene: Scene, attempt: Attempt, stop: dict[str, str], says: str
) -> None:
    shop = scene.before(attempt)
    with relay(scene.server.socket, shop.path / "relay") as url:
        lost = deploy(shop, *attempt.command, *BEATS, DATABASE_URL=url(shop.database), **stop)
        with lost as running:
            running.waits_at_its_stop()
            until(lambda: has_a_heartbeat(shop), "a heartbeat", running.process)
            running.killed()

            taken_over(scene, shop, attempt, says)


def test_an_orphaned_alter_that_waits_for_a_table_gives_up_and_is_run_once(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    with (
        table_locked(shop) as let_go,
        deploy(shop, "db_migrate", "--lock", "DDL_TIMEOUT=6") as killed,
    ):
        until(lambda: at_work(shop, "ALTER TABLE%"), "the ALTER", killed.process)
        orphan = connection_of(shop)
        killed.killed()
        with deploy(shop, "db_migrate", "--lock", "DDL_TIMEOUT=1") as waiting:
            until(lambda: is_held_by_another(shop, orphan), "the orphan's end", waiting.process)
            until(lambda: at_work(shop, "ALTER TABLE%"), "the ALTER", waiting.process)
            let_go()
            finished = waiting.ended()

    assert finished.code == 0, str(finished)
    assert f"Waiting for another deploy: connection {orphan}" in finished.stdout
    assert "statement 1 was in flight; running it again: the schema shows" in finished.stdout
    scene.ends_undisturbed(shop, FORWARD)


def test_an_orphaned_alter_that_is_let_in_is_recorded_and_not_run_again(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    with (
        table_locked(shop) as let_go,
        deploy(shop, "db_migrate", "--lock", "DDL_TIMEOUT=60") as killed,
    ):
        until(lambda: at_work(shop, "ALTER TABLE%"), "the ALTER", killed.process)
        killed.killed()
        let_go()

    scene.finishes(shop, FORWARD, "statement 1 was in flight and is done")
