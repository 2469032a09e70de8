"""Shadows: made, pointed at, and gone afterwards, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.db.utils import Error
from pytest_django.plugin import DjangoDbBlocker

from nestflux.database.shadow import server_settings, shadow
from nestflux.exceptions import RecordingFailed, ServerUnavailable
from tests.conftest import ProjectFactory
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "nf_test_shadow"


@pytest.fixture(autouse=True)
def _clean(server: TestServer, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
    for name in shadows(server):
        server.sql(f"DROP DATABASE `{name}`")


def shadows(server: TestServer) -> list[str]:
    return [name for (name,) in server.sql("SHOW DATABASES") if name.startswith(PREFIX)]


def a_shadow(**given: Any) -> AbstractContextManager[BaseDatabaseWrapper]:
    return shadow("default", server_settings("default", None), prefix=PREFIX, **given)


def one(connection: BaseDatabaseWrapper, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_a_name_with_a_backquote_is_quoted_right(server: TestServer) -> None:
    made = shadow("default", server_settings("default", None), prefix=f"{PREFIX}`tick")

    with made as connection:
        (name,) = shadows(server)
        assert name.startswith(f"{PREFIX}`tick_")
        assert one(connection, "SELECT DATABASE()") == name

    assert shadows(server) == []


def test_the_alias_is_the_shadow_while_it_lasts(server: TestServer) -> None:
    before, settings = connections["default"], connections.settings["default"]

    with a_shadow(collation="utf8mb4_esperanto_ci") as connection:
        (name,) = shadows(server)
        assert connections["default"] is connection
        assert one(connection, "SELECT DATABASE()") == name
        assert one(connection, "SELECT @@collation_database") == "utf8mb4_esperanto_ci"
        assert one(connection, "SELECT @@time_zone") == "+00:00"

    assert shadows(server) == []
    assert connections["default"] is before
    assert connections.settings["default"] is settings


def test_an_exception_drops_the_shadow_and_gives_the_alias_back(server: TestServer) -> None:
    before = connections["default"]

    with pytest.raises(ValueError, match="in the middle"), a_shadow():
        raise ValueError("in the middle")

    assert shadows(server) == []
    assert connections["default"] is before


def test_a_step_that_closes_the_connection_leaves_no_shadow(server: TestServer) -> None:
    with a_shadow() as connection:
        connection.close()

    assert shadows(server) == []


def test_abandoned_shadows_are_swept_and_nothing_else(server: TestServer) -> None:
    abandoned, foreign = f"{PREFIX}_0123abcd", f"{PREFIX}_production"
    for name in (abandoned, foreign):
        server.sql(f"CREATE DATABASE {name}")

    with a_shadow():
        (in_use,) = set(shadows(server)) - {foreign}
        with a_shadow():
            assert in_use in shadows(server)
            assert abandoned not in shadows(server)

    assert shadows(server) == [foreign]


def test_no_other_alias_can_be_connected_to() -> None:
    connections.settings["other"] = dict(connections.settings["default"])
    try:
        with a_shadow() as outer:
            with a_shadow() as inner:
                assert connections["default"] is inner
            assert connections["default"] is outer
            assert one(outer, "SELECT 1") == 1
            with pytest.raises(RecordingFailed, match="the database 'other' while"):
                connections["other"].ensure_connection()
        assert "connect" not in vars(connections["other"])
    finally:
        connections["other"].close()
        del connections["other"]
        del connections.settings["other"]


def test_a_missing_grant_is_reported_with_the_grant_to_give(project: ProjectFactory) -> None:
    shop = project({})
    user = f"u_{shop.database[-8:]}"
    with shop.a_user(user, "secret", f"SELECT ON `{shop.database}`.*"):
        settings = {**server_settings("default", None), "USER": user, "PASSWORD": "secret"}
        with (
            pytest.raises(ServerUnavailable) as caught,
            shadow("default", settings, prefix=PREFIX),
        ):
            pass

    assert (
        rf"GRANT ALL PRIVILEGES ON `nf\_test\_shadow\_%`.* TO '{user}'@'localhost'"
        in caught.value.then
    )


def test_a_server_that_is_not_there(server: TestServer) -> None:
    settings = server_settings("default", {**server.settings, "OPTIONS": {"unix_socket": "/no"}})

    with (
        pytest.raises(ServerUnavailable, match="No database server answers"),
        shadow("default", settings, prefix=PREFIX),
    ):
        pass


def test_the_session_of_a_shadow_is_strict() -> None:
    with a_shadow() as connection:
        one(connection, "SELECT 1")
        with connection.cursor() as cursor, pytest.raises(Error):
            cursor.execute("CREATE TABLE t (a int NOT NULL DEFAULT 'x')")
