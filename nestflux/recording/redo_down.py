"""``db_generate --redo-down``: ways back that were recorded earlier are made exact.

What ran stays as it is: an up file is not touched, and of a down file what Django gave, or a
reviewer made of it. Behind that stands what makes the rest equal, as in a file that is recorded
today. A database that applied the file takes the new way back over with its next run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nestflux.conf import configuration, history_folder
from nestflux.exceptions import Refused
from nestflux.graph.loader import load
from nestflux.graph.python_steps import StepRunner
from nestflux.history.folder import HistoryFiles, Staged, texts_of, write_all
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import INEXACT, Direction, PythonStep
from nestflux.recording.capture import Recorded
from nestflux.recording.determinism import run_files
from nestflux.recording.exact_way_back import complete, not_repeated
from nestflux.recording.generate import families_of
from nestflux.recording.recorded_file import inexactness, require_same
from nestflux.recording.recording_target import RecordingTarget, recording_target
from nestflux.recording.replay import record_applied, run_file
from nestflux.schema.introspection import read_schema

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Redone:
    """A way back that is another one now: how many statements more or fewer it has, and what it
    still leaves otherwise."""

    family: str
    name: str
    statements: int
    notes: tuple[str, ...] = ()


def redo_down(alias: str, names: Sequence[str]) -> list[Redone]:
    """Make the ways back of files exact, in the history of each family.

    Args:
        names: the files, by name or number; none: all that say that they are inexact.

    Raises Refused where a name is no file's or has no way back; NotReproduced, with nothing
    written, where a file's text does not run.
    """
    redone: list[Redone] = []
    write_all(_staged(alias, names, redone))
    return redone


def _staged(alias: str, names: Sequence[str], redone: list[Redone]) -> Iterator[Staged]:
    """What is to be written in each history; ``redone`` gets what to say of it."""
    for family in families_of(alias, configuration()):
        folder = history_folder(alias, family)
        chosen = tuple(_chosen(HistoryFiles(folder), names))
        if not chosen:
            continue
        target = recording_target(alias, family, configuration())
        made = [one for entry in chosen if (one := _redo(target, entry)) is not None]
        if made:
            entries = {one.entry.id: one.entry for one in made}
            kept = tuple(entries.get(entry.id, entry) for entry in folder.journal.entries)
            texts = {name: text for one in made for name, text in one.texts.items()}
            redone += (one.said for one in made)
            yield folder.stage(texts, replace(folder.journal, entries=kept))


def _chosen(files: HistoryFiles, names: Sequence[str]) -> Iterator[Entry]:
    journal = files.folder.journal
    if not names:
        for entry in journal.entries:
            if files(entry, Direction.DOWN).inexact:
                yield entry
        return
    for name in names:
        entry = journal.entry(name.rsplit("/", 1)[-1])
        if reason := files(entry, Direction.DOWN).irreversible:
            raise Refused(
                f"{entry.name} has no way back: {reason}",
                where=f"{entry.name}.down.sql",
                stands="nothing was written",
                then="leave it as it is; a new migration takes the schema on",
            )
        yield entry


@dataclass(frozen=True)
class _Made:
    entry: Entry
    texts: Mapping[str, str]
    said: Redone


def _redo(target: RecordingTarget, entry: Entry) -> _Made | None:
    """One file's way back; None where it is exact as it is."""
    logger.info("%s: recording the way back of %s", target.server.name, entry.name)
    up, down = target.files(entry), target.files(entry, Direction.DOWN)
    record = target.files.record(entry)
    django = replace(
        down,
        sections=tuple(section.without_completion for section in down.sections),
        notes=tuple(note for note in down.notes if note not in down.inexact),
    )
    with _before(target, entry) as (connection, steps):
        before = read_schema(connection)
        run_file(connection, up, steps)
        record_applied(connection, entry.recorded_migrations)
        after = read_schema(connection)
        run_file(connection, django, steps)
        backwards = [Recorded(section) for section in django.sections]
        backwards, left = complete(connection, target.server.family, backwards, before, after)
    exact = replace(
        django,
        sections=tuple(recorded.section for recorded in backwards),
        notes=(*django.notes, *inexactness(before, left)),
    )
    with _before(target, entry) as (connection, steps):
        run_file(connection, up, steps)
        record_applied(connection, entry.recorded_migrations)
        run_file(connection, exact, steps)
        require_same(left, read_schema(connection), exact)
        otherwise = not_repeated(connection, up, after)
    exact = replace(exact, notes=(*exact.notes, *(f"{INEXACT}{line}" for line in otherwise)))
    if exact == down:
        return None
    kept = [
        known
        for known, (_, _, step) in zip(record.down, down.steps(), strict=True)
        if isinstance(step, PythonStep) or not step.completes
    ]
    added = [known for recorded in backwards for known in recorded.records]
    now = replace(record, down=(*kept, *added))
    return _Made(
        replace(Entry.of(up, exact, now), recorded_migrations=entry.recorded_migrations),
        texts_of(up, exact, now),
        Redone(
            target.server.family,
            entry.name,
            len(now.down) - len(record.down),
            exact.inexact,
        ),
    )


@contextmanager
def _before(
    target: RecordingTarget, entry: Entry
) -> Iterator[tuple[BaseDatabaseWrapper, StepRunner]]:
    """A shadow as the files before one leave it."""
    journal = target.folder.journal
    with target.shadow() as connection:
        steps = StepRunner(load(), journal.migrations)
        earlier = journal.entries[: journal.entries.index(entry)]
        run_files(connection, target, earlier, target.files)
        yield connection, steps
