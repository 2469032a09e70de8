"""The server was close to its highest number of connections."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

_SHARE = 0.85

RULE = SchemaRule(
    "connections-run-out",
    Severity.WARNING,
    "the next one is refused with error 1040, also the one that would look for the cause",
    group=Group.SERVER,
    summary="The server was close to its highest number of connections.",
    source="MySQL Manual 7.1.12.1, Connection Interfaces; B.3.2.5, Too many connections",
    bad="""\
-- Max_used_connections = 148, max_connections = 151
""",
    good="""\
SET GLOBAL max_connections = 300;   -- or fewer workers, or a pool
""",
)


@rule(LiveServer)
def few_connections_left(live: LiveServer) -> Iterator[Finding]:
    most = live.number("max_connections")
    if most and live.most_used >= _SHARE * most:
        yield RULE.speaks(
            f"{live.most_used} of {most} connections were used at once.",
            about="max_connections",
            fix="lower the number of workers and threads, or CONN_MAX_AGE; or "
            f"SET GLOBAL max_connections = {2 * most}, if the memory is there",
        )
