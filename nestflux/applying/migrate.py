"""``db_migrate``: find out what there is to do, and do it under the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from nestflux.applying import fresh, signals
from nestflux.applying.apply import Passage
from nestflux.applying.context import Context, Options
from nestflux.applying.coverage import refuse_unrecorded
from nestflux.applying.edits import CodeChange, Remaining, code_changes, refuse_edited
from nestflux.applying.events import Finished, Loaded, Noticed, Relinked
from nestflux.applying.files import relinks, row_of, verify, work_in
from nestflux.applying.plan import Known, Plan, make, replay_reasons
from nestflux.applying.running import lock_held, open_history, refuse_unsuitable, run_opened
from nestflux.applying.tasks import Work
from nestflux.database.ledger import FileRow, Ledger, LedgerState, read_state
from nestflux.database.reader import table_names
from nestflux.exceptions import LedgerConflict
from nestflux.graph.loader import load
from nestflux.history.deltas import FileRecord
from nestflux.history.folder import Folder
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Direction, PythonStep

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.graph.loader import ExtendedLoader


@dataclass(frozen=True)
class Outcome:
    """What a run did: the files it applied in their order, or loaded, and signals."""

    applied: tuple[Finished, ...] = ()
    loaded: Loaded | None = None
    relinked: tuple[str, ...] = ()
    signals_sent: bool = False

    @property
    def nothing_done(self) -> bool:
        return self == Outcome()


def migrate(
    alias: str, *, replay: bool = False, to: str | None = None, options: Options | None = None
) -> Outcome:
    """Apply what is pending. With nothing pending: one query, no lock, nothing imported.

    Args:
        replay: on a fresh database run the files one by one instead of loading the snapshot.
        to: the last file to apply, by name or number; None: all.

    Raises Refused (and its kinds) with nothing changed; StatementFailed, Undecided,
    LockUnavailable or LockLost with the ledger saying where it stands. The next call goes on.
    """
    options = options or Options()
    connection, server, folder = open_history(alias)
    if _planned(connection, folder, replay, to, lenient=True) is None:
        return Outcome()
    refuse_unsuitable(connection, server)
    with lock_held(connection, options) as lock:
        known = _planned(connection, folder, replay, to)
        if known is None:
            return Outcome()
        plan, state = known
        rows = {entry.id: row_of(folder, entry, server) for entry in _touched(plan)}
        works = {} if plan.load else {e.id: work_in(rows[e.id], Direction.UP) for e in plan.pending}
        loader = load(connection) if plan.pending else None
        if loader is not None:
            for notice in refuse_edited(_edits(connection, plan, rows, works, loader)):
                options.on_event(Noticed(notice))
        order = folder.journal.migrations
        with run_opened(connection, server, lock, options, order, state.version) as context:
            # What a load that died had booked is dropped, and was known to this loader.
            context.known_loader = None if plan.drop_first else loader
            return _carry_out(context, folder, plan, state, rows, works)


def make_plan(alias: str, *, replay: bool = False, to: str | None = None) -> Plan:
    """What ``migrate`` would do now. Changes nothing and takes no lock. Raises Refused."""
    connection, _, folder = open_history(alias)
    known = _planned(connection, folder, replay, to)
    return known[0] if known else Plan()


def works_of(alias: str, plan: Plan) -> tuple[Work, ...]:
    """The steps of a plan's files, for showing them. Raises Refused as ``migrate`` would."""
    connection, server, folder = open_history(alias)
    rows = {entry.id: row_of(folder, entry, server) for entry in plan.pending}
    works = {identity: work_in(row, Direction.UP) for identity, row in rows.items()}
    if plan.pending:
        refuse_edited(_edits(connection, plan, rows, works, load(connection)))
    return tuple(works.values())


def _edits(
    connection: BaseDatabaseWrapper,
    plan: Plan,
    rows: dict[str, FileRow],
    works: dict[str, Work],
    loader: ExtendedLoader,
) -> list[CodeChange]:
    """Code of what is still to run that is not as it was recorded."""
    changes: list[CodeChange] = []
    for entry in plan.pending:
        record = FileRecord.loads(rows[entry.id].record)
        left = Remaining(entry, record, entry.migrations)
        if not plan.load:
            done = _done(connection, plan, entry)
            tasks = [task for task in works[entry.id].tasks if task.ordinal not in done]
            ran = {task.migration for task in works[entry.id].tasks if task.ordinal in done}
            unfinished = {task.migration for task in tasks}
            left = Remaining(
                entry,
                record,
                [name for name in entry.migrations if name not in ran or name in unfinished],
                [(t.text, t.record) for t in tasks if isinstance(t.step, PythonStep)],
            )
        changes += code_changes(left, loader)
    return changes


def _done(connection: BaseDatabaseWrapper, plan: Plan, entry: Entry) -> set[int]:
    """The steps of a file that an earlier run finished."""
    begun = plan.in_flight
    if begun is None or begun.id != entry.id:
        return set()
    steps = Ledger(connection).steps(begun.id, begun.direction, begun.attempt)
    return {step.ordinal for step in steps if step.state == "done"}


def _planned(
    connection: BaseDatabaseWrapper,
    folder: Folder,
    replay: bool,
    to: str | None,
    *,
    lenient: bool = False,
) -> tuple[Plan, LedgerState] | None:
    """The plan and what it was made from; None where there is nothing to do.

    ``lenient``: before the lock is had, a contradiction may be another deploy's work in
    progress: it is found again, or not, under the lock.
    """
    verify(folder)
    refuse_unrecorded(folder.journal, connection)
    state = read_state(connection) or LedgerState()
    known = Known(
        state=state,
        # Asked only where it matters: a database with applied files is not fresh.
        has_tables=bool(state.applied) or bool(table_names(connection)),
        signals_hash=signals.digest(),
        relinks=relinks(folder, state, Ledger(connection)),
        replay_reasons=replay_reasons(folder.journal, _assumed_settings(folder)),
    )
    try:
        plan = make(folder.journal, known, replay=replay, to=to)
    except LedgerConflict:
        if lenient:
            return Plan(), state
        raise
    return None if plan.nothing_to_do else (plan, state)


def _assumed_settings(folder: Folder) -> dict[str, object]:
    names = folder.journal.rows_assume
    return {name: getattr(settings, name, None) for name in names}


def _touched(plan: Plan) -> tuple[Entry, ...]:
    return (*plan.pending, *(relink.entry for relink in plan.relinks))


def _carry_out(
    context: Context,
    folder: Folder,
    plan: Plan,
    state: LedgerState,
    rows: dict[str, FileRow],
    works: dict[str, Work],
) -> Outcome:
    outcome = Outcome(relinked=_relink(context, plan, rows))
    if not plan.signals_owed:
        return outcome
    journal = folder.journal
    booked = state.booked
    if plan.drop_first:
        fresh.drop(context, plan.drop_first)
    for work in works.values():
        _find_python_steps(context, work)
    pending = [m for e in plan.pending for m in e.migrations if m not in booked]
    announced = signals.migration_plan(context.loader, pending)
    signals.send_pre(context, announced, booked)
    if plan.load:
        loaded = fresh.load(context, folder.snapshot(), journal, list(rows.values()))
        outcome = replace(outcome, loaded=loaded)
    else:
        applied = [
            Passage(context, rows[e.id], works[e.id], state.file(e.id)).run() for e in plan.pending
        ]
        outcome = replace(outcome, applied=tuple(applied))
    booked |= {row for entry in plan.pending for row in entry.books}
    send_post_migrate(context, announced, booked)
    return replace(outcome, signals_sent=True)


def send_post_migrate(
    context: Context, announced: signals.MigrationPlan, booked: frozenset[str]
) -> None:
    """Send ``post_migrate`` and book that it was sent."""
    signals.send_post(context, announced, booked)
    context.lock.require()
    with transaction.atomic(context.connection.alias):
        context.ledger.signals_sent(signals.digest())


def _find_python_steps(context: Context, work: Work) -> None:
    """Raises Refused before anything runs where a migration lacks a step that a file names."""
    for task in work.tasks:
        if isinstance(task.step, PythonStep):
            context.runner.find(task.step.locator)


def _relink(context: Context, plan: Plan, rows: dict[str, FileRow]) -> tuple[str, ...]:
    if not plan.relinks:
        return ()
    context.lock.require()
    with transaction.atomic(context.connection.alias):
        for relink in plan.relinks:
            context.ledger.renew_file(rows[relink.entry.id], relink.old.id)
    for relink in plan.relinks:
        context.tell(Relinked(relink.old.name, relink.entry.name))
    return tuple(relink.entry.name for relink in plan.relinks)
