"""Whether two sides built the same schema, by the reader that NestFlux reads schemas with."""

from __future__ import annotations

from contextlib import closing

import django
from django.conf import settings
from django.db.utils import ConnectionHandler

from nestflux.schema.diff import Delta
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import ObjectKey
from scripts.benchmark.migrators import OWN_TABLES
from scripts.benchmark.servers import BenchmarkError, Server

_MOST = 5  # differences that are shown


def must_be_equal(server: Server, ours: str, theirs: str) -> None:
    """Raises BenchmarkError where two databases of a server differ in a column, an index, a
    constraint or the order of columns. The tables that each tool keeps for itself are left out."""
    delta = Delta.between(_definitions(server, ours), _definitions(server, theirs))
    if delta.changes:
        shown = [
            f"  {key}: {wanted}, and here {found}"
            for key, (wanted, found) in list(delta.changes.items())[:_MOST]
        ]
        raise BenchmarkError(
            f"the schema of {theirs} differs from that of {ours} in {len(delta.changes)} places, "
            "so that the sides did not do the same work\n" + "\n".join(shown)
        )


def _definitions(server: Server, database: str) -> dict[ObjectKey, str]:
    if not settings.configured:
        settings.configure()  # asked whether queries are to be logged
        django.setup()
    handler = ConnectionHandler({"default": {**server.entry, "NAME": database}})
    with closing(handler["default"]) as connection:
        found = read_schema(connection).definitions
    return {key: text for key, text in found.items() if key.holder.name not in OWN_TABLES}
