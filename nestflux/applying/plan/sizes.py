"""Is anything of a run larger than the server takes at once? Asked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nestflux.applying.plan.tasks import Work
from nestflux.database.packets import in_megabytes, is_too_large, limit_of, size_as_value, size_of
from nestflux.exceptions import Refused
from nestflux.history.snapshots import statements_of
from nestflux.history.sqlfile import Statement
from nestflux.ledger.ledger import FileRow

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_FRAME = 65536  # bytes of a ledger statement around its one long value, with room to spare


def refuse_what_is_too_large(
    connection: BaseDatabaseWrapper,
    rows: Iterable[FileRow],
    works: Iterable[tuple[str, Work]],
    snapshot: str = "",
) -> None:
    """Raises Refused, with nothing run, where a statement, or a text that the ledger keeps, is
    larger than ``max_allowed_packet``.

    Args:
        rows: what the ledger is to keep of files.
        works: the steps that are to run, with the name of their file.
        snapshot: the text of ``schema.sql``, if it is to be loaded.
    """
    limit = limit_of(connection)
    if is_too_large(size_of(snapshot), limit):  # as a whole; rarely
        for number, sql in enumerate(statements_of(snapshot), start=1):
            _refuse(f"schema.sql, statement {number},", size_of(sql), limit)
    for name, work in works:
        for task in work.tasks:
            place = f"{name}, statement {task.ordinal} of {len(work.tasks)},"
            if isinstance(task.step, Statement):
                _refuse(place, size_of(task.text), limit)
            _refuse_value(place, task.text, limit)
    for row in rows:
        for end, text in ((".sql", row.up_text), (".down.sql", row.down_text)):
            _refuse_value(f"{row.name}{end}", text, limit)
        _refuse_value(f"{row.name}.deltas.json", row.record, limit)


def _refuse_value(place: str, text: str, limit: int) -> None:
    if is_too_large(4 * len(text) * 2 + _FRAME, limit):  # the most that it can be; rarely reached
        _refuse(place, size_as_value(text) + _FRAME, limit, " as the ledger keeps it")


def _refuse(place: str, size: int, limit: int, how: str = "") -> None:
    if not is_too_large(size, limit):
        return
    enough = 2 * limit
    while is_too_large(size, enough):
        enough *= 2
    raise Refused(
        f"{place} has {in_megabytes(size)}{how}, and the server takes {in_megabytes(limit)} at "
        "once (max_allowed_packet).",
        stands="nothing was run",
        then=f"let an administrator of the server run: SET GLOBAL max_allowed_packet = {enough}; "
        "(and write it into the server's configuration), or divide it",
    )
