"""A way back is exact: the schema is the one before, to the last name, any number of times.

Random histories go back in ``tests/soak/test_ways_back.py``.
"""

from __future__ import annotations

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.history.sqlfile import Section, Statement, parse
from nestflux.recording import exact_way_back
from nestflux.recording.capture import Recorded
from nestflux.schema.introspection import Schema
from nestflux.schema.objects import ObjectKey
from nestflux.schema.transform.changes import Change, ChangeKey, Phase
from tests.conftest import ProjectFactory
from tests.recording.ways_back import ALTERED, BY_HAND, CASES, record
from tests.scenarios.looking import schema_of

# Rows of a key whose values went with its column refer to none: the server says so.
ALL = {**CASES, **BY_HAND, **ALTERED}
del ALL["rows that are filled, then a removed foreign key"]


@pytest.mark.parametrize("name", ALL)
def test_the_schema_is_the_one_before_any_number_of_times(
    project: ProjectFactory, name: str
) -> None:
    case = ALL[name]
    shop = record(project, case)
    names = [
        path.name.removesuffix(".down.sql") for path in sorted(shop.history.glob("*.down.sql"))
    ]
    downs = [path.read_text() for path in sorted(shop.history.glob("*.down.sql"))]
    assert [line for text in downs for line in text.splitlines() if "INEXACT" in line] == []

    shop.succeeds("db_migrate", "--replay", "--to", names[0])
    for row in case.rows:
        shop.sql(row)
    schemas = [schema_of(shop)]
    for file in names[1:]:
        shop.succeeds("db_migrate", "--to", file, "--no-backup")
        schemas.append(schema_of(shop))
    for _ in range(2):
        for schema in reversed(schemas[:-1]):
            shop.succeeds("db_rollback", "--yes", "--no-backup")
            assert schema_of(shop) == schema
        for file, schema in zip(names[1:], schemas[1:], strict=True):
            shop.succeeds("db_migrate", "--to", file, "--no-backup")
            assert schema_of(shop) == schema
    shop.succeeds("db_rollback", "--to", "zero", "--yes", "--no-backup")
    shop.succeeds("db_migrate", "--no-backup")
    assert schema_of(shop) == schemas[-1]
    shop.succeeds("db_check")


OURS = {  # the clauses within Django's own statements, in the order in which they run
    "removed columns": ["AFTER `name`"] * 4,
    "the type of a key": ["shop_post_author_id_68779ea9_fk_shop_author_id"],
    "to_field that becomes longer": ["shop_post_author_id_68779ea9_fk_shop_author_name"],
}


@pytest.mark.parametrize("name", OURS)
def test_what_a_clause_says_takes_no_statement(project: ProjectFactory, name: str) -> None:
    """Where a column stood and what a key was called, within the statement that makes it."""
    shop = record(project, ALL[name])
    (section,) = parse((shop.history / "0002_step2.down.sql").read_text()).sections

    adapted = [step.adapted for step in section.steps if isinstance(step, Statement)]
    assert [each.position or each.name for each in adapted if each.is_ours_in_part] == OURS[name]
    assert not any(
        kept in step.sql
        for step in section.completing
        for kept in ("AFTER", "FOREIGN KEY", "foreign_key_checks")
    )


def test_a_check_of_a_column_is_made_once(project: ProjectFactory) -> None:
    """MySQL copies the table to make it, and would once more for another name."""
    shop = record(project, ALL["a check and a positive number"])
    down = (shop.history / "0002_step2.down.sql").read_text()
    if "Recorded on: MySQL" in down:
        assert down.count("CHECK (") == 1
        assert "ADD CONSTRAINT `shop_author_chk_1` CHECK (`age` >= 0)" in down
    else:  # it is the column's own there, which no ADD CONSTRAINT makes
        assert "MODIFY `age` int(10) unsigned NOT NULL CHECK (`age` >= 0)" in down


@pytest.mark.parametrize("works", [True, False])
def test_a_refused_statement_leaves_no_file_with_the_checks_off(
    scratch: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    """What the server refuses is left out, and the SETs around it are still a pair."""
    key = ObjectKey("table", "made")
    sqls = ["CREATE TABLE made (id int)"] if works else []
    changes = [
        Change(ChangeKey(key, sql), Phase.REMAKE_FOREIGN_KEY, sql, (key,), unchecked=True)
        for sql in (*sqls, "ALTER TABLE nowhere DROP FOREIGN KEY k", "CREATE TABLE late (id int)")
    ]
    monkeypatch.setattr(exact_way_back, "_changes", lambda *given: changes)
    family = "mariadb" if scratch.mysql_is_mariadb else "mysql"  # type: ignore[attr-defined]
    last = Recorded(Section("shop.0001_initial"))

    recorded, _ = exact_way_back.complete(
        scratch, family, [last], Schema({ObjectKey("table", "wanted"): "x"}, {}), Schema({}, {})
    )

    off, on = "SET foreign_key_checks = 0", "SET foreign_key_checks = 1"
    first = [item.sql for item in recorded[0].section.completing][:3]
    assert first == ([off, *sqls, on] if works else [])
    with scratch.cursor() as cursor:
        cursor.execute("SELECT @@foreign_key_checks")
        assert cursor.fetchone() == (1,)
