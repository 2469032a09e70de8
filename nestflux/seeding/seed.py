"""``db_seed``: a plan for a database that may be seeded, its rows, and taking them away again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.errors import in_words, number_of
from nestflux.exceptions import CannotSeed, Refused, SeedingStopped
from nestflux.seeding import made
from nestflux.seeding.building import build
from nestflux.seeding.facts import LiveFacts
from nestflux.seeding.plan import Plan
from nestflux.seeding.registry import read_seeds
from nestflux.seeding.request import Request
from nestflux.seeding.writing import Report, write
from nestflux.wording import listed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
# ER_ROW_IS_REFERENCED_2: a row that was not made here refers to one that was.
_REFERRED_TO = 1451
# Python makes the rows of one batch at a time; a second connection lets it do so while the server
# writes. More give little, since threads share one interpreter.
MOST_JOBS = 16


def usual_jobs() -> int:
    """Connections, where nobody says how many."""
    return min(4, max(2, os.cpu_count() or 2))


@dataclass(frozen=True)
class Removed:
    """What ``reset`` took away from a table. ``gone``: rows that others had deleted before."""

    model: str
    rows: int
    gone: int


def require_local(connection: BaseDatabaseWrapper) -> None:
    """Raises Refused where the database is on another host: nobody wants made-up rows there who did
    not say so."""
    settings = connection.settings_dict
    host = _host(connection)
    if host in _LOCAL or host.startswith("/"):
        return
    raise Refused(
        f"The database {connection.alias!r} is on another host, {host}: rows that are made up do "
        "not belong into it unless you say so.",
        where=f"{settings['NAME']} on {host}",
        then=f"python manage.py db_seed --into {connection.alias}   (if it is the right one)",
    )


def _host(connection: BaseDatabaseWrapper) -> str:
    """As the settings name it; where an option file may, as the driver says where it is."""
    options: dict[str, Any] = connection.settings_dict.get("OPTIONS") or {}
    host = str(connection.settings_dict.get("HOST") or options.get("host") or "")
    if not host and options.get("read_default_file"):
        driver: Any = connection.connection
        host = str(driver.get_host_info()).partition(" via ")[0].lower()
    return host


def plan_for(connection: BaseDatabaseWrapper, request: Request) -> Plan:
    """The plan for a database. Reads, and writes nothing.

    Raises CannotSeed where the models allow no such rows, Refused where tables hold rows and the
    request does not append.
    """
    read_seeds()
    facts = LiveFacts(connection)
    plan = build(request, facts, connection.alias, made.next_rows(connection))
    if not plan.tables:
        raise CannotSeed("There is nothing to fill.", then="name a model: --rows app.Model=100")
    if not request.append:
        _require_empty(connection, facts, plan)
    return plan


def _require_empty(connection: BaseDatabaseWrapper, facts: LiveFacts, plan: Plan) -> None:
    filled = [table for table in plan.tables if facts.has_rows(table.model)]
    if not filled:
        return
    others = [table for table in filled if made.has_other_rows(connection, table.name)]
    if others:
        raise Refused(
            f"{listed([table.label for table in others])}: the table holds rows that db_seed did "
            "not make."
            if len(others) == 1
            else f"{listed([table.label for table in others])}: these tables hold rows that "
            "db_seed did not make.",
            where=listed([table.name for table in others]),
            then="--append adds to them, and leaves them as they are",
        )
    raise Refused(
        f"{listed([table.label for table in filled])}: seeded already.",
        where=listed([table.name for table in filled]),
        then="python manage.py db_seed --reset takes those rows away; --append adds more",
    )


def seed(
    connection: BaseDatabaseWrapper, plan: Plan, report: Report, jobs: int | None = None
) -> Plan:
    """Write the rows of a plan. Returns it as it was written. Raises SeedingStopped."""
    made.prepare(connection)
    return write(plan, connection, jobs or usual_jobs(), report)


def reset(
    connection: BaseDatabaseWrapper, report: Callable[[str], None] = lambda model: None
) -> list[Removed]:
    """Take away the rows that were made here, and no others. A run that is stopped goes on with
    the next one. Raises SeedingStopped where other rows refer to them."""
    removed: dict[str, Removed] = {}
    found = made.batches(connection)
    there = {batch.id for batch in found if made.is_still_there(connection, batch)}
    for batch in found:
        if batch.id in there:
            made.release(connection, batch)
    for batch in reversed(found):
        report(batch.model)
        before = removed.get(batch.model, Removed(batch.model, 0, 0))
        if batch.id not in there:
            made.forget(connection, batch)
            removed[batch.model] = Removed(batch.model, before.rows, before.gone + batch.rows)
            continue
        try:
            rows = made.remove(connection, batch)
        except made.StillReferredTo as error:
            what = f"{error.table}.{error.column} refers to rows of {batch.model}"
            raise _not_removed(batch, f"{what} that db_seed made.") from None
        except Error as error:
            what = in_words(error, connection)
            if number_of(error) == _REFERRED_TO:
                what = f"Other rows refer to those of {batch.model} that db_seed made. {what}"
            raise _not_removed(batch, what) from None
        removed[batch.model] = Removed(
            batch.model, before.rows + rows, before.gone + batch.rows - rows
        )
    return list(removed.values())


def _not_removed(batch: made.Batch, what: str) -> SeedingStopped:
    return SeedingStopped(
        what,
        where=f"{batch.table}, rows {batch.first_row:,} to {batch.first_row + batch.rows - 1:,}",
        stands="what was removed before stays removed; the rest is there, and remembered",
        then="delete those rows, then run python manage.py db_seed --reset again",
    )
