"""A connection that ended in the middle of its work."""

from __future__ import annotations

import sys

from nestflux.database.explanations.failure import Failure, explains
from nestflux.database.numbers import CONNECTION_LOST, PACKET_TOO_LARGE
from nestflux.database.packets import in_megabytes, limit_elsewhere


@explains(*CONNECTION_LOST)
def _ended(failure: Failure) -> str:
    said = failure.message.strip().rstrip(".") or "It is closed"
    return (
        f"{said}: the server was stopped, or ended the connection (KILL, wait_timeout), or the "
        "line was cut."
    )


@explains(PACKET_TOO_LARGE)
def _packet(failure: Failure) -> str:
    limit = limit_elsewhere(failure.connection) if failure.connection else sys.maxsize
    what = f"{in_megabytes(failure.sent)} were sent at once" if failure.sent else "It is too large"
    takes = "less" if limit == sys.maxsize else in_megabytes(limit)
    return (
        f"{what}, and the server takes {takes} (max_allowed_packet). Send less at once, or let an "
        "administrator of the server raise it."
    )
