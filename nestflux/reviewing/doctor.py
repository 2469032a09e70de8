"""``db_doctor``: how a server is set up, and what its live tables are like."""

from __future__ import annotations

from dataclasses import replace

from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.conf import configuration
from nestflux.database.server import Server
from nestflux.reviewing.findings import Finding, NotChecked, Report, worst_first
from nestflux.reviewing.live_server import LiveServer, read_live_server
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.schema_review import own_admins, own_models, tables_of_packages
from nestflux.reviewing.settings import review_settings
from nestflux.wording import counted

# The ledger's own tables are NestFlux's business.
_OWN = "nestflux_"


def examine(connection: BaseDatabaseWrapper, server: Server) -> Report:
    """Look at a live server and at the database on it; changes nothing."""
    live = read_live_server(connection, server)
    return diagnosed(connection.alias, live)


def diagnosed(alias: str, live: LiveServer) -> Report:
    """What the rules find. Findings of tables are exempted and weighed as those of files are."""
    settings = review_settings(configuration())
    tables = frozenset(name for name in live.tables if not name.startswith(_OWN))
    schema = ReviewedSchema(
        live.server.family,
        live.tables,
        own_models(),
        tables,
        lambda table: _rows(live, table),
        tables_of_packages(),
        own_admins(),
    )
    found = [*look_at(live), *(replace(each, where=each.about) for each in look_at(schema))]
    kept = [
        weighed
        for each in found
        if not any(exemption.covers(each, "") for exemption in settings.exemptions)
        and (weighed := settings.weighed(each))
    ]
    skipped = [] if live.unused is not None else [_uncounted(live)]
    return Report(
        alias,
        worst_first(_placed(kept, live)),
        (f"{live.server.name}: its set-up", f"{live.schema}: {counted(len(tables), 'table')}"),
        tuple(skipped),
    )


def _rows(live: LiveServer, table: str) -> int | None:
    size = live.sizes.get(table)
    return size.rows if size else None


def _placed(findings: list[Finding], live: LiveServer) -> list[Finding]:
    return [replace(each, where=each.where or live.server.name) for each in findings]


def _uncounted(live: LiveServer) -> NotChecked:
    name = "performance_schema" if live.server.family == "mysql" else "userstat"
    why = f"nothing counts them: {name} is off, or this user may not read it"
    return NotChecked("indexes that no query uses", why)
