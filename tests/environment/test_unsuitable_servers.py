"""Servers on which a run is refused, or says something: whoever shows or plans says the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nestflux.applying.suitability import judged
from nestflux.database.setup import Setup, read_setup
from tests.environment.conftest import FORWARD, PrivateServer, Scene, globally
from tests.environment.deploys import state_of
from tests.scenario import Project

SHOWS = [
    ("db_migrate", "--plan"),
    ("db_rollback", "--plan"),
    ("db_status",),
    ("db_check", "--no-shadow"),
    ("migrate", "--plan"),
]
READ_ONLY = {"mysql": "transaction_read_only", "mariadb": "tx_read_only"}


@pytest.fixture
def shop(scene: Scene) -> Project:
    return scene.before(FORWARD)


@contextmanager
def a_replica(server: PrivateServer) -> Iterator[None]:
    """It was told of a source, and takes writes."""
    mysql = server.family == "mysql"
    tell = "CHANGE REPLICATION SOURCE TO SOURCE" if mysql else "CHANGE MASTER TO MASTER"
    server.sql(f"{tell}_HOST = 'db1.internal'")
    try:
        yield
    finally:
        server.sql("RESET REPLICA ALL" if mysql else "RESET SLAVE ALL")


def test_a_read_only_server_is_named_by_whatever_shows_or_plans(
    scene: Scene, shop: Project
) -> None:
    with globally(scene.server, read_only=1):
        refused = shop.run("db_migrate")
        shown = {command: shop.run(*command) for command in SHOWS}
        status = shop.run("db_status", "--json").json

    assert refused.code == 2, str(refused)
    for command, outcome in shown.items():
        assert "is read-only: a replica, or super_read_only is set." in outcome.stdout, str(outcome)
        assert "point the database alias at the primary" in outcome.stdout, str(outcome)
        assert outcome.code == (1 if command[0] == "db_check" else 0), str(outcome)
    (reason,) = status["refused"]
    assert "is read-only" in reason["what"]
    assert reason["next"] == "point the database alias at the primary"


RUNS = [("db_migrate",), ("db_rollback", "--yes")]


def test_a_replica_that_takes_writes_is_refused(scene: Scene, shop: Project) -> None:
    says = "is a replica of db1.internal:3306 that takes writes"
    before = state_of(shop)
    with a_replica(scene.server):
        shown = {command: shop.run(*command) for command in SHOWS}
        refused = [shop.run(*command) for command in RUNS]

    for command, outcome in shown.items():
        assert says in outcome.stdout, str(outcome)
        assert outcome.code == (1 if command[0] == "db_check" else 0), str(outcome)
    for outcome in refused:
        assert outcome.code == 2, str(outcome)
        assert says in outcome.stderr
        assert "point the database alias at the primary" in outcome.stderr
    assert state_of(shop) == before
    assert says not in shop.succeeds("db_status").stdout


def test_a_replica_that_is_meant_to_take_writes_is_migrated(scene: Scene, shop: Project) -> None:
    shop.settings('NESTFLUX["REPLICAS"] = {"WRITABLE": ["default"]}')
    with a_replica(scene.server):
        outcomes = [shop.run(*command) for command in (*SHOWS, *RUNS)]

    for outcome in outcomes:
        assert outcome.code == 0, str(outcome)
        assert "is a replica of" not in outcome.stdout, str(outcome)


def test_transactions_that_take_no_writes_are_named_before_anything_runs(
    scene: Scene, shop: Project
) -> None:
    before = state_of(shop)
    with globally(scene.server, **{READ_ONLY[scene.server.family]: 1}):
        refused = shop.run("db_migrate")
        shown = [shop.run(*command) for command in SHOWS]

    says = "the transactions of this session take no writes (transaction_read_only)"
    assert refused.code == 2, str(refused)
    assert says in refused.stderr
    assert "SET GLOBAL transaction_read_only = OFF" in refused.stderr
    assert all(says in outcome.stdout for outcome in shown)
    assert state_of(shop) == before


def test_an_open_transaction_is_named_by_the_status(shop: Project) -> None:
    shown = shop.python(
        """
        from django.core.management import call_command
        from django.db import transaction

        with transaction.atomic():
            call_command("db_status")
        """
    )

    assert shown.code == 0, str(shown)
    assert "A run is refused here: A transaction is open: DDL would commit it." in shown.stdout


def test_autocommit_off_is_named_by_the_plan(shop: Project) -> None:
    shop.settings('DATABASES["default"]["AUTOCOMMIT"] = False')

    shown = shop.succeeds("db_migrate", "--plan")

    assert "A run is refused here: The database 'default' has AUTOCOMMIT off" in shown.stdout


def test_a_good_server_is_not_spoken_of(shop: Project) -> None:
    for command in SHOWS:
        shown = shop.run(*command).stdout
        assert "refused" not in shown
    assert shop.run("db_status", "--json").json["refused"] == []


# ---- what the variables mean ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "setup"),
    [
        ({}, Setup()),
        ({"read_only": "ON"}, Setup(read_only=True)),
        ({"super_read_only": "ON"}, Setup(read_only=True)),
        ({"read_only": "NO_LOCK_NO_ADMIN"}, Setup(read_only=True)),  # MariaDB 12
        ({"read_only": "OFF", "super_read_only": "OFF"}, Setup()),
        ({"wsrep_on": "ON"}, Setup(multi_primary=True)),
        ({"innodb_read_only": "ON"}, Setup(read_only=True)),
        ({"group_replication_single_primary_mode": "OFF"}, Setup(multi_primary=True)),
        ({"group_replication_single_primary_mode": "ON"}, Setup()),
        ({"log_bin": "ON", "binlog_format": "ROW"}, Setup(logs=True)),
        ({"log_bin": "ON", "binlog_format": "MIXED"}, Setup(logs=True)),
        ({"log_bin": "ON", "binlog_format": "STATEMENT"}, Setup(logs=True, statement_log=True)),
        ({"log_bin": "ON", "sql_log_bin": "OFF", "binlog_format": "STATEMENT"}, Setup()),
        ({"log_bin": "OFF", "binlog_format": "STATEMENT"}, Setup()),
        ({"transaction_read_only": "ON"}, Setup(read_only_session=True)),
        ({"tx_read_only": "ON"}, Setup(read_only_session=True)),
        ({"tx_isolation": "READ-COMMITTED"}, Setup(isolation="READ-COMMITTED")),
    ],
)
def test_what_a_server_s_variables_mean(variables: dict[str, str], setup: Setup) -> None:
    assert read_setup(variables) == setup


@pytest.mark.parametrize(
    ("setup", "says"),
    [
        (Setup(), ""),
        (Setup(replica_of="db1:3306", read_only=True), "is read-only"),
        (Setup(replica_of="db1:3306"), "is a replica of db1:3306 that takes writes"),
        (Setup(multi_primary=True), "is a node of a multi-primary cluster"),
        (Setup(statement_log=True, isolation="READ-COMMITTED"), "would refuse every write"),
        (Setup(statement_log=True), ""),
    ],
)
def test_what_keeps_a_run_from_its_beginning(setup: Setup, says: str) -> None:
    found = judged(setup, "MySQL 9")

    assert [says in refusal.what for refusal in found.refusals] == ([True] if says else [])
    assert all(refusal.then for refusal in found.refusals)


@pytest.mark.parametrize(("logs", "errant"), [(True, True), (False, False)])
def test_only_a_replica_with_a_binary_log_gets_errant_transactions(
    logs: bool, errant: bool
) -> None:
    setup = Setup(replica_of="db1:3306", logs=logs)
    (refusal,) = judged(setup, "MySQL 9").refusals

    assert ("its GTIDs would be errant ones" in refusal.what) is errant
    assert not judged(setup, "MySQL 9", takes_writes=True).refusals
