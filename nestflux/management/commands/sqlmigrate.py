"""Django's ``sqlmigrate``: for a database with a history it prints what was recorded, which is
what runs. Other databases get Django's own."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.commands import sqlmigrate as stock

from nestflux.conf import FAMILIES, history_folder
from nestflux.exceptions import Refused
from nestflux.history.folder import Folder
from nestflux.history.sqlfile import Direction
from nestflux.management.command import PlainSpeech
from nestflux.stock import django_side
from nestflux.stock.answers import entry_of, find
from nestflux.stock.sections import section_text


class Command(PlainSpeech, stock.Command):
    help = (
        "Prints the SQL statements for the named migration: those that were recorded and "
        "reviewed, where the database has a history in migrations_sql/."
    )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not django_side.is_ours(options["database"]):
            return stock.Command.execute(self, *args, **options)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> str | None:
        alias = options["database"]
        if not django_side.is_ours(alias):
            return super().handle(*args, **options)
        self.output_transaction = False  # DDL commits by itself
        try:
            apps.get_app_config(options["app_label"])
        except LookupError as error:
            raise Refused(
                str(error), then="python manage.py showmigrations   (lists them)"
            ) from None
        direction = Direction.DOWN if options["backwards"] else Direction.UP
        return recorded_sql(
            self._folder(alias), options["app_label"], options["migration_name"], direction
        )

    def _folder(self, alias: str) -> Folder:
        """The history to print from: the only one, or that of the server's family."""
        kept = [f for f in (history_folder(alias, family) for family in FAMILIES) if f.exists]
        if len(kept) == 1:
            return kept[0]
        _, server = self.connect(alias)
        return history_folder(alias, server.family)


def recorded_sql(folder: Folder, app_label: str, name: str, direction: Direction) -> str:
    """A migration's statements as its file holds them. Raises Refused, HistoryError."""
    migration = find(app_label, name, folder.journal)
    entry = entry_of(migration, folder.journal)
    if entry.replaces:
        raise Refused(
            f"{migration} has no SQL of its own any more: {entry.name}.sql, which db_squash made, "
            f"gives what {len(entry.migrations)} migrations gave.",
            where=folder.sql_path(entry.name, direction).name,
            then="read that file; the SQL of before is in git's past",
        )
    text = folder.text(entry, direction)
    section = section_text(text, migration)
    if not section:
        reason = folder.file(entry, direction).irreversible
        raise Refused(
            f"{migration} cannot be undone: {reason or 'its file holds no way back'}",
            where=folder.sql_path(entry.name, direction).name,
            then="write a new migration that takes the schema on, and run db_generate",
        )
    return f"-- From {folder.sql_path(entry.name, direction).name}\n{section}"
