"""The files of a history in the formats of other migrators, each of which runs the same statements:
dbmate, and the one of drizzle-orm."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from scripts.benchmark import npm
from scripts.benchmark.servers import BenchmarkError, Server
from scripts.benchmark.subjects import SqlFile, Subject, write

# The tables in which each of them writes down what ran.
OWN_TABLES = frozenset({"schema_migrations", "__drizzle_migrations"})
DRIZZLE_PROGRAM = Path(__file__).with_name("drizzle_migrate.mjs")

_BREAKPOINT = "--> statement-breakpoint"
# A line that dbmate takes for one of its own (pkg/dbmate/migration.go).
_BLOCK = re.compile(r"(?m)^\s*--\s*migrate:")


def as_dbmate(files: Sequence[SqlFile]) -> dict[str, str]:
    """Texts by file name. dbmate sends what stands under ``migrate:up`` as one packet of several
    statements: the server takes them apart, so that compound bodies need no DELIMITER.

    Raises:
        BenchmarkError: where a statement holds a line that dbmate would read as its own.
    """
    found = {}
    for number, file in enumerate(files, start=1):
        for statement in file.statements:
            if _BLOCK.search(statement):
                raise BenchmarkError(f"dbmate would cut a statement of {file.name} in two")
        # On a line of its own: a comment may end a statement, and would swallow it.
        statements = "\n;\n".join(file.statements)
        found[f"{number:014d}_{file.name}.sql"] = (
            f"-- migrate:up\n{statements}\n;\n\n-- migrate:down\n"
        )
    return found


def as_drizzle(files: Sequence[SqlFile]) -> dict[str, str]:
    """Texts by path, the journal among them. drizzle-orm sends the parts between its marks one by
    one.

    Raises:
        BenchmarkError: where a statement holds such a mark.
    """
    entries, found = [], {}
    for number, file in enumerate(files):
        for statement in file.statements:
            if _BREAKPOINT in statement:
                raise BenchmarkError(f"drizzle-orm would cut a statement of {file.name} in two")
        tag = f"{number:04d}_{file.name}"
        found[f"{tag}.sql"] = f"\n{_BREAKPOINT}\n".join(file.statements)
        # What is newer than the last one that ran is pending, by its time.
        entries.append(
            {"idx": number, "version": "5", "when": number + 1, "tag": tag, "breakpoints": True}
        )
    journal = {"version": "7", "dialect": "mysql", "entries": entries}
    return {**found, "meta/_journal.json": json.dumps(journal, indent=1)}


def dbmate(subject: Subject) -> tuple[str, ...]:
    """The command, without what it is to do. Raises LeftOutError without npm."""
    folder = _written(subject, "dbmate", as_dbmate(subject.files()))
    return (*dbmate_program(), "--no-dump-schema", "--migrations-dir", str(folder))


def dbmate_program() -> tuple[str, ...]:
    """Its own binary, without the node program around it that only starts it."""
    found = sorted((npm.modules() / "@dbmate").glob("*/bin/dbmate*"))
    if len(found) != 1:
        raise BenchmarkError(f"npm installed {len(found)} programs of dbmate in {npm.ROOM}, not 1")
    return (str(found[0]),)


def dbmate_url(server: Server, database: str) -> str:
    """As dbmate wants it: a socket has another name there, and so have all other options, which
    are left out."""
    arguments = server.arguments()
    login = urlsplit(server.address).netloc.rpartition("@")[0]
    place, options = f"{arguments.get('host', '')}:{arguments.get('port', '')}", {}
    if "unix_socket" in arguments:
        place, options = "", {"socket": arguments["unix_socket"]}
    query = urlencode(options, safe="/")
    return urlunsplit(("mysql", f"{login}@{place}", f"/{database}", query, ""))


def drizzle(subject: Subject, database: str) -> tuple[str, ...]:
    """The command, its migrations and where it connects to; the password is MYSQL_PWD of the
    environment. Raises LeftOutError without npm."""
    folder = _written(subject, "drizzle", as_drizzle(subject.files()))
    connect = subject.server.login(database)
    if "unix_socket" in connect:  # mysql2 calls it otherwise
        connect["socketPath"] = connect.pop("unix_socket")
    return (*drizzle_program(), str(folder), json.dumps(connect))


def drizzle_program() -> tuple[str, ...]:
    """Beside what it imports: node looks for packages there."""
    program = npm.modules().parent / DRIZZLE_PROGRAM.name
    shutil.copy(DRIZZLE_PROGRAM, program)
    return ("node", str(program))


def _written(subject: Subject, name: str, texts: dict[str, str]) -> Path:
    folder = subject.room / "work" / f"{subject.server.family}-{subject.name}-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in texts.items():
        write(folder / path, text)
    return folder
