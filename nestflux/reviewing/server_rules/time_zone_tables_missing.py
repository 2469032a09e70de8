"""The server does not know time zones by name."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.live_server import LiveServer
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "time-zone-tables-missing",
    Severity.WARNING,
    "with USE_TZ, filters and truncations by date or hour (__date, TruncDay) give NULL or an error",
    group=Group.SERVER,
    summary="The server does not know time zones by name.",
    source="MySQL Manual 7.1.15, MySQL Server Time Zone Support; Django documentation, MySQL "
    "notes: time zone definitions",
    bad="""\
-- SELECT CONVERT_TZ(now(), 'UTC', 'Europe/Paris') gives NULL
""",
    good="""\
-- in a shell:  mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql
""",
)


@rule(LiveServer)
def unknown_zones(live: LiveServer) -> Iterator[Finding]:
    if not live.zones:
        program = (
            "mariadb-tzinfo-to-sql" if live.server.family == "mariadb" else "mysql_tzinfo_to_sql"
        )
        client = "mariadb" if live.server.family == "mariadb" else "mysql"
        yield RULE.speaks(
            "The time zone tables of the server are empty.",
            about="time zones",
            fix=f"{program} /usr/share/zoneinfo | {client} -u root mysql",
        )
