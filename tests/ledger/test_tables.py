"""The ledger's tables and the models that read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.db.models import Model

from nestflux.ledger import tables
from nestflux.ledger.backups import read_backups
from nestflux.ledger.ledger import Ledger, read_state
from nestflux.ledger.tables import VERSION, ensure_ledger
from nestflux.models import Backup, Run, SqlMigration, Statement, Version
from nestflux.schema.introspection import OWN_TABLES, read_schema, table_names
from nestflux.seeding.made import TABLE as SEEDED

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

PLAIN_NAMES = {each.column for each in tables.PLAIN_NAMES}
MODELS: list[type[Model]] = [Backup, Run, SqlMigration, Statement, Version]


def test_making_it_twice_changes_nothing(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)
    ensure_ledger(scratch)

    state = read_state(scratch)
    assert state is not None
    assert state.version == VERSION


def test_one_of_before_there_were_backups_is_upgraded(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)
    with scratch.cursor() as cursor:
        cursor.execute("DROP TABLE nestflux_backup")
        cursor.execute("UPDATE nestflux_version SET version = 1")
    assert read_backups(scratch) == ()

    ensure_ledger(scratch, 1)

    with scratch.cursor() as cursor:
        assert "nestflux_backup" in scratch.introspection.table_names(cursor)


def test_there_is_no_state_without_a_ledger(scratch: BaseDatabaseWrapper) -> None:
    assert read_state(scratch) is None


def test_it_stands_outside_every_reading(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)

    assert table_names(scratch) == []
    assert read_schema(scratch).definitions == {}
    with scratch.cursor() as cursor:
        made = {*scratch.introspection.table_names(cursor), SEEDED}
        assert made == OWN_TABLES


def test_so_do_the_scratch_tables_of_a_restore(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE nestflux_restore_1_1 (id int)")

    assert table_names(scratch) == []
    assert read_schema(scratch).definitions == {}


@pytest.mark.parametrize("model", MODELS)
def test_each_model_has_the_columns_of_its_table(
    scratch: BaseDatabaseWrapper, model: type[Model]
) -> None:
    ensure_ledger(scratch)
    table = model._meta.db_table

    with scratch.cursor() as cursor:
        described = scratch.introspection.get_table_description(cursor, table)

    found = {
        column.name: bool(column.null_ok) for column in described if column.name not in PLAIN_NAMES
    }
    assert found == {field.column: field.null for field in model._meta.concrete_fields}
    assert not model._meta.managed


def test_its_collation_is_its_own(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_swedish_ci")
    scratch.close()
    ensure_ledger(scratch)

    with scratch.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT TABLE_COLLATION, ENGINE FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'nestflux%'"
        )
        assert cursor.fetchall() == (("utf8mb4_bin", "InnoDB"),)
    assert read_state(scratch) is not None  # its UNION over two collations


def test_a_run_that_died_is_closed_by_the_next(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)
    first = Ledger(scratch).open_run("db_migrate", 1)
    second = Ledger(scratch).open_run("db_migrate", 2)

    with scratch.cursor() as cursor:
        cursor.execute("SELECT id, outcome, finished_at IS NULL FROM nestflux_run ORDER BY id")
        assert cursor.fetchall() == ((first, "failed", 0), (second, "running", 1))


def test_recording_twice_leaves_one_row(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)
    ledger = Ledger(scratch)

    ledger.record_applied(["blog.0001_initial", "blog.0002_x"])
    ledger.record_applied(["blog.0002_x"])
    ledger.record_unapplied(["blog.0001_initial"])

    state = read_state(scratch)
    assert state is not None
    assert state.recorded_migrations == {"blog.0002_x"}


def test_a_ledger_of_version_2_gets_plain_names_and_an_older_nestflux_still_writes_to_it(
    scratch: BaseDatabaseWrapper,
) -> None:
    """The upgrade may be repeated: a deploy can die in the middle of it."""
    columns = {"books": '["shop.0001_initial"]', "state": "applied", "origin": "booked"}
    ensure_ledger(scratch)
    with scratch.cursor() as cursor:
        cursor.execute("ALTER TABLE nestflux_sql_migration DROP COLUMN recorded_migrations")
        cursor.execute("ALTER TABLE nestflux_statement DROP COLUMN schema_before")
        cursor.execute("UPDATE nestflux_version SET version = 2")
        _insert_file(cursor, "before", columns)
        ensure_ledger(scratch)
        _insert_file(cursor, "after", {**columns, "origin": "statements"})

        cursor.execute("SELECT id, recorded_migrations, origin FROM nestflux_sql_migration")
        rows = sorted((row[0], json.loads(row[1]), row[2]) for row in cursor.fetchall())
        cursor.execute("SELECT schema_before FROM nestflux_statement")
        cursor.execute("SELECT post_migrate_pending FROM nestflux_run")
    state = read_state(scratch)
    assert state is not None
    assert state.version == VERSION
    assert rows == [
        ("after", ["shop.0001_initial"], "statements"),
        ("before", ["shop.0001_initial"], "marked"),
    ]


def test_a_new_ledger_is_what_an_upgraded_one_is(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)
    made = _as_made(scratch)
    with scratch.cursor() as cursor:
        for each in tables.PLAIN_NAMES:
            cursor.execute(f"ALTER TABLE `{each.table}` DROP COLUMN `{each.column}`")
        cursor.execute("UPDATE nestflux_version SET version = 2")

    ensure_ledger(scratch)

    assert _as_made(scratch) == made


def _as_made(connection: BaseDatabaseWrapper) -> dict[str, str]:
    made = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SHOW CREATE TABLE `{table}`")
            made[table] = cursor.fetchone()[1]
    return made


def _insert_file(cursor: CursorWrapper, identity: str, values: dict[str, str]) -> None:
    """As version 0.1 writes a row: it names the columns that it knows."""
    texts = ["name", "alias", "family", "recorded_on", "server_version", "up_sha256"]
    texts += ["down_sha256", "record_sha256", "up_text", "down_text", "record", "direction"]
    row = {**dict.fromkeys(texts, ""), "id": identity, "migrations": "[]", **values}
    row |= {"number": "1", "attempt": "1", "statement_count": "0"}
    columns = ", ".join(f"`{name}`" for name in row)
    marks = ", ".join(["%s"] * len(row))
    cursor.execute(
        f"INSERT INTO nestflux_sql_migration ({columns}) VALUES ({marks})", list(row.values())
    )
