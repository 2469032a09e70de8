"""The ledger's tables: made and upgraded here, and nowhere else.

They stand outside every history and every introspection of a schema
(``introspection.OWN_TABLES``). A change of their shape is
a new entry of ``_UPGRADES`` that only adds, so that an older NestFlux still works on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder

from nestflux.database.several import Packets

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# The collation is the ledger's own: a schema's default differs from database to database, and ids,
# names and hashes compare byte by byte.
_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC"


@dataclass(frozen=True)
class _PlainName:
    """A second, plain name of a column, for whoever reads the ledger in SQL.

    A renamed column would break an older NestFlux on the same database. A virtual one costs no
    space, and is added to a table of any size at once (ALGORITHM=INSTANT on both servers).
    """

    table: str
    column: str
    kind: str
    of: str

    @property
    def definition(self) -> str:
        return f"`{self.column}` {self.kind} GENERATED ALWAYS AS (`{self.of}`) VIRTUAL"

    @property
    def added(self) -> str:
        return f"ALTER TABLE `{self.table}` ADD COLUMN {self.definition}"


_OF_BOOKS = _PlainName("nestflux_sql_migration", "recorded_migrations", "json", "books")
_OF_READING = _PlainName("nestflux_statement", "schema_before", "json", "before_reading")
_OF_OWED = _PlainName("nestflux_run", "post_migrate_pending", "bool", "post_migrate_owed")
PLAIN_NAMES = (_OF_BOOKS, _OF_READING, _OF_OWED)

_VERSION = f"""
CREATE TABLE IF NOT EXISTS `nestflux_version` (
  `id` smallint unsigned NOT NULL,
  `version` int unsigned NOT NULL,
  `made_at` datetime(6) NOT NULL,
  `upgraded_at` datetime(6) NULL,
  PRIMARY KEY (`id`)
) {_OPTIONS}"""

_SQL_MIGRATION = f"""
CREATE TABLE IF NOT EXISTS `nestflux_sql_migration` (
  `id` varchar(64) NOT NULL,
  `name` varchar(100) NOT NULL,
  `number` int unsigned NOT NULL,
  `alias` varchar(64) NOT NULL,
  `family` varchar(16) NOT NULL,
  `recorded_on` varchar(200) NOT NULL,
  `server_version` varchar(200) NOT NULL,
  `up_sha256` char(64) NOT NULL,
  `down_sha256` char(64) NOT NULL,
  `record_sha256` char(64) NOT NULL,
  `up_text` longtext NOT NULL,
  `down_text` longtext NOT NULL,
  `record` longtext NOT NULL,
  `migrations` json NOT NULL,
  `books` json NOT NULL,
  `state` varchar(16) NOT NULL,
  `origin` varchar(16) NOT NULL,
  `direction` varchar(4) NOT NULL,
  `attempt` int unsigned NOT NULL,
  `statement_count` int unsigned NOT NULL,
  `run_id` bigint NULL,
  `started_at` datetime(6) NULL,
  `finished_at` datetime(6) NULL,
  `seconds` double NULL,
  {_OF_BOOKS.definition},
  PRIMARY KEY (`id`),
  KEY `nestflux_sql_migration_number` (`number`)
) {_OPTIONS}"""

_STATEMENT = f"""
CREATE TABLE IF NOT EXISTS `nestflux_statement` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `sql_migration_id` varchar(64) NOT NULL,
  `direction` varchar(4) NOT NULL,
  `attempt` int unsigned NOT NULL,
  `ordinal` int unsigned NOT NULL,
  `sha256` char(64) NOT NULL,
  `kind` varchar(8) NOT NULL,
  `migration` varchar(255) NOT NULL,
  `sql` longtext NOT NULL,
  `verdict` text NOT NULL,
  `undecidable` text NOT NULL,
  `state` varchar(8) NOT NULL,
  `note` text NOT NULL,
  `tries` int unsigned NOT NULL,
  `before_reading` json NULL,
  `delta` json NOT NULL,
  `started_at` datetime(6) NULL,
  `finished_at` datetime(6) NULL,
  `seconds` double NULL,
  `rows_affected` bigint NULL,
  `error_code` int NULL,
  `error_text` text NOT NULL,
  `connection_id` bigint NULL,
  `run_id` bigint NULL,
  {_OF_READING.definition},
  PRIMARY KEY (`id`),
  UNIQUE KEY `nestflux_statement_place`
    (`sql_migration_id`, `attempt`, `direction`, `ordinal`),
  KEY `nestflux_statement_state` (`state`)
) {_OPTIONS}"""

_RUN = f"""
CREATE TABLE IF NOT EXISTS `nestflux_run` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `command` varchar(64) NOT NULL,
  `alias` varchar(64) NOT NULL,
  `host` varchar(255) NOT NULL,
  `pid` bigint NOT NULL,
  `user` varchar(255) NOT NULL,
  `versions` varchar(255) NOT NULL,
  `connection_id` bigint NOT NULL,
  `started_at` datetime(6) NOT NULL,
  `heartbeat_at` datetime(6) NULL,
  `finished_at` datetime(6) NULL,
  `outcome` varchar(16) NOT NULL,
  `error_text` text NOT NULL,
  `post_migrate_owed` bool NOT NULL,
  `post_migrate_sent_at` datetime(6) NULL,
  `post_migrate_hash` char(64) NOT NULL,
  `loading` json NULL,
  `loaded_at` datetime(6) NULL,
  {_OF_OWED.definition},
  PRIMARY KEY (`id`),
  KEY `nestflux_run_connection` (`connection_id`),
  KEY `nestflux_run_post_migrate` (`post_migrate_sent_at`)
) {_OPTIONS}"""

_BACKUP = f"""
CREATE TABLE IF NOT EXISTS `nestflux_backup` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `sql_migration_id` varchar(64) NOT NULL,
  `direction` varchar(4) NOT NULL,
  `attempt` int unsigned NOT NULL,
  `path` text NOT NULL,
  `sha256` char(64) NOT NULL,
  `tables` json NOT NULL,
  `lost` json NOT NULL,
  `taken_at` datetime(6) NOT NULL,
  `restored_at` datetime(6) NULL,
  `run_id` bigint NULL,
  PRIMARY KEY (`id`),
  KEY `nestflux_backup_passage` (`sql_migration_id`, `attempt`)
) {_OPTIONS}"""


_MARKED = "UPDATE nestflux_sql_migration SET origin = 'marked' WHERE origin = 'booked'"

# What brings the ledger from version n to n + 1. Each step may be repeated (IF NOT EXISTS, or left
# out where its column is there): a deploy can die between it and the version row.
_UPGRADES: tuple[Sequence[str | _PlainName], ...] = (
    (_SQL_MIGRATION, _STATEMENT, _RUN),
    (_BACKUP,),
    (*PLAIN_NAMES, _MARKED),
)
VERSION = len(_UPGRADES)

_COLUMNS = (
    "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN "
    "('nestflux_sql_migration', 'nestflux_statement', 'nestflux_run')"
)
_WRITE_VERSION = (
    f"INSERT INTO nestflux_version (id, version, made_at) VALUES (1, {VERSION}, UTC_TIMESTAMP(6)) "
    f"ON DUPLICATE KEY UPDATE version = {VERSION}, upgraded_at = UTC_TIMESTAMP(6)"
)


def ensure_ledger(
    connection: BaseDatabaseWrapper, known_version: int = 0, packets: Packets | None = None
) -> None:
    """Make or upgrade the ledger, and Django's own ``django_migrations``. Only under the lock.

    Args:
        known_version: what was read already; 0: ask.
        packets: what sends several statements at once; None: each goes by itself.
    """
    if known_version >= VERSION:
        return
    packets = packets or Packets(connection)
    _, version, columns = packets.run(
        (_VERSION, "SELECT version FROM nestflux_version WHERE id = 1", _COLUMNS)
    )
    MigrationRecorder(connection).ensure_schema()
    current = int(version.rows[0][0]) if version.rows else 0
    if current < VERSION:
        packets.run((*_steps(current, {(row[0], row[1]) for row in columns.rows}), _WRITE_VERSION))


def _steps(current: int, columns: Set[tuple[str, str]]) -> Iterator[str]:
    """What is left to do for a ledger of version ``current`` whose tables have these columns. A
    table that is not there is made with all of its own."""
    tables = {table for table, _ in columns}
    for step in chain.from_iterable(_UPGRADES[current:]):
        if isinstance(step, str):
            yield step
        elif step.table in tables and (step.table, step.column) not in columns:
            yield step.added
