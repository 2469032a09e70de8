"""A deploy and the replicas: waited for, looked at, and never mistaken for the primary."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import MySQLdb
import pytest

from scripts.replication import Node
from tests.environment.conftest import copy_of, recorded_in
from tests.environment.deploys import until
from tests.replicas.conftest import Servers
from tests.scenario import REPOSITORY, Outcome, Project, TestServer

WAIT = ("db_migrate", "--wait-for-replicas")
# Without an errant GTID, which MariaDB's gtid_strict_mode would stop at for ever.
UNLOGGED = "SET sql_log_bin = 0; "


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with two recorded files."""
    with recorded_in(tmp_path_factory.mktemp("recorded"), server) as path:
        yield path


@pytest.fixture
def shop(servers: Servers, recorded: Path, tmp_path: Path, server: TestServer) -> Iterator[Project]:
    """The project, its first file applied and there on both replicas."""
    primary = TestServer(
        {**server.settings, **servers.primary.entry("", "root"), "PORT": ""},
        servers.primary.server.url,
    )
    made = copy_of(recorded, tmp_path, primary)
    made.settings(settings(servers))
    made.succeeds("db_migrate", "--to", "0001")
    for node in servers.replicas:
        node.catch_up(servers.primary)
    yield made
    servers.recover()
    primary.drop_all(made.database)


def settings(servers: Servers, **entry: str) -> str:
    """The replicas east and west. ``entry``: what differs in their entries of DATABASES."""
    lines = [
        f'DATABASES["{alias}"] = {{**DATABASES["default"], "HOST": {_host(node)!r}, **{entry}}}'
        for alias, node in zip(("east", "west"), servers.replicas, strict=True)
    ]
    return "\n".join([*lines, 'NESTFLUX["REPLICAS"] = {"OF": {"default": ["east", "west"]}}'])


def _host(node: Node) -> str:
    return str(node.server.socket)


def columns(node: Node, shop: Project) -> set[str]:
    return {row[0] for row in node.sql("SHOW COLUMNS FROM shop_product", None, shop.database)}


def assert_told(outcome: Outcome, *words: str, code: int) -> None:
    assert outcome.code == code, str(outcome)
    for each in words:
        assert each in outcome.stderr, str(outcome)
    assert "Traceback" not in outcome.stderr


@contextmanager
def held_up(node: Node) -> Iterator[None]:
    """A replica goes on once it was looked at a few times: before a run, and then while it is
    waited for. Meanwhile its SQL thread runs and gets no lock."""
    with closing(
        MySQLdb.connect(unix_socket=_host(node), user="root", autocommit=True)
    ) as connection:
        cursor = connection.cursor()

        def connections() -> int:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Connections'")
            return int(cursor.fetchone()[1])

        def let_go() -> None:
            until(lambda: connections() >= enough, "looks at the replica")
            cursor.execute("UNLOCK TABLES")

        cursor.execute("FLUSH TABLES WITH READ LOCK")
        enough = connections() + 4
        letting_go = threading.Thread(target=let_go)
        letting_go.start()
        yield
        letting_go.join()


def test_a_deploy_waits_until_every_replica_has_the_schema(servers: Servers, shop: Project) -> None:
    east, west = servers.replicas
    with held_up(east):
        waited = shop.succeeds(*WAIT)

    assert "colour" in columns(east, shop)
    assert "colour" in columns(west, shop)
    lines = waited.stdout.splitlines()
    assert any(line.startswith("Waiting for replicas: east lacks 0002_second") for line in lines)
    assert any(line.startswith("✓ Replica west has every file") for line in lines), str(waited)
    assert any(line.startswith("✓ Replica east has every file") for line in lines), str(waited)


def test_the_documents_show_what_it_says(servers: Servers, shop: Project) -> None:
    command, *shown = (
        (REPOSITORY / "docs/commands.md")
        .read_text()
        .partition("    $ python manage.py db_migrate --wait-for-replicas")[2]
        .partition("\n\n")[0]
        .splitlines()
    )
    with held_up(servers.replicas[0]):
        waited = shop.succeeds(*WAIT, command.strip())

    # The other replica may be waited for at first, too.
    said = {_without_figures(line.partition(";")[0]) for line in waited.stdout.splitlines()}
    assert {_without_figures(line) for line in shown} <= said, str(waited)


def _without_figures(line: str) -> str:
    return re.sub(r"\b\d+(\.\d+)?\b", "N", line.strip())


def test_with_nothing_pending_it_still_waits(servers: Servers, shop: Project) -> None:
    with held_up(servers.replicas[1]):
        shop.succeeds("db_migrate")
        servers.replicas[0].catch_up(servers.primary)
        waited = shop.succeeds(*WAIT)

    assert "Waiting for replicas: west lacks 0002_second" in waited.stdout, str(waited)
    assert "colour" in columns(servers.replicas[1], shop)


def test_the_document_says_how_they_are(servers: Servers, shop: Project) -> None:
    document = shop.succeeds(*WAIT, "--json").json

    assert [replica["database"] for replica in document["replicas"]] == ["east", "west"]
    for replica in document["replicas"]:
        assert replica["up_to_date"] is True
        assert replica["lacks"] == []
        assert replica["problem"] == ""
    assert [file["name"] for file in document["applied"]] == ["0002_second"]


def test_the_wait_has_a_bound(servers: Servers, shop: Project) -> None:
    servers.replicas[0].lag(3600)

    late = shop.run(*WAIT, "1")
    status = shop.run("db_status")

    assert_told(
        late,
        "After 1 s a replica still lacks the schema of 'default': east lacks 0002_second",
        "'default' has it; code that reads from a replica may meet the schema before it",
        "python manage.py db_migrate --wait-for-replicas   (goes on)",
        code=1,
    )
    assert "west" not in late.stderr
    assert "Replica east lacks 0002_second" in status.stdout
    assert status.code == 0  # a replica that lags is no failed deploy
    assert "Database is up to date!" in status.stdout


@contextmanager
def a_column_in_the_way(node: Node, shop: Project) -> Iterator[None]:
    """Somebody wrote to a replica, and what arrives cannot be done there while the block lasts."""
    node.sql(f"{UNLOGGED}ALTER TABLE shop_product ADD COLUMN colour int", None, shop.database)
    try:
        yield
    finally:
        node.sql(f"{UNLOGGED}ALTER TABLE shop_product DROP COLUMN colour", None, shop.database)
        node.go_on()


def test_a_replica_that_stops_while_it_is_waited_for(servers: Servers, shop: Project) -> None:
    east = servers.replicas[0]
    with a_column_in_the_way(east, shop):
        stopped = shop.run(*WAIT)

    assert_told(
        stopped,
        "A replica will not get the schema of 'default': east no longer follows "
        "(lacks 0002_second)",
        "Duplicate column name 'colour'",  # of MySQL's worker, not of its coordinator
        "let its replication go on, then: python manage.py db_migrate --wait-for-replicas",
        code=1,
    )
    assert "colour" in columns(servers.primary, shop)
    shop.succeeds(*WAIT)
    assert "colour" in columns(east, shop)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("halted", "east no longer follows (has every file): its SQL thread is stopped"),
        ("gone", "east cannot be asked"),
    ],
)
def test_a_wait_in_vain_is_refused_before_anything_runs(
    servers: Servers, shop: Project, harm: str, says: str
) -> None:
    if harm == "halted":
        servers.replicas[0].halt("SQL_THREAD")
    else:
        servers.replicas[0].stop()

    refused = shop.run(*WAIT)
    status = shop.run("db_status")
    document = shop.run("db_status", "--json").json

    assert_told(refused, f"in vain: {says}", "nothing was run", code=2)
    assert "colour" not in columns(servers.primary, shop)
    assert f"Replica {says}" in status.stdout, str(status)
    east, west = document["replicas"]
    assert east["problem"]
    assert west.pop("lag") is not None
    assert west == {
        "database": "west",
        "up_to_date": True,
        "lacks": [],
        "read_only": True,
        "problem": "",
    }


def test_the_next_command_names_another_database(servers: Servers, shop: Project) -> None:
    shop.settings(
        settings(servers)
        + "\nDATABASES['shop'] = DATABASES['default']"
        + "\nNESTFLUX['REPLICAS']['OF'] = {'shop': ['east']}"
    )
    (shop.path / "migrations_sql" / "shop").mkdir()
    shutil.copytree(shop.history, shop.path / "migrations_sql/shop" / shop.history.name)
    servers.replicas[0].lag(3600)

    late = shop.run("db_migrate", "--database", "shop", "--wait-for-replicas", "1")
    of_a_replica = shop.run("db_migrate", "--database", "east")

    then = "python manage.py db_migrate --database shop --wait-for-replicas   ("
    assert_told(late, f"{then}goes on)", code=1)
    assert_told(of_a_replica, f"{then}db_status --database shop says how each is)", code=2)


def test_where_no_replica_is_named_a_wait_is_refused(servers: Servers, shop: Project) -> None:
    shop.settings("")

    assert_told(
        shop.run(*WAIT),
        "The settings name no replica of 'default' to wait for.",
        "nothing was run",
        code=2,
    )
    assert "Replica" not in shop.succeeds("db_status").stdout


@pytest.mark.parametrize("seconds", ["0", "soon", "-1"])
def test_a_bound_that_is_none(shop: Project, seconds: str) -> None:
    refused = shop.run("db_migrate", f"--wait-for-replicas={seconds}")

    assert_told(refused, "is not a number of seconds between 0 and a year", code=2)


def test_a_rollback_arrives_as_well(servers: Servers, shop: Project) -> None:
    shop.succeeds(*WAIT)
    servers.replicas[0].lag(3600)
    shop.succeeds("db_rollback", "--yes")
    behind = shop.succeeds("db_status").stdout
    servers.replicas[0].lag(0)
    servers.replicas[0].catch_up(servers.primary)

    assert "Replica east lacks 0002_second" in behind
    assert "Replica east has every file" in shop.succeeds("db_status").stdout


def test_a_user_who_may_not_ask_how_they_are_still_waits(servers: Servers, shop: Project) -> None:
    for statement in (
        "CREATE USER 'deploy'@'localhost' IDENTIFIED BY 'only-for-tests'",
        "GRANT ALL ON `%`.* TO 'deploy'@'localhost'",
    ):
        servers.primary.sql(statement)
    shop.settings(settings(servers, USER="deploy", PASSWORD="only-for-tests"))
    try:
        waited = shop.succeeds(*WAIT)
        assert "east has every file, lag not known (that takes REPL" in waited.stdout, str(waited)
    finally:
        servers.primary.sql("DROP USER 'deploy'@'localhost'")


def test_a_run_on_a_replica_is_refused(servers: Servers, shop: Project) -> None:
    """By the address of its source, of a user who may write where others may not."""
    replica = servers.replicas[0]
    replica.write_protect(False)

    refused = shop.run("db_migrate", "--database", "east")

    assert_told(refused, "'east' is a replica of 'default', and gets its schema from there", code=2)
    shop.settings(f'DATABASES["default"]["HOST"] = {_host(replica)!r}')
    refused = shop.run("db_migrate")
    assert_told(
        refused,
        f"is a replica of 127.0.0.1:{servers.primary.port} that takes writes",
        "RESET REPLICA ALL",
        code=2,
    )
    assert "colour" not in columns(replica, shop)


def test_the_live_line_names_them(servers: Servers, shop: Project) -> None:
    with held_up(servers.replicas[0]):
        shown = shop.on_a_terminal(*WAIT, kind="xterm", columns=80)

    assert shown.code == 0, str(shown)
    assert "Waiting for replicas: east lacks 0002_second" in shown.stdout
    assert "✓ Replica east has every file" in shown.stdout
