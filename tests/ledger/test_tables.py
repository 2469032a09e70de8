"""The ledger's tables and the models that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db.models import Model

from nestflux.ledger.backups import read_backups
from nestflux.ledger.ledger import Ledger, read_state
from nestflux.ledger.tables import VERSION, ensure_ledger
from nestflux.models import Backup, Run, SqlMigration, Statement, Version
from nestflux.schema.introspection import BOOKS, read_schema, table_names

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

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
    assert read_schema(scratch).reading == {}
    with scratch.cursor() as cursor:
        assert set(scratch.introspection.table_names(cursor)) == BOOKS


def test_so_do_the_scratch_tables_of_a_restore(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE nestflux_restore_1_1 (id int)")

    assert table_names(scratch) == []
    assert read_schema(scratch).reading == {}


@pytest.mark.parametrize("model", MODELS)
def test_each_model_has_the_columns_of_its_table(
    scratch: BaseDatabaseWrapper, model: type[Model]
) -> None:
    ensure_ledger(scratch)
    table = model._meta.db_table

    with scratch.cursor() as cursor:
        described = scratch.introspection.get_table_description(cursor, table)

    found = {column.name: bool(column.null_ok) for column in described}
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


def test_booking_twice_leaves_one_row(scratch: BaseDatabaseWrapper) -> None:
    ensure_ledger(scratch)
    ledger = Ledger(scratch)

    ledger.book(["blog.0001_initial", "blog.0002_x"])
    ledger.book(["blog.0002_x"])
    ledger.unbook(["blog.0001_initial"])

    state = read_state(scratch)
    assert state is not None
    assert state.booked == {"blog.0002_x"}
