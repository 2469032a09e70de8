"""InnoDB does not refuse what it cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "innodb-strict-mode-off",
    Severity.WARNING,
    "a row format or a key that is too long is changed to another one with a warning that "
    "nobody reads",
    group=Group.SERVER,
    summary="InnoDB does not refuse what it cannot do.",
    source="MySQL Manual 17.14, InnoDB Startup Options and System Variables",
    bad="""\
SET GLOBAL innodb_strict_mode = OFF;
""",
    good="""\
SET GLOBAL innodb_strict_mode = ON;
""",
)


@rule(LiveServer)
def lenient_innodb(live: LiveServer) -> Iterator[Finding]:
    if "innodb_strict_mode" in live.variables and not live.is_on("innodb_strict_mode"):
        yield RULE.speaks(
            "innodb_strict_mode is off.",
            about="innodb_strict_mode",
            fix="SET GLOBAL innodb_strict_mode = ON",
        )
