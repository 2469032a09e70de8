"""Keeps what this version writes, for the versions that come: run once, before a release.

    python -m tests.upgrades.freeze

makes ``tests/upgrades/0.1/`` (of ``nestflux.__version__``), on the server that tests run on: the
project, and in a folder of the server's family its history, its backups, and the whole database in
three states:

    ledger.sql      three files ran, one is pending
    stopped.sql     the pending one stopped at its last statement, which the rows did not allow
    died.sql        it died there: the server had run the statement, the ledger does not know

What is frozen is never made anew: it is what databases out there hold.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django

import nestflux
from tests.applying.dying import die_at
from tests.scenario import Project, TestServer, new_project
from tests.upgrades import shop as frozen

HERE = Path(__file__).resolve().parent
DATABASE = "nestflux_frozen"
COLLATION = "utf8mb4_general_ci"  # every server has it; their defaults differ
BACKUPS = "/backups"  # where the ledger of a frozen database says that they are
# With which MariaDB's programs begin a dump, and at which older ones stop.
_SANDBOX = "/*M!999999"


def version() -> str:
    """``0.1`` of ``0.1.3``: a patch writes what its minor version writes."""
    return nestflux.__version__.rpartition(".")[0]


def freeze(server: TestServer, folder: Path) -> None:
    """Write the folder of the server's family; the project's own where it is not there."""
    target = folder / server.family
    if target.exists():
        sys.exit(f"{target} is there already, and databases of that version are as it says.")
    with tempfile.TemporaryDirectory() as path:
        dumps = Path(path) / "dumps"
        try:
            project = new_project(Path(path) / "project", server, DATABASE, {"shop": {}})
            project.recreate_database(COLLATION)
            _live(project, dumps)
        finally:
            server.drop_all(DATABASE)
        shutil.copytree(dumps, target)
        shutil.copytree(project.history, target / "history")
        shutil.copytree(project.path / "backups", target / "backups")
        if not (folder / "shop").exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(project.path / "shop", folder / "shop", ignore=ignored)


def _live(project: Project, dumps: Path) -> None:
    """What a project and its database go through until they are frozen."""
    backups = ("--backup", str(project.path / "backups"))
    frozen.write_products(project)
    project.succeeds("db_generate", "--name", "products")
    project.succeeds("db_migrate")
    for row in frozen.ROWS:
        project.sql(row)
    frozen.write_slugs(project)
    project.succeeds("db_generate", "--name", "slugs")
    project.succeeds("db_migrate")
    frozen.write_no_notes(project)
    project.succeeds("db_generate", "--name", "no_notes")
    project.succeeds("db_migrate", *backups)
    project.succeeds("db_restore", "0003_no_notes", "--yes")
    project.succeeds("db_migrate", *backups)
    frozen.write_stock(project)
    project.succeeds("db_generate", "--name", "stock")
    _dump(project, dumps / "ledger.sql")

    project.sql(frozen.DUPLICATE)
    assert project.run("db_migrate").code == 1
    _dump(project, dumps / "stopped.sql")

    project.sql(frozen.NO_DUPLICATE)
    [(last,)] = project.sql("SELECT ordinal FROM nestflux_statement WHERE state = 'failed'")
    die_at(project, last, after=True)
    _dump(project, dumps / "died.sql")


def _dump(project: Project, target: Path) -> None:
    """The whole database as SQL, with nothing in it of the machine that made it."""
    project.sql("UPDATE nestflux_run SET host = 'deploy-1', user = 'ann', pid = 1000 + id")
    project.sql(
        "UPDATE nestflux_backup SET path = REPLACE(path, %s, %s)",
        [str(project.path / "backups"), BACKUPS],
    )
    entry = project.server.settings
    project.env["MYSQL_PWD"] = str(entry["PASSWORD"])
    where = ["--host", entry["HOST"], "--port", str(entry["PORT"] or 3306)]
    if entry["HOST"].startswith("/"):
        where = ["--socket", entry["HOST"]]
    done = project.run_program(
        *("mysqldump", *where, "--user", entry["USER"], "--skip-comments", "--skip-add-locks"),
        *("--skip-disable-keys", "--skip-extended-insert", "--complete-insert", "--hex-blob"),
        *("--no-tablespaces", "--default-character-set=utf8mb4", DATABASE),
    )
    assert done.code == 0, str(done)
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(_SANDBOX)]
    target.write_text("\n".join(lines).strip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    freeze(TestServer.of_the_run(), HERE / version())
