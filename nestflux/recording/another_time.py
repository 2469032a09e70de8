"""Another clock, under which what depends on the time gives something else than now."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

# How far ahead it is: another year, month, day, hour and weekday.
_LATER = datetime.timedelta(days=433, hours=5, minutes=7, seconds=11)


@contextmanager
def another_time() -> Iterator[datetime.datetime]:
    """While the block lasts Python's clock runs ahead; gives the time at which it starts."""
    import time_machine  # with pytest, where that is installed: a tenth of a second

    later = datetime.datetime.now(tz=datetime.UTC) + _LATER
    with time_machine.travel(later, tick=True):
        yield later
