"""``db_migrate``: find out what there is to do, and do it under the lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction

from nestflux.applying import fresh, signals
from nestflux.applying.apply import Passage
from nestflux.applying.backups.choice import NOT_ASKED
from nestflux.applying.backups.taking import Due, back_up, due, refuse_unbacked
from nestflux.applying.context import Context, Options
from nestflux.applying.edits import edited, refuse_edited
from nestflux.applying.events import Finished, Loaded, Noticed, Relinked, SignalsLate, Turned
from nestflux.applying.exchanging import exchange
from nestflux.applying.files import row_of, work_in
from nestflux.applying.first_look import open_history, planned, signals_hash
from nestflux.applying.plan import Plan
from nestflux.applying.recovery.half_way import HalfWay, looking
from nestflux.applying.running import lock_held, refuse_unsuitable, run_opened
from nestflux.applying.sizes import refuse_what_is_too_large
from nestflux.applying.tasks import Work
from nestflux.database.ledger import FileRow, Ledger, LedgerFile, LedgerState, read_state
from nestflux.graph.loader import load
from nestflux.history.folder import Folder
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Direction, PythonStep

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Outcome:
    """What a run did: the files it applied in their order, or loaded, and signals. ``exchanged``
    were booked in the place of others."""

    applied: tuple[Finished, ...] = ()
    loaded: Loaded | None = None
    relinked: tuple[str, ...] = ()
    exchanged: tuple[str, ...] = ()
    signals_sent: bool = False

    @property
    def nothing_done(self) -> bool:
        return self == Outcome()


def migrate(
    alias: str,
    *,
    replay: bool = False,
    to: str | None = None,
    turn: bool = False,
    options: Options | None = None,
) -> Outcome:
    """Apply what is pending. With nothing pending: one query, no lock, nothing imported.

    Args:
        replay: on a fresh database run the files one by one instead of loading the snapshot.
        to: the last file to apply, by name or number; None: all.
        turn: take a file forward again whose rollback was begun and not finished.

    Raises Refused (and its kinds) with nothing changed; StatementFailed, Undecided,
    LockUnavailable or LockLost with the ledger saying where it stands. The next call goes on.
    """
    options = options or Options()
    connection, server, folder = open_history(alias)
    if planned(connection, folder, replay, to, turn, lenient=True) is None:
        return Outcome()
    refuse_unsuitable(connection, server)
    with lock_held(connection, options) as lock:
        known = planned(connection, folder, replay, to, turn)
        if known is None:
            return Outcome()
        plan, state = known
        rows = {entry.id: row_of(folder, entry, server) for entry in _touched(plan)}
        works = {} if plan.load else {e.id: work_in(rows[e.id], Direction.UP) for e in plan.pending}
        order = folder.journal.migrations
        if (begun := plan.in_flight) and plan.turns:  # refused before anything is written
            works[begun.id] = HalfWay(looking(connection, server, order, options), begun).turned()
        loader = load(connection, order=order) if plan.pending else None
        if loader is not None:
            for notice in refuse_edited(edited(plan, rows, works, Ledger(connection), loader)):
                options.on_event(Noticed(notice))
        if plan.fresh or not state.signals_hash:  # never yet in service: it holds nobody's data
            options = replace(options, backup=NOT_ASKED)
        refuse_unbacked(
            connection, server, list(works.values()), state, options.backup, options.command
        )
        refuse_what_is_too_large(
            connection,
            rows.values(),
            ((f"{rows[identity].name}.sql", work) for identity, work in works.items()),
            folder.snapshot() if plan.load else "",
        )
        with run_opened(connection, server, lock, options, order, state.version) as context:
            # What a load that died had booked is dropped, and was known to this loader.
            context.known_loader = None if plan.drop_first else loader
            return _carry_out(context, folder, plan, state, rows, works)


def make_plan(
    alias: str, *, replay: bool = False, to: str | None = None, turn: bool = False
) -> Plan:
    """What ``migrate`` would do now. Changes nothing and takes no lock. Raises Refused."""
    connection, _, folder = open_history(alias)
    known = planned(connection, folder, replay, to, turn)
    return known[0] if known else Plan()


def works_of(alias: str, plan: Plan) -> tuple[Work, ...]:
    """The steps of a plan's files, for showing them. Raises Refused as ``migrate`` would, and
    Undecided where a rollback that is to be turned round has a step in flight."""
    connection, server, folder = open_history(alias)
    rows = {entry.id: row_of(folder, entry, server) for entry in plan.pending}
    works = {identity: work_in(row, Direction.UP) for identity, row in rows.items()}
    if (begun := plan.in_flight) and plan.turns:
        context = looking(connection, server, folder.journal.migrations, Options())
        works[begun.id] = HalfWay(context, begun).turned()
    if plan.pending:
        refuse_edited(edited(plan, rows, works, Ledger(connection), load(connection)))
    return tuple(works.values())


def backups_due(alias: str, works: Sequence[Work]) -> tuple[Due, ...]:
    """Before which of these files a run would take a backup, as far as it can be foreseen."""
    connection, _, _ = open_history(alias)
    return due(connection, works, read_state(connection) or LedgerState())


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
    exchanged = exchange(context, folder, plan.exchanges)
    outcome = Outcome(
        relinked=_relink(context, plan, rows),
        exchanged=tuple(name for each in exchanged for name in each.names),
    )
    if not plan.signals_owed:
        return outcome
    journal = folder.journal
    booked = state.booked
    if state.signals_owed and not plan.pending:
        context.tell(SignalsLate())
    if plan.drop_first:
        fresh.drop(context, plan.drop_first)
    half = HalfWay(context, plan.in_flight) if plan.turns and plan.in_flight else None
    if half:
        rows[half.row.id], works[half.row.id] = half.row, half.turned()
    for work in works.values():
        _find_python_steps(context, work)
    pending = [m for e in plan.pending for m in e.migrations if m not in booked]
    announced = signals.migration_plan(context.loader, pending)
    signals.send_pre(context, announced, booked)
    if half:
        half.settle()
        turned = works[half.row.id]
        context.tell(Turned(half.row.name, "up", len(turned.tasks), len(turned.to_run)))
    if plan.load:
        loaded = fresh.load(context, folder.snapshot(), journal, list(rows.values()))
        outcome = replace(outcome, loaded=loaded)
    else:
        applied = [
            _apply(context, rows[e.id], works[e.id], _known(plan, state, e)) for e in plan.pending
        ]
        outcome = replace(outcome, applied=tuple(applied))
    booked |= {row for entry in plan.pending for row in entry.books}
    send_post_migrate(context, announced, booked)
    return replace(outcome, signals_sent=True)


def _apply(context: Context, row: FileRow, work: Work, known: LedgerFile | None) -> Finished:
    passage = Passage(context, row, work, known)
    back_up(context, passage.rows)
    return passage.run()


def _known(plan: Plan, state: LedgerState, entry: Entry) -> LedgerFile | None:
    """What the ledger has of a file that is to run; one that is in flight may just have got its
    new name and id."""
    begun = plan.in_flight
    return begun if begun is not None and begun.id == entry.id else state.file(entry.id)


def send_post_migrate(
    context: Context, announced: signals.MigrationPlan, booked: frozenset[str]
) -> None:
    """Send ``post_migrate`` and book that it was sent."""
    signals.send_post(context, announced, booked)
    context.lock.require()
    with transaction.atomic(context.connection.alias):
        context.ledger.signals_sent(signals_hash())


def _find_python_steps(context: Context, work: Work) -> None:
    """Raises Refused before anything runs where a migration lacks a step that a file names."""
    for task in work.to_run:
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
        begun = relink.old.is_in_flight
        context.tell(Relinked(relink.old.name, relink.entry.name, is_in_flight=begun))
    return tuple(relink.entry.name for relink in plan.relinks)
