"""``db_generate --rebase``: files of a branch, recorded again behind those that were merged first.

Their migrations are what they were; on top of others, Django may give other SQL. All or nothing,
like every recording.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nestflux.conf import Configuration, configuration, history_folder
from nestflux.exceptions import FamilyUnreachable, Refused
from nestflux.graph.loader import dotted, is_held, load
from nestflux.history import merging, naming
from nestflux.history.families import Behind, behind
from nestflux.history.folder import JOURNAL, SNAPSHOT, Folder, display_path, write_all
from nestflux.history.journal import Entry, Journal
from nestflux.history.sqlfile import SqlFile, Statement, parse
from nestflux.recording.after_snapshot import Recording, serve
from nestflux.recording.determinism import run_twice
from nestflux.recording.generate import families_of
from nestflux.recording.recorded_file import RecordedFile, record_file
from nestflux.recording.recording_target import RecordingTarget, recording_target
from nestflux.recording.working_copy import advanced, copied, paths_of
from nestflux.sql.statements import sha256


@dataclass(frozen=True)
class Rebased:
    """A file that was recorded again. ``changes`` are the statements that are others now, ``-`` for
    those of before: among them what a reviewer had edited by hand."""

    old: Entry
    file: RecordedFile
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Settled:
    """A merge that is settled. ``behind`` are the families whose history lacks the files now, and
    ``unreached`` why they were not recorded again."""

    rebased: tuple[Rebased, ...]
    behind: tuple[Behind, ...] = ()
    unreached: tuple[FamilyUnreachable, ...] = ()


@dataclass(frozen=True)
class _Outcome:
    """What becomes of one family's history: files by name, and the journal that lists them."""

    folder: Folder
    plan: merging.Rebase
    texts: Mapping[str, str]
    journal: Journal
    rebased: tuple[Rebased, ...] = ()


def rebase(alias: str, names: Sequence[str]) -> Settled:
    """Record files again as the last ones, in the history of each family that holds them. A family
    of which no server can be reached falls behind: its history keeps the other files.

    Raises Refused, HistoryError and what recording raises, FamilyUnreachable where no family can be
    recorded; whatever is raised, nothing was written.
    """
    configured = configuration()
    folders = [history_folder(alias, family) for family in families_of(alias, configured)]
    plans = [(folder, merging.rebase(text, names)) for folder, text in _holding(folders, names)]
    done: list[_Outcome] = []
    unreached: list[FamilyUnreachable] = []
    with tempfile.TemporaryDirectory() as scratch:
        for folder, plan in plans:
            try:
                done.append(_recorded(alias, folder, plan, configured, Path(scratch)))
            except FamilyUnreachable as error:
                done.append(_without_them(folder, plan, error))
                unreached.append(error)
        if unreached and len(unreached) == len(plans):
            raise unreached[0]
        _write(done)
    journals = {f.family: history_folder(alias, f.family).journal for f in folders if f.exists}
    rebased = tuple(one for outcome in done for one in outcome.rebased)
    return Settled(rebased, behind(journals), tuple(unreached))


def _holding(folders: Sequence[Folder], names: Sequence[str]) -> Iterator[tuple[Folder, str]]:
    """The histories that hold the files, each with the text of its journal; all of them where none
    does, so that it is said. One that is behind holds none."""
    texts = [(folder, _journal_text(folder)) for folder in folders if folder.exists]
    holding = [each for each in texts if merging.holds(each[1], names)]
    yield from holding or texts or [(folder, _journal_text(folder)) for folder in folders[:1]]


def _journal_text(folder: Folder) -> str:
    try:
        return (folder.path / JOURNAL).read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"{folder.path / JOURNAL} cannot be read: {error.strerror}.",
            then=f"make {folder.path / JOURNAL} readable",
        ) from None


def _recorded(
    alias: str, folder: Folder, plan: merging.Rebase, configured: Configuration, scratch: Path
) -> _Outcome:
    copy = copied(folder, plan.kept, scratch)
    target = recording_target(alias, folder.family, configured, folder=copy)
    target = advanced(target, *_kept_snapshot(folder, target))
    made: list[Rebased] = []
    for entry in plan.moved:
        journal = target.folder.journal
        only = _of_it(entry, journal, is_last=entry == plan.moved[-1])
        if not only:
            continue
        name = naming.numbered(journal.next_number, entry.name.split("_", 1)[1])
        file = record_file(target, (), name, only)
        made.append(Rebased(entry, file, _changes(folder, entry, file.up)))
        target = advanced(target, file.texts, file.journal)
    if not made:
        raise Refused(
            "None of the migrations that these files hold is in the project any more.",
            stands="nothing was changed",
            then="restore them, or remove the files and their entries in journal.json",
        )
    texts = {name: text for one in made for name, text in one.file.texts.items()}
    return _Outcome(folder, plan, texts, made[-1].file.journal, tuple(made))


def _without_them(folder: Folder, plan: merging.Rebase, error: FamilyUnreachable) -> _Outcome:
    """The history without the files, as the side of the merge had it that stays."""
    for side in merging.sides(_snapshot_text(folder)):
        if sha256(side) == plan.kept.snapshot:
            return _Outcome(folder, plan, {SNAPSHOT: side}, plan.kept)
    path = display_path(folder.path / SNAPSHOT)
    raise FamilyUnreachable(
        error.family,
        f"{error.why.rstrip('.')}. Without one it keeps the files of one side of the merge, and "
        "git made its schema.sql of both",
        where=path,
        stands=error.now,
        then=f"git checkout HEAD -- {path}   (MERGE_HEAD, where the files that stay are of the "
        "other side), and run the command again; or start that server",
    )


def _snapshot_text(folder: Folder) -> str:
    path = folder.path / SNAPSHOT
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _kept_snapshot(folder: Folder, target: RecordingTarget) -> tuple[dict[str, str], Journal]:
    """``schema.sql`` after the last file that stays, and the journal that says what completes it:
    a side of its conflict, or made anew where git merged the two into one that nobody recorded."""
    journal = target.folder.journal
    for side in merging.sides(_snapshot_text(folder)):
        if sha256(side) == journal.snapshot:
            return {SNAPSHOT: side}, journal
    if not journal.entries:
        return {SNAPSHOT: ""}, journal
    twice = run_twice(target, journal.entries, target.files)
    served = serve(Recording(target, journal.entries, target.files), twice)
    journal = replace(journal, replay_because=served.replay_because, after_snapshot=served.after)
    return {SNAPSHOT: served.snapshot}, journal


def _of_it(entry: Entry, journal: Journal, *, is_last: bool) -> frozenset[str]:
    """The migrations of a file that are to be recorded: its own, and of the last one whatever else
    has no file, as one that merges two branches' migrations."""
    loader = load(None, (), journal.migrations)
    held = set(journal.recorded_migrations)
    missing = [dotted(key) for key in loader.plan() if not is_held(loader, key, held)]
    return frozenset(missing if is_last else [m for m in missing if m in entry.migrations])


def _changes(folder: Folder, entry: Entry, now: SqlFile) -> tuple[str, ...]:
    path = folder.up_path(entry.name)  # its own branch's: without it everything is new
    before = _step_lines(parse(path.read_text(encoding="utf-8"))) if path.exists() else []
    lines = difflib.ndiff(before, _step_lines(now))
    return tuple(line for line in lines if line[0] in "+-")


def _step_lines(file: SqlFile) -> list[str]:
    return [
        " ".join(step.sql.split()) if isinstance(step, Statement) else step.locator
        for _, _, step in file.steps()
    ]


def _write(done: Sequence[_Outcome]) -> None:
    write_all(outcome.folder.stage(outcome.texts, outcome.journal) for outcome in done)
    for outcome in done:
        names = {entry.name for entry in outcome.journal.entries}
        for old in outcome.plan.moved:
            for path in paths_of(outcome.folder, old.name) if old.name not in names else ():
                path.unlink(missing_ok=True)
