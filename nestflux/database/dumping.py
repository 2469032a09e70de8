"""A dump of some tables by the server's own tool, consistent and checked.

The tool opens a connection of its own and only reads: a run's named lock is no table's lock, and
what reads a table waits for nobody but an ALTER of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.backends.mysql.client import DatabaseClient

from nestflux.database.server import FAMILY_NAMES, schema_name
from nestflux.exceptions import BackupFailed, Refused

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.database.server import Server

PROGRAMS = {"mariadb": ("mariadb-dump", "mysqldump"), "mysql": ("mysqldump",)}
# Manual "mysqldump": one transaction sees one moment of every InnoDB table and locks none; a row an
# INSERT and its columns named, so that rows can be counted and read line by line; binary values as
# hex. No DROP TABLE, so that nobody who loads the file by hand replaces a table that lives. No
# tablespaces: they ask for the privilege PROCESS.
_OPTIONS = (
    "--single-transaction",
    "--skip-lock-tables",
    "--quick",
    "--hex-blob",
    "--complete-insert",
    "--skip-extended-insert",
    "--no-autocommit",
    "--skip-add-drop-table",
    "--skip-add-locks",
    "--skip-disable-keys",
    "--skip-triggers",
    "--tz-utc",
    "--no-tablespaces",
    "--max-allowed-packet=1G",
    "--default-character-set=utf8mb4",
)
# A dump with GTIDs takes FLUSH TABLES WITH READ LOCK; masking policies (9.x) ask for rights on the
# mysql schema, and an older tool does not know the option.
_MYSQL_OPTIONS = ("--set-gtid-purged=OFF", "--loose-skip-masking-policies")
_COMPLETE = b"-- Dump completed"
INSERT = b"INSERT INTO `"


@dataclass(frozen=True)
class Tool:
    """A dump program: where it is, and what it says of itself."""

    path: str
    version: str


@dataclass(frozen=True)
class Dump:
    """A complete dump. ``rows``: by table, as they stand in it."""

    rows: Mapping[str, int]
    size: int  # bytes
    sha256: str


def find_tool(family: str) -> Tool:
    """The dump tool of a server family. Raises Refused where PATH has none, or another family's."""
    names = PROGRAMS[family]
    found = next((path for name in names if (path := shutil.which(name))), None)
    then = f"install the client programs of {FAMILY_NAMES[family]}, or decline: --no-backup"
    if found is None:
        raise Refused(
            f"No backup can be taken: PATH has no {' and no '.join(names)}.",
            stands="nothing was run",
            then=then,
        )
    try:
        done = subprocess.run(  # noqa: S603 found in PATH, as Django finds its programs
            [found, "--version"], capture_output=True, text=True, errors="replace", check=False
        )
        said = (done.stdout or done.stderr).strip()
    except OSError as error:
        raise Refused(
            f"No backup can be taken: {found} cannot be started: {error.strerror}.",
            stands="nothing was run",
            then=then,
        ) from None
    theirs = "mariadb" if "mariadb" in said.lower() else "mysql"
    if theirs != family:
        raise Refused(
            f"No backup can be taken: {found} is {FAMILY_NAMES[theirs]}'s ({said}), and the "
            f"server is {FAMILY_NAMES[family]}.",
            stands="nothing was run",
            then=then,
        )
    return Tool(found, said)


def dump(
    connection: BaseDatabaseWrapper,
    server: Server,
    tool: Tool,
    tables: Sequence[str],
    path: Path,
    *,
    where: str = "",
) -> Dump:
    """Dump tables into a new file that only its owner reads. Raises BackupFailed.

    Args:
        where: a condition in SQL, which the rows meet that are dumped; empty: all.
    """
    arguments, environment = _connecting(connection)
    options = (*_OPTIONS, *(_MYSQL_OPTIONS if server.family == "mysql" else ()))
    options += (f"--where={where}",) if where else ()
    # ``--`` ends the options: a table's name may begin with one.
    command = [tool.path, *arguments[:-1], *options, "--", arguments[-1], *tables]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            done = subprocess.run(  # noqa: S603 no shell; names stand behind --
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.PIPE,
                env=environment,
                check=False,
            )
            os.fsync(file.fileno())
        said = " ".join(done.stderr.decode(errors="replace").split())
        if done.returncode != 0:
            raise BackupFailed(f"{tool.path} failed ({_ending(done.returncode)}): {said}")
        found = read_dump(path)
    except OSError as error:
        raise BackupFailed(f"{path.parent} cannot be written: {error.strerror}.") from None
    if found is None:
        raise BackupFailed(f"{tool.path} ended before the dump was complete. {said}".rstrip())
    rows = {asked_name(name, tables): count for name, count in found.rows.items()}
    return Dump({table: rows.get(table, 0) for table in tables}, found.size, found.sha256)


def asked_name(dumped: str, tables: Collection[str]) -> str:
    """The table, as it was asked for, whose name a dump writes as the server does: in lower case,
    where it compares names without case."""
    if dumped in tables:
        return dumped
    return next((table for table in tables if table.lower() == dumped), dumped)


def _ending(code: int) -> str:
    return f"exit code {code}" if code > 0 else f"signal {-code}"


def _connecting(connection: BaseDatabaseWrapper) -> tuple[list[str], dict[str, str]]:
    """Arguments, the schema last, and the environment, which holds the password."""
    given = connection.settings_dict
    settings: dict[str, Any] = {**given, "OPTIONS": dict(given["OPTIONS"])}
    socket = settings["OPTIONS"].pop("unix_socket", None)
    settings["OPTIONS"].pop("charset", None)
    settings["OPTIONS"]["database"] = schema_name(connection)
    settings["HOST"] = socket or settings["HOST"]
    arguments, secret = DatabaseClient.settings_to_cmd_args_env(settings, [])
    return arguments[1:], {**os.environ, **(secret or {})}


def read_dump(path: Path) -> Dump | None:
    """Count and hash a dump; None where it is not complete."""
    digest = hashlib.sha256()
    rows: dict[str, int] = {}
    last = b""
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            if line.startswith(INSERT):
                table, _ = _table_of(line)
                rows[table] = rows.get(table, 0) + 1
            if line.strip():
                last = line
    if not last.startswith(_COMPLETE):
        return None
    return Dump(rows, path.stat().st_size, digest.hexdigest())


def _table_of(line: bytes) -> tuple[str, int]:
    """The table of an INSERT line, and where the rest begins."""
    start = end = len(INSERT)
    while True:
        end = line.index(b"`", end)
        if line[end + 1 : end + 2] != b"`":
            break
        end += 2
    return line[start:end].decode().replace("``", "`"), end + 1


@dataclass(frozen=True)
class DumpedRow:
    """A line of a dump that makes a row: its columns as they stand there, its values as SQL."""

    table: str
    columns: str
    values: bytes


def dumped_tables(path: Path, tables: Collection[str]) -> dict[str, str]:
    """The CREATE TABLE statements of a dump of these tables, by table."""
    found: dict[str, str] = {}
    lines: list[str] = []
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"CREATE TABLE `"):
                lines = [line.decode()]
            elif lines:
                lines.append(line.decode())
            if lines and line.rstrip().endswith(b";"):
                text = "".join(lines).rstrip().removesuffix(";")
                name, _ = _table_of(INSERT + text.removeprefix("CREATE TABLE `").encode())
                found[asked_name(name, tables)] = text
                lines = []
    return found


def dumped_rows(path: Path, tables: Collection[str]) -> Iterator[DumpedRow]:
    """The rows of a dump of these tables, in its order."""
    with path.open("rb") as file:
        for line in file:
            if line.startswith(INSERT):
                table, end = _table_of(line)
                columns, _, values = line[end:].partition(b") VALUES (")
                row = b"(" + values.rstrip(b"\r\n").removesuffix(b";")
                yield DumpedRow(asked_name(table, tables), f"{columns.strip().decode()})", row)
