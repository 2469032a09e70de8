"""A history on disk: a folder with ``journal.json``, the files it lists and ``schema.sql``."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nestflux.exceptions import HistoryError, SqlFileError
from nestflux.history import journal as journal_file
from nestflux.history.file_texts import FileTexts, parsed, parsed_record
from nestflux.history.journal import Entry, Journal
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, SqlFile, render
from nestflux.sql.lexer import fragments
from nestflux.sql.statements import sha256

JOURNAL = "journal.json"
SNAPSHOT = "schema.sql"


def display_path(path: Path) -> str:
    """A path as a person would type it: from the current folder on, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def texts_of(up: SqlFile, down: SqlFile, record: FileRecord) -> dict[str, str]:
    """What a file is on disk: its three texts, by file name."""
    return {
        f"{up.name}.sql": render(up),
        f"{up.name}.down.sql": render(down),
        f"{up.name}.deltas.json": record.dumps(),
    }


@dataclass(frozen=True)
class Folder:
    """The place of one history. Reading verifies hashes; writing is all or nothing."""

    path: Path
    family: str

    @property
    def exists(self) -> bool:
        return os.path.exists(self.path / JOURNAL)  # False too where the folder cannot be read

    @cached_property
    def journal(self) -> Journal:
        """The journal; an empty one where the history has not begun."""
        try:
            text = (self.path / JOURNAL).read_text(encoding="utf-8")
        except FileNotFoundError:
            if self.path.is_dir() and any(self.path.glob("[0-9]*.sql")):
                raise HistoryError(
                    f"{self.path} holds SQL migrations and no {JOURNAL}.",
                    where=str(self.path),
                    stands="nothing was changed",
                    then=f"git checkout -- {display_path(self.path / JOURNAL)}",
                ) from None
            return Journal(self.family)
        except (OSError, UnicodeDecodeError) as error:
            raise HistoryError(
                f"{self.path / JOURNAL} cannot be read: {getattr(error, 'strerror', error)}.",
                stands="nothing was changed",
                then=f"make {display_path(self.path)} a folder that this user may read, or correct "
                'NESTFLUX["DIRECTORY"]',
            ) from None
        try:
            found = journal_file.loads(text)
        except HistoryError as error:
            error.where = error.where or str(self.path / JOURNAL)
            error.stands = error.stands or "nothing was changed"
            raise
        if found.family != self.family:
            raise HistoryError(
                f"The history was recorded for {found.family}, and the folder is {self.family}'s.",
                where=str(self.path / JOURNAL),
                stands="nothing was changed",
                then=f"move the files to {found.family}/, "
                f"or: git checkout -- {display_path(self.path)}",
            )
        return found

    def up_path(self, name: str) -> Path:
        return self.path / f"{name}.sql"

    def down_path(self, name: str) -> Path:
        return self.path / f"{name}.down.sql"

    def record_path(self, name: str) -> Path:
        return self.path / f"{name}.deltas.json"

    def sql_path(self, name: str, direction: Direction) -> Path:
        return self.up_path(name) if direction is Direction.UP else self.down_path(name)

    def verify(self) -> None:
        """Raises HistoryError where an up file's text is not the one that the journal records."""
        for entry in self.journal.entries:
            self.text(entry, Direction.UP)

    def text(self, entry: Entry, direction: Direction) -> str:
        """A file's text, whose hash is the journal's. Raises HistoryError if it is not."""
        recorded = entry.up if direction is Direction.UP else entry.down
        return self._verified(self.sql_path(entry.name, direction), recorded)

    def file(self, entry: Entry, direction: Direction = Direction.UP) -> SqlFile:
        """A file as a value."""
        return parsed(self.text(entry, direction), self.sql_path(entry.name, direction))

    def read(self, entry: Entry) -> FileTexts:
        """All texts of a file, whose hashes are the journal's. Raises HistoryError."""
        up, down = (self.text(entry, direction) for direction in Direction)
        return FileTexts(entry.name, up, down, self.record_text(entry), self.path)

    def edited(self, entry: Entry, direction: Direction) -> SqlFile | None:
        """The file as somebody edited it, not yet accepted; None where nobody did."""
        path = self.sql_path(entry.name, direction)
        text = self._read(path)
        if sha256(text) == (entry.up if direction is Direction.UP else entry.down):
            return None
        return parsed(text, path)

    def record(self, entry: Entry) -> FileRecord:
        """What recording learned of a file's steps."""
        path = self.record_path(entry.name)
        return parsed_record(self.record_text(entry), path.name, path)

    def record_text(self, entry: Entry) -> str:
        """The text of ``record``, whose hash is the journal's."""
        return self._verified(self.record_path(entry.name), entry.record)

    def snapshot(self) -> str:
        """The text of ``schema.sql``, whose hash is the journal's."""
        return self._verified(self.path / SNAPSHOT, self.journal.snapshot)

    def unlisted(self) -> list[str]:
        """SQL files of the folder that the journal does not list."""
        if not self.path.is_dir():
            return []
        known = {f"{n}{end}" for n in self.journal.names for end in (".sql", ".down.sql")}
        return sorted(p.name for p in self.path.glob("[0-9]*.sql") if p.name not in known)

    def statements(self) -> Iterator[str]:
        """Every statement as the folder has it, edited or not: those of down files, of the files in
        their order, of the snapshot. What cannot be read is left to who needs it."""
        ends = (".down.sql", ".sql")
        names = [f"{name}{end}" for end in ends for name in self.journal.names]
        for name in (*names, SNAPSHOT):
            with suppress(HistoryError, SqlFileError):
                text = self._read(self.path / name)
                yield from (part.text for part in fragments(text) if part.kind == "statement")

    def require_writable(self) -> None:
        """Raises HistoryError where the folder could not be written, before work is done for it."""
        place = next(p for p in (self.path, *self.path.parents) if os.path.lexists(p))
        if not place.is_dir():
            raise _not_writable(place, "it is not a folder")
        if not os.access(place, os.W_OK | os.X_OK):
            read_only = os.statvfs(place).f_flag & os.ST_RDONLY
            raise _not_writable(place, os.strerror(errno.EROFS if read_only else errno.EACCES))

    def stage(self, texts: Mapping[str, str], journal: Journal) -> Staged:
        """Prepare files by name, and the journal that makes them count, for ``write``.

        Everything is put beside its place first, so that a full disk or a missing permission
        changes nothing. Raises HistoryError where the folder cannot be written.
        """
        targets = {self.path / name: text for name, text in texts.items()}
        targets[self.path / JOURNAL] = journal_file.dumps(journal)
        self.__dict__.pop("journal", None)
        return Staged.prepare(targets)

    def _verified(self, path: Path, recorded: str) -> str:
        text = self._read(path)
        if sha256(text) != recorded:
            raise HistoryError(
                f"{path.name} is not the file that {JOURNAL} records: it was edited.",
                where=str(path),
                stands="nothing was run",
                then="review the edit and run: python manage.py db_generate --accept "
                f"{path.name}   (or undo it: git checkout -- {display_path(path)})",
            )
        return text

    def _read(self, path: Path) -> str:
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return file.read()
        except FileNotFoundError:
            raise HistoryError(
                f"{path.name} is listed in {JOURNAL} and is not in the folder.",
                where=str(path),
                stands="nothing was changed",
                then=f"git checkout -- {display_path(path)}",
            ) from None
        except UnicodeDecodeError:
            raise HistoryError(
                f"{path.name} is not UTF-8.",
                where=str(path),
                stands="nothing was changed",
                then=f"save it as UTF-8, or: git checkout -- {display_path(path)}",
            ) from None
        except OSError as error:
            raise HistoryError(
                f"{path.name} cannot be read: {error.strerror}.",
                where=str(path),
                stands="nothing was changed",
                then="let this user read it, and run the command again",
            ) from None


class HistoryFiles:
    """The files of a history, each read when it is first asked for, and once. A command that works
    with files several times makes one and passes it on.

    Args:
        texts: those that were read already, by the id of their entry.

    Whatever reads raises HistoryError where a text is not the journal's, or cannot be parsed.
    """

    def __init__(self, folder: Folder, texts: Mapping[str, FileTexts] | None = None) -> None:
        self.folder = folder
        self._texts = dict(texts or {})

    def __call__(self, entry: Entry, direction: Direction = Direction.UP) -> SqlFile:
        """A file as a value."""
        return self.texts(entry).file(direction)

    def record(self, entry: Entry) -> FileRecord:
        return self.texts(entry).record

    def texts(self, entry: Entry) -> FileTexts:
        if entry.id not in self._texts:
            self._texts[entry.id] = self.folder.read(entry)
        return self._texts[entry.id]


@dataclass(frozen=True)
class Staged:
    """Texts that lie, complete, beside the places where they will be."""

    files: tuple[tuple[Path, Path], ...]  # temporary, final; in the order of writing
    made: tuple[Path, ...] = ()  # folders that were not there, the outermost first

    @classmethod
    def prepare(cls, targets: Mapping[Path, str]) -> Staged:
        """Raises HistoryError, with nothing left behind, where a folder cannot be written."""
        files: list[tuple[Path, Path]] = []
        made: list[Path] = []
        for path, text in targets.items():
            try:
                for folder in _missing_folders(path.parent):
                    folder.mkdir()
                    made.append(folder)
                files.append((_temporary(path.parent, text), path))
            except OSError as error:
                cls(tuple(files), tuple(made)).discard()
                raise _not_writable(path.parent, error.strerror or str(error)) from None
        return cls(tuple(files), tuple(made))

    def write(self) -> None:
        """Put everything in its place, a journal last. A crash in between leaves files whose
        hash the journal does not have: every command refuses them by name."""
        for temporary, path in self.files:
            temporary.replace(path)

    def discard(self) -> None:
        """Take back what was prepared."""
        for temporary, _ in self.files:
            temporary.unlink(missing_ok=True)
        for folder in reversed(self.made):
            folder.rmdir()


def write_all(prepared: Iterable[Staged]) -> None:
    """Write what is prepared, once all of it is; where one cannot be, the others are discarded."""
    staged: list[Staged] = []
    try:
        for one in prepared:
            staged.append(one)  # kept even where the next one cannot be prepared
    except BaseException:
        for one in staged:
            one.discard()
        raise
    for one in staged:
        one.write()


def _not_writable(folder: Path, why: str) -> HistoryError:
    return HistoryError(
        f"{folder} cannot be written: {why}.",
        stands="nothing was changed",
        then="make the folder writable and run the command again",
    )


def _missing_folders(path: Path) -> list[Path]:
    """The folders on the way to ``path`` that are not there, the outermost first."""
    return [folder for folder in (*reversed(path.parents), path) if not folder.exists()]


def _temporary(directory: Path, text: str) -> Path:
    descriptor, name = tempfile.mkstemp(dir=directory, prefix=".writing-")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(name, 0o644)
    return Path(name)
