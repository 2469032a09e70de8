"""No query has read an index since the server began."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.schema.transform.tables import is_unique
from nestflux.sql.definitions import key_parts
from nestflux.wording import counted

_LEAST = 7 * 86_400  # seconds of uptime before it says anything

RULE = SchemaRule(
    "unused-index",
    Severity.ADVICE,
    "each row that is written writes it, too, and it takes room in memory and on disk",
    group=Group.SERVER,
    summary="No query has read an index since the server began.",
    source="MySQL Manual 30.4.3, sys Schema Views; MariaDB Knowledge Base, User Statistics",
    bad="""\
note = models.CharField(max_length=200, db_index=True)  # nothing filters by it
""",
    good="""\
note = models.CharField(max_length=200)
""",
)


@rule(LiveServer)
def indexes_that_nobody_reads(live: LiveServer) -> Iterator[Finding]:
    if live.unused is None or live.uptime < _LEAST:
        return
    for name, index in sorted(live.unused):
        table = live.tables.get(name)
        if table is None or index not in table.indexes or is_unique(table.indexes[index]):
            continue
        columns = key_parts(table.indexes[index]).columns
        keys = [key.columns for key in table.foreign_keys.values()]
        if any(columns[: len(key)] == key for key in keys):
            continue  # the foreign key needs one
        days = live.uptime // 86_400
        yield RULE.speaks(
            f"No query has read the index {index} of {name} in {counted(days, 'day')}.",
            about=f"{name}.{index}",
            fix="remove it from the model, unless a query needs it that runs once a month",
        )
