"""The server keeps no binary log."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "no-binary-log",
    Severity.ADVICE,
    "what was written since the last backup is lost with the disk, and no replica can follow",
    group=Group.SERVER,
    summary="The server keeps no binary log.",
    source="MySQL Manual 7.4.4, The Binary Log; 9.5, Point-in-Time (Incremental) Recovery",
    bad="""\
-- skip-log-bin
""",
    good="""\
-- [mysqld]
-- log_bin = binlog
""",
)


@rule(LiveServer)
def nothing_to_recover_from(live: LiveServer) -> Iterator[Finding]:
    if "log_bin" in live.variables and not live.is_on("log_bin"):
        yield RULE.speaks(
            "log_bin is off.",
            about="log_bin",
            fix="set log_bin in the server's configuration and restart it",
        )
