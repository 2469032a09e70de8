"""The server was, or can come, close to its highest number of connections."""

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
    summary="The server was close to its highest number of connections, or one pool may open them "
    "all.",
    source="MySQL Manual 7.1.12.1, Connection Interfaces; B.3.2.5, Too many connections",
    bad="""\
-- Max_used_connections = 148, max_connections = 151
-- or OPTIONS["pool"]["max_size"] = 200
""",
    good="""\
SET GLOBAL max_connections = 300;   -- or fewer workers, or a pool
""",
)


@rule(LiveServer)
def few_connections_left(live: LiveServer) -> Iterator[Finding]:
    most = live.number("max_connections")
    if not most:
        return
    more = f"SET GLOBAL max_connections = {2 * most}, if the memory is there"
    if live.most_used >= _SHARE * most:
        fewer = "the number of workers and threads, or CONN_MAX_AGE"
        if live.pool_size:
            fewer = f'OPTIONS["pool"]["max_size"], {live.pool_size} now, or the number of processes'
        yield RULE.speaks(
            f"{live.most_used} of {most} connections were used at once.",
            about="max_connections",
            fix=f"lower {fewer}; or {more}",
        )
    if live.pool_size >= _SHARE * most:
        yield RULE.speaks(
            f"The pool of one process may open {live.pool_size} connections, of {most} that the "
            "server allows to all.",
            about="max_connections",
            fix='lower OPTIONS["pool"]["max_size"]: times the number of processes it must stay '
            f"below max_connections, with some to spare for deploys; or {more}",
        )
