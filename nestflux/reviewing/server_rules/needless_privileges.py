"""The user that deploys may do more than a deploy needs."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.lexer import quoted, significant

# What reads or writes beyond the user's own data, or stops the server.
_DANGEROUS = {
    *("SUPER", "FILE", "SHUTDOWN", "CREATE USER", "RELOAD", "PROCESS", "SET USER", "SET_USER_ID"),
    *("SYSTEM_USER", "SYSTEM_VARIABLES_ADMIN", "CONNECTION_ADMIN", "DROP", "DELETE", "UPDATE"),
    *("INSERT", "ALTER", "CREATE", "SELECT"),
}

RULE = SchemaRule(
    "needless-privileges",
    Severity.WARNING,
    "whoever gets its password, or finds a hole in the code, may do it as well",
    group=Group.SERVER,
    summary="The user that deploys may do more than a deploy needs.",
    source="MySQL Manual 8.2.2, Privileges Provided by MySQL; docs/servers.md lists what a "
    "deploy needs",
    bad="""\
GRANT ALL ON *.* TO app WITH GRANT OPTION;
""",
    good="""\
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON shop.* TO app;
""",
)


@rule(LiveServer)
def more_than_a_deploy_needs(live: LiveServer) -> Iterator[Finding]:
    needless = sorted({name for line in live.grants for name in _needless(line)})
    if needless:
        shown = ", ".join(needless)
        yield RULE.speaks(
            f"The alias's user has {shown}.",
            about="privileges",
            fix="a user of its own with rights on its database alone: GRANT SELECT, INSERT, "
            "UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, TRIGGER, "
            "LOCK TABLES ON "
            f"{quoted(live.schema)}.* TO …",
        )


def _needless(grant: str) -> Iterator[str]:
    """Of one line of SHOW GRANTS: ``GRANT SUPER, FILE ON *.* TO …``."""
    found = significant(grant)
    words = [token.text.upper() for token in found]
    if "ON" not in words or "TO" not in words:
        return
    on = words.index("ON")
    everywhere = words[on + 1 : on + 4] == ["*", ".", "*"]
    listed = {part.strip() for part in " ".join(words[1:on]).split(",")}
    if everywhere and "ALL PRIVILEGES" in listed:
        yield "ALL PRIVILEGES on *.*"
    elif everywhere:
        yield from (f"{name} on *.*" for name in sorted(listed & _DANGEROUS))
    if words[-3:] == ["WITH", "GRANT", "OPTION"]:
        yield "GRANT OPTION"
