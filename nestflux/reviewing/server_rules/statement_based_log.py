"""The binary log holds the text of statements, not the rows."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "statement-based-log",
    Severity.WARNING,
    "a replica runs the text again: UUID(), LIMIT without an order and triggers give it other rows",
    group=Group.SERVER,
    summary="The binary log holds the text of statements, not the rows.",
    source="MySQL Manual 19.2.1.1, Advantages and Disadvantages of Statement-Based and Row-Based "
    "Replication",
    bad="""\
SET GLOBAL binlog_format = 'STATEMENT';
""",
    good="""\
SET GLOBAL binlog_format = 'ROW';
""",
)


@rule(LiveServer)
def statements_in_the_log(live: LiveServer) -> Iterator[Finding]:
    how = live.variables.get("binlog_format", "")
    if live.is_on("log_bin") and how == "STATEMENT":
        yield RULE.speaks(
            "binlog_format is STATEMENT.",
            about="binlog_format",
            fix="SET GLOBAL binlog_format = 'ROW'",
        )
