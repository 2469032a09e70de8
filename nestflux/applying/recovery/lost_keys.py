"""Foreign keys that MariaDB loses when it is killed while it copies their table: made again.

Its DDL is atomic but for this (KB "Atomic DDL", MDEV-25180): killed between the two renames at the
end of a copy, it comes up with the new table and without the table's foreign keys. Measured on
10.11.19: one in ten kills in the last two thirds of such an ALTER. MySQL does not do it.

Nothing is made that was not there: the ledger holds each key as the server itself printed it before
the statement began. A key that is gone while the server was not restarted was somebody's to drop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.run.events import Noticed
from nestflux.database.errors import in_words
from nestflux.database.server import uptime
from nestflux.database.session import pin
from nestflux.exceptions import StatementFailed
from nestflux.schema.diff import Delta
from nestflux.schema.objects import CONSTRAINT
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from nestflux.applying.run.attempt_rows import AttemptRows
    from nestflux.ledger.ledger import LedgerStep


@dataclass(frozen=True)
class LostKey:
    """A foreign key as it was: ``definition`` begins with ``CONSTRAINT``."""

    table: str
    name: str
    definition: str


def lost_keys(change: Delta, recorded: Delta) -> Iterator[LostKey]:
    """The foreign keys that went, of tables that stay, and not by the statement. Pure.

    Args:
        change: of the live schema since the statement began.
        recorded: what the statement changes.
    """
    for key, (before, after) in change.changes.items():
        if after is not None or before is None or key in recorded.changes:
            continue
        table_goes = change.changes.get(key.holder, ("", ""))[1] is None
        if key.kind == CONSTRAINT and "FOREIGN KEY" in before and not table_goes:
            yield LostKey(key.table, key.name, before)


def make_again(rows: AttemptRows, step: LedgerStep, change: Delta) -> None:
    """Make the keys again that the server lost in the step that was in flight when it was killed.

    Safe to repeat: a run that dies here finds the rest of them gone, and makes those. Raises
    StatementFailed where the server refuses one.
    """
    lost = tuple(lost_keys(change, step.recorded))
    context = rows.context
    if not lost or context.server.family != "mariadb" or step.state != "started":
        return
    if not context.ledger.began_before(rows.key.step(step.ordinal), uptime(context.connection)):
        return
    for key in lost:
        context.lock.require()
        sql = f"ALTER TABLE {quoted(key.table)} ADD {key.definition}"
        try:
            pin(context.connection, (sql,))
        except Error as error:
            raise StatementFailed(
                f"{_describe_loss(key)}; it cannot be made again: {in_words(error, None, sql)}",
                where=sql,
                stands="nothing else was run",
                then="fix the cause, and run the same command again",
            ) from error
        context.tell(Noticed(f"{_describe_loss(key)}; it was made again"))


def _describe_loss(key: LostKey) -> str:
    return (
        f"MariaDB was killed while it copied {key.table}, and had lost its foreign key {key.name}"
    )
