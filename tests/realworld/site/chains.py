"""Files up and down in every way; what is otherwise, as JSON.

    python chains.py              each migration as a file of its own, recorded first
    python chains.py recorded     the files of the project's history, as they lie there

Every file: up, down, up, down, up, the same schema each time. Then the whole chain down, as far as
there is a way back, and up again. A history's snapshot gives what its files give.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
django.setup()

from django.db import connection as default  # noqa: E402

from nestflux.conf import configuration  # noqa: E402
from nestflux.database.server import server_of  # noqa: E402
from nestflux.exceptions import NestFluxError  # noqa: E402
from nestflux.graph.loader import dotted, load  # noqa: E402
from nestflux.graph.python_steps import StepRunner  # noqa: E402
from nestflux.history.families import PlannedFile  # noqa: E402
from nestflux.history.folder import Folder  # noqa: E402
from nestflux.history.sqlfile import Direction, SqlFile  # noqa: E402
from nestflux.recording.executing import to_record  # noqa: E402
from nestflux.recording.recording_target import RecordingTarget, recording_target  # noqa: E402
from nestflux.recording.replay import bring_to_head, record_applied, run_file  # noqa: E402
from nestflux.recording.working_copy import record_files  # noqa: E402
from nestflux.schema.diff import Definitions, Delta  # noqa: E402
from nestflux.schema.introspection import read_schema  # noqa: E402


@dataclass
class Found:
    """``inexact``: what down files say themselves; ``wrong``: what a run showed; ``by_rows``: files
    that cannot run twice because of the rows that they leave."""

    files: int = 0
    completed: int = 0
    irreversible: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    by_rows: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Link:
    """A file of a chain: both its ways, and the migrations in it."""

    up: SqlFile
    down: SqlFile
    migrations: Sequence[str]


def recorded_one_by_one(target: RecordingTarget) -> Iterator[Link]:
    with target.shadow() as connection:
        record_applied(connection, ())
        migrations = to_record(load(connection))
    names = [dotted((each.app_label, each.name)) for each in migrations]
    planned = [
        PlannedFile(f"{number:04d}_{name.replace('.', '_')[:60]}", (name,))
        for number, name in enumerate(names, start=1)
    ]
    for file in record_files(target, (), planned):
        yield Link(file.up, file.down, file.journal.entries[-1].migrations)


def of_history(target: RecordingTarget) -> Iterator[Link]:
    for entry in target.folder.journal.entries:
        up, down = (target.files(entry, direction) for direction in (Direction.UP, Direction.DOWN))
        yield Link(up, down, entry.migrations)


class Chain:
    """Files on one shadow, and the schema that each of them left first."""

    def __init__(self, target: RecordingTarget, files: Sequence[Link], found: Found) -> None:
        self.target = target
        self.files = files
        self.found = found
        self.schemas: list[Definitions] = []

    def walk(self) -> None:
        with ExitStack() as self.stack:
            self.begin()
            self.schemas = [self.schema()]
            for number, file in enumerate(self.files, start=1):
                self.go(file.up)
                self.schemas.append(self.schema())
                if not file.down.irreversible and not self.back_and_forth(number, file):
                    self.begin(number)
            self.to_the_beginning()

    def begin(self, number: int = 0) -> None:
        """A fresh shadow, after so many files."""
        order = [name for file in self.files for name in file.migrations]
        self.stack.close()
        self.connection = self.stack.enter_context(self.target.shadow())
        self.steps = StepRunner(load(), order)
        for file in self.files[:number]:
            self.go(file.up)

    def back_and_forth(self, number: int, file: Link) -> bool:
        """False where the rows that a Python step leaves keep the file from running twice."""
        for _ in range(2):
            for way, wanted in ((file.down, number - 1), (file.up, number)):
                try:
                    self.go(way)
                except NestFluxError as error:
                    if "IntegrityError" not in error.what and "error 1062)" not in error.what:
                        raise
                    self.found.by_rows.append(way.name)
                    return False
                self.compare(way, wanted)
        return True

    def to_the_beginning(self) -> None:
        """As far as there is a way back, and again."""
        last = len(self.files)
        while last and not (
            self.files[last - 1].down.irreversible
            or self.files[last - 1].up.name in self.found.by_rows
        ):
            self.go(self.files[last - 1].down)
            last -= 1
            self.compare(self.files[last].down, last)
        for number in range(last, len(self.files)):
            self.go(self.files[number].up)
            self.compare(self.files[number].up, number + 1)

    def compare(self, way: SqlFile, wanted: int) -> None:
        for line in Delta.between(self.schemas[wanted], self.schema()).lines():
            self.found.wrong.append(f"{way.name} {way.direction}: {line}")

    def go(self, file: SqlFile) -> None:
        run_file(self.connection, file, self.steps)

    def schema(self) -> Definitions:
        return read_schema(self.connection).definitions


def look_at(files: Sequence[Link], found: Found) -> None:
    """What the files say of themselves."""
    found.files = len(files)
    for file in files:
        if file.down.irreversible:
            found.irreversible.append(f"{file.up.name}: {file.down.irreversible}")
        found.inexact += (f"{file.up.name}: {note}" for note in file.down.inexact)
        found.completed += any(section.completing for section in file.down.sections)


def walk(target: RecordingTarget, files: Sequence[Link], found: Found) -> Chain:
    look_at(files, found)
    chain = Chain(target, files, found)
    try:
        chain.walk()
    except NestFluxError as error:
        found.wrong.append(error.what)
    return chain


def compare_snapshot(target: RecordingTarget, chain: Chain, found: Found) -> None:
    with target.shadow() as connection:
        bring_to_head(connection, target.files, target.folder.journal, load())
        loaded = read_schema(connection).definitions
    for line in Delta.between(chain.schemas[-1], loaded).lines():
        found.wrong.append(f"schema.sql: {line}")


def main() -> None:
    found = Found()
    family = server_of(default).family
    target = recording_target("default", family, configuration())
    if sys.argv[1:] == ["recorded"]:
        chain = walk(target, list(of_history(target)), found)
        compare_snapshot(target, chain, found)
    else:
        with TemporaryDirectory() as path:
            target = replace(target, folder=Folder(Path(path) / family, family))
            walk(target, list(recorded_one_by_one(target)), found)
    print(json.dumps(vars(found)))


main()
