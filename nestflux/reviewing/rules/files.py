"""The files that a journal lists: are they there, as they were recorded, and do they fit?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nestflux.applying.plan.tasks import work_of
from nestflux.exceptions import HistoryError
from nestflux.history.folder import JOURNAL, SNAPSHOT, display_path
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Direction, Replaced, SqlFile
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import EntryFiles, History, TextOnDisk

MISSING = FindingKind(
    "missing-file", Severity.ERROR, "a database that lacks it can be brought no further"
)
UNREADABLE = FindingKind("unreadable-file", Severity.ERROR, "what cannot be read cannot be run")
EDITED = FindingKind(
    "edited-file", Severity.ERROR, "what was recorded and verified is not what the file says now"
)
HEADER = FindingKind(
    "other-header",
    Severity.ERROR,
    "the ledger would record it under another name, or migrations that it does not hold",
)
NAME = FindingKind(
    "other-name", Severity.REMARK, "only its first line is old: the id is what a file is known by"
)
STALE = FindingKind(
    "stale-record",
    Severity.ERROR,
    "after a crash the records decide whether a statement ran",
)
SNAPSHOT_EDITED = FindingKind(
    "edited-snapshot", Severity.ERROR, "a fresh database would load another schema"
)
STRAY = FindingKind("stray-file", Severity.ERROR, "it was never accepted, and no command runs it")


@rule(History)
def files_of_entries(history: History) -> Iterator[Finding]:
    for files in history.files:
        parsed: dict[Direction, SqlFile] = {}
        for direction in Direction:
            on_disk = files.sql(direction)
            recorded = files.entry.up if direction is Direction.UP else files.entry.down
            yield from _text(history, files.entry, on_disk, recorded)
            if on_disk.text is not None:
                try:
                    parsed[direction] = files.texts.file(direction)
                except HistoryError as error:
                    yield UNREADABLE.found(
                        f"{on_disk.path.name}: {_less_line(error.what)}",
                        where=on_disk.path,
                        line=_line(error.what),
                        then=f"git checkout -- {display_path(on_disk.path)}",
                    )
        yield from _headers(files, parsed)
        yield from _record(history, files, parsed)


def _text(history: History, entry: Entry, on_disk: TextOnDisk, recorded: str) -> Iterator[Finding]:
    path = on_disk.path
    undo = f"git checkout -- {display_path(path)}"
    if on_disk.problem:
        yield UNREADABLE.found(f"{path.name} {on_disk.problem}.", where=path, then=undo)
    elif on_disk.text is None:
        yield MISSING.found(
            f"{path.name} is listed in {JOURNAL} and is not in the folder.", where=path, then=undo
        )
    elif not on_disk.is_as(recorded):
        yield EDITED.found(
            f"{path.name} was edited: its hash is not the one in {JOURNAL}.",
            where=path,
            then=f"{undo}\n         or, if it is applied nowhere, after a review: "
            f"python manage.py db_generate --accept {entry.name}.sql",
        )


def _headers(files: EntryFiles, parsed: dict[Direction, SqlFile]) -> Iterator[Finding]:
    entry = files.entry
    held = {Direction.UP: entry.migrations, Direction.DOWN: entry.migrations[::-1]}
    for direction, file in parsed.items():
        path = files.sql(direction).path
        if file.name != entry.name:
            yield NAME.found(f"{path.name} calls itself {file.name}.", where=path, line=1)
        sections = tuple(section.migration for section in file.sections)
        for what, says, listed in (
            ("id", file.id, entry.id),
            ("direction", str(file.direction), str(direction)),
            ("list of migrations", ", ".join(sections), ", ".join(held[direction])),
            ("list of replaced files", *map(_names_and_ids, _replaced(file, entry))),
        ):
            if says == listed or (what == "list of migrations" and file.irreversible):
                continue
            yield HEADER.found(
                f"The {what} in {path.name} is not that of its entry in {JOURNAL}.",
                where=path,
                details=(f"file:    {says}", f"journal: {listed}"),
                then=f"git checkout -- {display_path(path)} {display_path(path.parent / JOURNAL)}",
            )


def _replaced(file: SqlFile, entry: Entry) -> tuple[tuple[Replaced, ...], ...]:
    return file.replaces, entry.replaces if file.direction is Direction.UP else ()


def _names_and_ids(replaces: tuple[Replaced, ...]) -> str:
    return ", ".join(f"{each.name} {each.id}" for each in replaces)


def _record(
    history: History, files: EntryFiles, parsed: dict[Direction, SqlFile]
) -> Iterator[Finding]:
    entry, on_disk = files.entry, files.record
    found = list(_text(history, entry, on_disk, entry.record))
    yield from found
    if found or on_disk.text is None:
        return
    try:
        record = files.texts.record
    except HistoryError as error:
        yield UNREADABLE.found(error.what, where=on_disk.path)
        return
    for direction, file in parsed.items():
        recorded = entry.up if direction is Direction.UP else entry.down
        if not files.sql(direction).is_as(recorded):
            continue  # reported above: it was edited
        try:
            work_of(file, record)
        except HistoryError:
            yield STALE.found(
                f"{on_disk.path.name} does not describe the statements of "
                f"{files.sql(direction).path.name}.",
                where=on_disk.path,
                then=f"python manage.py db_generate --accept {entry.name}.sql",
            )


@rule(History)
def snapshot(history: History) -> Iterator[Finding]:
    if history.snapshot is None or history.journal is None:
        return
    path = history.snapshot.path
    undo = f"git checkout -- {display_path(path)}"
    if history.snapshot.problem:
        yield UNREADABLE.found(f"{SNAPSHOT} {history.snapshot.problem}.", where=path, then=undo)
    elif history.snapshot.text is None:
        yield MISSING.found(f"{SNAPSHOT} is not in the folder.", where=path, then=undo)
    elif not history.snapshot.is_as(history.journal.snapshot):
        yield SNAPSHOT_EDITED.found(
            f"{SNAPSHOT} is not the one that {JOURNAL} records.", where=path, then=undo
        )


@rule(History)
def stray_files(history: History) -> Iterator[Finding]:
    squashed = {
        old: entry.name
        for entry in (history.journal.entries if history.journal else ())
        for old in entry.replaced_names
    }
    for name in history.unlisted:
        path = history.folder.path / name
        of = name.split(".", 1)[0]
        if squash := of if of in history.begun_squashes else squashed.get(of):
            yield STRAY.found(
                f"{name} is not in {JOURNAL}: db_squash was killed while it put {squash}.sql in "
                "the place of others.",
                where=path,
                then="python manage.py db_squash   (finishes it; with the options that it had)",
            )
            continue
        yield STRAY.found(
            f"{name} is not in {JOURNAL}.",
            where=path,
            then=f"remove it, or restore the journal that lists it: "
            f"git checkout -- {display_path(history.folder.path / JOURNAL)}",
        )


def _line(what: str) -> int | None:
    found = re.match(r"Line (\d+): ", what)
    return int(found[1]) if found else None


def _less_line(what: str) -> str:
    return re.sub(r"^Line \d+: ", "", what)
