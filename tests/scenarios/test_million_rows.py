"""A table with a million rows, where an ALTER takes seconds and can be met in the middle.

One table for the module: each test begins with the ALTER pending, and undoes it first where an
earlier one applied it (dropping a column moves no rows).
"""

from __future__ import annotations

import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.applying.at_once import ended, run_together, until
from tests.scenario import Outcome, Project, TestServer, kill, new_project

PRODUCT = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(default=1)
"""
# Computing the column costs each row what a faster disk would save: met in the middle anywhere.
NOTE = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "ALTER TABLE shop_product ADD COLUMN note varchar(20) GENERATED ALWAYS AS "
                "(IF(LENGTH(SHA2(REPEAT(name, 60), 512)) = 128, 'none', '')) STORED, "
                "ALGORITHM=COPY",
                "ALTER TABLE shop_product DROP COLUMN note",
            )
        ]
"""
DEARER = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_note")]
        operations = [
            migrations.RunSQL("UPDATE shop_product SET price = price + 1",
                              "UPDATE shop_product SET price = price - 1"),
        ]
"""
DOUBLINGS = 20
ROWS = 2**DOUBLINGS
NOTED = ("db_migrate", "--to", "0002")
DONE = "0002_note.sql, statement 1 was in flight and is done: the schema shows that it ran"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Project]:
    path = tmp_path_factory.mktemp("million")
    database = f"nf_{secrets.token_hex(5)}"
    project = new_project(path, server, database, {"shop": {"models.py": PRODUCT}})
    try:
        project.succeeds("db_generate", "--name", "first", "--noinput")
        project.succeeds("db_migrate")
        for number, (name, text) in enumerate([("note", NOTE), ("dearer", DEARER)], start=2):
            project.write(f"shop/migrations/{number:04d}_{name}.py", text)
            project.succeeds("db_generate", "--name", name, "--noinput")
        project.sql("INSERT INTO shop_product (name, price) VALUES ('a name of some length', 10)")
        for _ in range(DOUBLINGS):
            project.sql(
                "INSERT INTO shop_product (name, price) SELECT name, price FROM shop_product"
            )
        yield project
    finally:
        server.drop_all(database)


@pytest.fixture
def big(filled: Project) -> Project:
    """A million rows; pending are the ALTER that copies them and the UPDATE of all of them."""
    if "note" in filled.columns("shop_product"):
        filled.succeeds("db_rollback", "--to", "0001", "--yes")
    return filled


@contextmanager
def _met_in_the_middle(
    project: Project, sql: str, *command: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A deploy whose connection is at a statement that begins so; gives both."""
    process = project.start(*command)
    found: list[int] = []

    def at_work() -> bool:
        rows = project.sql(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s AND INFO LIKE %s "
            "AND STATE IN ('copy to tmp table', 'Updating', 'updating')",
            [project.database, f"{sql}%"],
        )
        found[:] = [int(identity) for (identity,) in rows]
        return bool(found)

    until(at_work, [process])
    try:
        yield process, found[0]
    finally:
        if process.poll() is None:
            kill(process)


def _alters(project: Project) -> int:
    """ALTER TABLE statements that the server was given since it started, by whomever."""
    ((_, value),) = project.sql("SHOW GLOBAL STATUS LIKE 'Com_alter_table'")
    return int(value)


def _tries(project: Project, name: str = "0002_note") -> int:
    rows = project.sql(
        "SELECT s.tries FROM nestflux_statement s JOIN nestflux_sql_migration m "
        "ON m.id = s.sql_migration_id AND m.attempt = s.attempt AND m.direction = s.direction "
        "WHERE m.name = %s",
        [name],
    )
    return int(rows[0][0])


def _require_noted(project: Project, outcome: Outcome) -> None:
    assert outcome.code == 0, str(outcome)
    assert project.sql("SELECT COUNT(*) FROM shop_product WHERE note = 'none'") == [(ROWS,)]
    (file,) = [f for f in _files(project) if f["name"] == "0002_note"]
    assert file["state"] == "applied"


def _files(project: Project) -> list[dict[str, object]]:
    files: list[dict[str, object]] = project.succeeds("db_status", "--json").json["files"]
    return files


def test_a_deploy_that_is_killed_leaves_an_alter_that_the_next_waits_for(big: Project) -> None:
    before = _alters(big)
    with _met_in_the_middle(big, "ALTER", *NOTED) as (deploy, connection):
        kill(deploy)
        finished = big.run(*NOTED)

    _require_noted(big, finished)
    assert f"Waiting for another deploy: connection {connection}, db_migrate on " in finished.stdout
    assert "at statement 1 of 1 of 0002_note.sql, running for " in finished.stdout
    assert f"pid {deploy.pid}, which stopped in 0002_note.sql" in finished.stdout
    assert DONE in finished.stdout
    assert (_alters(big) - before, _tries(big)) == (1, 1)


def test_eight_deploys_at_once_alter_it_once(big: Project) -> None:
    before = _alters(big)

    together = run_together(big, [NOTED] * 8)

    assert [outcome.code for outcome in together.outcomes] == [0] * 8, str(together)
    assert len(together.saying("✓ Applied migration: 0002_note.sql")) == 1
    assert len(together.saying(", which applied 0002_note.sql")) == 7, str(together)
    _require_noted(big, together.outcomes[0])
    assert (_alters(big) - before, _tries(big)) == (1, 1)


def test_an_alter_that_an_administrator_ends_is_run_by_the_next(big: Project) -> None:
    with _met_in_the_middle(big, "ALTER", *NOTED) as (deploy, connection):
        big.sql(f"KILL QUERY {connection}")
        stops = ended(deploy)
    columns = big.columns("shop_product")

    finished = big.run(*NOTED)

    assert stops.code == 1, str(stops)
    assert "Somebody ended the statement (KILL)" in stops.stderr
    assert "and statement 1 changed nothing" in stops.stderr
    assert "note" not in columns
    assert "failed in an earlier run; running it again: it changed nothing" in finished.stdout
    _require_noted(big, finished)
    assert _tries(big) == 2


def test_a_connection_that_an_administrator_ends_is_reported_and_resumed(big: Project) -> None:
    with _met_in_the_middle(big, "ALTER", *NOTED) as (deploy, connection):
        big.sql(f"KILL CONNECTION {connection}")
        stops = ended(deploy)
        finished = big.run(*NOTED)

    assert stops.code == 1, str(stops)
    assert "The connection was lost in 0002_note.sql, statement 1 of 1" in stops.stderr
    assert "statement 1 was in flight; running it again: the schema shows that it did not run" in (
        finished.stdout
    )
    _require_noted(big, finished)
    assert _tries(big) == 2


def test_a_deploy_that_works_is_not_ended_for_working_long(big: Project) -> None:
    with _met_in_the_middle(big, "ALTER", *NOTED, "--lock", "HEARTBEAT=0.1") as (deploy, _):
        waited = big.run(*NOTED, "--lock", "STALE_AFTER=1", "--lock", "HEARTBEAT=0.3")
        worked = ended(deploy)

    assert worked.code == 0, str(worked)
    assert "Ended a deploy" not in waited.stdout
    assert f"pid {deploy.pid}, which applied 0002_note.sql" in waited.stdout
    _require_noted(big, waited)
    assert _tries(big) == 1


def test_a_frozen_deploy_is_not_ended_while_its_alter_works(big: Project) -> None:
    before = _alters(big)
    with _met_in_the_middle(big, "ALTER", *NOTED, "--lock", "HEARTBEAT=0.1") as (
        frozen,
        connection,
    ):
        frozen.send_signal(signal.SIGSTOP)
        finished = big.run(*NOTED, "--lock", "STALE_AFTER=0.3", "--lock", "HEARTBEAT=0.1")
        frozen.send_signal(signal.SIGCONT)
        stops = ended(frozen)

    spared = f"for its connection is running a statement: connection {connection}, "
    ended_line = f"Ended a deploy without a heartbeat: connection {connection}, "
    assert spared in finished.stdout, str(finished)
    assert finished.stdout.index(spared) < finished.stdout.index(ended_line)
    assert DONE in finished.stdout
    _require_noted(big, finished)
    assert (_alters(big) - before, _tries(big)) == (1, 1)
    assert stops.code == 1


def test_an_update_whose_deploy_is_killed_is_finished_by_the_server_and_runs_once(
    big: Project,
) -> None:
    """Its row in the ledger and its COMMIT came in the same packet."""
    big.succeeds(*NOTED)
    with _met_in_the_middle(big, "UPDATE", "db_migrate") as (deploy, connection):
        kill(deploy)
        finished = big.run("db_migrate")

    assert finished.code == 0, str(finished)
    assert f"Waiting for another deploy: connection {connection}, " in finished.stdout
    assert ", which applied 0003_dearer.sql" in finished.stdout
    assert big.sql("SELECT price, COUNT(*) FROM shop_product GROUP BY price") == [(11, ROWS)]
    assert _tries(big, "0003_dearer") == 1


def test_a_person_at_a_terminal_sees_how_far_a_statement_has_come(
    big: Project, family: str
) -> None:
    shown = big.on_a_terminal("db_migrate", kind="xterm").stdout

    copied = r"stage \d of \d, \d+ %" if family == "mariadb" else r"[\d,]+ of [\d,]+ rows"
    # Where the counts are long the statement gives way, and never the seconds.
    assert re.search(rf"0002_note  1 of 1, copying, {copied}: ALTER TABLE s.*… \S*0:00:0\d", shown)
    assert re.search(r"0003_dearer  1 of 1, [\d,]+ rows changed: UPDATE shop_product", shown)
    assert "✓ Applied migration: 0003_dearer.sql  (1 statement" in shown
