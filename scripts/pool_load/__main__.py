"""The connection pool under load, all of it: make pool-load.

    python -m scripts.pool_load [mariadb|mysql …] [--requests N]

For each family a private database server, its data thrown away; on it the site under uvicorn and
gunicorn, connected in three ways, the server near and far; then the server is restarted in the
middle. The figures go into docs/production.md, between its markers.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import MySQLdb

from scripts import private_server
from scripts.pool_load.load import GUNICORN, REPOSITORY, UVICORN, Answers, WebServer, ask, serving
from scripts.pool_load.site import TABLES
from scripts.reports import NAMES, ReportError, families_of, table, this_machine, write_figures

DOCUMENT = REPOSITORY / "docs" / "production.md"
BEGIN = "<!-- figures of the pool: written by make pool-load -->"
END = "<!-- end of the figures of the pool -->"
DATABASE = "loaded"
LOCAL = REPOSITORY / ".local" / "pool-load"
FEW, MANY = 12, 400  # max_connections
AT_ONCE = 50
MILLISECONDS = 5  # each way, to the server that is far away
_FAR_SHARE = 5  # of the requests one in so many goes there


@dataclass(frozen=True)
class Way:
    """How the site is connected under a web server, on a server that allows so many connections."""

    web: WebServer
    words: str
    max_connections: int
    pool: int | None = None  # max_size of each process
    age: int = 0


_THREADS = replace(GUNICORN, connects_before_fork=False)
WAYS = (
    Way(UVICORN, "pool, `max_size` 10", FEW, pool=10),
    Way(UVICORN, "`CONN_MAX_AGE` 0", MANY),
    Way(UVICORN, "`CONN_MAX_AGE` 60", MANY, age=60),
    Way(_THREADS, "pool, `max_size` 5 each", FEW, pool=5),
    Way(_THREADS, "`CONN_MAX_AGE` 0", MANY),
    Way(_THREADS, "`CONN_MAX_AGE` 60", MANY, age=60),
)
_WEB = {"uvicorn": "uvicorn, 1 process", "gunicorn": "gunicorn, 2 processes of 25 threads"}


class Database:
    """The private server of a family, made anew, with the site's tables."""

    def __init__(self, family: str) -> None:
        self.server = private_server.Server(f"test-{family}", LOCAL)
        private_server.stop(self.server)
        shutil.rmtree(self.server.folder, ignore_errors=True)
        private_server.start(self.server)
        self.version = str(self.ask("SELECT VERSION()"))
        self.ask(f"CREATE DATABASE {DATABASE}")
        for statement in TABLES:
            self.ask(statement, DATABASE)

    def connect(self, database: str = "") -> Any:
        place = str(self.server.socket)
        return MySQLdb.connect(unix_socket=place, user="root", database=database, autocommit=True)

    def ask(self, sql: str, database: str = "") -> Any:
        """The last column of the first row."""
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            row = cursor.fetchone()
            return row[-1] if row else None
        finally:
            connection.close()

    def entry(self, way: Way, place: str) -> dict[str, Any]:
        pool = {"pool": {"max_size": way.pool}} if way.pool else {}
        return {
            "ENGINE": "nestflux.pooled" if pool else "django.db.backends.mysql",
            "NAME": DATABASE,
            "USER": "root",
            "HOST": place,
            "OPTIONS": pool,
            "CONN_MAX_AGE": way.age,
        }

    @contextmanager
    def far_away(self) -> Iterator[str]:
        """The same server behind a line that takes its time."""
        place = self.server.folder / "far"
        place.unlink(missing_ok=True)
        relay = [sys.executable, "-m", "scripts.pool_load.relay"]
        process = subprocess.Popen(
            [*relay, str(place), str(self.server.socket), str(MILLISECONDS)],
            cwd=REPOSITORY,
            stderr=subprocess.DEVNULL,  # it is ended in the middle of things
        )
        try:
            while not place.exists():
                time.sleep(0.02)
            yield str(place)
        finally:
            process.terminate()
            process.wait()


def loaded(
    database: Database, way: Way, place: str, path: str, requests: int
) -> tuple[Answers, int]:
    """The answers of one run, and the most connections that there were at once."""
    watching = database.connect()
    cursor = watching.cursor()
    cursor.execute(f"SET GLOBAL max_connections = {way.max_connections}")
    cursor.execute("FLUSH STATUS")
    with serving(way.web, database.entry(way, place)) as port:
        # The first ones import half of Django.
        ask(port, right=2 * AT_ONCE, most=2 * AT_ONCE, at_once=AT_ONCE, path=path)
        answers = ask(port, right=requests, most=requests, at_once=AT_ONCE, path=path)
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Max_used_connections'")
        most = int(cursor.fetchone()[1]) - 1  # without the one that watches
    watching.close()
    while int(database.ask("SHOW GLOBAL STATUS LIKE 'Threads_connected'")) > 1:
        time.sleep(0.05)
    return answers, most


def rows_of(database: Database, place: str, requests: int, log: str) -> list[list[str]]:
    rows = []
    for way in WAYS:
        answers, most = loaded(database, way, place, "/", requests)
        others = sum(answers.others.values())
        times = (f"{answers.share(part):.0f}" for part in (0.5, 0.99))
        rate = f"{len(answers.seconds) / answers.took:.0f}"
        rows.append([_WEB[way.web.name], way.words, *times, rate, str(most), str(others)])
        print(log, *rows[-1], flush=True)
    return rows


def mess_and_restart(database: Database, requests: int) -> list[list[str]]:
    rows = []
    for way in (way for way in WAYS if way.pool):
        answers, most = loaded(database, way, str(database.server.socket), "/mess", requests)
        restarted = restarted_in_the_middle(database, way, requests)
        failed = ", ".join(f"{kind}: {count}" for kind, count in sorted(restarted.others.items()))
        found = str(answers.others.get("409", 0))
        errors = str(sum(answers.others.values()) - int(found))
        rows.append([_WEB[way.web.name], way.words, str(most), found, errors, failed or "none"])
        print(*rows[-1], flush=True)
    return rows


def restarted_in_the_middle(database: Database, way: Way, requests: int) -> Answers:
    def restart(answers: Answers) -> None:
        private_server.stop(database.server)
        private_server.start(database.server)

    place = str(database.server.socket)
    with serving(way.web, database.entry(way, place)) as port:
        return ask(port, right=requests, at_once=AT_ONCE, in_background=restart)


def report(family: str, requests: int) -> str:
    database = Database(family)
    heads = ["web server", "connected by", "p50, ms", "p99, ms", "requests a second"]
    heads += ["most connections", "failed"]
    try:
        near = rows_of(database, str(database.server.socket), requests, f"{family}, near:")
        with database.far_away() as place:
            far = rows_of(database, place, requests // _FAR_SHARE, f"{family}, far:")
        mess = mess_and_restart(database, requests)
    finally:
        private_server.stop(database.server)
        shutil.rmtree(database.server.folder, ignore_errors=True)
    mess_heads = [*heads[:2], "most connections", "found another's session", "failed"]
    return "\n\n".join(
        (
            f"**{NAMES[family]} {database.version.split('-')[0]}**, on the same machine:",
            table(heads, near),
            f"The same server, {MILLISECONDS} ms away in each direction, "
            f"{requests // _FAR_SHARE:,} requests a run:",
            table(heads, far),
            "Requests that leave a mess in their sessions; then the server is restarted in the "
            "middle of as many:",
            table([*mess_heads, "while it restarted, status: how many"], mess),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make pool-load", description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="mariadb, mysql; both")
    parser.add_argument("--requests", type=int, default=2000, help="of each run (2000)")
    given = parser.parse_args()
    families = families_of(parser, given.families)
    machine = this_machine()
    parts = [
        f"{given.requests:,} requests a run, {AT_ONCE} at a time, each 3 statements. Servers of a "
        f"site with a pool allow {FEW} connections.",
        f"{machine}; {machine.day}, {machine.commit}.",
    ]
    try:
        parts += [report(family, given.requests) for family in families]
        write_figures(DOCUMENT, "\n\n".join(parts), BEGIN, END)
    except (private_server.ServerError, ReportError) as error:
        print(f"pool-load: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
