"""``db_rollback``: the reviewed down files in reverse, recorded as the way up is.

A file that is half applied is reversed: what ran of it is undone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise

from nestflux.applying.backups.choice import NOT_ASKED, Answer
from nestflux.applying.backups.losses import Loss, losses_live
from nestflux.applying.backups.taking import back_up, refuse_unbacked
from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.load_plan import read_known
from nestflux.applying.plan.sizes import refuse_what_is_too_large
from nestflux.applying.plan.squashes import REPLACED, Exchange
from nestflux.applying.plan.tasks import Work
from nestflux.applying.recovery.half_way import HalfWay, looking
from nestflux.applying.run import failures, signals
from nestflux.applying.run.attempt import Attempt, step_ahead
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.events import Finished, Reversed, SignalsLate
from nestflux.applying.run.file_session import FileSession, file_session
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.run.migrate import send_post_migrate
from nestflux.applying.run.squash_exchange import exchange
from nestflux.applying.suitability import refuse_unsafe_to_log, refuse_unsuitable
from nestflux.applying.target import Target
from nestflux.database.lock_names import lock_of
from nestflux.exceptions import LedgerConflict, Refused
from nestflux.history.sqlfile import PythonStep
from nestflux.ledger.ledger import FileRow, Ledger, LedgerFile, LedgerState, read_state
from nestflux.ledger.lock import holder_of

ZERO = "zero"


@dataclass(frozen=True)
class RollbackFile:
    """A file to undo, with the steps that do it. Of one that is half applied the steps are
    skipped that have nothing to undo."""

    known: LedgerFile
    row: FileRow
    work: Work
    losses: tuple[Loss, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return self.work.file.notes

    @property
    def reverses(self) -> bool:
        """Is it a file that is half applied?"""
        return self.known.is_in_flight and self.known.direction == "up"

    @property
    def what(self) -> tuple[object, ...]:
        """What makes it another plan than one that was shown before."""
        known = self.known
        begun = self.known.state if self.reverses else ""
        compiled = tuple(task.text for task in self.work.compiled)
        return known.id, known.attempt, known.direction, begun, tuple(self.work.skipped), compiled

    def continues(self, before: RollbackFile) -> bool:
        """Has undoing it begun since it was shown?"""
        begun = self.known.is_in_flight and self.known.direction == "down"
        return begun and self.known.id == before.known.id


@dataclass(frozen=True)
class RollbackPlan:
    """What ``db_rollback`` will do: the files in the order in which they are undone, and
    ``post_migrate`` where an earlier run ended before it was sent. ``exchanges`` are written first:
    the ledger is to know the files that this history has."""

    files: tuple[RollbackFile, ...] = ()
    signals_pending: bool = False
    exchanges: tuple[Exchange, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        return not (self.files or self.signals_pending)

    def is_left_of(self, agreed: RollbackPlan) -> bool:
        """Is it what is still to do of a plan that a person agreed to? Pure.

        Part of it may be done by now: by another deploy, or by the server, which still executes
        what a client sent that is gone.
        """
        done = len(agreed.files) - len(self.files)
        if done < 0:
            return False
        pairs = zip(self.files, agreed.files[done:], strict=True)
        return all(
            file.what == before.what or (number == 0 and file.continues(before))
            for number, (file, before) in enumerate(pairs)
        )

    @property
    def unreviewed(self) -> tuple[str, ...]:
        """The statements that were compiled for it, and that no earlier run began with."""
        compiled = (file.work.compiled for file in self.files if file.reverses)
        return tuple(task.text for tasks in compiled for task in tasks)

    @property
    def losses(self) -> tuple[Loss, ...]:
        return tuple(loss for file in self.files for loss in file.losses)


@dataclass(frozen=True)
class Wanted:
    """Which files are to be undone, said in one way at the most; none: the last one.

    ``file``: this one, and what was applied after it. ``to``: what was applied after this one,
    which stays; ``zero``: everything. ``off_branch``: what the history on disk does not hold, by
    the texts in the ledger, and what was applied after that.
    """

    file: str | None = None
    to: str | None = None
    off_branch: bool = False


LAST = Wanted()


def choose_files(
    state: LedgerState, wanted: Wanted, held: Collection[str] = ()
) -> tuple[LedgerFile, ...]:
    """Which files to undo, the last applied first; one that is half applied, or half undone,
    before all others. Pure.

    Args:
        held: the ids of the history.

    Raises Refused for a file that is not applied.
    """
    flying = state.in_flight
    newest_first = tuple(reversed(state.applied))
    begun = (flying,) if flying is not None else ()
    both = (*begun, *newest_first)
    if wanted == LAST:
        return begun or newest_first[:1]
    if wanted.off_branch:
        unlisted = [index for index, known in enumerate(both) if known.id not in held]
        return both[: unlisted[-1] + 1] if unlisted else ()
    if wanted.to == ZERO:
        return both
    replaced = [known.name for known in state.files if known.state == REPLACED]
    end = both.index(_named(str(wanted.file or wanted.to), both, replaced))
    return both[: end + 1] if wanted.file is not None else both[:end]


def _named(name: str, files: tuple[LedgerFile, ...], replaced: Collection[str] = ()) -> LedgerFile:
    wanted = name.removesuffix(".sql").removesuffix(".down")
    number = f"{int(wanted):04d}_" if wanted.isdigit() else None
    found = [
        file
        for file in files
        if file.name == wanted or (file.name.startswith(number or f"{wanted}_"))
    ]
    if len(found) == 1:
        return found[0]
    what = "is the beginning of several" if found else "is not applied here"
    if wanted in replaced:
        what = "was replaced by a squash, which is undone as a whole"
    raise Refused(f"{name} {what}.", stands="nothing was run", then="python manage.py db_status")


def plan_rollback(target: Target, wanted: Wanted = LAST) -> RollbackPlan:
    """What ``rollback`` would do now. Raises Refused where a file cannot be undone, or is just
    being applied, and Undecided where a person has to decide its step in flight first."""
    connection = target.connection
    state = read_state(connection)
    begun = state.in_flight if state else None
    holder = holder_of(connection, lock_of(connection))
    if begun is not None and begun.direction == "up" and holder is not None:
        raise LedgerConflict(
            f"{begun.name} is being applied: {holder}.",
            stands="nothing was run",
            then="wait for it: python manage.py db_status",
        )
    return _planned(target, wanted, Options(command="db_rollback"))[0]


def rollback(
    target: Target,
    wanted: Wanted = LAST,
    *,
    expected: RollbackPlan | None = None,
    options: Options | None = None,
) -> tuple[Finished, ...]:
    """Undo files from their reviewed down files. A rollback that died is finished first.

    Args:
        expected: the plan that a person agreed to; refused where there is more or something else
            to do by now.

    Raises as ``migrate`` does.
    """
    options = agreed(options or Options(command="db_rollback"))
    connection = target.connection
    refuse_unsuitable(target)
    with lock_held(connection, options) as lock:
        plan, state = _planned(target, wanted, options)
        if plan.nothing_to_do:
            return ()
        if expected is not None and not plan.is_left_of(expected):
            raise LedgerConflict(
                "Another deploy changed what is applied while you were asked.",
                stands="nothing was run",
                then="python manage.py db_rollback",
            )
        works = [file.work for file in plan.files]
        for file in plan.files:
            if file.reverses:
                failures.refuse_unreviewed(file.work, options.unreviewed, options.command)
        refuse_unbacked(target, works, state, options.backup, options.command)
        refuse_unsafe_to_log(target, works)
        refuse_what_is_too_large(
            connection,
            (file.row for file in plan.files),
            ((f"{file.known.name}.down.sql", file.work) for file in plan.files),
        )
        order = _order(target, plan)
        with run_opened(target, lock, options, order, state.version) as context:
            exchange(context, plan.exchanges)
            return _carry_out(context, plan, state)


def agreed(options: Options) -> Options:
    """Whoever undoes or restores has seen the list of what that loses and said yes: where nothing
    was chosen about a backup, none is due."""
    if options.backup.answer is Answer.NONE:
        return replace(options, backup=NOT_ASKED)
    return options


def _carry_out(context: Context, plan: RollbackPlan, state: LedgerState) -> tuple[Finished, ...]:
    if not plan.files:
        context.tell(SignalsLate())
    for file in plan.files:
        for task in file.work.to_run:
            if isinstance(task.step, PythonStep):
                context.runner.find(task.step.locator)
    undone = [m for file in plan.files for m in reversed(file.row.migrations)]
    announced = signals.migration_plan(context.loader, undone, backwards=True)
    signals.send_pre(context, announced, state.recorded_migrations)
    with file_session(context, (file.work for file in plan.files)) as session:
        finished = tuple(
            _undo(context, session, file, following)
            for file, following in pairwise((*plan.files, None))
            if file is not None
        )
    gone = {row for file in plan.files for row in file.row.recorded_migrations}
    send_post_migrate(context, announced, state.recorded_migrations - gone)
    return finished


def _undo(
    context: Context, session: FileSession, file: RollbackFile, following: RollbackFile | None
) -> Finished:
    if file.reverses:
        HalfWay(context, file.known).settle()
        work = file.work
        context.tell(Reversed(file.row.name, "down", len(work.tasks), len(work.to_run)))
    attempt = Attempt(context, file.row, file.work, file.known, session)
    back_up(context, attempt.rows)
    if following is None or following.known.is_in_flight:
        return attempt.run()
    return attempt.run(step_ahead(attempt.work, following.work))


def _planned(target: Target, wanted: Wanted, options: Options) -> tuple[RollbackPlan, LedgerState]:
    state, exchanges = read_known(target)
    ledger = Ledger(target.connection)
    files = []
    chosen = choose_files(state, wanted, {entry.id for entry in target.journal.entries})
    # Asked for "the last file" again, a rollback that died before its signal is not to undo one
    # more: as with one that died in a file, it is finished and nothing else is done.
    unnamed = wanted == LAST and state.in_flight is None
    if unnamed and state.signals_pending and ledger.pending_from_rollback():
        chosen = ()
    for known in chosen:
        file = _file(target, ledger, known)
        work = file.down
        if reason := work.file.irreversible:
            raise Refused(
                f"{known.name} cannot be undone: {reason}",
                where=f"{known.name}.down.sql",
                stands="nothing was run",
                then="write a new migration that takes the schema on, and run db_generate",
            )
        if known.is_in_flight and known.direction == "up":
            half = HalfWay(looking(target, options), known)
            file, work = half.file, half.reversal()
        elif known.is_in_flight:
            work = work.as_begun(ledger.steps(known.attempt_key))
        files.append((known, file.row, work))
    losses = losses_live(target.connection, [work.to_run for _, _, work in files])
    planned = (RollbackFile(*file, lost) for file, lost in zip(files, losses, strict=True))
    return RollbackPlan(tuple(planned), state.signals_pending, exchanges), state


def _file(target: Target, ledger: Ledger, known: LedgerFile) -> MigrationFile:
    """The file from disk, or from the ledger where it is another branch's."""
    for entry in target.journal.entries:
        if entry.id == known.id and entry.up == known.up_sha256:
            return MigrationFile.on_disk(target, entry)
    return MigrationFile.in_ledger(ledger, known.id)


def _order(target: Target, plan: RollbackPlan) -> list[str]:
    """Every migration that a Python step may need the state of, in the frozen order."""
    order = list(target.order)
    for file in reversed(plan.files):
        order += [m for m in file.row.migrations if m not in order]
    return order
