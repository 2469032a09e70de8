"""The messages of a run that stops: what, where, what stands now, the next command."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import django
import MySQLdb
from django.db.utils import Error, OperationalError

from nestflux.database.errors import in_words, message_of, number_of, was_too_large
from nestflux.database.numbers import CONNECTION_LOST, PACKET_TOO_LARGE
from nestflux.exceptions import LedgerConflict, NotReviewed, Refused, StatementFailed, Undecided
from nestflux.history.sqlfile import Direction, PythonStep

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.plan.tasks import Task, Work
    from nestflux.applying.recovery.deciding import Conclusion
    from nestflux.applying.recovery.reversing import CannotReverse
    from nestflux.applying.run.lock_retry import LockRetry
    from nestflux.database.blockers import Blocker
    from nestflux.ledger.rows import LedgerStep
    from nestflux.schema.diff import Delta


class TransactionGone(Error):
    """A Python step's transaction ended under it, and the server undid what it had done."""


_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
_PACKAGE = str(Path(__file__).resolve().parent.parent)
# What stands between an app's code and the server: nothing there is to be fixed.
_MACHINERY = (_PACKAGE, *(str(module.__path__[0]) for module in (django, MySQLdb)))


def is_connection_lost(error: BaseException) -> bool:
    return number_of(error) in CONNECTION_LOST


def cause_of(error: Exception, connection: BaseDatabaseWrapper) -> Exception:
    """What a step failed of, where what was raised only follows from that: its connection was
    closed by itself, or ended by the server over a packet that was too large."""
    if connection.closed_in_transaction:  # until the next connect
        return TransactionGone(
            "It closed its connection inside its transaction, so the server undid what it had "
            "done. Let it leave the connection open, or give the operation atomic=False."
        ).with_traceback(error.__traceback__)
    if is_connection_lost(error) and was_too_large(error, connection):
        return OperationalError(PACKET_TOO_LARGE, *error.args[1:]).with_traceback(
            error.__traceback__
        )
    return error


def text_of(error: BaseException) -> str:
    """An error as the ledger keeps it."""
    return message_of(error) if isinstance(error, Error) else f"{type(error).__name__}: {error}"


def step_failed(
    error: Exception,
    connection: BaseDatabaseWrapper,
    name: str,
    task: Task,
    work: Work,
    changed: Delta | None,
    doubt: str,
) -> StatementFailed:
    """A step of a file failed on its merits, or its connection was lost.

    Args:
        work: the file's steps, in the direction in which it runs.
        changed: what it changed in the schema all the same; None where that could not be read.
        doubt: why what it had done before it failed was not undone; empty if it was.
    """
    kind = "step" if isinstance(task.step, PythonStep) else "statement"
    kind = f"compiled {kind}" if task.is_compiled else kind
    place = f"{file_of(name, work.direction)}, {kind} {task.ordinal} of {len(work.tasks)}"
    ran = _applied(task.ordinal - 1, work.direction)
    command = "db_rollback" if work.direction is Direction.DOWN else "db_migrate"
    if is_connection_lost(error):
        return StatementFailed(
            f"The connection was lost in {place}: {in_words(error)}",
            where=task.title,
            stands=f"{ran}; the next run finds out whether this one ran",
            then=f"python manage.py {command}",
        )
    where = task.title
    if isinstance(error, Error):
        words = in_words(error, connection, task.text)
    else:
        words = f"{type(error).__name__}: {error}"
        where = f"{where} ({place_in_code(error)})"
    effect = f", and {kind} {task.ordinal} changed nothing"
    if changed:
        effect = f", and {kind} {task.ordinal} changed a part: {'; '.join(changed.lines())}"
    elif changed is None:
        effect = f"; what {kind} {task.ordinal} changed could not be read"
    elif doubt:
        effect = f"; what {kind} {task.ordinal} had done before it failed stands: {doubt}"
    return StatementFailed(
        f"{place} failed: {words}",
        where=where,
        stands=f"{ran}{effect}",
        then=f"fix the cause, then: python manage.py {command}   (resumes there), or "
        f"{_other_way(name, work.direction)}",
    )


def not_let_in(failed: StatementFailed, retry: LockRetry, direction: Direction) -> StatementFailed:
    """A step that found its table locked at every try: how long that was, and who is in the way."""
    tries = f"{retry.tried} tries" if retry.tried > 1 else "one try"
    lines = [f"{failed.what} It waited {retry.seconds:.1f} s in all, in {tries}."]
    lines += [f"    {blocker}" for blocker in retry.blockers]
    if retry.blockers:
        end = f"let that one end (at worst: KILL {retry.blockers[0].connection_id};)"
    else:
        lines.append(
            "    The server does not say who: it is no transaction of InnoDB, or this user may not "
            "see it (the privilege PROCESS)."
        )
        end = "find it (SHOW FULL PROCESSLIST;) and let it end"
    command = "db_migrate" if direction is Direction.UP else "db_rollback"
    return StatementFailed(
        "\n".join(lines),
        where=failed.where,
        stands=failed.stands,
        then=f"{end}, then: python manage.py {command}   (resumes there; "
        "--lock DDL_TRIES=N has it try for longer)",
    )


def _other_way(name: str, direction: Direction) -> str:
    """The command that reverses a partial run."""
    if direction is Direction.UP:
        return "db_rollback   (undoes what ran)"
    return f"db_migrate --to {name}   (takes it forward again)"


def file_of(name: str, direction: Direction) -> str:
    """``0003_odd.sql``, ``0003_odd.down.sql``."""
    return f"{name}{'.down' if direction is Direction.DOWN else ''}.sql"


def _applied(count: int, direction: Direction) -> str:
    what = "undone" if direction is Direction.DOWN else "applied"
    if count == 0:
        return f"nothing of this file is {what}"
    if direction is Direction.DOWN:
        return f"statement{'s 1 to' if count > 1 else ''} {count} of its way back ran"
    return (
        f"statement{'s 1 to' if count > 1 else ''} {count} of this file "
        f"{'are' if count > 1 else 'is'} {what}"
    )


def place_in_code(error: BaseException) -> str:
    """File and line of the project's own code that raised; where it is none's, of the installed
    app's."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    own = [f for f in frames if not f.filename.startswith((*_LIBRARIES, _PACKAGE))]
    installed = [
        f
        for f in frames
        if f.filename.startswith(_INSTALLED) and not f.filename.startswith(_MACHINERY)
    ]
    frame = (own or installed or frames)[-1]
    return f"{frame.filename}, line {frame.lineno}"


def ledger_failed(error: Error, name: str = "") -> StatementFailed:
    """The ledger could not be read or written, most likely because the connection was lost.

    Args:
        name: the file that was running, if one was.
    """
    while_running = f" while {name}.sql ran" if name else ""
    what = "The ledger could not be written"
    if is_connection_lost(error):
        what = "The connection was lost"
    return StatementFailed(
        f"{what}{while_running}: {in_words(error)}",
        stands="the next run finds out how far this one came",
        then="run the same command again",
    )


def ledger_locked(error: Error, blockers: Sequence[Blocker]) -> StatementFailed:
    """The first write of a run, before anything of its own, waited for a lock that somebody keeps:
    mostly a backup's."""
    lines = ["The ledger could not be written: its tables are locked, as by a server's backup."]
    lines += [f"    {blocker}" for blocker in blockers]
    end = "find who holds the lock (SHOW FULL PROCESSLIST;) and let it end"
    if blockers:
        end = f"let that one end (at worst: KILL {blockers[0].connection_id};)"
    return StatementFailed(
        "\n".join(lines),
        where=message_of(error),
        stands="nothing was run",
        then=f"{end}, then run the same command again (--lock DDL_TIMEOUT=SECONDS waits longer)",
    )


def undecided(name: str, row: LedgerStep, recorded: Delta, conclusion: Conclusion) -> Undecided:
    """A step that only a person can decide."""
    lines = [
        f"{name}.sql, statement {row.ordinal} was begun and not finished, and it is unknown "
        f"whether it ran: {conclusion.why}.",
        f"    {' '.join(row.sql.split())[:200]}",
    ]
    if conclusion.parts:
        lines += [f"  {line}" for line in conclusion.parts]
    elif conclusion.change or recorded:
        lines.append("  The schema changed since it began:")
        lines += [f"    {line}" for line in conclusion.change.lines()] or ["    (it did not)"]
        lines.append("  The statement changes, as recorded:")
        lines += [f"    {line}" for line in recorded.lines()] or ["    (nothing)"]
    if row.error_text:
        lines.append(f"  The server had said: {row.error_text}")
    return Undecided(
        "\n".join(lines),
        stands="nothing was run",
        then=f"look at the database, then: python manage.py db_resolve {name}.sql {row.ordinal} "
        "--ran | --did-not-run",
    )


def cannot_reverse(name: str, work: Work, error: CannotReverse) -> Refused:
    """A half-done attempt can only be finished.

    Args:
        work: the steps of the other way.
    """
    up = work.direction is Direction.UP
    place = file_of(name, work.direction)
    title = ""
    if error.ordinal:
        place = f"{place}, statement {error.ordinal}"
        title = work.tasks[error.ordinal - 1].title
    then = (
        "python manage.py db_rollback   (finishes the rollback), then db_migrate"
        if up
        else "python manage.py db_migrate   (finishes the file), then db_rollback"
    )
    if error.drifted:  # neither way goes on from there
        back = f"db_migrate --to {name}" if up else "db_rollback"
        then = f"put back what differs, and again: python manage.py {back}"
    return Refused(
        f"{name} cannot be reversed half-way ({place}): {error.why}.",
        where=title,
        stands="nothing was run",
        then=then,
    )


def refuse_unreviewed(work: Work, agreed: Collection[str], command: str) -> None:
    """Raises NotReviewed where unconfirmed statements are to reverse a half-done file.

    Args:
        work: the way back, with them.
        command: the one that runs it.
    """
    statements = tuple(task.text for task in work.compiled)
    if all(text in agreed for text in statements):
        return
    name = work.file.name
    to = f" --to {name}" if command == "db_migrate" else ""
    lines = [f"No reviewed statement reverses {name} from where it stopped. Compiled are:"]
    lines += [f"    {line}" for text in statements for line in f"{text};".splitlines()]
    yes = " --yes" if command == "db_rollback" else ""
    raise NotReviewed(
        "\n".join(lines),
        statements,
        stands="nothing was run",
        then=f"review them, then: python manage.py {command}{to}{yes} --unreviewed",
    )


def changed_under_way(name: str, ordinal: int) -> LedgerConflict:
    """A step that ran already is not in its place any more."""
    return LedgerConflict(
        f"{name}.sql was changed while it is half applied: statement {ordinal} ran and is not "
        "what the file says any more.",
        stands="nothing was run",
        then=f"restore the statements up to {ordinal}; those behind it may be edited and accepted "
        "(db_generate --accept)",
    )


def changed_while_reversed(name: str, direction: Direction) -> LedgerConflict:
    """A file was edited since its attempt was reversed."""
    return LedgerConflict(
        f"{file_of(name, direction)} was edited since it was reversed half-way: which of its "
        "steps are needed was decided by the text of before.",
        stands="nothing was run",
        then=f"git checkout the files {name}.* and journal.json as they were, and run the same "
        "command again",
    )
