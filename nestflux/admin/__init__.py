"""The ledger in the admin, to be read and never written."""

from nestflux.admin.backups import BackupAdmin
from nestflux.admin.runs import RunAdmin
from nestflux.admin.sql_migrations import SqlMigrationAdmin

__all__ = ["BackupAdmin", "RunAdmin", "SqlMigrationAdmin"]
