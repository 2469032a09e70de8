"""The connection to another host is not encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "unencrypted-connection",
    Severity.WARNING,
    "passwords of users and every row can be read on the way",
    group=Group.SERVER,
    summary="The connection to another host is not encrypted.",
    source="MySQL Manual 8.3.1, Configuring MySQL to Use Encrypted Connections",
    bad="""\
DATABASES = {"default": {"HOST": "db.example.com"}}
""",
    good="""\
DATABASES = {
    "default": {
        "HOST": "db.example.com",
        "OPTIONS": {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": "ca.pem"}},
    },
}
""",
)


@rule(LiveServer)
def plain_connections(live: LiveServer) -> Iterator[Finding]:
    if live.over_network and not live.encrypted:
        yield RULE.speaks(
            "The alias connects to another host without TLS.",
            about="TLS",
            fix="ssl_mode and ssl in the alias's OPTIONS; on the server: "
            "SET GLOBAL require_secure_transport = ON",
        )
