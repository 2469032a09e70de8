"""``OPTIONS["pool"]``: what it may say, and what it means where it says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from nestflux.exceptions import PoolMisconfigured

_KEEP = 4  # psycopg_pool's default of min_size; and its max_size is then the same


@dataclass(frozen=True)
class PoolOptions:
    """How large the pool of one process and alias is, and how old its connections may be.

    ``max_size`` connections at most; ``min_size`` of them stay open however idle they are. A
    thread waits ``timeout`` seconds for one. A connection is replaced ``max_lifetime`` seconds
    after it was made, and closed once it was idle for ``max_idle`` seconds. The names and the
    defaults are those of psycopg_pool.ConnectionPool, which Django's PostgreSQL backend uses.
    """

    min_size: int = _KEEP
    max_size: int = _KEEP
    timeout: float = 30
    max_lifetime: float = 3600
    max_idle: float = 600


def pool_options(setting: object, where: str) -> PoolOptions | None:
    """The setting as a value; None where there is to be no pool.

    Args:
        setting: what stands in ``OPTIONS["pool"]``.
        where: that place, for a person.

    Raises PoolMisconfigured.
    """
    if setting is None or setting is False:
        return None
    if setting is True:
        return PoolOptions()
    if not isinstance(setting, Mapping):
        raise _wrong(f"{setting!r} is neither True nor a dictionary.", where)
    given = {str(key): _number(str(key), value, where) for key, value in setting.items()}
    largest = int(given.get("max_size", max(_KEEP, given.get("min_size", 0))))
    smallest = int(given.get("min_size", min(_KEEP, largest)))
    if smallest > largest:
        raise _wrong(f"min_size, {smallest}, is larger than max_size, {largest}.", where)
    return PoolOptions(
        min_size=smallest,
        max_size=largest,
        **{key: value for key, value in given.items() if key not in ("min_size", "max_size")},
    )


def _number(key: str, value: object, where: str) -> float:
    read = _KEYS.get(key)
    if read is None:
        close = get_close_matches(key, _KEYS, n=1)
        meant = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_KEYS)}."
        raise _wrong(f"There is no {key!r}: {meant}", where)
    return read(key, value, where)


def _whole(least: int) -> Callable[[str, object, str], float]:
    def read(key: str, value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise _wrong(f"{key} is {value!r}, not a whole number from {least} on.", where)
        return value

    return read


def _seconds(key: str, value: object, where: str) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not 0 < number < math.inf:  # NaN is neither
        raise _wrong(f"{key} is {value!r}, not a positive number of seconds.", where)
    return number


_KEYS: Mapping[str, Callable[[str, object, str], float]] = {
    "min_size": _whole(0),
    "max_size": _whole(1),
    "timeout": _seconds,
    "max_lifetime": _seconds,
    "max_idle": _seconds,
}


def _wrong(what: str, where: str) -> PoolMisconfigured:
    return PoolMisconfigured(
        f"The connection pool cannot be set up. {what}",
        where=where,
        stands="nothing was connected",
        then='correct it, for example {"max_size": 10}; docs/production.md lists the keys',
    )
