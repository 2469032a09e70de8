"""``db_status``: where a database stands. Reads, and changes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nestflux.applying.plan.load_plan import read_known, signals_hash
from nestflux.applying.plan.squashes import REPLACED, Exchange
from nestflux.applying.suitability import Suitability, suitability
from nestflux.applying.target import Target
from nestflux.conf import FAMILIES, configuration, history_folder
from nestflux.database.lock_names import lock_of
from nestflux.history.families import Behind, behind
from nestflux.ledger.backups import BackupRow, last_of, read_backups
from nestflux.ledger.ledger import Ledger, LedgerFile, LedgerState
from nestflux.ledger.lock import holder_of

if TYPE_CHECKING:
    from nestflux.history.journal import Journal


GONE = ("rolled_back", REPLACED)  # rows that say nothing of what is applied now


@dataclass(frozen=True)
class FileStatus:
    """One file. ``state``: applied, pending, running, failed, rolling_back; unmarked, where others
    are applied for which it stands, or which stand for it; ``step`` is the
    statement that is in flight or failed, from 1 on, 0 where none is; ``backup``: the folder of
    the last backup that was taken before it lost data."""

    name: str
    state: str
    statements: int = 0
    finished_at: str = ""
    step: int = 0
    sql: str = ""
    error: str = ""
    off_branch: bool = False
    backup: str = ""
    backup_taken_at: str = ""
    backup_restored_at: str = ""

    @property
    def needs_attention(self) -> bool:
        return self.state in ("running", "failed", "rolling_back")


@dataclass(frozen=True)
class Status:
    """A database against its history. ``holder``: the deploy that holds the lock at the moment;
    ``problem``: why a squash and the files that it replaces cannot stand for one another;
    ``behind``: the families whose files lack what another family's files hold;
    ``suitability``: what a run would say of the server."""

    alias: str
    server: str
    files: tuple[FileStatus, ...]
    signals_pending: bool
    holder: str = ""
    loading: bool = False
    problem: str = ""
    behind: tuple[Behind, ...] = ()
    suitability: Suitability = field(default_factory=Suitability)

    @property
    def unmarked(self) -> tuple[FileStatus, ...]:
        return tuple(file for file in self.files if file.state == "unmarked")

    @property
    def pending(self) -> tuple[FileStatus, ...]:
        return tuple(file for file in self.files if file.state == "pending")

    @property
    def needs_attention(self) -> bool:
        """Did something fail, or was something left in flight?"""
        return (
            self.loading or bool(self.problem) or any(file.needs_attention for file in self.files)
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "database": self.alias,
            "server": self.server,
            "up_to_date": not (
                self.pending or self.unmarked or self.needs_attention or self.signals_pending
            ),
            "holder": self.holder,
            "loading": self.loading,
            "problem": self.problem,
            "behind": [asdict(one) for one in self.behind],
            **self.suitability.to_json(),
            "post_migrate_pending": self.signals_pending,
            "files": [vars(file) for file in self.files],
        }


def status(target: Target) -> Status:
    """Where a database stands. Raises Refused where it cannot be asked."""
    connection = target.connection
    state, exchanges = read_known(target)
    ledger = Ledger(connection)
    holder = holder_of(connection, lock_of(connection))
    pending = state.signals_pending or state.signals_hash != signals_hash()
    return Status(
        alias=target.alias,
        server=target.server.name,
        files=tuple(
            _files(target.journal, state, ledger, read_backups(connection), _unmarked(exchanges))
        ),
        signals_pending=bool(state.applied) and pending,
        holder=str(holder) if holder else "",
        loading=state.loading is not None and not state.applied,
        problem=next((e.problem for e in exchanges if e.problem), ""),
        behind=families_behind(target.alias),
        suitability=suitability(target),
    )


def families_behind(alias: str) -> tuple[Behind, ...]:
    """The families of an alias whose history lacks what another's holds. Asks no server.

    Raises HistoryError where a journal cannot be read.
    """
    kept = configuration().families
    there = [f for f in FAMILIES if f in kept or history_folder(alias, f).exists]
    return behind({family: history_folder(alias, family).journal for family in there})


def _unmarked(exchanges: tuple[Exchange, ...]) -> frozenset[str]:
    """The ids of files that are to be recorded in place of others."""
    return frozenset(identity for each in exchanges if not each.problem for identity in each.ids)


def _files(
    journal: Journal,
    state: LedgerState,
    ledger: Ledger,
    backups: tuple[BackupRow, ...],
    unmarked: frozenset[str],
) -> list[FileStatus]:
    listed = {entry.id for entry in journal.entries}
    shown = []
    for entry in journal.entries:
        known = state.file(entry.id)
        if entry.id in unmarked:
            file = FileStatus(entry.name, "unmarked")
        elif known is None or known.state in GONE:
            file = FileStatus(entry.name, "pending")
        else:
            file = _of(known, ledger)
        mine = [row for row in backups if row.sql_migration_id == entry.id]
        shown.append(_with_backup(file, last_of(mine)))
    squashed = {identity for entry in journal.entries for identity in entry.replaced_ids}
    for known in state.files:
        if known.id not in listed and known.state not in GONE:
            shown.append(_of(known, ledger, off_branch=known.id not in squashed))
    return shown


def _with_backup(file: FileStatus, row: BackupRow | None) -> FileStatus:
    if row is None:
        return file
    return replace(
        file,
        backup=row.path,
        backup_taken_at=row.taken_at,
        backup_restored_at=row.restored_at,
    )


def _of(known: LedgerFile, ledger: Ledger, *, off_branch: bool = False) -> FileStatus:
    step, sql, error = 0, "", ""
    if known.is_in_flight:
        for row in ledger.steps(known.attempt_key):
            if row.state in ("started", "failed"):
                step, sql, error = row.ordinal, row.sql, row.error_text
    return FileStatus(
        name=known.name,
        state=known.state,
        statements=known.statements,
        finished_at=known.finished_at,
        step=step,
        sql=sql,
        error=error,
        off_branch=off_branch,
    )
