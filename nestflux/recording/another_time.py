"""Another clock, under which what depends on the time gives something else than now.

Only recording needs it: time-machine is the wheel's extra ``record``, and a machine that runs
what was recorded does without.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from nestflux.exceptions import Refused

# How far ahead it is: another year, month, day, hour and weekday.
_LATER = datetime.timedelta(days=433, hours=5, minutes=7, seconds=11)


def require_another_clock() -> None:
    """Raises Refused where time-machine is not installed: before anything is recorded."""
    if find_spec("time_machine") is None:
        raise _missing("the package time-machine is not installed")


@contextmanager
def another_time() -> Iterator[datetime.datetime]:
    """While the block lasts Python's clock runs ahead; gives the time at which it starts."""
    try:
        import time_machine  # with pytest, where that is installed: a tenth of a second
    except ImportError as error:
        raise _missing(f"Python cannot load time-machine: {error}") from error

    later = datetime.datetime.now(tz=datetime.UTC) + _LATER
    with time_machine.travel(later, tick=True):
        yield later


def _missing(why: str) -> Refused:
    return Refused(
        f"SQL cannot be recorded or run again here: {why}.",
        where=sys.executable,
        stands="nothing was written",
        then=f'{sys.executable} -m pip install "nestflux[record]"',
    )
