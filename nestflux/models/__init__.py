"""The ledger as Django models, one table a file. Unmanaged: the tables are made by
``nestflux.ledger.tables`` and belong to no history."""

from nestflux.models.backup import Backup
from nestflux.models.run import Run
from nestflux.models.sql_migration import SqlMigration
from nestflux.models.statement import Statement
from nestflux.models.version import Version

__all__ = ["Backup", "Run", "SqlMigration", "Statement", "Version"]
