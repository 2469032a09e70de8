"""A commit may be lost when the machine stops."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "commits-not-on-disk",
    Severity.WARNING,
    "a transaction that was answered as committed is gone after a power failure, and a "
    "replica may have it",
    group=Group.SERVER,
    summary="A commit may be lost when the machine stops.",
    source="MySQL Manual 17.14, innodb_flush_log_at_trx_commit; 19.1.6.4, sync_binlog",
    bad="""\
SET GLOBAL innodb_flush_log_at_trx_commit = 2;
""",
    good="""\
SET GLOBAL innodb_flush_log_at_trx_commit = 1, GLOBAL sync_binlog = 1;
""",
)


@rule(LiveServer)
def commits_that_may_be_lost(live: LiveServer) -> Iterator[Finding]:
    wrong = {}
    if live.number("innodb_flush_log_at_trx_commit") in (0, 2):
        wrong["innodb_flush_log_at_trx_commit"] = live.variables["innodb_flush_log_at_trx_commit"]
    if live.is_on("log_bin") and live.number("sync_binlog") == 0:
        wrong["sync_binlog"] = "0"
    for name, value in wrong.items():
        yield RULE.speaks(f"{name} is {value}.", about=name, fix=f"SET GLOBAL {name} = 1")
