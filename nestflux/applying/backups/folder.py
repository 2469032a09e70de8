"""A backup on disk: a folder with one dump and ``backup.json``, which only its owner reads.

It is made under another name and gets its own once it is complete and on the disk: a run that dies
leaves ``.incomplete-…``, which nothing takes for a backup.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from nestflux.database.dumping import read_dump
from nestflux.exceptions import BackupFailed, Refused
from nestflux.history.data_loss import Lost

MANIFEST = "backup.json"
DUMP = "dump.sql"
_FORMAT = 1
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Manifest:
    """What a backup holds and belongs to. ``tables``: rows by table; ``size`` in bytes."""

    file_id: str
    file: str
    direction: str
    attempt: int
    database: str
    server: str
    tool: str
    taken_at: str
    tables: Mapping[str, int]
    lost: tuple[Lost, ...]
    sha256: str
    size: int

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def dumps(self) -> str:
        document = {
            "format": _FORMAT,
            "file": {"id": self.file_id, "name": self.file},
            "direction": self.direction,
            "attempt": self.attempt,
            "database": self.database,
            "server": self.server,
            "tool": self.tool,
            "taken_at": self.taken_at,
            "dump": {"name": DUMP, "bytes": self.size, "sha256": self.sha256},
            "tables": dict(self.tables),
            "lost": lost_as_json(self.lost),
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def loads(cls, text: str) -> Manifest:
        """Raises ValueError, KeyError or TypeError on what is no manifest of this format."""
        found = json.loads(text)
        if found["format"] != _FORMAT:
            raise ValueError(f"it is of format {found['format']}, and this NestFlux knows 1")
        return cls(
            file_id=found["file"]["id"],
            file=found["file"]["name"],
            direction=found["direction"],
            attempt=found["attempt"],
            database=found["database"],
            server=found["server"],
            tool=found["tool"],
            taken_at=found["taken_at"],
            tables={str(table): int(rows) for table, rows in found["tables"].items()},
            lost=tuple(Lost(**each) for each in found["lost"]),
            sha256=found["dump"]["sha256"],
            size=found["dump"]["bytes"],
        )


def lost_as_json(lost: Sequence[Lost]) -> list[dict[str, str]]:
    return [asdict(each) for each in lost]


@dataclass(frozen=True)
class Backup:
    """A complete backup: where it lies, and its manifest."""

    path: Path
    manifest: Manifest

    @property
    def dump(self) -> Path:
        return self.path / DUMP


@contextmanager
def folder_in_the_making(folder: Path, database: str, file: str) -> Iterator[tuple[Path, str]]:
    """A new folder under a temporary name, and the name that it is to bear. Whatever is left of
    it at the end is removed. Raises BackupFailed where it cannot be made."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{_NOT_IN_NAMES.sub('_', database)}-{file}-{moment}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = [path for path in (folder / name, folder / f".incomplete-{name}") if path.exists()]
        if taken:  # a second one within the second
            name = f"{name}-{os.urandom(2).hex()}"
        made = folder / f".incomplete-{name}"
        made.mkdir(mode=0o700)
    except OSError as error:
        raise BackupFailed(f"{folder} cannot be written: {error.strerror}.") from None
    try:
        yield made, name
    finally:
        shutil.rmtree(made, ignore_errors=True)


def complete(made: Path, name: str, manifest: Manifest) -> Backup:
    """Write the manifest, see that all is on the disk, and give the folder its name."""
    try:
        descriptor = os.open(made / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(manifest.dumps())
            file.flush()
            os.fsync(file.fileno())
        _sync(made)
        path = made.rename(made.parent / name)
        _sync(path.parent)
    except OSError as error:
        raise BackupFailed(f"{made.parent} cannot be written: {error.strerror}.") from None
    return Backup(path, manifest)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_backup(path: Path) -> Backup:
    """A backup as its manifest describes it; the dump is not read. Raises Refused."""
    try:
        manifest = Manifest.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _unusable(path, f"it has no {MANIFEST}") from None
    except OSError as error:
        raise _unusable(path, f"{MANIFEST} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(path, f"{MANIFEST} cannot be read: {_words(error)}") from None
    return Backup(path, manifest)


def require_intact(backup: Backup) -> None:
    """Read the whole dump and compare it with the manifest. Raises Refused."""
    try:
        found = read_dump(backup.dump)
    except OSError as error:
        raise _unusable(backup.path, f"{DUMP} cannot be read: {error.strerror}") from None
    except ValueError:
        found = None
    if found is None:
        raise _unusable(backup.path, f"{DUMP} is not complete")
    if found.sha256 != backup.manifest.sha256:
        raise _unusable(backup.path, f"{DUMP} is not the one that was taken: its hash differs")


def _words(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _unusable(path: Path, why: str) -> Refused:
    return Refused(
        f"The backup cannot be used: {why}.",
        where=str(path),
        stands="nothing was changed",
        then="python manage.py db_restore   (lists the backups that the ledger knows)",
    )


def is_usable(path: str, sha256: str) -> bool:
    """Is a backup that the ledger knows still there, whole?"""
    try:
        found = open_backup(Path(path))
        if found.manifest.sha256 != sha256:
            return False
        require_intact(found)
    except Refused:
        return False
    return True
