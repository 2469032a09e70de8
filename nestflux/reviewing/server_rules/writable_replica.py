"""A replica takes writes."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "writable-replica",
    Severity.ERROR,
    "what is written to it is on no other server, and replication stops at the first row "
    "that collides",
    group=Group.SERVER,
    summary="A replica takes writes.",
    source="MySQL Manual 7.1.8, read_only and super_read_only",
    bad="""\
SET GLOBAL read_only = OFF;   -- on a replica
""",
    good="""\
SET GLOBAL super_read_only = ON;   -- MariaDB: read_only
""",
)


@rule(LiveServer)
def replicas_that_take_writes(live: LiveServer) -> Iterator[Finding]:
    if live.setup.replica_of and not live.setup.read_only:
        name = "read_only" if live.server.family == "mariadb" else "super_read_only"
        yield RULE.speaks(
            f"The server is a replica of {live.setup.replica_of} and takes writes.",
            about="read_only",
            fix=f"SET GLOBAL {name} = ON",
        )
