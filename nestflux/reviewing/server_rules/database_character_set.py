"""The database's default character set is not utf8mb4."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.lexer import quoted

RULE = SchemaRule(
    "database-character-set",
    Severity.WARNING,
    "a new text column takes it, and cannot hold every character: an emoji is refused, or "
    "becomes a question mark",
    group=Group.SERVER,
    summary="The database's default character set is not utf8mb4.",
    source="MySQL Manual 12.9.1, The utf8mb4 Character Set",
    bad="""\
CREATE DATABASE shop CHARACTER SET latin1;
""",
    good="""\
ALTER DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
""",
)


@rule(LiveServer)
def narrow_default(live: LiveServer) -> Iterator[Finding]:
    charset = live.collation.partition("_")[0]
    if charset != "utf8mb4":
        yield RULE.speaks(
            f"The default character set of {live.schema} is {charset}.",
            about=live.schema,
            fix=f"ALTER DATABASE {quoted(live.schema)} CHARACTER SET utf8mb4; tables that are "
            "there stay as they are",
        )
