"""The ledger's tables: made and upgraded here, and nowhere else.

They stand outside every history and every reading (``reader.BOOKS``). A change of their shape is
a new entry of ``_UPGRADES`` that only adds, so that an older NestFlux still works on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# The collation is the ledger's own: a schema's default differs from database to database, and ids,
# names and hashes compare byte by byte.
_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC"

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

# What brings the ledger from version n to n + 1. Each statement may be repeated (IF NOT EXISTS, or
# guarded by information_schema): a deploy can die between it and the version row.
_UPGRADES: tuple[Sequence[str], ...] = ((_SQL_MIGRATION, _STATEMENT, _RUN), (_BACKUP,))
VERSION = len(_UPGRADES)


def ensure_ledger(connection: BaseDatabaseWrapper, known_version: int = 0) -> None:
    """Make or upgrade the ledger, and Django's own ``django_migrations``. Only under the lock.

    Args:
        known_version: what a reading of the ledger said already; 0: ask.
    """
    if known_version >= VERSION:
        return
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        cursor.execute("SELECT version FROM nestflux_version WHERE id = 1")
        row = cursor.fetchone()
        current = int(row[0]) if row else 0
        for upgrade in _UPGRADES[current:]:
            for sql in upgrade:
                cursor.execute(sql)
    MigrationRecorder(connection).ensure_schema()
    if current < VERSION:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO nestflux_version (id, version, made_at) "
                "VALUES (1, %s, UTC_TIMESTAMP(6)) "
                "ON DUPLICATE KEY UPDATE version = %s, upgraded_at = UTC_TIMESTAMP(6)",
                [VERSION, VERSION],
            )
