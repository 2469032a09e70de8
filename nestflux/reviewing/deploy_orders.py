"""The deploy orders of pending files: as they were recorded; of several together, measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nestflux.history.journal import Entry
from nestflux.recording.deploy_order.several import order_of_pending
from nestflux.recording.recording_target import RecordingTarget
from nestflux.reviewing.subjects import History, PendingFiles


def pending_entries(entries: Sequence[Entry], applied: Collection[str]) -> Sequence[Entry]:
    """The files that a database lacks, without a gap up to the head.

    Args:
        applied: the ids of those that it has; where there are none, it is fresh, or not known, and
            no code runs on it.
    """
    if not applied:
        return ()
    first = next((i for i, entry in enumerate(entries) if entry.id not in applied), len(entries))
    rest = entries[first:]
    return () if any(entry.id in applied for entry in rest) else rest


def pending_files(
    history: History, pending: Sequence[Entry], target: RecordingTarget | None
) -> PendingFiles:
    """Raises HistoryError where a record cannot be read.

    Args:
        target: where several are measured together; None: they are not.
    """
    known = {files.entry.id: files.texts.record.deploy_order for files in history.files}
    together = order_of_pending(target, pending) if target and len(pending) > 1 else None
    return PendingFiles(
        history.folder,
        {entry.name: order for entry in pending if (order := known[entry.id])},
        together,
        last=history.files[-1].entry.name,
        last_order=known[history.files[-1].entry.id],
    )
