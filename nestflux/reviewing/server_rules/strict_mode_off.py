"""Sessions of the alias do not run in strict mode."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "strict-mode-off",
    Severity.ERROR,
    "a value that does not fit is cut, and a missing one becomes 0 or an empty text, "
    "without an error",
    group=Group.SERVER,
    summary="Sessions of the alias do not run in strict mode.",
    source="MySQL Manual 7.1.11, Server SQL Modes; Django's check mysql.W002",
    bad="""\
SET GLOBAL sql_mode = '';
""",
    good="""\
DATABASES = {"default": {"OPTIONS": {"init_command": "SET sql_mode = 'TRADITIONAL'"}}}
""",
)


@rule(LiveServer)
def sessions_without_strict_mode(live: LiveServer) -> Iterator[Finding]:
    modes = live.sql_mode.upper().split(",")
    if not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"} & set(modes):
        yield RULE.speaks(
            f"The sql_mode of a session is {live.sql_mode!r}: it is not strict.",
            about="sql_mode",
            fix="remove what turns it off: the alias's init_command, or on the server: "
            "SET GLOBAL sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
        )
