"""Recording a history once more, to see whether its migrations still give the SQL of its files.

A shadow is walked along the history. What Django gives for a migration of the project's own is
compared with the file, and with what it gave when the file was recorded; where it does the same,
the shadow is where the file would have brought it. A package's migrations are run from the file's
text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import Error

from nestflux.database.errors import in_words
from nestflux.database.session import PINNED, pin
from nestflux.exceptions import NestFluxError, RecordingFailed
from nestflux.graph.fingerprints import Prints, django_series, prints_of
from nestflux.graph.loader import ExtendedLoader, dotted, load, undotted
from nestflux.graph.python_steps import StepRunner
from nestflux.graph.source import is_own
from nestflux.history.journal import Entry
from nestflux.history.records import FileRecord, MigrationRecord
from nestflux.history.sqlfile import Direction, PythonStep, Section, SqlFile
from nestflux.recording.capture import RunsOnData
from nestflux.recording.effects import Effect, effect_by_text
from nestflux.recording.executing import record_one
from nestflux.recording.file_shadow import Files, FileShadow
from nestflux.recording.recording_target import RecordingTarget
from nestflux.recording.remembering import (
    comparable,
    digest_in_any_order,
    digest_in_order,
    record_of,
    texts_of,
)
from nestflux.recording.replay import record_applied, run_script, run_section
from nestflux.recording.snapshot import Volatility, render_snapshot
from nestflux.schema.diff import Delta
from nestflux.schema.equivalence import less_order_of_sets
from nestflux.schema.introspection import read_schema
from nestflux.schema.rows import read_rows
from nestflux.sql.formatting import changed_lines
from nestflux.sql.lexer import identifiers

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.migration import Migration


@dataclass(frozen=True)
class Again:
    """A migration of the project's own, recorded once more, in one direction.

    ``now`` are the statements that Django gives, ``in_file`` those of the file, and ``effect`` is
    what the one does against the other, ``schema`` the difference that it leaves. ``digest`` is the
    hash to remember, volatile defaults left out; ``digest_in_order`` that which earlier versions
    remembered. ``failed``: why Django gave nothing.
    """

    entry: Entry
    migration: str
    direction: Direction
    now: tuple[str, ...] = ()
    in_file: tuple[str, ...] = ()
    effect: Effect = Effect.OTHER
    schema: tuple[str, ...] = ()
    digest: str = ""
    digest_in_order: str = ""
    failed: str = ""

    @property
    def is_the_files(self) -> bool:
        """Is the shadow now where the file's own text would have brought it?"""
        return not self.failed and self.effect is not Effect.OTHER

    def is_as(self, remembered: str) -> bool:
        """Does Django give the statements that it gave then?"""
        return not self.failed and remembered in (self.digest, self.digest_in_order)

    def agrees(self, remembered: str) -> bool:
        """Does Django give what it gave then, or something that does what the file does?"""
        return self.is_the_files or self.is_as(remembered)

    def is_respelled(self, record: MigrationRecord | None, prints: Prints | None = None) -> bool:
        """Has only another Django made its text another?

        Args:
            record: what was remembered of the migration.
            prints: of the migration as it is now; without them, that it was not edited cannot be
                reported where its text has another effect.
        """
        if record is None or record.django == django_series() or self.failed:
            return False
        if self.is_as(hash_of(record, self.direction)):
            return False
        match self.effect:
            case Effect.TEXT | Effect.ORDER:
                return False
            case Effect.SAME:
                return True
            case Effect.OTHER:
                return prints is not None and record.source in {prints.source} - {""}


class Walk:
    """A shadow on its way along a history.

    Args:
        files: reads a file of the history.
        own: is a migration one of the project's own, which is recorded again?
    """

    def __init__(
        self,
        target: RecordingTarget,
        entries: Sequence[Entry],
        files: Files,
        own: Callable[[str], bool] | None = None,
    ) -> None:
        self._place = target
        self._entries = list(entries)
        self._files = files
        self._own = own or self._lies_in_own
        self._stack = ExitStack()
        self._by_text = FileShadow(target, self._entries, files)
        self._loader = load(None)

    def up(self, only: Entry | None = None) -> Iterator[Again]:
        """Every file from the first to the last; ``only`` records the migrations of one, and ends
        there. Raises NestFluxError where the files' own text does not run."""
        with self._stack, closing(self._by_text):
            connection, steps = self._empty_shadow()
            for entry in self._entries:
                file = self._files(entry, Direction.UP)
                pin(connection, file.session or PINNED)
                for section in file.sections:
                    if only in (None, entry) and self._is_recorded(entry, section.migration):
                        found = self._again(connection, entry, file, section, steps)
                        yield found
                        if not found.is_the_files:
                            connection, steps = self._brought_to(entry, section)
                    else:
                        run_section(connection, file, section, steps)
                        record_applied(connection, section.recorded_migrations)
                if entry == only:
                    return

    def down(self, only: Entry | None = None) -> Iterator[Again]:
        """The way back of every file of which something is recorded, from the first file to the
        last; ``only``: of that one. Raises as ``up`` does."""
        with self._stack, closing(self._by_text):
            connection, steps = self._empty_shadow()
            spoils = False  # a way back may leave another schema than the file says
            for entry in self._entries:
                self._run(connection, entry, steps)
                if only not in (None, entry) or not self._is_any_recorded(entry):
                    continue
                down = self._files(entry, Direction.DOWN)
                if down.irreversible:
                    continue
                if (down.notes or spoils) and entry != self._entries[-1]:
                    with self._copy_of(connection) as copy:
                        found = self._downwards(copy, entry, down, steps)
                    yield from found
                    continue
                found = self._downwards(connection, entry, down, steps)
                yield from found
                if entry == self._entries[-1]:
                    return
                if all(each.is_the_files for each in found):
                    self._run(connection, entry, steps)
                else:
                    connection, steps = self._brought_to(entry)
                    spoils = True

    def _downwards(
        self, connection: BaseDatabaseWrapper, entry: Entry, down: SqlFile, steps: StepRunner
    ) -> list[Again]:
        """One file's migrations, up to the first that gives something else than the file."""
        pin(connection, down.session or PINNED)
        made: list[Again] = []
        for section in down.sections:
            if self._is_recorded(entry, section.migration):
                made.append(self._again(connection, entry, down, section, steps))
                if not made[-1].is_the_files:
                    break
            else:
                run_section(connection, down, section, steps)
                recorder = MigrationRecorder(connection)
                for name in section.recorded_migrations:
                    recorder.record_unapplied(*undotted(name))
        return made

    def _again(
        self,
        connection: BaseDatabaseWrapper,
        entry: Entry,
        file: SqlFile,
        section: Section,
        steps: StepRunner,
    ) -> Again:
        django = section.as_django_gives_it
        found = Again(entry, section.migration, file.direction, in_file=texts_of(django))
        migration = self._migration(section.migration)
        try:
            state = steps.state_before(section.migration)
            on_data = frozenset(s.locator for s in section.steps if isinstance(s, PythonStep))
            recorded = record_one(
                connection,
                self._place.server.family,
                self._loader,
                migration,
                state,
                on_data,
                section,
                backwards=file.direction is Direction.DOWN,
            )
        except RunsOnData as error:
            return replace(found, failed=f"{error.locator} runs on data")
        except NestFluxError as error:
            return replace(found, failed=error.what)
        except Exception as error:  # operations that do not fit the state before them
            return replace(found, failed=f"{type(error).__name__}: {error}")
        now = recorded.section.as_django_gives_it
        compared = [comparable(migration, now, each, file.direction) for each in (django, now)]
        effect, schema = self._effect(connection, found, section, now, *compared)
        return replace(
            found,
            now=texts_of(now),
            effect=effect,
            schema=schema,
            digest=digest_in_any_order(compared[1]),
            digest_in_order=digest_in_order(compared[1]),
        )

    def _effect(
        self,
        connection: BaseDatabaseWrapper,
        found: Again,
        section: Section,
        recorded: Section,
        in_file: tuple[str, ...],
        compared: tuple[str, ...],
    ) -> tuple[Effect, tuple[str, ...]]:
        """What Django's statements, which ran on the shadow, do against those of the file; and
        the difference between the schemas, once what completes a way back ran behind either. The
        server is asked only where the texts differ."""
        effect = effect_by_text(in_file, compared)
        if refused := self._complete(connection, section):
            return Effect.OTHER, (refused,)
        if effect is Effect.TEXT:
            return effect, ()
        names = set[str]().union(*map(identifiers, (*texts_of(section), *texts_of(recorded))))
        with self._by_text.after(found.entry, found.migration, found.direction) as by_text:
            schema = read_schema(by_text, names)
        now = read_schema(connection, names)
        delta = less_order_of_sets(Delta.between(schema.definitions, now.definitions))
        return (Effect.OTHER if delta else effect), tuple(delta.lines())

    def _complete(self, connection: BaseDatabaseWrapper, section: Section) -> str:
        """Run what makes a way back exact behind what Django gave. Why it does not run; empty
        where it did."""
        for item in section.completing:
            try:
                pin(connection, (item.sql,))
            except Error as error:
                return f"{item.sql}: {in_words(error, connection, item.sql)}"
        return ""

    # ---- the shadow ----

    def _empty_shadow(self) -> tuple[BaseDatabaseWrapper, StepRunner]:
        self._by_text.close()
        self._stack.close()
        connection = self._stack.enter_context(self._place.shadow())
        # Receivers of pre_migrate put operations into the migrations of a loader, once a signal.
        self._loader = load(None)
        record_applied(connection, ())
        order = [name for entry in self._entries for name in entry.migrations]
        return connection, StepRunner(self._loader, order)

    def _brought_to(
        self, last: Entry, section: Section | None = None
    ) -> tuple[BaseDatabaseWrapper, StepRunner]:
        """A fresh shadow after a file, or after that part of it, by the files' text."""
        connection, steps = self._empty_shadow()
        for entry in self._entries:
            self._run(connection, entry, steps, section if entry == last else None)
            if entry == last:
                break
        return connection, steps

    def _run(
        self,
        connection: BaseDatabaseWrapper,
        entry: Entry,
        steps: StepRunner,
        last: Section | None = None,
    ) -> None:
        """Run a file's text, or up to that part of it, and record it as applied."""
        file = self._files(entry, Direction.UP)
        pin(connection, file.session or PINNED)
        for each in file.sections:
            run_section(connection, file, each, steps)
            record_applied(connection, each.recorded_migrations)
            if last is not None and each.migration == last.migration:
                break

    @contextmanager
    def _copy_of(self, connection: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
        """Another shadow with the same schema, rows and ``django_migrations``, which the alias
        points at."""
        text = render_snapshot("", read_schema(connection), read_rows(connection), Volatility())
        recorded_migrations = map(dotted, MigrationRecorder(connection).applied_migrations())
        with self._place.shadow() as copy:
            run_script(copy, text)
            record_applied(copy, tuple(recorded_migrations))
            yield copy

    # ---- migrations ----

    def _is_recorded(self, entry: Entry, name: str) -> bool:
        """Of a squash nothing is: its statements are of no one migration."""
        return (
            not entry.replaces
            and undotted(name) in self._loader.disk_migrations
            and self._own(name)
        )

    def _is_any_recorded(self, entry: Entry) -> bool:
        return any(self._is_recorded(entry, name) for name in entry.migrations)

    def _migration(self, name: str) -> Migration:
        return self._loader.disk_migrations[undotted(name)]

    def _lies_in_own(self, name: str) -> bool:
        return is_own(type(self._migration(name)).__module__)


def difference(again: Again) -> tuple[str, ...]:
    """What Django gives now (``+``) against what the file says (``-``), and what becomes of the
    schema by it, for a person."""
    one, other = (
        [line for statement in statements for line in f"{statement};".splitlines()]
        for statements in (again.in_file, again.now)
    )
    return (*changed_lines(one, other), *(f"schema: {line}" for line in again.schema))


def remembered(record: FileRecord, migration: str, direction: Direction) -> str:
    """The hash of what Django gave when the file was recorded; empty where nobody remembers."""
    found = record.migration(migration)
    return hash_of(found, direction) if found else ""


def hash_of(record: MigrationRecord, direction: Direction) -> str:
    """The hash of what Django gave one way."""
    return record.up if direction is Direction.UP else record.down


def is_known(record: FileRecord, entry: Entry, loader: ExtendedLoader) -> bool:
    """Is the code of every migration of a file that which the record remembers? A squash remembers
    none."""
    if entry.replaces:
        return True
    for name in entry.migrations:
        if (migration := loader.disk_migrations.get(undotted(name))) is None:
            continue
        found = record.migration(name)
        if found is None or found.django != django_series():
            return False
        prints = prints_of(migration, found.packages)
        if (prints.operations, prints.source) != (found.operations, found.source):
            return False
    return True


@dataclass(frozen=True)
class Remembered:
    """What to remember of a file's migrations. ``other_sql``: what Django gives for them, where
    that is not what it gave, against what the file says; ``respelled`` are those of which only the
    text is another, and by another Django."""

    records: tuple[MigrationRecord, ...] = ()
    other_sql: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    respelled: tuple[str, ...] = ()


def remember_again(
    target: RecordingTarget,
    entry: Entry,
    files: Files,
    known: FileRecord,
    prints: Mapping[str, Prints],
    *,
    texts_edited: bool,
) -> Remembered:
    """What to remember of a file's migrations as they are now.

    Args:
        known: what was remembered; where nothing was, an edit of the text is not Django's.
        prints: of the file's migrations that there are, from before they ran.

    Raises RecordingFailed where Django gives nothing any more.
    """
    if entry.replaces:
        return Remembered()
    entries = target.folder.journal.entries
    walk = Walk(target, entries[: entries.index(entry) + 1], files)
    hashes: dict[tuple[str, Direction], str] = {}
    other: dict[str, tuple[str, ...]] = {}
    respelled: dict[str, None] = {}
    for again in (*walk.up(entry), *walk.down(entry)):
        if again.failed:
            raise RecordingFailed(
                f"{again.migration} cannot be recorded any more: {again.failed}",
                where=f"{entry.name}, {again.direction} file",
                stands="nothing was accepted; nothing was written",
                then="fix the migration and run db_generate --accept again",
            )
        hashes[again.migration, again.direction] = again.digest
        before = remembered(known, again.migration, again.direction)
        record = known.migration(again.migration)
        if again.is_respelled(record, prints.get(again.migration)):
            respelled[again.migration] = None
        elif not again.agrees(before) and (before or not texts_edited):
            other[f"{again.migration}, {again.direction}"] = difference(again)
    records = []
    for name in entry.migrations:
        if name in prints:
            up, down = (hashes.get((name, way), "") for way in Direction)
            records.append(record_of(name, prints[name], up, down))
        elif (kept := known.migration(name)) is not None:
            records.append(kept)
    return Remembered(tuple(records), other, tuple(respelled))
