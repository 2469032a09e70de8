"""Statements that fail on the real server, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from django.db.utils import Error

from nestflux.database.errors import in_words, number_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

AUTHOR = "CREATE TABLE author (id bigint NOT NULL PRIMARY KEY, name varchar(20) NOT NULL)"
POST = "CREATE TABLE post (id bigint NOT NULL PRIMARY KEY, author_id bigint NOT NULL, title text)"
KEY = (
    "ALTER TABLE post ADD CONSTRAINT post_author_fk FOREIGN KEY (author_id) REFERENCES author (id)"
)


def failing(connection: BaseDatabaseWrapper, sql: str, *before: str) -> tuple[int, str]:
    """Run what comes before, then the statement that fails: its number and our words."""
    with connection.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        with pytest.raises(Error) as caught:
            cursor.execute(sql)
    words = in_words(caught.value, connection, sql)
    assert words.endswith(f"(server error {number_of(caught.value)})")
    return number_of(caught.value), words


def assert_told(words: str, parts: Sequence[str]) -> None:
    for part in parts:
        assert part in words, f"{part!r} is not in: {words}"
