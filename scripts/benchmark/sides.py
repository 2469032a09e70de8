"""The commands that are timed, each by its name: what runs, where, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.benchmark import drizzle
from scripts.benchmark.measuring import Side
from scripts.benchmark.subjects import (
    Subject,
    bring_to_head,
    copy_of,
    make_changed_copy,
    statements_file,
)

LOOP = Path(__file__).with_name("loop.py")
SNAPSHOT = "schema.sql"
TEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_one.py")


def _manage(
    subject: Subject,
    name: str,
    *command: str,
    database: str,
    prepare: Callable[[], None],
    stock: bool = False,
) -> Side:
    program = "manage_stock.py" if stock else "manage.py"
    return Side(
        name,
        (subject.python, program, *command),
        subject.path,
        subject.variables(database),
        prepare,
    )


def start(subject: Subject) -> Side:
    """Python, Django, the project's apps and models; nothing else."""
    database = subject.database("head")
    return _manage(subject, "start", "version", database=database, prepare=_nothing)


def stock_start(subject: Subject) -> Side:
    database = subject.database("stock")
    return _manage(
        subject, "stock_start", "version", database=database, prepare=_nothing, stock=True
    )


def fresh(subject: Subject) -> Side:
    database = subject.database("fresh")
    empty = partial(subject.server.empty, database)
    return _manage(subject, "fresh", "db_migrate", database=database, prepare=empty)


def replay(subject: Subject) -> Side:
    database = subject.database("replay")
    empty = partial(subject.server.empty, database)
    return _manage(subject, "replay", "db_migrate", "--replay", database=database, prepare=empty)


def stock(subject: Subject) -> Side:
    """Django's own migrate, of the same site without NestFlux."""
    database = subject.database("stock")
    empty = partial(subject.server.empty, database)
    return _manage(
        subject, "stock", "migrate", "--noinput", database=database, prepare=empty, stock=True
    )


def client(subject: Subject) -> Side:
    """The plain client, reading schema.sql."""
    return _client(subject, "client", subject.history.path / SNAPSHOT)


def client_files(subject: Subject) -> Side:
    """The plain client, reading every file one after the other."""
    whole = statements_file(subject, subject.database("files"), []).with_suffix(".sql")
    entries = subject.history.journal.entries
    texts = (subject.history.up_path(entry.name).read_text(encoding="utf-8") for entry in entries)
    whole.write_text("\n".join(texts), encoding="utf-8")
    return _client(subject, "client_files", whole)


def _client(subject: Subject, name: str, text: Path) -> Side:
    database = subject.database(name)
    return Side(
        name,
        subject.server.client(database),
        subject.path,
        subject.variables(database),
        partial(subject.server.empty, database),
        text,
    )


def client_start(subject: Subject) -> Side:
    """The plain client with nothing to read."""
    database = subject.database("head")
    command = subject.server.client(database)
    at_head = partial(bring_to_head, subject)
    return Side("client_start", command, subject.path, subject.variables(database), at_head)


def loop(subject: Subject) -> Side:
    """The same statements, sent by mysqlclient and nothing else."""
    return _loop(subject, "loop", subject.statements())


def loop_start(subject: Subject) -> Side:
    """The same program with no statement to send."""
    return _loop(subject, "loop_start", [])


def _loop(subject: Subject, name: str, statements: list[str]) -> Side:
    database = subject.database(name)
    path = statements_file(subject, database, statements)
    return Side(
        name,
        (subject.python, str(LOOP), str(path)),
        subject.path,
        subject.variables(database),
        partial(subject.server.empty, database),
    )


def pending(subject: Subject) -> Side:
    """db_migrate on a database that has everything."""
    at_head = partial(bring_to_head, subject)
    database = subject.database("head")
    return _manage(subject, "pending", "db_migrate", database=database, prepare=at_head)


def unchanged(subject: Subject) -> Side:
    """db_generate where nothing changed."""
    at_head = partial(bring_to_head, subject)
    database = subject.database("head")
    command = ("db_generate", "--noinput")
    return _manage(subject, "unchanged", *command, database=database, prepare=at_head)


def stock_unchanged(subject: Subject) -> Side:
    """Django's makemigrations --check of the same site."""
    at_head = partial(bring_to_head, subject)
    database = subject.database("head")
    command = ("makemigrations", "--check")
    side = _manage(
        subject, "stock_unchanged", *command, database=database, prepare=at_head, stock=True
    )
    # 1: a package's models and migrations differ.
    return replace(side, codes=(0, 1) if subject.kind == "real" else (0,))


def drizzle_unchanged(subject: Subject) -> Side:
    """drizzle-kit generate on the same tables, where nothing changed."""
    return drizzle.unchanged(subject)


def column(subject: Subject) -> Side:
    """db_generate where a model got one column."""
    database = subject.database("head")

    def prepare() -> None:
        bring_to_head(subject)
        make_changed_copy(subject)

    command = ("db_generate", "--noinput", "--name", "one_more")
    return _manage(copy_of(subject), "column", *command, database=database, prepare=prepare)


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


def _pytest(subject: Subject, name: str, settings: str, option: str) -> Side:
    return Side(
        name,
        (subject.python, *TEST, option, f"--ds={settings}"),
        subject.path,
        {**subject.variables(subject.database(name)), **subject.test_environment},
    )


def _nothing() -> None:
    """Needs no database."""


SIDES: dict[str, Callable[[Subject], Side]] = {
    made.__name__: made
    for made in (
        start, stock_start, fresh, replay, stock, client, client_files, client_start, loop,
        loop_start, pending, unchanged, stock_unchanged, drizzle_unchanged, column, stock_column,
        tests, tests_start, stock_tests, stock_tests_start,
    )
}  # fmt: skip
