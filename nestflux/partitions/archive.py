"""The rows of a partition, dumped before it is dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nestflux.applying.backups.folder import (
    DUMP,
    Backup,
    Manifest,
    complete,
    folder_in_the_making,
)
from nestflux.database.dumping import dump, find_tool
from nestflux.database.server import schema_name
from nestflux.exceptions import Refused
from nestflux.families import FAMILY_NAMES
from nestflux.history.data_loss import Lost
from nestflux.ledger.partition_steps import FILE_ID
from nestflux.orm.partitioning.constraints import literal
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from nestflux.applying.run.context import Context
    from nestflux.partitions.declared import DeclaredTable
    from nestflux.partitions.live import LivePartition


def require_tool(family: str) -> None:
    """Raises Refused where there is no dump tool of the server's family."""
    try:
        find_tool(family)
    except Refused as error:
        raise Refused(
            error.what,
            stands="nothing was changed",
            then=f"install the client programs of {FAMILY_NAMES[family]}, or declare archive=False",
        ) from None


def archived(
    context: Context, table: DeclaredTable, partition: LivePartition, folder: Path
) -> Backup:
    """Dump the rows of the lowest partition: all whose values are less than its bound.

    Raises BackupFailed.
    """
    tool = find_tool(context.server.family)
    database = schema_name(context.connection)
    name = f"{table.table}-{partition.name}"
    below = literal(partition.below, timed=table.is_timed)
    where = f"{quoted(table.column)} < {below}"
    with folder_in_the_making(folder, database, name) as (made, final):
        found = dump(
            context.connection, context.server, tool, (table.table,), made / DUMP, where=where
        )
        manifest = Manifest(
            file_id=FILE_ID,
            file=name,
            direction="up",
            attempt=context.ledger.run_id or 0,
            database=database,
            server=context.server.name,
            tool=tool.version,
            taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
            tables=found.rows,
            lost=(Lost(table.table, "rows", how=f"partition {partition.name}"),),
            sha256=found.sha256,
            size=found.size,
        )
        return complete(made, final, manifest)
