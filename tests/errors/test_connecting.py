"""No server, no way in, no database, no grant: one clear message each, exit 2, nothing changed."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import MySQLdb
import pytest
from django.db.utils import NotSupportedError, OperationalError

from nestflux.database.errors import connect, grant_pattern, unavailable
from nestflux.exceptions import ServerUnsupported
from tests.scenario import Outcome, Project, TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PASSWORD = "correct-horse-battery"


@pytest.fixture
def account() -> str:
    return f"nf_{secrets.token_hex(4)}"


def refused(project: Project, *arguments: str, url: str) -> Outcome:
    """Run a command with another DATABASE_URL; it is refused without a traceback or a secret."""
    outcome = project.run(*arguments, env={"DATABASE_URL": url})
    assert outcome.code == 2, str(outcome)
    assert "Traceback" not in outcome.stderr
    assert PASSWORD not in str(outcome)
    assert "Next:" in outcome.stderr
    return outcome


@pytest.mark.parametrize("command", ["db_generate", "db_migrate", "db_status", "migrate"])
class TestNoServer:
    def test_a_socket_that_is_not_there(self, recorded: Project, command: str) -> None:
        recorded.edit("shop/models.py", "40", "50")
        url = f"mysql://app:{PASSWORD}@/shop?unix_socket=/nowhere/server.sock"

        outcome = refused(recorded, command, url=url)

        assert "No database server answers" in outcome.stderr
        assert "user 'app'" in outcome.stderr
        assert "start the server" in outcome.stderr


def test_no_server_at_a_port(recorded: Project) -> None:
    outcome = refused(recorded, "db_migrate", url=f"mysql://app:{PASSWORD}@127.0.0.1:1/shop")

    assert "127.0.0.1:1" in outcome.stderr
    assert "start the server" in outcome.stderr


def test_no_server_at_a_host_far_away(recorded: Project) -> None:
    outcome = refused(recorded, "db_migrate", url=f"mysql://app:{PASSWORD}@db.invalid/shop")

    assert "see that the server on db.invalid runs" in outcome.stderr


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("/nowhere/own.sock", "mysql://root@/shop?unix_socket=/nowhere/own.sock"),
        ("db.invalid", "mysql://root@db.invalid/shop"),
    ],
)
def test_the_command_that_the_project_knows_for_a_server_is_named(
    place: str, url: str, recorded: Project
) -> None:
    commands = f'NESTFLUX = {{"START_COMMANDS": {{{place!r}: "make up"}}, '
    recorded.edit("settings.py", "NESTFLUX = {", commands)

    outcome = refused(recorded, "db_migrate", url=url)

    assert "Next:  make up" in outcome.stderr


def test_a_wrong_password(recorded: Project, account: str) -> None:
    with recorded.a_user(account, "another"):
        url = recorded.server.database_url(recorded.database, account, PASSWORD)

        outcome = refused(recorded, "db_migrate", url=url)

    assert f"does not let {account} in" in outcome.stderr
    assert "correct the user and password in DATABASES['default']" in outcome.stderr


class TestMissingGrants:
    def test_none_on_the_database(self, recorded: Project, account: str) -> None:
        with recorded.a_user(account, PASSWORD) as url:
            outcome = refused(recorded, "db_migrate", url=url)

            self.assert_grant_is_the_cure(recorded, outcome, url, account, "db_migrate")

    def test_none_where_patterns_are_names(self, recorded: Project, account: str) -> None:
        """MySQL's partial_revokes: ``_`` in a grant is no wildcard, nor is it escaped."""
        server = recorded.server
        if server.family != "mysql":
            pytest.skip("MariaDB has no partial_revokes")
        server.sql("SET GLOBAL partial_revokes = ON")
        try:
            with recorded.a_user(account, PASSWORD) as url:
                outcome = refused(recorded, "db_migrate", url=url)

                assert f"`{recorded.database}`.* TO" in outcome.stderr
                self.assert_grant_is_the_cure(recorded, outcome, url, account, "db_migrate")
                recorded.edit("shop/models.py", "40", "50")
                outcome = refused(recorded, "db_generate", url=url)
                assert "GRANT ALL PRIVILEGES ON *.* TO" in outcome.stderr
        finally:
            server.sql("SET GLOBAL partial_revokes = OFF")

    def test_none_on_shadows(self, shop: Project, account: str) -> None:
        database = shop.database.replace("_", r"\_")
        with shop.a_user(account, PASSWORD, f"ALL PRIVILEGES ON `{database}`.*") as url:
            outcome = refused(shop, "db_generate", url=url)

            assert rf"`{database}\_shadow\_%`.*" in outcome.stderr
            self.assert_grant_is_the_cure(shop, outcome, url, account, "db_generate")

    def assert_grant_is_the_cure(
        self, project: Project, outcome: Outcome, url: str, account: str, command: str
    ) -> None:
        grant = re.search(r"(GRANT .+? TO '(.+?)'@'(.+?)');", outcome.stderr)
        assert grant is not None, outcome.stderr
        assert grant[2] == account
        assert grant[3] == "localhost"
        project.server.sql(grant[1])
        project.succeeds(command, env={"DATABASE_URL": url})


class TestMissingDatabase:
    @pytest.fixture
    def empty(self, recorded: Project) -> Project:
        recorded.server.sql(f"DROP DATABASE `{recorded.database}`")
        return recorded

    def test_it_says_how_to_make_it(self, empty: Project) -> None:
        outcome = empty.run("db_migrate")

        assert outcome.code == 2
        assert f"The server has no database '{empty.database}'" in outcome.stderr
        assert "--create-database" in outcome.stderr

    def test_create_database_makes_it(self, empty: Project) -> None:
        empty.succeeds("db_migrate", "--create-database")

        assert "shop_product" in empty.tables()
        charset = empty.sql("SELECT @@character_set_database")
        assert charset == [("utf8mb4",)]

    @pytest.mark.parametrize("command", ["db_migrate", "migrate"])
    def test_on_a_terminal_it_asks(self, empty: Project, command: str) -> None:
        outcome = empty.on_a_terminal(command, answers="y\n")

        assert outcome.code == 0, str(outcome)
        assert "Create it? [y/N]" in outcome.stdout
        assert "shop_product" in empty.tables()

    def test_a_missing_grant_to_make_it_is_reported(self, empty: Project, account: str) -> None:
        with empty.a_user(account, PASSWORD, "PROCESS ON *.*") as url:
            outcome = refused(empty, "db_migrate", "--create-database", url=url)

        assert "GRANT ALL PRIVILEGES ON" in outcome.stderr


def test_an_alias_that_is_not_there(recorded: Project) -> None:
    outcome = recorded.run("db_migrate", "--database", "replica")

    assert outcome.code == 2
    assert "no database alias 'replica'" in outcome.stderr
    assert "default" in outcome.stderr


def test_an_alias_of_another_vendor(recorded: Project) -> None:
    recorded.settings('DATABASES["s"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}')

    outcome = recorded.run("db_migrate", "--database", "s")

    assert outcome.code == 2
    assert "'s' is SQLite" in outcome.stderr


class TestGrantPattern:
    def test_every_wildcard_is_escaped(self) -> None:
        assert grant_pattern("my_shop") == r"`my\_shop`"

    def test_a_shadow_stands_for_all_of_them(self) -> None:
        assert grant_pattern("nestflux_shadow_00ab12cd") == r"`nestflux\_shadow\_%`"

    def test_without_wildcards_a_name_is_what_it_is(self) -> None:
        assert grant_pattern("my_shop", wild=False) == "`my_shop`"

    def test_without_wildcards_nothing_stands_for_all_shadows(self) -> None:
        assert grant_pattern("nestflux_shadow_00ab12cd", wild=False) == "*"


@pytest.mark.parametrize(
    ("number", "message", "said"),
    [
        (1040, "Too many connections", "max_connections"),
        (1227, "Access denied; you need (at least one of) the SUPER privilege(s) for this",
         "GRANT SUPER ON *.* TO 'root'@"),
        (1419, "You do not have the SUPER privilege and binary logging is enabled",
         "run: SET GLOBAL log_bin_trust_function_creators = 1;"),
        (2006, "Server has gone away", "No database server answers"),
        (2026, "TLS/SSL error: unable to get local issuer certificate",
         "see that the ca, cert and key of DATABASES['default'][\"OPTIONS\"][\"ssl\"]"),
        (2026, "SSL connection error: certificate verify failed: certificate has expired",
         "renew the certificate that expired"),
        (3159, "Connections using insecure transport are prohibited",
         "The server takes encrypted connections only (require_secure_transport)"),
    ],
)  # fmt: skip
def test_what_is_hard_to_provoke(
    scratch: BaseDatabaseWrapper, number: int, message: str, said: str
) -> None:
    assert said in str(unavailable(OperationalError(number, message), scratch))


def test_a_server_that_django_itself_refuses(
    scratch: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def old() -> None:
        raise NotSupportedError("MySQL 8.0.11 or later is required (found 5.7.44).")

    monkeypatch.setattr(scratch, "ensure_connection", old)

    with pytest.raises(ServerUnsupported) as caught:
        connect(scratch)

    assert "5.7.44" in str(caught.value)
    assert "upgrade the server" in str(caught.value)


def test_the_projects_server_is_reachable(server: TestServer) -> None:
    """The tests above mean something only where a right address works."""
    assert isinstance(server.connect(), MySQLdb.connections.Connection)
