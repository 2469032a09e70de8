"""``db_migrate``: find out what there is to do, and do it under the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nestflux.applying.backups.choice import NOT_ASKED
from nestflux.applying.plan.code_changes import edited, refuse_edited
from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.load_plan import planned, signals_hash
from nestflux.applying.plan.plan import Plan
from nestflux.applying.plan.sizes import refuse_what_is_too_large
from nestflux.applying.run import fresh, signals
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.events import Finished, Loaded, Noticed, Relinked, SignalsLate
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.run.squash_exchange import exchange
from nestflux.applying.suitability import refuse_unsafe_to_log, refuse_unsuitable
from nestflux.applying.target import Target
from nestflux.collector import collector_resting
from nestflux.graph.loader import load
from nestflux.history.journal import Entry
from nestflux.ledger.ledger import Ledger, LedgerState

if TYPE_CHECKING:
    from nestflux.applying.run.one_by_one import OneByOne


@dataclass(frozen=True)
class Outcome:
    """What a run did: the files it applied in their order, or loaded, and signals. ``exchanged``
    were recorded in place of others."""

    applied: tuple[Finished, ...] = ()
    loaded: Loaded | None = None
    relinked: tuple[str, ...] = ()
    exchanged: tuple[str, ...] = ()
    signals_sent: bool = False

    @property
    def nothing_done(self) -> bool:
        return self == Outcome()


def migrate(
    target: Target,
    *,
    replay: bool = False,
    to: str | None = None,
    options: Options | None = None,
    looked: bool = False,
) -> Outcome:
    """Apply what is pending. With nothing pending: one query, no lock, nothing imported.

    Args:
        replay: on a fresh database run the files one by one instead of loading the snapshot.
        to: the last file to apply, by name or number; None: all. Where it is the one whose rollback
            was begun and not finished, it goes forward again.
        looked: the caller saw just now that there is something to do.

    Raises Refused (and its kinds) with nothing changed; StatementFailed, Undecided,
    LockUnavailable or LockLost with the ledger saying where it stands. The next call goes on.
    """
    options = options or Options()
    connection = target.connection
    if not looked and planned(target, replay, to, lenient=True) is None:
        return Outcome()
    refuse_unsuitable(target)
    with lock_held(connection, options) as lock:
        known = planned(target, replay, to)
        if known is None:
            return Outcome()
        plan, state = known
        with collector_resting():
            read = {e.id: MigrationFile.on_disk(target, e) for e in _touched(plan)}
        files: OneByOne | None = None
        if not plan.load:
            from nestflux.applying.run.one_by_one import OneByOne

            files = OneByOne.of(target, plan, state, read, options)
        works = files.works if files else {}
        loader = load(connection, order=target.order) if plan.pending else None
        if loader is not None:
            with collector_resting():
                changes = edited(plan, read, works, Ledger(connection), loader)
            for notice in refuse_edited(changes):
                options.on_event(Noticed(notice))
        if plan.fresh or not state.signals_hash:  # never yet in service: it holds nobody's data
            options = replace(options, backup=NOT_ASKED)
        if files:
            files.refuse_unreviewed(options)
            files.refuse_unbacked(target, options)
            if options.preflight and not plan.fresh:
                files.refuse_rows_in_the_way(target, options)
        refuse_unsafe_to_log(target, works.values())
        refuse_what_is_too_large(
            connection,
            (file.row for file in read.values()),
            ((f"{read[identity].row.name}.sql", work) for identity, work in works.items()),
            target.folder.snapshot() if plan.load else "",
        )
        with run_opened(target, lock, options, target.order, state.version) as context:
            # What a load that died had recorded is dropped, and was known to this loader.
            context.known_loader = None if plan.drop_first else loader
            return _carry_out(context, plan, state, read, files)


def _touched(plan: Plan) -> tuple[Entry, ...]:
    return (*plan.pending, *(relink.entry for relink in plan.relinks))


def _carry_out(
    context: Context,
    plan: Plan,
    state: LedgerState,
    read: dict[str, MigrationFile],
    files: OneByOne | None,
) -> Outcome:
    exchanged = exchange(context, plan.exchanges)
    outcome = Outcome(
        relinked=_relink(context, plan, read),
        exchanged=tuple(name for each in exchanged for name in each.names),
    )
    if not plan.signals_pending:
        return outcome
    recorded_migrations = state.recorded_migrations
    if state.signals_pending and not plan.pending:
        context.tell(SignalsLate())
    if plan.drop_first:
        fresh.drop(context, plan.drop_first)
    half = files.prepared(context) if files else None
    pending = [m for e in plan.pending for m in e.migrations if m not in recorded_migrations]
    announced = signals.migration_plan(context.loader, pending)
    signals.send_pre(context, announced, recorded_migrations)
    if files:
        outcome = replace(outcome, applied=files.run(context, half))
    else:
        loaded = fresh.load(context, [file.row for file in read.values()])
        outcome = replace(outcome, loaded=loaded)
    recorded_migrations |= {row for entry in plan.pending for row in entry.recorded_migrations}
    send_post_migrate(context, announced, recorded_migrations)
    return replace(outcome, signals_sent=True)


def send_post_migrate(
    context: Context, announced: signals.MigrationPlan, recorded_migrations: frozenset[str]
) -> None:
    """Send ``post_migrate`` and record that it was sent."""
    signals.send_post(context, announced, recorded_migrations)
    with context.write():
        context.ledger.signals_sent(signals_hash())


def _relink(context: Context, plan: Plan, read: dict[str, MigrationFile]) -> tuple[str, ...]:
    if not plan.relinks:
        return ()
    with context.write():
        for relink in plan.relinks:
            context.ledger.renew_file(read[relink.entry.id].row, relink.old.id)
    for relink in plan.relinks:
        begun = relink.old.is_in_flight
        context.tell(Relinked(relink.old.name, relink.entry.name, is_in_flight=begun))
    return tuple(relink.entry.name for relink in plan.relinks)
