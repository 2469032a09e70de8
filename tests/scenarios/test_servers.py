"""Servers that cannot be reached, entered or written to: exit 2, in words, nothing changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.scenario import Project, TestServer
from tests.scenarios.looking import difference, everything_in
from tests.scenarios.refusing import refused, stops

PASSWORD = "correct-horse-battery"


@pytest.fixture
def account() -> str:
    return f"nf_{secrets.token_hex(4)}"


@pytest.fixture
def behind(shop: Project) -> Project:
    """The shop's first file is applied, its second is pending."""
    shop.succeeds("db_migrate", "--replay", "--to", "0001")
    return shop


@contextmanager
def read_only(server: TestServer) -> Iterator[None]:
    """As a replica is. Users who may bypass it, as the tests' own, are not held up."""
    (before,) = server.sql("SELECT @@global.read_only")[0]
    server.sql("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        server.sql(f"SET GLOBAL read_only = {int(before)}")


def test_a_read_only_server(behind: Project, account: str) -> None:
    before = everything_in(behind)
    grant = f"ALL PRIVILEGES ON `{behind.database}`.*"
    with behind.a_user(account, PASSWORD, grant) as url:
        with read_only(behind.server):
            outcome = behind.run("db_migrate", env={"DATABASE_URL": url})
        stops(outcome, says=" is read-only", then="point the database alias at the primary")
        assert difference(everything_in(behind), before) == []

        assert "0002_prices" in behind.succeeds("db_migrate", env={"DATABASE_URL": url}).stdout


@pytest.mark.parametrize(
    ("user", "password", "says", "then"),
    [
        pytest.param("", "", "No database server answers", "start", id="no-server"),
        pytest.param("ACCOUNT", "wrong", "does not let", "correct the user", id="password"),
        pytest.param("ACCOUNT", PASSWORD, "lacks a grant", "GRANT ", id="no-grant"),
    ],
)
def test_no_way_in(
    behind: Project, account: str, user: str, password: str, says: str, then: str
) -> None:
    with behind.a_user(account, PASSWORD):
        url = behind.server.database_url(behind.database, user and account, password)
        if not user:
            url = f"mysql://root@/{behind.database}?unix_socket=/nowhere/server.sock"

        for command in ("db_migrate", "db_status", "db_rollback", "migrate"):
            refused(behind, command, says=says, then=then, env={"DATABASE_URL": url})


def test_a_user_who_may_only_read(behind: Project, account: str) -> None:
    with behind.a_user(account, PASSWORD, f"SELECT ON `{behind.database}`.*") as url:
        given = {"DATABASE_URL": url}
        assert "1 pending" in behind.succeeds("db_status", env=given).stdout

        refused(behind, says="lacks a grant", then="GRANT ", env=given)


def test_a_database_that_is_not_there(behind: Project) -> None:
    url = behind.server.database_url(f"{behind.database}_nowhere")

    refused(
        behind,
        says=f"The server has no database '{behind.database}_nowhere'",
        then="python manage.py db_migrate --create-database",
        env={"DATABASE_URL": url},
    )
