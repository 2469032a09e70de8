"""What rules look at, read beforehand: values, in which nothing has been judged yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nestflux.applying.plan.code_changes import CodeChange
from nestflux.applying.plan.costs import Anew, Costs
from nestflux.applying.plan.plan import Relink
from nestflux.applying.plan.squashes import Exchange
from nestflux.conf import SizeLimits
from nestflux.exceptions import HistoryError, NestFluxError
from nestflux.graph.fingerprints import django_series
from nestflux.graph.now_managed import NowManaged
from nestflux.history.deploy_order import DeployOrder
from nestflux.history.file_texts import FileTexts
from nestflux.history.folder import Folder, HistoryFiles
from nestflux.history.journal import Entry, Journal
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, SqlFile
from nestflux.ledger.ledger import LedgerState, LedgerStep
from nestflux.recording.generate import Pending
from nestflux.recording.rerecord import Again
from nestflux.schema.diff import Delta
from nestflux.sql.statements import sha256


@dataclass(frozen=True)
class TextOnDisk:
    """A file of a history. ``text`` is None where it is missing or, by ``problem``, unreadable."""

    path: Path
    text: str | None
    problem: str = ""

    def is_as(self, recorded: str) -> bool:
        return self.text is not None and sha256(self.text) == recorded


@dataclass(frozen=True)
class EntryFiles:
    """The three files of an entry."""

    entry: Entry
    up: TextOnDisk
    down: TextOnDisk
    record: TextOnDisk

    @cached_property
    def texts(self) -> FileTexts:
        """As they are parsed, which raises HistoryError; empty where a file is missing."""
        up, down, record = (each.text or "" for each in (self.up, self.down, self.record))
        return FileTexts(self.entry.name, up, down, record, self.up.path.parent)

    def sql(self, direction: Direction) -> TextOnDisk:
        return self.up if direction is Direction.UP else self.down


@dataclass(frozen=True)
class History:
    """A folder as it is. ``journal`` is None where its text cannot be understood, for the reason
    ``journal_problem``; ``contradictions`` are in one that can. ``begun_squashes`` are names among
    the ``unlisted`` ones: files that db_squash was to put in the place of others."""

    folder: Folder
    journal_text: str = ""
    journal: Journal | None = None
    journal_problem: HistoryError | None = None
    contradictions: tuple[HistoryError, ...] = ()
    files: tuple[EntryFiles, ...] = ()
    snapshot: TextOnDisk | None = None
    unlisted: tuple[str, ...] = ()
    begun_squashes: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        return self.folder.family

    def read(self) -> HistoryFiles:
        """The files of a sound history."""
        return HistoryFiles(self.folder, {each.entry.id: each.texts for each in self.files})


@dataclass(frozen=True)
class Histories:
    """Those of all families of one alias, each with a journal that can be read."""

    by_family: Mapping[str, Journal]
    root: Path


@dataclass(frozen=True)
class Project:
    """Models and migrations against the histories; ``broken`` and ``undecided`` are why they
    could not be compared."""

    families: tuple[str, ...]
    pending: Pending | None = None
    broken: NestFluxError | None = None
    undecided: NestFluxError | None = None


@dataclass(frozen=True)
class WithoutTable:
    """A model that a migration made a managed one, and whose table the snapshot does not have.
    ``operation`` are the lines of one that would make it."""

    found: NowManaged
    operation: Sequence[str]
    is_recorded: bool


@dataclass(frozen=True)
class Migrations:
    """The code of one history's migrations.

    ``records`` are by the id of a file, ``paths`` where each migration is written. ``again`` is
    None where nothing was recorded again; ``versions`` say by file in which ones recording and
    checking differ. ``respelled`` are those of ``again`` that another Django made another, with no
    edit of the ``.py``; ``django`` is the series of this one. ``without_table`` are models that
    were made managed ones.
    """

    history: History
    records: Mapping[str, FileRecord]
    paths: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    changes: Sequence[CodeChange] = ()
    again: Sequence[Again] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    respelled: Sequence[Again] = ()
    without_table: Sequence[WithoutTable] = ()
    django: str = field(default_factory=django_series)

    @cached_property
    def recorded_again(self) -> set[str]:
        """The migrations that Django could be asked for once more."""
        return {again.migration for again in self.again or ()}


@dataclass(frozen=True)
class Replay:
    """All files of a history on an empty shadow, against its snapshot and the steps behind it.

    ``rows``: tables whose rows differ, each with how.
    """

    history: History
    failed: NestFluxError | None = None
    difference: Delta = field(default_factory=Delta)
    rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PendingFiles:
    """Files that a database lacks. ``orders`` are those that were recorded, by file; ``together``
    that of all, from the models that were deployed. ``last`` is the last file of the history,
    pending or not, and ``last_order`` what was recorded of it."""

    folder: Folder
    orders: Mapping[str, DeployOrder]
    together: DeployOrder | None
    last: str
    last_order: DeployOrder | None


@dataclass(frozen=True)
class Ledger:
    """A database's ledger against its history.

    ``exchanges``: squashes that are to be recorded in place of their files, or the
    other way round; ``state`` is as after it.
    ``ran`` are the texts that ran, by the id of files whose entry has another hash or whose file
    has another text; ``now`` those files as they are. ``steps`` are those of the file in flight.
    ``unsuitable``: why a run would be refused on the server.
    """

    alias: str
    folder: Folder
    journal: Journal
    state: LedgerState
    has_tables: bool = False
    relinks: tuple[Relink, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    ran: Mapping[str, SqlFile] = field(default_factory=dict)
    now: Mapping[str, SqlFile] = field(default_factory=dict)
    steps: tuple[LedgerStep, ...] = ()
    unsuitable: tuple[NestFluxError, ...] = ()

    @cached_property
    def applied(self) -> frozenset[str]:
        """The ids of the files that the database has."""
        return frozenset(file.id for file in self.state.applied)


@dataclass(frozen=True)
class Unapplied:
    """The steps of a history's files that are to run next and write a table anew; what these cost,
    where that is known; and from when on it is a finding. ``replicas``: of production;
    ``waits_for_end``: they begin a statement when it has ended there (MariaDB's
    binlog_alter_two_phase is off)."""

    history: History
    steps: tuple[Anew, ...]
    costs: Costs
    limits: SizeLimits
    replicas: int = 0
    waits_for_end: bool = False

    def line(self, step: Anew) -> int | None:
        """Where a step begins in its file: the line of its verdict."""
        text = next(f.up.text for f in self.history.files if f.entry.name == step.work.file.name)
        lines = enumerate((text or "").splitlines(), start=1)
        begins = f"-- [{step.task.ordinal}] "
        return next((number for number, line in lines if line.startswith(begins)), None)
