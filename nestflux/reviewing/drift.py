"""Drift: a live schema against the one that the files at the ledger's head make.

The files' schema is built on a scratch schema with the database's own collation, so that one server
words both. Where none may be made, it is what the files changed when they were recorded, worded by
the server that recorded them: differences of wording alone are left out then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nestflux.applying.plan.applied_files import applied_entries
from nestflux.applying.plan.plan import refuse_server
from nestflux.applying.plan.tasks import work_of
from nestflux.conf import configuration
from nestflux.database.last_ddl import LastDdl, last_ddl
from nestflux.database.server import default_collation
from nestflux.exceptions import LedgerConflict, ServerUnavailable
from nestflux.history.folder import HistoryFiles
from nestflux.ledger.ledger import LedgerState, read_state
from nestflux.recording.built_schema import known_objects, live_schema, schema_of_files
from nestflux.reviewing.schema_fold import SchemaFold
from nestflux.schema.compare import compare, difference_line, differing
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.equivalence import less_tables_own, plain
from nestflux.schema.objects import ORDER, ObjectKey
from nestflux.schema.transform.changes import Transformation
from nestflux.schema.transform.transform import transform

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.target import Target
    from nestflux.history.journal import Entry


@dataclass(frozen=True)
class Difference:
    """An object that is not what the files make.

    ``wanted`` and ``found`` are its definitions, None where it is not to be, or is not there.
    ``file`` is the last file that made it what it should be; empty where none touches it.
    ``rebuilt_at`` is when the server made or rebuilt its table last, as it says; ``last_ddl`` the
    last statement on it that the server remembers, None where it remembers none. ``to_files`` are
    the statements that change the database, ``to_live`` those that a new file would hold to make
    the history agree instead; none where a person has to find them.
    """

    key: ObjectKey
    wanted: str | None
    found: str | None
    file: str = ""
    rebuilt_at: str = ""
    last_ddl: LastDdl | None = None
    to_files: tuple[str, ...] = ()
    to_live: tuple[str, ...] = ()

    def __str__(self) -> str:
        return difference_line(self.key, self.wanted, self.found, "in the files")

    def to_json(self) -> dict[str, Any]:
        ddl = asdict(self.last_ddl) if self.last_ddl else None
        return {**vars(self), "key": str(self.key), "what": str(self), "last_ddl": ddl}


@dataclass(frozen=True)
class Drift:
    """All differences. ``head`` is the last applied file; ``remarks`` are no differences.
    ``built_on`` is the server that built the files' schema, where it is of another version;
    ``offline`` why none was built."""

    head: str
    differences: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()
    built_on: str = ""
    offline: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "differences": [each.to_json() for each in self.differences]}


def find_drift(target: Target, *, without_shadow: str = "") -> Drift:
    """Compare; reads, and changes nothing in the database.

    Args:
        without_shadow: why no scratch schema is to be made; empty: one is.

    Raises LedgerConflict where nothing is applied, or where what is applied is not the beginning of
    the history.
    """
    connection, folder = target.connection, target.folder
    history = HistoryFiles(folder)
    folder.verify()
    entries = applied_entries(folder.journal, read_state(connection) or LedgerState())
    if not entries:
        raise LedgerConflict(
            "Nothing is applied: there is no schema to compare with.",
            stands="nothing was changed",
            then="python manage.py db_migrate, or db_baseline where the tables are there already",
        )
    live = live_schema(connection).definitions
    remembered = last_ddl(connection)  # asked before the files run, which the server remembers too
    expected = _expected(target, history, entries, live, without_shadow)
    known = known_objects(history)
    between = partial(
        transform,
        collation=default_collation(connection),
        family=target.server.family,
        known=known,
    )
    return Drift(
        head=entries[-1].name,
        differences=tuple(
            _explained(
                tuple(differing(expected.definitions, live, known)),
                to_files=between(live, expected.definitions),
                to_live=between(expected.definitions, live),
                files=last_touched(history, entries),
                rebuilt=_rebuilt_at(connection),
                ddl=remembered,
            )
        ),
        remarks=compare(expected.definitions, live, known).remarks,
        built_on=expected.built_on,
        offline=expected.offline,
    )


@dataclass(frozen=True)
class _Expected:
    """What the files make. ``built_on`` and ``offline`` as of ``Drift``."""

    definitions: Definitions
    built_on: str = ""
    offline: str = ""


def _expected(
    target: Target,
    history: HistoryFiles,
    entries: tuple[Entry, ...],
    live: Definitions,
    offline: str,
) -> _Expected:
    collation = default_collation(target.connection)
    offline = offline or _not_on_its_own_server(target, entries)
    if not offline:
        require = partial(refuse_server, target.journal)
        try:
            server, files = schema_of_files(
                target.alias, history, entries, collation, require=require
            )
        except ServerUnavailable as error:
            offline = error.what
        else:
            other = server.version != target.server.version
            return _Expected(files.definitions, built_on=server.name if other else "")
    recorded = recorded_schema(history, entries)
    return _Expected(worded_alike(recorded, live, collation), offline=offline)


def _not_on_its_own_server(target: Target, entries: tuple[Entry, ...]) -> str:
    """Why the files are not run beside the database. All of them are in schema.sql, which makes
    tables and nothing else; the first ones alone would have to be run, and a person's SQL in them
    may name other schemas, users or the server itself."""
    if entries == target.journal.entries or target.server.family in configuration().shadows:
        return ""
    return (
        "files are pending, and those before them are run on a development server only, which "
        f'NESTFLUX["SHADOWS"]["{target.server.family}"] names'
    )


def recorded_schema(history: HistoryFiles, entries: Sequence[Entry]) -> Definitions:
    """What files made of a schema when they were recorded, from their deltas."""
    fold = SchemaFold()
    for entry in entries:
        for task in work_of(history(entry), history.record(entry)).tasks:
            fold.follow(task)
    return fold.definitions


def worded_alike(recorded: Definitions, live: Definitions, collation: str) -> Definitions:
    """A recorded schema, with the live wording of what means the same: another version of the
    server, or another default collation of the schema, words it otherwise. Pure."""
    delta = less_tables_own(Delta.between(recorded, live), {**recorded, **live}, collation)
    same = {
        key
        for key, (one, other) in delta.changes.items()
        if one and other and plain(one) == plain(other)
    }
    order = {key: text for key, text in live.items() if key.kind == ORDER}
    return {**recorded, **{key: live[key] for key in same}, **order}


def last_touched(history: HistoryFiles, entries: Sequence[Entry]) -> Mapping[ObjectKey, str]:
    """The last file that changed each object, by its name."""
    return {
        key: entry.name
        for entry in entries
        for step in history.record(entry).up
        for key in step.delta.changes
    }


def _explained(
    found: Sequence[tuple[ObjectKey, str | None, str | None]],
    *,
    to_files: Transformation,
    to_live: Transformation,
    files: Mapping[ObjectKey, str],
    rebuilt: Mapping[str, str],
    ddl: Mapping[str, LastDdl],
) -> Iterator[Difference]:
    for key, wanted, live in found:
        yield Difference(
            key,
            wanted,
            live,
            file=files.get(key, ""),
            rebuilt_at=rebuilt.get(key.holder_name, ""),
            last_ddl=ddl.get(key.holder_name) if key.is_of_table else None,
            to_files=tuple(_settling(to_files, key)),
            to_live=tuple(_settling(to_live, key)),
        )


def _settling(plan: Transformation, key: ObjectKey) -> Iterator[str]:
    yield from (change.sql for change in plan.changes if key in change.settles)


def _rebuilt_at(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """When each table was made or rebuilt last (CREATE_TIME; MySQL Manual 28.3.38, "The
    INFORMATION_SCHEMA TABLES Table")."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME, CREATE_TIME FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() AND CREATE_TIME IS NOT NULL"
        )
        return {str(name): f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in cursor.fetchall()}
