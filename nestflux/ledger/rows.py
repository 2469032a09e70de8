"""The ledger's rows as values, and the one query that reads all that a plan depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.utils import ProgrammingError

from nestflux.database.numbers import NO_SUCH_TABLE
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import ObjectKey, from_texts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


# How the verdict of a statement begins that stands in no file: nobody reviewed it, and no server
# was asked how it will run. The row is all that holds its text.
COMPILED = "compiled from the schemas, not reviewed"
# Behind that, where it is to run with foreign_key_checks = 0.
UNCHECKED = "; with foreign_key_checks = 0, for the rows met the foreign key before"


class StepKey(NamedTuple):
    """Which step it is: the ``ordinal``-th of an attempt. ``direction``: up or down."""

    file_id: str
    direction: str
    attempt: int
    ordinal: int


class AttemptKey(NamedTuple):
    """What the steps of one attempt of a file have in common."""

    file_id: str
    direction: str
    attempt: int

    def step(self, ordinal: int) -> StepKey:
        return StepKey(*self, ordinal)


@dataclass(frozen=True)
class LedgerFile:
    """A row of ``nestflux_sql_migration``, without its texts."""

    id: str
    name: str
    state: str
    direction: str
    attempt: int
    up_sha256: str
    down_sha256: str
    record_sha256: str
    family: str
    recorded_migrations: tuple[str, ...]
    statements: int = 0
    finished_at: str = ""

    @property
    def attempt_key(self) -> AttemptKey:
        """Its last attempt, in whichever direction that went."""
        return AttemptKey(self.id, self.direction, self.attempt)

    @property
    def is_applied(self) -> bool:
        return self.state == "applied"

    @property
    def is_in_flight(self) -> bool:
        """Was it begun, in either direction, and not finished?"""
        return self.state in ("running", "failed", "rolling_back")


@dataclass(frozen=True)
class LedgerState:
    """Everything that a plan depends on. ``loading``: what a fresh load that died was to make,
    each with the number of its rows."""

    version: int = 0
    files: tuple[LedgerFile, ...] = ()
    recorded_migrations: frozenset[str] = frozenset()
    signals_pending: bool = False
    signals_hash: str = ""
    loading: Mapping[ObjectKey, int] | None = None

    def file(self, identity: str) -> LedgerFile | None:
        return next((file for file in self.files if file.id == identity), None)

    @property
    def in_flight(self) -> LedgerFile | None:
        return next((file for file in self.files if file.is_in_flight), None)

    @property
    def applied(self) -> tuple[LedgerFile, ...]:
        """The applied files in the order in which they were applied."""
        found = [file for file in self.files if file.is_applied]
        return tuple(sorted(found, key=lambda file: (file.finished_at, file.name)))


@dataclass(frozen=True)
class LedgerStep:
    """A row of ``nestflux_statement``. ``recorded`` is what it changed in the schema when it was
    recorded."""

    ordinal: int
    sha256: str
    kind: str
    migration: str
    sql: str
    verdict: str
    undecidable: str
    recorded: Delta
    state: str = "pending"
    schema_before: Definitions | None = None
    error_text: str = ""
    note: str = ""
    rows_affected: int | None = None
    seconds: float | None = None

    @property
    def has_failed(self) -> bool:
        """Did the server answer that it failed? Of one that is ``started`` nobody knows."""
        return self.state == "failed"

    @property
    def is_compiled(self) -> bool:
        """Does it stand in no file, but in this row alone?"""
        return self.verdict.startswith(COMPILED)


@dataclass(frozen=True)
class FileRow:
    """What a file's row is made of when it is first written, or renewed after an edit."""

    id: str
    name: str
    number: int
    family: str
    recorded_on: str
    server_version: str
    up_sha256: str
    down_sha256: str
    record_sha256: str
    up_text: str
    down_text: str
    record: str
    migrations: tuple[str, ...]
    recorded_migrations: tuple[str, ...]
    statement_count: int

    def columns(self, alias: str) -> dict[str, Any]:
        values = dict(vars(self))
        values["migrations"] = json.dumps(self.migrations)
        values["books"] = json.dumps(values.pop("recorded_migrations"))
        return {**values, "alias": alias}


# One query over everything, so that a run with nothing to do costs one round trip. The collation
# is stated because django_migrations has the schema's, and a UNION of two may be refused (1271).
_STATE = """
SELECT 'version', CAST(version AS CHAR), '', '', '', '', '', '', '', '', '', ''
  FROM nestflux_version WHERE id = 1
UNION ALL
SELECT 'file', id, name, state, direction, CAST(attempt AS CHAR), up_sha256, down_sha256,
       record_sha256, family, CONVERT(books USING utf8mb4),
       CONCAT(statement_count, ' ', COALESCE(finished_at, ''))
  FROM nestflux_sql_migration
UNION ALL
SELECT 'recorded', CONVERT(app USING utf8mb4) COLLATE utf8mb4_bin,
       CONVERT(name USING utf8mb4) COLLATE utf8mb4_bin, '', '', '', '', '', '', '', '', ''
  FROM django_migrations
UNION ALL
SELECT 'pending', '', '', '', '', '', '', '', '', '', '', ''
  FROM nestflux_run WHERE post_migrate_owed = 1
UNION ALL
(SELECT 'sent', post_migrate_hash, '', '', '', '', '', '', '', '', '', ''
  FROM nestflux_run WHERE post_migrate_sent_at IS NOT NULL
  ORDER BY post_migrate_sent_at DESC LIMIT 1)
UNION ALL
SELECT 'loading', CONVERT(loading USING utf8mb4), '', '', '', '', '', '', '', '', '', ''
  FROM nestflux_run WHERE loading IS NOT NULL AND loaded_at IS NULL
"""


def read_state(connection: BaseDatabaseWrapper) -> LedgerState | None:
    """The ledger in one query; None where it (or ``django_migrations``) does not exist."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_STATE)
            rows = cursor.fetchall()
    except ProgrammingError as error:
        if error.args and error.args[0] == NO_SUCH_TABLE:
            return None
        raise
    kinds: dict[str, list[tuple[str, ...]]] = {}
    for kind, *values in rows:
        kinds.setdefault(_text(kind), []).append(tuple(map(_text, values)))
    loading: dict[str, int] = {}
    for text, *_ in kinds.get("loading", ()):
        loading |= json.loads(text)
    return LedgerState(
        version=int(kinds["version"][0][0]) if "version" in kinds else 0,
        files=tuple(_file(values) for values in kinds.get("file", ())),
        recorded_migrations=frozenset(
            f"{app}.{name}" for app, name, *_ in kinds.get("recorded", ())
        ),
        signals_pending="pending" in kinds,
        signals_hash=kinds["sent"][0][0] if "sent" in kinds else "",
        loading=from_texts(loading) if "loading" in kinds else None,
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _file(values: tuple[str, ...]) -> LedgerFile:
    (
        identity,
        name,
        state,
        direction,
        attempt,
        up,
        down,
        record,
        family,
        recorded_migrations,
        rest,
    ) = values
    count, _, finished = rest.partition(" ")
    return LedgerFile(
        id=identity,
        name=name,
        state=state,
        direction=direction,
        attempt=int(attempt),
        up_sha256=up,
        down_sha256=down,
        record_sha256=record,
        family=family,
        recorded_migrations=tuple(json.loads(recorded_migrations)),
        statements=int(count),
        finished_at=finished,
    )
