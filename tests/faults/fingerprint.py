"""What must not depend on whether, where and how often a run died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nestflux.schema.introspection import read_schema, table_names
from nestflux.schema.objects import to_texts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Fingerprint = dict[str, object]


def fingerprint(connection: BaseDatabaseWrapper) -> Fingerprint:
    """Schema, rows, books and ledger of the database that a connection is in."""

    def rows(sql: str) -> list[list[str]]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return [[str(value) for value in row] for row in cursor.fetchall()]

    found: Fingerprint = {"schema": to_texts(read_schema(connection).definitions)}
    for table in table_names(connection):
        found[f"rows of {table}"] = rows(f"SELECT * FROM `{table}` ORDER BY 1")
    found["django_migrations"] = rows("SELECT app, name FROM django_migrations ORDER BY 1, 2")
    found["files"] = rows(
        "SELECT id, name, state, direction, attempt, origin, statement_count, up_sha256, "
        "finished_at IS NULL FROM nestflux_sql_migration ORDER BY id"
    )
    found["statements"] = rows(
        "SELECT sql_migration_id, direction, attempt, ordinal, sha256, state "
        "FROM nestflux_statement ORDER BY 1, 2, 3, 4"
    )
    found["backups"] = rows(
        "SELECT sql_migration_id, attempt, restored_at IS NOT NULL FROM nestflux_backup ORDER BY id"
    )
    found["scratch"] = rows("SHOW TABLES LIKE 'nestflux\\_restore%'")
    # Not how runs ended: one that dies at its last write did its work, and its row stays open.
    found["owed"] = rows(
        "SELECT SUM(post_migrate_owed), MAX(post_migrate_sent_at) IS NOT NULL, "
        "SUM(loading IS NOT NULL AND loaded_at IS NULL) FROM nestflux_run"
    )
    return found


def difference(wanted: Fingerprint, found: Fingerprint) -> str:
    """What differs, in words; empty where nothing does."""
    return "; ".join(
        f"{key}: wanted {wanted.get(key)}, found {found.get(key)}"
        for key in sorted(wanted.keys() | found.keys())
        if wanted.get(key) != found.get(key)
    )
