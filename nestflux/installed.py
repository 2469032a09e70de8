"""What must be installed beside NestFlux: a Django that it knows, and mysqlclient.

``pip`` sees to both unless it is told not to. Whatever imports this needs neither.
"""

from __future__ import annotations

import sys

import django

from nestflux.exceptions import NestFluxError, Refused

OLDEST_DJANGO, NEWEST_DJANGO = (5, 2), (6, 1)


def require_supported_django() -> None:
    """Raises Refused where the installed Django is of another series.

    What a history holds depends on how Django writes SQL and keeps its state; on a series that
    nobody has tried, a recording could be wrong without a sign.
    """
    series = django.VERSION[:2]
    if OLDEST_DJANGO <= series <= NEWEST_DJANGO:
        return
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST_DJANGO, NEWEST_DJANGO))
    too, other = ("old", "an older") if series < OLDEST_DJANGO else ("new", "a newer")
    raise Refused(
        f"Django {django.get_version()} is too {too} for this NestFlux, which runs on Django "
        f"{oldest} to {newest}.",
        where=f"{sys.executable} (Django in {django.__path__[0]})",
        stands="nothing was changed",
        then=f'pip install "Django>={oldest},<{newest[:-1]}{int(newest[-1]) + 1}", '
        f"or {other} NestFlux",
    )


def without_mysqlclient(error: BaseException) -> NestFluxError | None:
    """The error in other words, where it comes of a mysqlclient that is missing, broken or old."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ImportError) and "MySQLdb" in f"{cause.name} {cause.path} {cause}":
            return _mysqlclient(f"Python cannot load mysqlclient: {cause}.")
        if str(cause).startswith("mysqlclient "):  # "mysqlclient 2.2.1 or newer is required; …"
            return _mysqlclient(f"{cause}")
        cause = cause.__cause__
    if str(error).startswith("Error loading MySQLdb module"):
        return _mysqlclient(f"Python cannot load mysqlclient: {error.__cause__}.")
    return None


def _mysqlclient(what: str) -> NestFluxError:
    return Refused(
        f"{what} Django speaks to MySQL and MariaDB through it.",
        where=sys.executable,
        stands="nothing was changed",
        then=f"{sys.executable} -m pip install mysqlclient; where it cannot be built, first: "
        "apt-get install gcc pkg-config libmariadb-dev python3-dev",
    )
