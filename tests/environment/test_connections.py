"""The connection ends under a deploy: the server restarts, it is killed, it was idle too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.environment.conftest import BACK, FORWARD, FRESH, Passage, PrivateServer, ShopFactory
from tests.environment.deploys import assert_told, connection_of, deploy, state_of

UP_TO_DATE = "Database is up to date!"
Undisturbed = Callable[[Passage], dict[str, Any]]

# A statement of each passage before which a deploy can be stopped: all of what came before it is
# done, and nothing is in flight.
BETWEEN = [
    pytest.param(FORWARD, "UPDATE shop_product SET price = price + 100", id="forward"),
    pytest.param(BACK, "UPDATE shop_product SET price = price - 100", id="rollback"),
    pytest.param(FRESH, "INSERT INTO `shop_product`", id="fresh"),
]


@pytest.mark.parametrize(("passage", "statement"), BETWEEN)
def test_the_connection_is_killed_between_two_statements(
    own_server: PrivateServer,
    shop_on: ShopFactory,
    undisturbed: Undisturbed,
    passage: Passage,
    statement: str,
) -> None:
    shop = shop_on(own_server, passage)
    with deploy(shop, *passage.command, STOP_BEFORE=statement) as running:
        running.waits_at_its_stop()
        shop.sql(f"KILL CONNECTION {connection_of(shop)}")
        running.goes_on()
        failed = running.ended()

    finished = shop.succeeds(*passage.command)

    assert_told(failed, "connection")
    print(failed, finished)
    assert state_of(shop) == undisturbed(passage)


@pytest.mark.parametrize(("passage", "statement"), BETWEEN)
def test_the_server_is_restarted_between_two_statements(
    own_server: PrivateServer,
    shop_on: ShopFactory,
    undisturbed: Undisturbed,
    passage: Passage,
    statement: str,
) -> None:
    shop = shop_on(own_server, passage)
    with deploy(shop, *passage.command, STOP_BEFORE=statement) as running:
        running.waits_at_its_stop()
        own_server.stop()
        own_server.start()
        running.goes_on()
        failed = running.ended()

    finished = shop.succeeds(*passage.command)

    assert_told(failed, "connection")
    print(failed, finished)
    assert state_of(shop) == undisturbed(passage)
