"""``db_mark_applied``: a file that somebody ran by hand is marked as applied.

Nothing of the file is run. What its steps leave in the schema, by their recorded deltas, is
compared with what is there; only where all of it is there the file is marked. A step that leaves
nothing to be seen (data, Python, TRUNCATE) is a person's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction

from nestflux.applying.plan.coverage import refuse_unrecorded
from nestflux.applying.plan.files import MigrationFile, ledger_steps, relinks
from nestflux.applying.plan.load_plan import read_known
from nestflux.applying.plan.plan import Known, Relink, make
from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.recovery.projecting import is_as_after
from nestflux.applying.run import signals
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.run.migrate import send_post_migrate
from nestflux.applying.suitability import refuse_unsuitable
from nestflux.applying.target import Target
from nestflux.database.session import pin, restored_session
from nestflux.exceptions import HistoryError, LedgerConflict, Refused
from nestflux.ledger.ledger import FileRow, Ledger, LedgerState
from nestflux.ledger.rows import AttemptKey
from nestflux.schema import equivalence
from nestflux.schema.compare import difference_line, order_line, same_columns
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import CONSTRAINT, INDEX, ORDER, ObjectKey
from nestflux.sql.definitions import without_name

if TYPE_CHECKING:
    from nestflux.history.journal import Entry, Journal

_SEEN = "run by hand: the schema shows it"
_SAID = "run by hand: a person said so"


@dataclass(frozen=True)
class Traces:
    """What of a file is in a schema; lines for a person.

    ``differences`` block. ``unsure`` is there, and printed differently by this version of the
    server: a person must look. ``nothing_there``: not one of the file's changes is in the schema.
    """

    differences: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    nothing_there: bool = False


@dataclass(frozen=True)
class MarkPlan:
    """What ``mark_applied`` will do. ``unseen``: steps of which no schema shows that they ran."""

    entry: Entry
    row: FileRow
    work: Work
    traces: Traces
    unseen: tuple[Task, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.traces.differences


def choose_file(
    journal: Journal, state: LedgerState, file: str, found: tuple[Relink, ...] = ()
) -> Entry:
    """The file to mark: it must be the next one that is pending. Pure.

    Args:
        file: its name or number.
        found: files of the ledger that are known under another name by now.

    Raises Refused and its kinds.
    """
    try:
        entry = journal.entry(file)
    except HistoryError as error:
        raise _refused(error.what, "python manage.py db_status") from None
    if begun := state.in_flight:
        raise _refused(
            f"{begun.name} is half applied: NestFlux began it.",
            f"python manage.py {'db_rollback' if begun.direction == 'down' else 'db_migrate'}   "
            "(goes on with it, and names db_resolve where the schema does not tell what ran)",
        )
    if state.loading is not None and not state.applied:
        raise _refused(
            "Loading schema.sql into this database died.",
            "python manage.py db_migrate   (loads it again)",
        )
    if entry.id not in {file.id for file in state.applied}:
        # Rows of django_migrations that are there already are no contradiction: whoever ran the
        # file by hand may have written them by hand.
        state = replace(
            state, recorded_migrations=state.recorded_migrations - set(entry.recorded_migrations)
        )
    known = Known(state, has_tables=False, signals_hash="", relinks=found)
    pending = make(journal, known).pending
    if entry not in pending:
        raise _refused(f"{entry.name} is applied already.", "python manage.py db_status")
    if before := pending[: pending.index(entry)]:
        names = ", ".join(each.name for each in before)
        raise _refused(
            f"{entry.name} is not the next file: pending before it {_are(before)} {names}.",
            f"python manage.py db_migrate --to {before[-1].name}   (or mark {_them(before)} first)",
        )
    return entry


def _are(entries: Sequence[Entry]) -> str:
    return "is" if len(entries) == 1 else "are"


def _them(entries: Sequence[Entry]) -> str:
    return "it" if len(entries) == 1 else "them"


def _refused(what: str, then: str) -> Refused:
    return Refused(what, stands="nothing was changed", then=then)


def overlaid(deltas: Iterable[Delta]) -> Delta:
    """Deltas laid over one another: each object before the first and after the last."""
    changes: dict[ObjectKey, tuple[str | None, str | None]] = {}
    for delta in deltas:
        for key, (before, after) in delta.changes.items():
            changes[key] = (changes[key][0] if key in changes else before, after)
    return Delta(changes)


def look(deltas: Sequence[Delta], live: Definitions, *, same_server: bool) -> Traces:
    """Compare what a file's steps leave with what is there. Pure.

    Args:
        live: the definition of every object that the steps touch.
        same_server: the version that the deltas were recorded on is the one that runs here.
    """
    wanted = overlaid(deltas)
    differences: list[str] = []
    unsure: list[str] = []
    for key, (before, after) in wanted.changes.items():
        found = live.get(key)
        change, recorded = Delta({key: (before, found)}), Delta({key: (before, after)})
        if key.kind == ORDER or is_as_after(change, recorded, live, shapes=False):
            continue
        if same_server or not is_as_after(change, recorded, live, shapes=True):
            differences.append(_difference(key, after, found, live, wanted))
        elif found and after and equivalence.plain(found) != equivalence.plain(after):
            unsure.append(f"{key}: {found}, and as it was recorded: {after}")
    changes = [(k, b) for k, (b, a) in wanted.changes.items() if b != a and k.kind != ORDER]
    nothing_there = bool(changes) and all(live.get(key) == before for key, before in changes)
    misplaced, remarks = _orders(wanted, live)
    differences += [*misplaced, *_in_made_tables(deltas, wanted, live)]
    return Traces(tuple(differences), tuple(unsure), remarks, nothing_there)


def _orders(wanted: Delta, live: Definitions) -> tuple[list[str], tuple[str, ...]]:
    """Another order of columns: a difference where nothing else of the table shows that the file
    ran, otherwise a remark."""
    differences, remarks = [], []
    rest = wanted.without_order().changes
    for key in wanted.changes.keys() - rest.keys():
        after, found = wanted.changes[key][1], live.get(key)
        if after is None or found is None or found == after:
            continue
        if not any(other.holder == key.holder for other in rest):
            differences.append(difference_line(key, after, found, "after the file"))
        elif same_columns(found, after):
            remarks.append(order_line(key, found))
    return differences, tuple(remarks)


def _difference(
    key: ObjectKey, after: str | None, found: str | None, live: Definitions, wanted: Delta
) -> str:
    if after is None:
        return f"still there: {key}: {found}"
    line = difference_line(key, after, found, "after the file")
    twin = _under_another_name(key, after, live, wanted) if found is None else ""
    return f"{line} (there as {twin})" if twin else line


def _under_another_name(key: ObjectKey, text: str, live: Definitions, wanted: Delta) -> str:
    """An index or constraint of the same table that is the same but for its name."""
    if key.kind not in (INDEX, CONSTRAINT):
        return ""
    for other, definition in live.items():
        alike = replace(other, name=key.name) == key and other not in wanted.changes
        if alike and without_name(definition) == without_name(text):
            return other.name
    return ""


def _in_made_tables(deltas: Sequence[Delta], wanted: Delta, live: Definitions) -> list[str]:
    """What a table that the file makes holds besides. One that comes while another goes was
    renamed, and has a past that is not the file's."""
    made = []
    for delta in deltas:
        tables = {key: pair for key, pair in delta.changes.items() if key.is_table}
        if all(before is None for before, _ in tables.values()):
            made += [key for key in tables if wanted.changes[key][1] is not None]
    return [
        difference_line(key, None, text, "in the file")
        for key, text in live.items()
        if key not in wanted.changes and key.holder in made
    ]


def plan_mark(target: Target, file: str) -> MarkPlan:
    """What ``mark_applied`` would do, and every difference that keeps it from that. Changes nothing
    and takes no lock. Raises Refused where the file cannot be marked."""
    return _planned(target, file)[0]


def mark_applied(target: Target, plan: MarkPlan, *, options: Options | None = None) -> None:
    """Mark the file of ``plan`` as applied, and send ``post_migrate``.

    Looks again under the lock. Raises LedgerConflict where it sees something else by now.
    """
    options = replace(options or Options(), command="db_mark_applied")
    refuse_unsuitable(target)
    with lock_held(target.connection, options) as lock:
        again, state = _planned(target, plan.entry.name)
        if again != plan or not again.agrees:
            raise LedgerConflict(
                "The schema is not what the file leaves, or it is another one by now.",
                stands="nothing was changed",
                then=f"python manage.py db_mark_applied {plan.entry.name}.sql --plan",
            )
        with run_opened(target, lock, options, target.order, state.version) as context:
            _write(context, plan, state)
            recorded_migrations = state.recorded_migrations | set(plan.entry.recorded_migrations)
            new = [m for m in plan.entry.migrations if m not in state.recorded_migrations]
            send_post_migrate(
                context, signals.migration_plan(context.loader, new), recorded_migrations
            )


def _write(context: Context, plan: MarkPlan, state: LedgerState) -> None:
    """The file, its steps, ``django_migrations`` and the signal that is pending, in one commit."""
    ledger, row = context.ledger, plan.row
    known = state.file(row.id)
    key = AttemptKey(row.id, "up", (known.attempt if known else 0) + 1)
    unseen = {task.ordinal for task in plan.unseen}
    context.lock.require()
    with transaction.atomic(context.connection.alias):
        ledger.mark_signals_pending()
        ledger.put_file(row, state="running", direction="up", attempt=key.attempt, origin="marked")
        ledger.begin_file(row.id, "running", "up", key.attempt)
        ledger.replace_pending(key, ledger_steps(plan.work), after=0)
        for task in plan.work.tasks:
            note = _SAID if task.ordinal in unseen else _SEEN
            ledger.close_step(key.step(task.ordinal), rows=None, seconds=0.0, note=note)
        ledger.record_applied(row.recorded_migrations)
        ledger.finish_file(row.id, "applied")


def _without_what_began_nothing(state: LedgerState, ledger: Ledger) -> LedgerState:
    """The state less a file whose first step failed, because what it makes is there already: no
    step of it ran, and nothing else leads on from there."""
    begun = state.in_flight
    if begun is None or begun.state != "failed" or begun.direction != "up":
        return state
    if any(step.state not in ("pending", "failed") for step in ledger.steps(begun.attempt_key)):
        return state
    return replace(state, files=tuple(file for file in state.files if file != begun))


def _planned(target: Target, file: str) -> tuple[MarkPlan, LedgerState]:
    connection, folder = target.connection, target.folder
    folder.verify()
    refuse_unrecorded(folder.journal, connection)
    state, exchanges = read_known(target)
    if exchanges:
        raise _refused(f"A squash comes first: {exchanges[0]}.", "python manage.py db_migrate")
    ledger = Ledger(connection)
    known = _without_what_began_nothing(state, ledger)
    entry = choose_file(folder.journal, known, file, relinks(folder, state, ledger))
    chosen = MigrationFile.on_disk(target, entry)
    row, work = chosen.row, chosen.up
    deltas = [task.record.delta for task in work.tasks]
    names = {key.holder_name for delta in deltas for key in delta.changes}
    with restored_session(connection, work.file.session):
        pin(connection, work.file.session)  # definitions depend on it
        live = read_schema(connection, names).definitions
    traces = look(deltas, live, same_server=row.recorded_on == target.server.name)
    unseen = tuple(task for task in work.tasks if not task.record.delta)
    return MarkPlan(entry, row, work, traces, unseen), state
