"""A copy of a history in which several files are recorded one after another.

The history itself is written when all of them stand: until then each next file finds the one before
it in the copy.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nestflux.exceptions import HistoryError
from nestflux.history import journal as journal_file
from nestflux.history.folder import JOURNAL, SNAPSHOT, Folder, display_path
from nestflux.recording.recorded_file import RecordedFile, record_file
from nestflux.sql.statements import sha256

if TYPE_CHECKING:
    from django.db.migrations.migration import Migration

    from nestflux.history.families import PlannedFile
    from nestflux.history.journal import Journal
    from nestflux.recording.recording_target import RecordingTarget


def record_files(
    target: RecordingTarget, unwritten: Sequence[Migration], planned: Sequence[PlannedFile]
) -> list[RecordedFile]:
    """Record the next files of a history, in their order. Writes nothing to the history.

    Raises as ``record_file`` does.
    """
    if len(planned) == 1:
        return [record_file(target, unwritten, planned[0].name)]
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        at = replace(target, folder=copied(target.folder, target.folder.journal, Path(scratch)))
        if target.folder.journal.entries:
            at = advanced(at, {SNAPSHOT: target.folder.snapshot()}, target.folder.journal)
        for each in planned:
            file = record_file(at, unwritten, each.name, frozenset(each.migrations))
            at = advanced(at, file.texts, file.journal)
            made.append(replace(file, target=target))
    return made


def copied(folder: Folder, kept: Journal, scratch: Path) -> Folder:
    """The files that ``kept`` lists, copied into a folder of ``scratch`` without a snapshot."""
    copy = Folder(scratch / folder.family, folder.family)
    copy.path.mkdir()
    for entry in kept.entries:
        for path in paths_of(folder, entry.name):
            try:
                shutil.copy(path, copy.path)
            except FileNotFoundError:
                raise HistoryError(
                    f"{path.name} is not in the folder.",
                    where=str(path),
                    stands="nothing was changed",
                    then=f"take it from the other branch: git checkout … -- {display_path(path)}",
                ) from None
    (copy.path / JOURNAL).write_text(journal_file.dumps(kept), encoding="utf-8")
    return copy


def paths_of(folder: Folder, name: str) -> tuple[Path, ...]:
    """The three files of a SQL migration."""
    return folder.up_path(name), folder.down_path(name), folder.record_path(name)


def advanced(
    target: RecordingTarget, texts: Mapping[str, str], journal: Journal
) -> RecordingTarget:
    """The target once these texts lie in its copy of the history."""
    path = target.folder.path
    journal = replace(journal, snapshot=sha256(texts[SNAPSHOT]))
    for name, text in {**texts, JOURNAL: journal_file.dumps(journal)}.items():
        (path / name).write_text(text, encoding="utf-8", newline="")
    return replace(target, folder=Folder(path, target.folder.family))
