"""A shadow that follows the files' own text, beside the one on which Django records them again.

It is asked only where Django gives other statements than a file, and goes on from where it was
asked last: however often that is, each file is run once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder

from nestflux.database.session import PINNED, pin
from nestflux.database.shadow import alias_kept
from nestflux.graph.loader import load, undotted
from nestflux.graph.python_steps import StepRunner
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Direction, Section, SqlFile
from nestflux.recording.recording_target import RecordingTarget
from nestflux.recording.replay import record_applied, run_section

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Files = Callable[[Entry, Direction], SqlFile]


class FileShadow:
    """Made when it is asked for the first time; ``close`` drops it."""

    def __init__(self, target: RecordingTarget, entries: Sequence[Entry], files: Files) -> None:
        self._place = target
        self._entries = entries
        self._files = files
        self._stack = ExitStack()
        self._connection: BaseDatabaseWrapper | None = None
        self._done: set[tuple[str, str]] = set()
        self._undone: list[tuple[Entry, str]] = []
        self._exact = True

    @contextmanager
    def after(
        self, entry: Entry, migration: str, direction: Direction
    ) -> Iterator[BaseDatabaseWrapper]:
        """The shadow behind a migration's part of a file, up or down. Ways up are asked for in the
        order of the history, and so are the files of ways down. Raises NestFluxError where the
        text does not run."""
        if not self._exact and self._undone[0][0] != entry:
            self.close()
        connection = self._connection or self._opened()
        with alias_kept(self._place.alias, connection):
            if direction is Direction.UP:
                self._forwards(connection, entry, migration)
            else:
                self._backwards(connection, entry, migration)
            yield connection

    def close(self) -> None:
        """Drop it; asked again, it is made anew."""
        with alias_kept(self._place.alias):
            self._stack.close()
        self._connection = None
        self._done, self._undone, self._exact = set(), [], True

    def _opened(self) -> BaseDatabaseWrapper:
        with alias_kept(self._place.alias):
            connection = self._stack.enter_context(self._place.shadow())
            order = [name for entry in self._entries for name in entry.migrations]
            self._steps = StepRunner(load(None), order)
            record_applied(connection, ())
        self._connection = connection
        return connection

    def _forwards(self, connection: BaseDatabaseWrapper, last: Entry, migration: str) -> None:
        """Run the files, up to a migration's part of the ``last``; all of it, where that is
        empty."""
        for entry in self._entries[: self._entries.index(last) + 1]:
            if all((entry.id, name) in self._done for name in entry.migrations):
                continue
            file = self._files(entry, Direction.UP)
            for section in file.sections:
                if (entry.id, section.migration) not in self._done:
                    self._run(connection, file, section)
                    record_applied(connection, section.recorded_migrations)
                    self._done.add((entry.id, section.migration))
                if entry == last and section.migration == migration:
                    return

    def _backwards(self, connection: BaseDatabaseWrapper, entry: Entry, migration: str) -> None:
        """Undo a file, down to a migration's part of it."""
        if not self._undone or self._undone[0][0] != entry:
            self._undone = []
            self._forwards(connection, entry, "")
        file = self._files(entry, Direction.DOWN)
        self._exact = not file.notes
        recorder = MigrationRecorder(connection)
        for section in file.sections:
            if (entry, section.migration) not in self._undone:
                self._run(connection, file, section)
                for name in section.recorded_migrations:
                    recorder.record_unapplied(*undotted(name))
                self._undone.append((entry, section.migration))
                self._done.remove((entry.id, section.migration))
            if section.migration == migration:
                return

    def _run(self, connection: BaseDatabaseWrapper, file: SqlFile, section: Section) -> None:
        pin(connection, file.session or PINNED)
        run_section(connection, file, section, self._steps)
