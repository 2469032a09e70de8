"""What is measured on: a project on disk with its history, recorded once and kept."""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from nestflux.history.folder import Folder
from nestflux.history.sqlfile import PythonStep
from scripts.benchmark import projects, related
from scripts.benchmark.projects import Invented, Shape
from scripts.benchmark.servers import REPOSITORY, BenchmarkError, Server

LOCAL = REPOSITORY / ".local" / "benchmark"
# What decides how a history looks; another applying does not make it another.
_RECORDING = ("recording", "history", "replaying", "graph", "database")
_KEPT = ("HOME", "LANG", "TMPDIR")
KEY = 12  # characters

_SETTINGS = '''"""The site with NestFlux."""

import os
from pathlib import Path

from nestflux.environment import database_from_url

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-benchmarks"
DATABASES = {{"default": database_from_url(os.environ["DATABASE_URL"], variable="DATABASE_URL")}}
INSTALLED_APPS = [
    "nestflux",
{apps}
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
NESTFLUX = {{"SHADOW_NAME": os.environ["BENCHMARK_SHADOW"]}}
'''
_STOCK_SETTINGS = '''"""The same site without NestFlux: its commands are Django's own."""

from {settings} import *  # noqa: F403

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "nestflux"]  # noqa: F405
'''
_MANAGE = """import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

from nestflux.management.start import main

main()
"""
_STOCK_MANAGE = """import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "stock_settings"

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
_TEST = """import pytest
from django.contrib.contenttypes.models import ContentType


@pytest.mark.django_db
def test_it_has_a_database():
    assert ContentType.objects.exists()
"""


@dataclass(frozen=True)
class SqlFile:
    """A file of a history that holds SQL only: all its statements, those of the session first."""

    name: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """A project that can be measured on one server.

    ``kind``: generated, plain (generated, without RunPython), related or real. ``room``: where what
    is made for it meanwhile is put. ``environment``: what its commands need besides a database,
    ``test_environment`` what pytest needs besides.
    ``invented`` is how it was made, where it was.
    """

    kind: str
    name: str
    title: str
    path: Path
    room: Path
    python: str
    server: Server
    settings: str = "settings"
    environment: dict[str, str] = field(default_factory=dict)
    test_environment: dict[str, str] = field(default_factory=dict)
    invented: Invented | None = None

    @property
    def history(self) -> Folder:
        return Folder(self.path / "migrations_sql" / self.server.family, self.server.family)

    @property
    def shape(self) -> Shape | None:
        return self.invented.shape if self.invented else None

    def database(self, purpose: str) -> str:
        short = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return f"{self.server.prefix}_{short}_{purpose}"

    def variables(self, database: str) -> dict[str, str]:
        """What a command of it runs in."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        url = self.server.url(database)
        return {**kept, **self.server.environment, **self.environment, "DATABASE_URL": url}

    def files(self) -> list[SqlFile]:
        """What a replay sends, file by file. Raises BenchmarkError where Python steps are."""
        found = []
        for entry in self.history.journal.entries:
            file = self.history.file(entry)
            statements = list(file.session)
            for item in (item for section in file.sections for item in section.items):
                if isinstance(item, PythonStep):
                    raise BenchmarkError(f"{entry.name} holds a Python step: {item.locator}")
                statements.append(item.sql)
            found.append(SqlFile(entry.name, tuple(statements)))
        return found

    def compile(self) -> None:
        """Bytecode of everything, so that no side pays for it."""
        compileall.compile_dir(self.path, quiet=2, maxlevels=20)


def run(command: Iterable[str], folder: Path, environment: dict[str, str]) -> None:
    """A command that is not timed. Raises BenchmarkError with its words where it fails."""
    words = list(command)
    ended = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise BenchmarkError(f"{' '.join(words)}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}")


def generated(shape: Shape, server: Server, room: Path, say: Callable[[str], None]) -> Subject:
    """The invented project of that shape, recorded on the server where it was not yet."""
    invented = related.invent(shape) if shape.related else projects.invent(shape)
    key = key_of(server, repr(invented.batches) + _SETTINGS)
    subject = Subject(
        kind=shape.kind,
        name=shape.name,
        title=shape.title,
        path=room / "projects" / server.family / f"{shape.name}-{key}",
        room=room,
        python=sys.executable,
        server=server,
        environment={
            "PYTHONPATH": str(REPOSITORY),
            "BENCHMARK_SHADOW": f"{server.prefix}_shadow",
        },
        invented=invented,
    )
    keep(subject, lambda folder: _write_and_record(subject, invented, folder, say), say)
    return subject


def keep(subject: Subject, make: Callable[[Path], None], say: Callable[[str], None]) -> None:
    """Makes the project where it is not there yet, under another name first, so that a half-made
    one is never used. What an earlier version of it recorded goes."""
    path = subject.path
    if not path.exists():
        say(f"recording {subject.title}; kept for the next time")
        for old in path.parent.glob(f"{subject.name}-{'[0-9a-f]' * KEY}*"):
            shutil.rmtree(old)
        half_made = path.with_name(f"{path.name}.half-made")
        half_made.mkdir(parents=True)
        make(half_made)
        half_made.rename(path)
    subject.compile()


def _write_and_record(
    subject: Subject, invented: Invented, folder: Path, say: Callable[[str], None]
) -> None:
    for name in projects.packages(invented):
        write(folder / name, "")
    names = (*invented.shape.contrib, *invented.apps)
    apps = "\n".join(f'    "{name}",' for name in names)
    write(folder / "settings.py", _SETTINGS.format(apps=apps))
    write(folder / "manage.py", _MANAGE)
    write_stock_side(folder, "settings")
    database = subject.database("recording")
    subject.server.empty(database)
    for number, batch in enumerate(invented.batches, start=1):
        for name, text in batch.files.items():
            write(folder / name, text)
        command = (subject.python, "manage.py", "db_generate", "--noinput")
        run(command, folder, subject.variables(database))
        say(f"  file {number} of {len(invented.batches)}")
    subject.server.drop(database)


def write_stock_side(folder: Path, settings: str) -> None:
    """The same site without NestFlux, and a test of it."""
    write(folder / "stock_settings.py", _STOCK_SETTINGS.format(settings=settings))
    write(folder / "manage_stock.py", _STOCK_MANAGE)
    write(folder / "pytest.ini", "[pytest]\n")
    write(folder / "test_one.py", _TEST)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def key_of(server: Server, text: str, sources: Iterable[Path] = ()) -> str:
    """Changes with whatever could make another history.

    Args:
        text: what the project is made of.
        sources: further files of it.
    """
    whole = hashlib.sha256(f"{server.version} {text}".encode())
    paths = [REPOSITORY / "requirements.txt", *sources]
    for part in _RECORDING:
        paths += sorted((REPOSITORY / "nestflux" / part).rglob("*.py"))
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:KEY]


def copy_of(subject: Subject) -> Subject:
    """Where a copy of the project is, that may be written to."""
    return replace(subject, path=subject.room / "work" / f"{subject.server.family}-{subject.name}")


def make_changed_copy(subject: Subject) -> None:
    """The copy made anew, with models of an invented project that have one more column."""
    assert subject.invented is not None
    copy = copy_of(subject)
    shutil.rmtree(copy.path, ignore_errors=True)
    shutil.copytree(subject.path, copy.path)
    for name, text in subject.invented.one_more_column.items():
        write(copy.path / name, text)
    copy.compile()


def bring_to_head(subject: Subject) -> None:
    """The subject's own database with everything applied; made once in a run."""
    server, database = subject.server, subject.database("head")
    if server.has(database):
        return
    server.empty(database)
    try:
        run((subject.python, "manage.py", "db_migrate"), subject.path, subject.variables(database))
    except BenchmarkError:
        server.drop(database)
        raise


def statements_file(subject: Subject, statements: list[str]) -> Path:
    """What loop.py reads."""
    name = f"{subject.server.family}-{subject.name}-{len(statements)}.json"
    path = subject.room / "work" / name
    write(path, json.dumps(statements))
    return path
