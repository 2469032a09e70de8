"""A very large table is not partitioned."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.table_options import option_parts

_ROWS = 100_000_000

RULE = SchemaRule(
    "large-table-without-partitions",
    Severity.ADVICE,
    "old rows can be removed by DELETE only, which takes hours and leaves the room in the file",
    group=Group.SERVER,
    summary="A very large table is not partitioned.",
    source="MySQL Manual 26.2, Partitioning Types; 26.4, Partition Pruning",
    bad="""\
DELETE FROM identity_login_event WHERE created_at < '2024-01-01';
""",
    good="""\
ALTER TABLE identity_login_event DROP PARTITION p2023;
""",
)


@rule(LiveServer)
def large_and_whole(live: LiveServer) -> Iterator[Finding]:
    for name, size in sorted(live.sizes.items()):
        table = live.tables.get(name)
        if table is None or size.rows < _ROWS or option_parts(table.options).partitioning:
            continue
        yield RULE.speaks(
            f"{name} has about {size.rows:,} rows in one piece.",
            about=name,
            fix="if old rows are removed by time, partition it by RANGE of that time",
        )
