"""A history's files, read and verified, as what the ledger keeps of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nestflux.applying.plan.plan import Relink
from nestflux.applying.plan.tasks import Work, work_of
from nestflux.applying.target import Target
from nestflux.history.file_texts import FileTexts
from nestflux.history.folder import Folder
from nestflux.history.journal import Entry
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, SessionStatement, parse, recorded_on
from nestflux.ledger.ledger import FileRow, Ledger, LedgerState, LedgerStep


@dataclass(frozen=True)
class MigrationFile:
    """A SQL migration as a run works with it: its row of the ledger, and its steps."""

    row: FileRow
    texts: FileTexts

    @classmethod
    def on_disk(cls, target: Target, entry: Entry) -> MigrationFile:
        """As the history has it. Raises HistoryError."""
        texts = target.folder.read(entry)
        row = FileRow(
            id=entry.id,
            name=entry.name,
            number=entry.number,
            family=target.folder.family,
            recorded_on=recorded_on(texts.up_text),
            server_version=target.server.version_text,
            up_sha256=entry.up,
            down_sha256=entry.down,
            record_sha256=entry.record,
            up_text=texts.up_text,
            down_text=texts.down_text,
            record=texts.record_text,
            migrations=entry.migrations,
            recorded_migrations=entry.recorded_migrations,
            statement_count=len(texts.record.up),
        )
        return cls(row, texts)

    @classmethod
    def in_ledger(cls, ledger: Ledger, identity: str) -> MigrationFile:
        """As it ran, whatever is on disk."""
        row = ledger.file_row(identity)
        return cls(row, FileTexts(row.name, row.up_text, row.down_text, row.record))

    @property
    def record(self) -> FileRecord:
        return self.texts.record

    @cached_property
    def up(self) -> Work:
        """Its steps. Raises HistoryError where the record is not of this text."""
        return work_of(self.texts.up, self.record)

    @cached_property
    def down(self) -> Work:
        """The steps that undo it. Raises likewise."""
        return work_of(self.texts.down, self.record)

    def work(self, direction: Direction) -> Work:
        return self.up if direction is Direction.UP else self.down


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
