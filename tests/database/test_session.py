"""The session of a run, and what a caller gets back of its own."""

from __future__ import annotations

import pytest
from django.db import connection

from nestflux.database.session import pin, restored_session, variables_set_by


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SET sql_mode = ''", {"sql_mode"}),
        ("SET SESSION a = 1, @@session.`B` = (1 = 2), c := 3", {"a", "b", "c"}),
        ("SET GLOBAL a = 1", set()),
        ("SET @@GLOBAL.a = 1, b = 2", {"b"}),
        ("SET NAMES utf8mb4", set()),
        ("SET a = b = 1, c = ('d' = e)", {"a", "c"}),
    ],
)
def test_what_a_set_names(sql: str, names: set[str]) -> None:
    assert variables_set_by(sql) == names


@pytest.mark.django_db(transaction=True)
def test_what_a_files_sets_name_is_given_back() -> None:
    session = (
        "SET SESSION div_precision_increment = 9, sql_auto_is_null = 1",
        "SET timestamp = 1000000000",
        "SET no_such_variable = 1",
    )
    before = _session()

    with restored_session(connection, session):
        pin(connection, session[:2])
        during = _session()

    assert during != before
    assert _session() == before


def _session() -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT @@div_precision_increment, @@sql_auto_is_null, @@timestamp > 1500000000"
        )
        return tuple(cursor.fetchone())
