"""A statement may wait for a table almost without end."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

# An hour: what an administrator may have meant. MariaDB's default is a day, MySQL's a year.
_LONGEST = 3600

RULE = SchemaRule(
    "long-lock-wait",
    Severity.WARNING,
    "an ALTER that waits for one long transaction keeps every later query of the table "
    "waiting behind it",
    group=Group.SERVER,
    summary="A statement may wait for a table almost without end.",
    source="MySQL Manual 7.1.8, Server System Variables (lock_wait_timeout: a year by default); "
    "10.11.4, Metadata Locking",
    bad="""\
-- the default: lock_wait_timeout = 31536000
""",
    good="""\
SET GLOBAL lock_wait_timeout = 60;
""",
)


@rule(LiveServer)
def long_waits(live: LiveServer) -> Iterator[Finding]:
    seconds = live.number("lock_wait_timeout")
    if seconds is not None and seconds > _LONGEST:
        yield RULE.speaks(
            f"lock_wait_timeout is {seconds:,} seconds.",
            about="lock_wait_timeout",
            fix="SET GLOBAL lock_wait_timeout = 60   (a run of db_migrate sets its own)",
        )
