"""The models of apps that are installed, against the schema that is there now."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.apps import apps

from nestflux.conf import configuration
from nestflux.database.server import connection_for, server_of
from nestflux.exceptions import Refused
from nestflux.pulling.describing import describe
from nestflux.pulling.proving import Request, migrated_elsewhere
from nestflux.pulling.round_trip import Difference, compare

logger = logging.getLogger(__name__)


def compare_again(alias: str, labels: Sequence[str]) -> tuple[Difference, ...]:
    """What the database has otherwise than the models of these apps make it; nothing is written.

    Raises Refused for an app that is not installed; ServerUnavailable and NotReproduced as
    ``pull``.
    """
    known = {config.label for config in apps.get_app_configs()}
    if unknown := [label for label in labels if label not in known]:
        raise Refused(
            f"No app has the label {unknown[0]!r}.",
            where="settings.INSTALLED_APPS",
            stands="nothing was written",
            then="name the label of an installed app: python manage.py db_pull --compare LABEL",
        )
    connection = connection_for(alias)
    server = server_of(connection)
    logger.info("Reading the schema of %s", alias)
    charset = configuration().shadow_collation.split("_")[0]
    live = describe(connection, server.family, charset)
    tables = tuple(
        model._meta.db_table
        for label in labels
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    )
    logger.info("Making the models of %s on an empty schema", ", ".join(labels))
    request = Request(
        alias=alias,
        family=server.family,
        collation=live.collation,
        apps=(),
        labels=tuple(labels),
        tables=tables,
        as_they_are=True,
    )
    made = migrated_elsewhere(request, {}).definitions
    there = {key: text for t in live.tables.values() for key, text in t.definitions.items()}
    return compare(there, made, tables, ()).differences
