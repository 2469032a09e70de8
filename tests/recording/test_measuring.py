"""What a statement does to a schema, read before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.recording.measuring import Measuring
from nestflux.schema.objects import ObjectKey


@contextmanager
def looks_for_triggers(connection: BaseDatabaseWrapper) -> Iterator[list[str]]:
    """The questions that ask which triggers there are: MariaDB opens every table for one."""
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "information_schema.TRIGGERS" in sql:
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def test_triggers_are_looked_for_once_where_there_is_none_and_none_is_made(
    scratch: BaseDatabaseWrapper,
) -> None:
    measuring = Measuring(scratch, "mariadb" if is_mariadb(scratch) else "mysql")
    trigger = "CREATE TRIGGER stamp BEFORE INSERT ON one FOR EACH ROW SET NEW.n = 1"
    changed, counts = [], []

    for sql in (
        "CREATE TABLE one (id int PRIMARY KEY, n int)",
        trigger,
        "ALTER TABLE one ADD COLUMN m int",
        "DROP TABLE one",
    ):
        with scratch.cursor() as cursor, looks_for_triggers(scratch) as looked:
            _, _, record = measuring.run(sql, cursor.execute)
        changed.append(ObjectKey("trigger", "stamp") in record.delta.changes)
        counts.append(len(looked))

    assert counts == [1, 2, 2, 2]
    assert changed == [False, True, False, True]  # a trigger goes with its table


def is_mariadb(connection: Any) -> bool:
    return bool(connection.mysql_is_mariadb)
