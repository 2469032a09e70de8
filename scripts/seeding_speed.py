"""How fast db_seed is, beside LOAD DATA from a ready file and beside drizzle-seed, in one run.

    .venv/bin/python -m scripts.seeding_speed [mariadb] [mysql] [--rows 1000000] [--rounds 3]

A table of ten columns with a unique key and an index, empty each time. Whole processes by the wall
clock, one after the other in rounds, so that what disturbs the machine disturbs all of them:

- ``LOAD DATA``: what the server itself needs for the same rows, from a file that is ready;
- ``db_seed``, and on MySQL ``db_seed`` where the server takes no local files (its default);
- ``drizzle-seed`` on the same table, where node and npm are there.

Keeps what was measured in .local/seeding-speed, and writes the tables between the two marks of
docs/seeding.md, after each server. The servers are the private ones of
``make run``, started where they do not run, or those of SHADOW_MARIADB_URL and SHADOW_MYSQL_URL.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import MySQLdb
import MySQLdb.cursors

from nestflux.wording import counted
from scripts.benchmark import npm
from scripts.benchmark.servers import BenchmarkError, Server
from scripts.benchmark.subjects import write
from scripts.reports import (
    NAMES,
    REPOSITORY,
    ReportError,
    families_of,
    table,
    this_machine,
    write_figures,
)

ROOM = REPOSITORY / ".local" / "seeding-speed"
DOCUMENT = REPOSITORY / "docs" / "seeding.md"
BEGIN = "<!-- figures: written by scripts/seeding_speed.py -->"
END = "<!-- end of the figures -->"
DATABASE = "nf_seeding_speed"
PACKAGES = {"drizzle-seed": "0.3.1", "drizzle-orm": "0.45.4", "mysql2": "3.24.5"}

_MANAGE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from nestflux.management.start import main
main()
"""
_SETTINGS = """
import os
from pathlib import Path
from nestflux.environment import database_from_url

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-figures"
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"], variable="DATABASE_URL")}
INSTALLED_APPS = ["nestflux", "speed"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES = {"speed": None}
USE_TZ = True
"""
_MODELS = """
from django.db import models

class Person(models.Model):
    name = models.CharField(max_length=80)
    email = models.CharField(max_length=100, unique=True)
    city = models.CharField(max_length=60, db_index=True)
    company = models.CharField(max_length=80)
    is_active = models.BooleanField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    rating = models.IntegerField()
    created_at = models.DateTimeField()
    birth_date = models.DateField()
"""
_DRIZZLE = """
import { boolean, bigint, date, datetime, decimal, index, int, mysqlTable, varchar }
  from "drizzle-orm/mysql-core";
import { drizzle } from "drizzle-orm/mysql2";
import mysql from "mysql2/promise";
import { seed } from "drizzle-seed";

const person = mysqlTable("speed_person", {
  id: bigint("id", { mode: "number" }).autoincrement().primaryKey(),
  name: varchar("name", { length: 80 }).notNull(),
  email: varchar("email", { length: 100 }).notNull().unique(),
  city: varchar("city", { length: 60 }).notNull(),
  company: varchar("company", { length: 80 }).notNull(),
  isActive: boolean("is_active").notNull(),
  price: decimal("price", { precision: 8, scale: 2 }).notNull(),
  rating: int("rating").notNull(),
  createdAt: datetime("created_at").notNull(),
  birthDate: date("birth_date").notNull(),
}, (t) => [index("city").on(t.city)]);

const connection = await mysql.createConnection(JSON.parse(process.argv[2]));
await seed(drizzle(connection), { person }, { count: Number(process.argv[3]), seed: 7 });
await connection.end();
"""


class Side:
    """One way to fill the table: a name, and what does it."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self.run = run
        self.seconds: list[float] = []


class Subject:
    """The project on one server."""

    def __init__(self, server: Server, rows: int) -> None:
        self.server = server
        self.rows = rows
        self.folder = ROOM / server.family
        self.csv = self.folder / "rows.tsv"

    def prepare(self) -> None:
        """The project, its table, and the rows of db_seed as a file."""
        for name, text in (
            ("manage.py", _MANAGE),
            ("settings.py", _SETTINGS),
            ("speed/__init__.py", ""),
            ("speed/models.py", _MODELS),
        ):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.server.empty(DATABASE)
        self.manage("migrate", "--run-syncdb", "-v", "0")
        self.seed()
        self._write_file()

    def manage(self, *arguments: str) -> None:
        self.process([sys.executable, "manage.py", *arguments])

    def process(self, command: list[str]) -> None:
        """Raises BenchmarkError with what it printed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={
                **self.server.environment,
                "PYTHONPATH": str(REPOSITORY),
                "DATABASE_URL": self.server.url(DATABASE),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"{' '.join(command[:4])}: {done.stdout}{done.stderr}")

    def sql(self, query: str, *arguments: object) -> None:
        given = self.server.arguments(DATABASE)
        with closing(MySQLdb.connect(**given, local_infile=1)) as connection:
            cursor = connection.cursor()
            cursor.execute(query, arguments)
            cursor.execute("COMMIT")

    def empty(self) -> None:
        self.sql("TRUNCATE speed_person")
        self.sql("DROP TABLE IF EXISTS nestflux_seed")

    def seed(self) -> None:
        self.manage("db_seed", "--rows", f"speed.Person={self.rows}", "--seed", "7")

    def seed_by_insert(self) -> None:
        with self.local_files("OFF"):
            self.seed()

    def load(self) -> None:
        self.sql(
            "LOAD DATA LOCAL INFILE %s INTO TABLE speed_person CHARACTER SET utf8mb4", str(self.csv)
        )

    def drizzle(self) -> None:
        given = self.server.arguments(DATABASE)
        place = {"database": DATABASE, "user": given["user"], "password": given["password"]}
        if "unix_socket" in given:
            place["socketPath"] = given["unix_socket"]
        else:
            place |= {"host": given["host"], "port": given["port"]}
        script = ROOM / "seed.mjs"
        self.process(["node", str(script), json.dumps(place), str(self.rows)])

    @contextmanager
    def local_files(self, value: str) -> Iterator[None]:
        """While the block lasts, the server takes local files, or none."""
        before = self.server.sql("SELECT @@GLOBAL.local_infile")[0][0]
        self.server.sql(f"SET GLOBAL local_infile = {value}")
        try:
            yield
        finally:
            self.server.sql(f"SET GLOBAL local_infile = {before}")

    def _write_file(self) -> None:
        with closing(MySQLdb.connect(**self.server.arguments(DATABASE))) as connection:
            cursor = connection.cursor(MySQLdb.cursors.SSCursor)
            cursor.execute("SELECT * FROM speed_person ORDER BY id")
            with self.csv.open("w", encoding="utf-8") as file:
                for row in cursor:
                    file.write("\t".join(map(str, row)) + "\n")

    def count(self) -> int:
        return int(self.server.sql(f"SELECT COUNT(*) FROM {DATABASE}.speed_person")[0][0])


def install_drizzle() -> bool:
    """drizzle-seed and what it needs, in .local. False: no node here."""
    if not npm.has_node():
        return False
    write(ROOM / "seed.mjs", _DRIZZLE)
    if why := npm.why_not_installed(ROOM, PACKAGES):
        raise BenchmarkError(why)
    return True


def measured(subject: Subject, rounds: int, with_drizzle: bool) -> list[Side]:
    """Each side, with its seconds. Raises BenchmarkError where one leaves fewer rows."""
    sides = [
        Side("`LOAD DATA` from a ready file", subject.load),
        Side("`db_seed`", subject.seed),
    ]
    if subject.server.family == "mysql":  # its default
        sides.append(Side("`db_seed`, `local_infile` off", subject.seed_by_insert))
    if with_drizzle:
        sides.append(Side("drizzle-seed", subject.drizzle))
    for number in range(rounds):
        for side in sides:
            subject.empty()
            with subject.local_files("ON"):
                started = time.monotonic()
                side.run()
                side.seconds.append(time.monotonic() - started)
            if subject.count() != subject.rows:
                raise BenchmarkError(f"{side.name} left {subject.count():,} rows")
            said = f"{subject.server.family} {number + 1}: {side.name} {side.seconds[-1]:.1f} s"
            print(said, flush=True)
    return sides


def keep(subject: Subject, sides: list[Side]) -> None:
    """What was measured on a server, as JSON beside its project."""
    measured_on = this_machine()
    document = {
        "server": f"{NAMES[subject.server.family]} {subject.server.version.partition('-')[0]}",
        "rows": subject.rows,
        "machine": str(measured_on),
        "commit": measured_on.commit,
        "day": measured_on.day,
        "sides": {side.name: side.seconds for side in sides},
    }
    (ROOM / f"{subject.server.family}.json").write_text(json.dumps(document), encoding="utf-8")


def render() -> str:
    """The text between the marks, of what is kept."""
    parts = []
    for path in sorted(ROOM.glob("m*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        base = statistics.median(next(iter(kept["sides"].values())))
        rows = [
            [
                name,
                f"{statistics.median(seconds):.1f}",
                f"{kept['rows'] / statistics.median(seconds):,.0f}",
                f"{statistics.median(seconds) / base:.2f}",
            ]
            for name, seconds in kept["sides"].items()
        ]
        rounds = max(len(seconds) for seconds in kept["sides"].values())
        parts.append(
            f"{kept['server']}, {kept['rows']:,} rows, medians of {counted(rounds, 'round')}, at "
            f"commit `{kept['commit']}` on {kept['day']};\n{kept['machine']}:"
        )
        parts.append(table(["", "seconds", "rows a second", "of `LOAD DATA`"], rows))
    return "\n\n".join(parts)


def servers(families: list[str]) -> Iterator[Server]:
    for family in families:
        variable = f"SHADOW_{family.upper()}_URL"
        if not os.environ.get(variable):
            script = str(REPOSITORY / "scripts" / "server")
            subprocess.run([script, "start", family], check=True)
            url = subprocess.run(
                [script, "url", family], check=True, capture_output=True, text=True
            )
            os.environ[variable] = url.stdout.strip()
        yield Server.of_the_environment(family, DATABASE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("families", nargs="*", metavar="mariadb | mysql")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-report", action="store_true", help="print, and write no document")
    options = parser.parse_args()
    families = families_of(parser, options.families)
    try:
        drizzle = install_drizzle()
        for server in servers(families):
            subject = Subject(server, options.rows)
            subject.prepare()
            keep(subject, measured(subject, options.rounds, drizzle))
            server.drop(DATABASE)
            print(render())
            if not options.no_report:
                write_figures(DOCUMENT, render(), BEGIN, END)
    except (BenchmarkError, ReportError) as error:
        print(f"seeding_speed: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
