"""A history's folder, read without stopping at the first thing that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from nestflux.exceptions import HistoryError
from nestflux.history import journal as journal_file
from nestflux.history.folder import JOURNAL, SNAPSHOT, Folder, display_path
from nestflux.history.journal import Journal
from nestflux.history.sqlfile import replaces_of
from nestflux.reviewing.subjects import EntryFiles, History, TextOnDisk


def read_history(folder: Folder) -> History:
    """Everything that lies in a history's folder."""
    on_disk = read_text(folder.path / JOURNAL)
    text = on_disk.text or ""
    try:
        journal = _journal(folder, on_disk)
    except HistoryError as error:
        return History(folder, text, journal_problem=error)
    unlisted = tuple(_unlisted(folder, journal))
    return History(
        folder=folder,
        journal_text=text,
        journal=journal,
        contradictions=tuple(journal_file.contradictions(journal)),
        files=tuple(
            EntryFiles(
                entry,
                read_text(folder.up_path(entry.name)),
                read_text(folder.down_path(entry.name)),
                read_text(folder.record_path(entry.name)),
            )
            for entry in journal.entries
        ),
        snapshot=read_text(folder.path / SNAPSHOT) if journal.entries else None,
        unlisted=unlisted,
        begun_squashes=frozenset(
            name
            for name in {unlisted_file.split(".", 1)[0] for unlisted_file in unlisted}
            if replaces_of(read_text(folder.up_path(name)).text or "")
        ),
    )


def _journal(folder: Folder, on_disk: TextOnDisk) -> Journal:
    if on_disk.problem:
        raise HistoryError(
            f"{JOURNAL} {on_disk.problem}.", then=f"git checkout -- {display_path(on_disk.path)}"
        )
    if on_disk.text is None and not any(folder.path.glob("[0-9]*.sql")):
        return Journal(folder.family)  # a family that is kept and that nobody has recorded yet
    if on_disk.text is None:
        raise HistoryError(
            f"There are SQL migrations and no {JOURNAL}.",
            then=f"git checkout -- {display_path(on_disk.path)}",
        )
    journal = journal_file.read(on_disk.text)
    if journal.family != folder.family:
        raise HistoryError(
            f"The history was recorded for {journal.family}, and the folder is {folder.family}'s.",
            then=f"move the files to {journal.family}/, "
            f"or: git checkout -- {display_path(folder.path)}",
        )
    return journal


def read_text(path: Path) -> TextOnDisk:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return TextOnDisk(path, file.read())
    except FileNotFoundError:
        return TextOnDisk(path, None)
    except UnicodeDecodeError:
        return TextOnDisk(path, None, "is not UTF-8")
    except OSError as error:
        return TextOnDisk(path, None, f"cannot be read: {error.strerror}")


def _unlisted(folder: Folder, journal: Journal) -> list[str]:
    """Files that look like a history's and that no entry knows."""
    ends = (".sql", ".down.sql", ".deltas.json")
    known = {f"{name}{end}" for name in journal.names for end in ends}
    there = {p.name for p in folder.path.glob("[0-9]*") if p.name.endswith((".sql", ends[-1]))}
    return sorted(there - known)
