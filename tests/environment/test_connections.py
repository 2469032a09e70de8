"""The connection ends under a deploy: the server restarts, it is killed, it was idle too long."""

from __future__ import annotations

import pytest

from tests.environment.conftest import BACK, FORWARD, FRESH, Attempt, Scene, globally
from tests.environment.deploys import (
    assert_told,
    at_work,
    connection_of,
    deploy,
    fill,
    is_slow,
    slow_down,
    unfill,
    until,
)

# A statement of each attempt before which a deploy is stopped: what came before it is done, if it
# was DDL without having been closed; and what the next run says.
BETWEEN = [
    pytest.param(FORWARD, "price = price + 100", "0002_second.sql  (8 statements", id="up"),
    pytest.param(BACK, "price = price - 10000", "statement 1 was in flight and is done", id="down"),
    pytest.param(FRESH, "INSERT INTO `shop_product`", "what it had made was dropped", id="fresh"),
]
LOST = "The connection was lost "


@pytest.mark.parametrize(("attempt", "statement", "says"), BETWEEN)
def test_the_connection_is_killed_between_two_statements(
    scene: Scene, attempt: Attempt, statement: str, says: str
) -> None:
    shop = scene.before(attempt)
    with deploy(shop, *attempt.command, STOP_BEFORE=statement) as running:
        running.waits_at_its_stop()
        shop.sql(f"KILL CONNECTION {connection_of(shop)}")
        running.goes_on()
        failed = running.ended()

    assert_told(failed, LOST, "the server was stopped, or ended the connection (KILL")
    scene.finishes(shop, attempt, says)


@pytest.mark.parametrize(("attempt", "statement", "says"), BETWEEN)
def test_the_server_is_restarted_between_two_statements(
    scene: Scene, attempt: Attempt, statement: str, says: str
) -> None:
    shop = scene.before(attempt)
    with deploy(shop, *attempt.command, STOP_BEFORE=statement) as running:
        running.waits_at_its_stop()
        with scene.server.down():
            pass
        running.goes_on()
        failed = running.ended()

    assert_told(failed, LOST)
    scene.finishes(shop, attempt, says)


def test_the_server_is_stopped_while_it_changes_a_table(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    fill(shop)
    with deploy(shop) as running:
        until(lambda: at_work(shop, "ALTER TABLE%MODIFY%"), "the copying ALTER", running.process)
        with scene.server.down():
            failed = running.ended()
            refused = shop.run("db_migrate")

    assert_told(failed, "0002_second.sql, statement 8 of 8")
    assert_told(refused, "No database server answers", code=2)
    finished = shop.succeeds("db_migrate")
    assert "0002_second.sql, statement 8 " in finished.stdout
    unfill(shop)
    scene.ends_undisturbed(shop, FORWARD)


def test_the_server_is_stopped_while_it_changes_rows(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    slow_down(shop, 30)
    with deploy(shop) as running:
        until(lambda: is_slow(shop), "the UPDATE", running.process)
        with scene.server.down():
            failed = running.ended()
    shop.sql("DROP TRIGGER slow")

    assert_told(failed, "0002_second.sql, statement 3 of 8")
    scene.finishes(shop, FORWARD, "statement 3 ")


@pytest.mark.parametrize("step", ["ATOMIC", "LOOSE"])
def test_a_python_step_may_last_longer_than_wait_timeout(scene: Scene, step: str) -> None:
    shop = scene.before(FORWARD)
    with globally(scene.server, wait_timeout=1, interactive_timeout=1):
        shop.succeeds("db_migrate", env={step: "sleeps 1.5"})

    scene.ends_undisturbed(shop, FORWARD)


def test_no_idle_timeout_of_the_server_ends_a_step_after_one_that_closed_its_connection(
    scene: Scene, family: str
) -> None:
    timeouts = {"wait_timeout": 1, "interactive_timeout": 1}
    if family == "mariadb":
        for kind in ("idle_", "idle_write_", "idle_readonly_"):
            timeouts[f"{kind}transaction_timeout"] = 1
    shop = scene.before(BACK)
    shop.settings('DATABASES["default"]["OPTIONS"]["client_flag"] = 1024 | 2  # INTERACTIVE')
    with globally(scene.server, **timeouts):
        shop.succeeds(*BACK.command, env={"LOOSE": "closes", "ATOMIC": "sleeps 1.5"})

    scene.ends_undisturbed(shop, BACK)


@pytest.mark.parametrize(
    ("attempt", "mode"),
    [
        pytest.param(FORWARD, "closes", id="close"),
        pytest.param(FORWARD, "closes all", id="close_all"),
        pytest.param(FORWARD, "closes if unusable", id="close_if_unusable"),
        pytest.param(BACK, "closes", id="down"),
    ],
)
def test_a_step_outside_a_transaction_may_close_its_connection(
    scene: Scene, attempt: Attempt, mode: str
) -> None:
    shop = scene.before(attempt)
    # As Django's own default has it: every request, or step, may find its connection too old.
    shop.settings('DATABASES["default"]["CONN_MAX_AGE"] = 0')

    shop.succeeds(*attempt.command, env={"LOOSE": mode})

    scene.ends_undisturbed(shop, attempt)


@pytest.mark.parametrize(
    ("attempt", "mode"),
    [
        pytest.param(FORWARD, "closes", id="close"),
        pytest.param(FORWARD, "closes all, then asks", id="close_all"),
        pytest.param(FORWARD, "closes if unusable", id="close_if_unusable"),
        pytest.param(BACK, "closes", id="down"),
    ],
)
def test_an_atomic_step_that_closes_its_connection_is_undone_and_its_effect_reported(
    scene: Scene, attempt: Attempt, mode: str
) -> None:
    shop = scene.before(attempt)

    failed = shop.run(*attempt.command, env={"ATOMIC": mode})

    assert_told(failed, "step ", "It closed its connection inside its transaction", "atomic=False")
    assert shop.sql(
        "SELECT state, error_text LIKE 'It closed its%' FROM nestflux_statement "
        "WHERE state NOT IN ('done', 'pending')"
    ) == [("failed", 1)]
    scene.finishes(shop, attempt, "failed in an earlier run; running it again")


@pytest.mark.parametrize("attempt", [FORWARD, BACK], ids=["up", "down"])
def test_the_connection_of_a_step_in_a_transaction_is_killed(
    scene: Scene, attempt: Attempt
) -> None:
    shop = scene.before(attempt)
    with deploy(shop, *attempt.command, ATOMIC="stops, then asks") as running:
        running.waits_at_its_stop()
        shop.sql(f"KILL CONNECTION {connection_of(shop)}")
        running.goes_on()
        failed = running.ended()

    assert_told(failed, LOST)
    scene.finishes(shop, attempt, "was in flight; running it again")


def test_the_connection_of_a_step_outside_a_transaction_is_killed_when_its_work_is_done(
    scene: Scene,
) -> None:
    shop = scene.before(FORWARD)
    with deploy(shop, LOOSE="stops") as running:
        running.waits_at_its_stop()
        shop.sql(f"KILL CONNECTION {connection_of(shop)}")
        running.goes_on()
        finished = running.ended()

    assert finished.code == 0, str(finished)
    scene.ends_undisturbed(shop, FORWARD)


LOSES = """
from django.db import connections
from django.db.models.signals import post_migrate


def lose(using, **kwargs):
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        ((identity,),) = cursor.fetchall()
        if LOST:
            try:
                cursor.execute(f"KILL {identity}")
            except Exception:
                pass
        cursor.execute("SELECT 1")


LOST = True
post_migrate.connect(lose)
"""


def test_the_connection_is_lost_in_post_migrate(scene: Scene) -> None:
    shop = scene.before(FORWARD)
    shop.write("shop/models.py", shop.read("shop/models.py") + LOSES)

    failed = shop.run("db_migrate")
    shop.edit("shop/models.py", "LOST = True", "LOST = False")
    finished = shop.succeeds("db_migrate")

    assert_told(failed, "The connection was lost while post_migrate was sent")
    assert "the signal has not been sent yet" in failed.stderr
    assert "Next:  python manage.py db_migrate   (sends it)" in failed.stderr
    assert "Database is up to date!" in finished.stdout
    assert shop.run("db_status", "--json").json["post_migrate_pending"] is False
