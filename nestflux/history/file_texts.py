"""The texts of one SQL migration, read once and parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nestflux.exceptions import HistoryError
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, SqlFile, parse

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class FileTexts:
    """Its three texts, each parsed when it is first asked for: whoever needs a file passes this
    on. ``folder``: where they were read; None for those that a ledger kept.

    Parsing raises HistoryError.
    """

    name: str
    up_text: str
    down_text: str
    record_text: str
    folder: Path | None = None

    @cached_property
    def up(self) -> SqlFile:
        return parsed(self.up_text, self._path(".sql"))

    @cached_property
    def down(self) -> SqlFile:
        return parsed(self.down_text, self._path(".down.sql"))

    @cached_property
    def record(self) -> FileRecord:
        """What recording learned of the file's steps."""
        name = f"{self.name}.deltas.json"
        return parsed_record(self.record_text, name, self._path(".deltas.json"))

    def file(self, direction: Direction) -> SqlFile:
        return self.up if direction is Direction.UP else self.down

    def _path(self, ending: str) -> Path | None:
        return self.folder / f"{self.name}{ending}" if self.folder else None


def parsed(text: str, path: Path | None) -> SqlFile:
    """A SQL file as a value. Raises HistoryError that names where it lies."""
    try:
        return parse(text)
    except HistoryError as error:
        error.where = error.where or str(path or "")
        error.then = error.then or _restore(path)
        raise


def parsed_record(text: str, name: str, path: Path | None) -> FileRecord:
    try:
        return FileRecord.loads(text)
    except (ValueError, KeyError, TypeError) as error:
        raise HistoryError(
            f"{name} cannot be read: {error}.", where=str(path or ""), then=_restore(path)
        ) from None


def _restore(path: Path | None) -> str:
    """A text without a path is one of the ledger."""
    return f"correct it, or: git checkout -- {path}" if path else "python manage.py db_status"
