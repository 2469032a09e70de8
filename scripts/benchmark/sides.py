"""The commands that are timed, each by its name: what runs, where, and what it finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from nestflux.database.numbers import NO_SUCH_TABLE
from scripts.benchmark import migrators
from scripts.benchmark.comparing import must_be_equal
from scripts.benchmark.link import Link
from scripts.benchmark.measuring import Side, time_once
from scripts.benchmark.subjects import (
    Subject,
    bring_to_head,
    copy_of,
    make_changed_copy,
    statements_file,
)

LOOP = Path(__file__).with_name("loop.py")
SNAPSHOT = "schema.sql"
# The guard of the lock names the connection that took it.
_GUARDED = re.compile(r"(CONNECTION_ID\(\)) = \d+")
TEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_one.py")


def start(subject: Subject) -> Side:
    """Python, Django, the project's apps and models; nothing else."""
    return _manage(subject, "start", "version", database="head")


def stock_start(subject: Subject) -> Side:
    return _manage(subject, "stock_start", "version", database="stock", stock=True)


def fresh(subject: Subject) -> Side:
    return _building(subject, _manage(subject, "fresh", "db_migrate", database="fresh"))


def replay(subject: Subject) -> Side:
    command = ("db_migrate", "--replay")
    return _building(subject, _manage(subject, "replay", *command, database="replay"))


def stock(subject: Subject) -> Side:
    """Django's own migrate, of the same site without NestFlux."""
    command = ("migrate", "--noinput")
    return _building(subject, _manage(subject, "stock", *command, database="stock", stock=True))


def client(subject: Subject) -> Side:
    """The plain client, reading schema.sql."""
    snapshot = subject.history.path / SNAPSHOT
    side = _side(subject, "client", subject.server.client(subject.database("client")))
    return _building(subject, replace(side, reads=snapshot))


def client_start(subject: Subject) -> Side:
    """The plain client with nothing to read."""
    return _at_head(
        subject,
        _side(subject, "client_start", subject.server.client(subject.database("head")), "head"),
    )


def loop(subject: Subject) -> Side:
    """The same statements, sent by mysqlclient and nothing else."""
    statements = [statement for file in subject.files() for statement in file.statements]
    return _building(subject, _loop(subject, "loop", statements))


def resent(subject: Subject) -> Side:
    """What ``replay`` sends, the ledger's part in it, sent by mysqlclient and nothing else."""
    with Link(subject.server) as link:
        linked = replace(subject, server=link.server)
        sent = _manage(linked, "resent", "db_migrate", "--replay", database="resent")
        time_once(replace(sent, prepare=partial(subject.server.empty, subject.database("resent"))))
    queries = [_GUARDED.sub(r"\1 = \1", query) for query in link.queries]
    side = _loop(subject, "resent", queries)
    # It asks for a ledger that is not there yet.
    return _building(subject, replace(side, command=(*side.command, str(NO_SUCH_TABLE))))


def loop_start(subject: Subject) -> Side:
    """The same program with no statement to send."""
    return _at_head(subject, _loop(subject, "loop_start", [], "head"))


def dbmate(subject: Subject) -> Side:
    """The same files, applied by dbmate."""
    url = migrators.dbmate_url(subject.server, subject.database("dbmate"))
    side = _side(subject, "dbmate", (*migrators.dbmate(subject), "migrate"))
    return _building(subject, replace(side, environment={**side.environment, "DATABASE_URL": url}))


def dbmate_start(subject: Subject) -> Side:
    return _side(subject, "dbmate_start", (*migrators.dbmate_program(), "--version"))


def drizzle(subject: Subject) -> Side:
    """The same files, applied by drizzle-orm's migrator."""
    command = migrators.drizzle(subject, subject.database("drizzle"))
    return _building(subject, _side(subject, "drizzle", command))


def drizzle_start(subject: Subject) -> Side:
    """node with drizzle-orm and mysql2, and no migrations."""
    return _side(subject, "drizzle_start", migrators.drizzle_program())


def pending(subject: Subject) -> Side:
    """db_migrate on a database that has everything."""
    return _at_head(subject, _manage(subject, "pending", "db_migrate", database="head"))


def unchanged(subject: Subject) -> Side:
    """db_generate where nothing changed."""
    command = ("db_generate", "--noinput")
    return _at_head(subject, _manage(subject, "unchanged", *command, database="head"))


def stock_unchanged(subject: Subject) -> Side:
    """Django's makemigrations --check of the same site."""
    command = ("makemigrations", "--check")
    side = _manage(subject, "stock_unchanged", *command, database="head", stock=True)
    # 1: a package's models and migrations differ.
    codes = (0, 1) if subject.kind == "real" else (0,)
    return _at_head(subject, replace(side, codes=codes))


def column(subject: Subject) -> Side:
    """db_generate where a model got one column."""

    def prepare() -> None:
        bring_to_head(subject)
        make_changed_copy(subject)

    command = ("db_generate", "--noinput", "--name", "one_more")
    side = _manage(copy_of(subject), "column", *command, database="head")
    return replace(side, prepare=prepare)


def stock_column(subject: Subject) -> Side:
    """Django's makemigrations of the same."""
    side = column(subject)
    command = (subject.python, "manage_stock.py", "makemigrations")
    return replace(side, name="stock_column", command=command)


def tests(subject: Subject) -> Side:
    """One test that touches the database."""
    return _pytest(subject, "tests", subject.settings, "--create-db")


def tests_start(subject: Subject) -> Side:
    """pytest that finds this test and runs none."""
    return _pytest(subject, "tests_start", subject.settings, "--collect-only")


def stock_tests(subject: Subject) -> Side:
    return _pytest(subject, "stock_tests", "stock_settings", "--create-db")


def stock_tests_start(subject: Subject) -> Side:
    return _pytest(subject, "stock_tests_start", "stock_settings", "--collect-only")


def through(link: Link, name: str, subject: Subject) -> Side:
    """The side of that name, whose command goes over the link; what prepares and checks it goes
    past it."""
    linked = SIDES[name](replace(subject, server=link.server))
    return replace(SIDES[name](subject), command=linked.command, environment=linked.environment)


def _side(subject: Subject, name: str, command: tuple[str, ...], database: str = "") -> Side:
    """A command in the project's folder. ``database``: of that purpose, where it is not ``name``'s
    own."""
    variables = subject.variables(subject.database(database or name))
    return Side(name, command, subject.path, variables)


def _manage(subject: Subject, name: str, *command: str, database: str, stock: bool = False) -> Side:
    program = "manage_stock.py" if stock else "manage.py"
    return _side(subject, name, (subject.python, program, *command), database)


def _loop(subject: Subject, name: str, statements: list[str], database: str = "") -> Side:
    path = statements_file(subject, statements)
    connect = json.dumps(subject.server.login(subject.database(database or name)))
    return _side(subject, name, (subject.python, str(LOOP), str(path), connect), database)


def _pytest(subject: Subject, name: str, settings: str, option: str) -> Side:
    side = _side(subject, name, (subject.python, *TEST, option, f"--ds={settings}"))
    return replace(side, environment={**side.environment, **subject.test_environment})


def _building(subject: Subject, side: Side) -> Side:
    """The side with an empty database of its name before each run, and after it the question
    whether it built the schema of the history."""
    database = subject.database(side.name)

    def check() -> None:
        bring_to_head(subject)
        must_be_equal(subject.server, subject.database("head"), database)

    return replace(side, prepare=partial(subject.server.empty, database), check=check)


def _at_head(subject: Subject, side: Side) -> Side:
    """The side, which finds the database that has everything."""
    return replace(side, prepare=partial(bring_to_head, subject))


SIDES: dict[str, Callable[[Subject], Side]] = {
    made.__name__: made
    for made in (
        start, stock_start, fresh, replay, stock, client, client_start, loop, resent, loop_start,
        dbmate, dbmate_start, drizzle, drizzle_start, pending, unchanged, stock_unchanged, column,
        stock_column, tests, tests_start, stock_tests, stock_tests_start,
    )
}  # fmt: skip
