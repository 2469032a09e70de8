"""The server ends idle connections before Django does."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "idle-connections-end",
    Severity.WARNING,
    "a request gets a connection that is gone: error 2006, MySQL server has gone away",
    group=Group.SERVER,
    summary="The server ends idle connections before Django does.",
    source="MySQL Manual B.3.2.7, MySQL server has gone away; Django documentation, CONN_MAX_AGE",
    bad="""\
DATABASES = {"default": {"CONN_MAX_AGE": 3600}}  # and wait_timeout is 600
""",
    good="""\
DATABASES = {"default": {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}}
""",
)


@rule(LiveServer)
def connections_that_end_early(live: LiveServer) -> Iterator[Finding]:
    seconds = live.number("wait_timeout")
    age = live.conn_max_age
    if seconds is None or live.health_checks or age == 0 or (age is not None and age < seconds):
        return
    kept = "for ever" if age is None else f"{age:g} seconds"
    yield RULE.speaks(
        f"CONN_MAX_AGE keeps a connection {kept}; the server ends one that idles for {seconds}.",
        about="wait_timeout",
        fix=f"a CONN_MAX_AGE below {seconds}, or CONN_HEALTH_CHECKS = True",
    )
