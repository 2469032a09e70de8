"""``db_resolve``: a person says whether the step in flight ran, where the schema cannot tell.

Nothing of a file is run here. The answer becomes what recovery would have written: the step is
marked as done, or it is pending again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.recovery.deciding import Conclusion, Decision
from nestflux.applying.recovery.half_way import looking
from nestflux.applying.recovery.in_flight import InFlight
from nestflux.applying.run import signals
from nestflux.applying.run.attempt_rows import AttemptRows
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.run.migrate import send_post_migrate
from nestflux.applying.suitability import refuse_unsuitable
from nestflux.applying.target import Target
from nestflux.database.session import pin, restored_session
from nestflux.exceptions import LedgerConflict, LockUnavailable, Refused
from nestflux.history.sqlfile import Direction
from nestflux.ledger.ledger import LedgerFile, LedgerState, LedgerStep, read_state
from nestflux.ledger.lock import DatabaseLock
from nestflux.schema.diff import Definitions, Delta

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_NOTES = {True: "a person said that it ran", False: "a person said that it did not run"}


@dataclass(frozen=True)
class Evidence:
    """What is known of the step in flight.

    ``why``: why the schema cannot tell whether it ran. ``recorded``: what it changes in the schema;
    ``before``: what it touches, as that was when it began (empty where nothing was read);
    ``change``: what is different there now; ``parts``: what of the recorded change is there, what
    is not, what changed besides. ``error``: what the server had said, if anything.
    """

    name: str
    ordinal: int
    total: int
    direction: str
    attempt: int
    kind: str
    sql: str
    why: str
    error: str = ""
    recorded: Delta = field(default_factory=Delta)
    before: Definitions = field(default_factory=dict)
    change: Delta = field(default_factory=Delta)
    parts: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file whose step it is: ``0003_odd.sql``, ``0003_odd.down.sql``."""
        return f"{self.name}{'.down' if self.direction == 'down' else ''}.sql"

    @property
    def goes_on_with(self) -> str:
        """The command that goes on from here."""
        return _next(self.direction)

    def lines(self) -> Iterator[str]:
        """All of it, for the person who decides."""
        yield f"{self.file}, statement {self.ordinal} of {self.total}, was begun and not finished:"
        yield from _indented(self.sql.splitlines())
        yield f"It is unknown whether it ran: {self.why}."
        if self.error:
            yield f"It had failed with: {self.error}"
        if self.kind != "ddl":
            return
        yield "The statement changes, as recorded:"
        yield from _indented(self.recorded.lines() or ["(nothing that the schema shows)"])
        yield "What it touches was, when it began:"
        yield from _indented([f"{key}: {text}" for key, text in self.before.items()] or ["(none)"])
        yield "Different there now:"
        yield from _indented(self.change.lines() or ["(nothing)"])
        yield from self.parts


def _indented(lines: list[str]) -> Iterator[str]:
    yield from (f"    {line}" for line in lines)


@dataclass(frozen=True)
class Resolved:
    """What became of the answer. ``finished``: that was the last step, and the file is done."""

    evidence: Evidence
    ran: bool
    finished: bool


def examine(target: Target, file: str, ordinal: int) -> Evidence:
    """The evidence of the step in flight, read under the lock. Changes nothing.

    Args:
        file, ordinal: the step that is meant; refused where another one is in flight.

    Raises Refused where nothing is in flight, where the schema decides it, and where a deploy
    is at work.
    """
    options = Options(command="db_resolve")
    with _lock_free(target.connection, options):
        _, known = _in_flight(target.connection)
        flight, step, conclusion = _flying(looking(target, options), known)
        evidence = _evidence(flight.rows, step, conclusion)
    _require_meant(evidence, file, ordinal)
    return evidence


def resolve(
    target: Target, evidence: Evidence, *, ran: bool, options: Options | None = None
) -> Resolved:
    """Mark the step of ``evidence`` as done, or put it back so that the next run runs it.

    Where that finishes the file, ``post_migrate`` is sent.

    Raises Refused as ``examine`` does, and where the evidence is another one by now.
    """
    options = replace(options or Options(), command="db_resolve")
    refuse_unsuitable(target)
    with _lock_free(target.connection, options) as lock:
        state, known = _in_flight(target.connection)
        with run_opened(target, lock, options, target.order, state.version) as context:
            flight, step, conclusion = _flying(context, known)
            if _evidence(flight.rows, step, conclusion) != evidence:
                raise LedgerConflict(
                    "The database changed while you were asked.",
                    stands="nothing was changed",
                    then=f"python manage.py db_resolve {evidence.name}.sql {evidence.ordinal}",
                )
            finished = flight.settle(step, ran=ran, note=_NOTES[ran])
            if finished:
                _send_post_migrate(context, flight.rows, state)
    return Resolved(evidence, ran, finished)


@contextmanager
def _lock_free(connection: BaseDatabaseWrapper, options: Options) -> Iterator[DatabaseLock]:
    """The lock, if nobody has it: what another deploy is at work on is not for a person yet."""
    times = replace(options.lock, wait=0.0)
    try:
        with lock_held(connection, replace(options, lock=times)) as lock:
            yield lock
    except LockUnavailable as error:
        raise Refused(
            error.what,
            stands="nothing was changed",
            then="wait for it: python manage.py db_migrate   (it decides what can be decided)",
        ) from None


def _in_flight(connection: BaseDatabaseWrapper) -> tuple[LedgerState, LedgerFile]:
    state = read_state(connection) or LedgerState()
    if state.in_flight is None:
        raise _nothing_in_flight("No file is half applied")
    return state, state.in_flight


def _flying(context: Context, known: LedgerFile) -> tuple[InFlight, LedgerStep, Conclusion]:
    """The step in flight, and what a look at the schema says of it. Raises Refused where that
    is enough to go on."""
    file = _file(context, known)
    rows = AttemptRows(context, file.row, file.work(Direction(known.direction)), known)
    flight = InFlight(rows)
    _, step = flight.stand()
    if step is None:
        raise _nothing_in_flight(f"{known.name} is half applied, none of its steps in flight")
    with restored_session(context.connection, rows.work.file.session):
        pin(context.connection, rows.work.file.session)  # definitions depend on it
        conclusion = flight.examine(step)
    if conclusion.decision is not Decision.ASK:
        raise Refused(
            f"Nobody needs to be asked about {known.name}.sql, statement {step.ordinal}: "
            f"{conclusion.why}.",
            stands="nothing was changed",
            then=f"python manage.py {_next(known.direction)}   (resumes there)",
        )
    return flight, step, conclusion


def _evidence(rows: AttemptRows, step: LedgerStep, conclusion: Conclusion) -> Evidence:
    return Evidence(
        name=rows.row.name,
        ordinal=step.ordinal,
        total=len(rows.work.tasks),
        direction=rows.direction.value,
        attempt=rows.attempt,
        kind=step.kind,
        sql=step.sql if step.kind != "python" else f"python step {step.sql}",
        why=conclusion.why,
        error=step.error_text if step.state == "failed" else "",
        recorded=step.recorded,
        before=step.schema_before or {},
        change=conclusion.change,
        parts=conclusion.parts,
    )


def _file(context: Context, known: LedgerFile) -> MigrationFile:
    """The file: on the way up from disk, with the edits that were accepted; from the
    ledger where it is another branch's, or was undone as it ran."""
    for entry in context.target.journal.entries:
        if entry.id == known.id and (known.direction == "up" or entry.up == known.up_sha256):
            return MigrationFile.on_disk(context.target, entry)
    return MigrationFile.in_ledger(context.ledger, known.id)


def _require_meant(evidence: Evidence, file: str, ordinal: int) -> None:
    wanted = file.removesuffix(".sql").removesuffix(".down")
    number = f"{int(wanted):04d}" if wanted.isdecimal() else wanted
    is_file = evidence.name == wanted or evidence.name.startswith(f"{number}_")
    if is_file and evidence.ordinal == ordinal:
        return
    raise Refused(
        f"In flight is {evidence.file}, statement {evidence.ordinal}, and not {file}, "
        f"statement {ordinal}.",
        stands="nothing was changed",
        then=f"python manage.py db_resolve {evidence.name}.sql {evidence.ordinal}   (shows it)",
    )


def _nothing_in_flight(what: str) -> Refused:
    return Refused(
        f"{what}: there is nothing to resolve.",
        stands="nothing was changed",
        then="python manage.py db_status",
    )


def _next(direction: str) -> str:
    return "db_rollback" if direction == "down" else "db_migrate"


def _send_post_migrate(context: Context, rows: AttemptRows, state: LedgerState) -> None:
    """As the run that ran the file's last step would have."""
    row, backwards = rows.row, rows.direction is Direction.DOWN
    recorded_migrations = (
        state.recorded_migrations - set(row.recorded_migrations)
        if backwards
        else state.recorded_migrations | set(row.recorded_migrations)
    )
    announced = signals.migration_plan(context.loader, row.migrations, backwards=backwards)
    send_post_migrate(context, announced, recorded_migrations)
