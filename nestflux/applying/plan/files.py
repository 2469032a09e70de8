"""A history's files, read and verified, as what the ledger keeps of them."""

from __future__ import annotations

from nestflux.applying.plan.plan import Relink
from nestflux.applying.plan.tasks import Work, work_of
from nestflux.database.server import Server
from nestflux.history.folder import Folder
from nestflux.history.journal import Entry
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, SessionStatement, parse, recorded_on
from nestflux.ledger.ledger import FileRow, Ledger, LedgerState, LedgerStep


def row_of(folder: Folder, entry: Entry, server: Server) -> FileRow:
    """What the ledger is to know of a file. Raises HistoryError."""
    up_text = folder.text(entry, Direction.UP)
    return FileRow(
        id=entry.id,
        name=entry.name,
        number=entry.number,
        family=folder.family,
        recorded_on=recorded_on(up_text),
        server_version=server.version_text,
        up_sha256=entry.up,
        down_sha256=entry.down,
        record_sha256=entry.record,
        up_text=up_text,
        down_text=folder.text(entry, Direction.DOWN),
        record=folder.record_text(entry),
        migrations=entry.migrations,
        recorded_migrations=entry.recorded_migrations,
        statement_count=len(folder.record(entry).up),
    )


def work_in(row: FileRow, direction: Direction) -> Work:
    """The steps of a file, from the texts that its row keeps. Raises HistoryError."""
    text = row.up_text if direction is Direction.UP else row.down_text
    return work_of(parse(text), FileRecord.loads(row.record))


def ledger_steps(work: Work) -> list[LedgerStep]:
    """The rows of an attempt's steps, of which none has begun; some may be left out."""
    return [
        LedgerStep(
            ordinal=task.ordinal,
            sha256=task.step.sha256,
            kind=task.kind,
            migration=task.migration,
            sql=task.text,
            verdict=task.record.verdict,
            undecidable=task.record.undecidable,
            recorded=task.record.delta,
            state="skipped" if task.ordinal in work.skipped else "pending",
            note=work.skipped.get(task.ordinal, ""),
        )
        for task in work.tasks
    ]


def relinks(folder: Folder, state: LedgerState, ledger: Ledger) -> tuple[Relink, ...]:
    """Ledger rows that are an entry under an older name or id, or with other comments: the same
    steps, one by one. Reads texts from the ledger only where something differs."""
    entries = {entry.id: entry for entry in folder.journal.entries}
    found = []
    for file in state.applied:
        entry = entries.get(file.id)
        if entry is None:
            continue
        same_text = file.up_sha256 == entry.up
        shown = (file.name, file.down_sha256, file.record_sha256)
        if same_text and shown == (entry.name, entry.down, entry.record):
            continue
        if same_text or _steps(ledger.file_row(file.id).up_text) == _steps_of(folder, entry):
            found.append(Relink(file, entry))
    begun = state.in_flight
    off_branch = [file for file in state.applied if file.id not in entries]
    if begun is not None and begun.direction == "up" and begun.id not in entries:
        off_branch.append(begun)  # it died, and was rebased since: it is gone on with
    known = {file.id for file in state.files}
    pending = [entry for entry in folder.journal.entries if entry.id not in known]
    for file in off_branch:
        steps = _steps(ledger.file_row(file.id).up_text) if pending else []
        for entry in pending:
            if file.recorded_migrations == entry.recorded_migrations and steps == _steps_of(
                folder, entry
            ):
                found.append(Relink(file, entry))
                pending.remove(entry)
                break
    return tuple(found)


def _steps_of(folder: Folder, entry: Entry) -> list[tuple[str, str]]:
    return _steps(folder.text(entry, Direction.UP))


def _steps(text: str) -> list[tuple[str, str]]:
    """What a file does, in its order: steps, and the SETs that they run under."""
    file = parse(text)
    found = [("", sql) for sql in file.session]
    for section in file.sections:
        for item in section.items:
            known = item.sql if isinstance(item, SessionStatement) else item.sha256
            found.append((section.migration, known))
    return found
