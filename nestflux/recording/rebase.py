"""``db_generate --rebase``: files of a branch, recorded again behind those that were merged first.

Their migrations are what they were; on top of others, Django may give other SQL. All or nothing,
like every recording.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nestflux.conf import Configuration, configuration, history_folder
from nestflux.exceptions import Refused
from nestflux.graph.loader import dotted, is_held, load
from nestflux.history import merging, naming
from nestflux.history.folder import JOURNAL, SNAPSHOT, Folder, write_all
from nestflux.history.journal import Entry, Journal
from nestflux.history.sqlfile import SqlFile, Statement, parse
from nestflux.recording.after_snapshot import Recording, serve
from nestflux.recording.determinism import run_twice
from nestflux.recording.generate import families_of
from nestflux.recording.recorded_file import RecordedFile, record_file
from nestflux.recording.recording_target import Place, place_of
from nestflux.recording.working_copy import advanced, copied, paths_of
from nestflux.sql.statements import sha256


@dataclass(frozen=True)
class Rebased:
    """A file that was recorded again. ``changes`` are the statements that are others now, ``-`` for
    those of before: among them what a reviewer had edited by hand."""

    old: Entry
    file: RecordedFile
    changes: tuple[str, ...]


def rebase(alias: str, names: Sequence[str]) -> list[Rebased]:
    """Record files again as the last ones, in the history of each family that holds them.

    Raises Refused, HistoryError and what recording raises; whatever is raised, nothing was written.
    """
    configured = configuration()
    done: list[tuple[Folder, list[Rebased]]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for family in families_of(alias, configured):
            folder = history_folder(alias, family)
            plan = merging.rebase(_journal_text(folder), names)
            done.append((folder, _recorded(alias, folder, plan, configured, Path(scratch))))
        _write(done)
    return [one for _, some in done for one in some]


def _journal_text(folder: Folder) -> str:
    try:
        return (folder.path / JOURNAL).read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{folder.path / JOURNAL} cannot be read: {error.strerror}.") from None


def _recorded(
    alias: str, folder: Folder, plan: merging.Rebase, configured: Configuration, scratch: Path
) -> list[Rebased]:
    copy = copied(folder, plan.kept, scratch)
    place = place_of(alias, folder.family, configured, folder=copy)
    place = advanced(place, *_kept_snapshot(folder, place))
    made: list[Rebased] = []
    for entry in plan.moved:
        journal = place.folder.journal
        only = _of_it(entry, journal, is_last=entry == plan.moved[-1])
        if not only:
            continue
        name = naming.numbered(journal.next_number, entry.name.split("_", 1)[1])
        file = record_file(place, (), name, only)
        made.append(Rebased(entry, file, _changes(folder, entry, file.up)))
        place = advanced(place, file.texts, file.journal)
    if not made:
        raise Refused(
            "None of the migrations that these files hold is in the project any more.",
            stands="nothing was changed",
        )
    return made


def _kept_snapshot(folder: Folder, place: Place) -> tuple[dict[str, str], Journal]:
    """``schema.sql`` after the last file that stays, and the journal that says what completes it:
    a side of its conflict, or made anew where git merged the two into one that nobody recorded."""
    journal = place.folder.journal
    path = folder.path / SNAPSHOT
    for side in merging.sides(path.read_text(encoding="utf-8") if path.exists() else ""):
        if sha256(side) == journal.snapshot:
            return {SNAPSHOT: side}, journal
    if not journal.entries:
        return {SNAPSHOT: ""}, journal
    twice = run_twice(place, journal.entries, place.folder.file)
    served = serve(Recording(place, journal.entries, place.folder.file), twice)
    journal = replace(journal, replay_because=served.replay_because, after_snapshot=served.after)
    return {SNAPSHOT: served.snapshot}, journal


def _of_it(entry: Entry, journal: Journal, *, is_last: bool) -> frozenset[str]:
    """The migrations of a file that are to be recorded: its own, and of the last one whatever else
    has no file, as one that merges two branches' migrations."""
    loader = load(None, (), journal.migrations)
    held = set(journal.books)
    missing = [dotted(key) for key in loader.plan() if not is_held(loader, key, held)]
    return frozenset(missing if is_last else [m for m in missing if m in entry.migrations])


def _changes(folder: Folder, entry: Entry, now: SqlFile) -> tuple[str, ...]:
    path = folder.up_path(entry.name)  # its own branch's: without it everything is new
    before = _told(parse(path.read_text(encoding="utf-8"))) if path.exists() else []
    lines = difflib.ndiff(before, _told(now))
    return tuple(line for line in lines if line[0] in "+-")


def _told(file: SqlFile) -> list[str]:
    return [
        " ".join(step.sql.split()) if isinstance(step, Statement) else step.locator
        for _, _, step in file.steps()
    ]


def _write(done: Sequence[tuple[Folder, Sequence[Rebased]]]) -> None:
    write_all(
        folder.stage(
            {name: text for one in some for name, text in one.file.texts.items()},
            some[-1].file.journal,
        )
        for folder, some in done
    )
    for folder, some in done:
        new = {one.file.up.name for one in some}
        for one in some:
            for path in paths_of(folder, one.old.name) if one.old.name not in new else ():
                path.unlink(missing_ok=True)
