"""What is said of foreign keys that a server refuses, provoked on the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db.utils import Error

from nestflux.database.errors import in_words
from tests.errors.words import AUTHOR, KEY, POST, assert_told, failing

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def test_types_that_differ(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(
        scratch, KEY, AUTHOR, POST, "ALTER TABLE post MODIFY author_id int NOT NULL"
    )

    assert number in (1005, 3780)
    assert_told(
        words,
        ["post_author_fk", "post.author_id is int", "author.id is bigint", "same type"],
    )


def test_signs_that_differ(scratch: BaseDatabaseWrapper) -> None:
    _, words = failing(
        scratch, KEY, AUTHOR, POST, "ALTER TABLE author MODIFY id bigint unsigned NOT NULL"
    )

    assert_told(words, ["post.author_id is bigint", "author.id is bigint", "unsigned"])


def test_types_that_differ_in_a_table_that_is_being_made(scratch: BaseDatabaseWrapper) -> None:
    _, words = failing(
        scratch,
        "CREATE TABLE `post` (`id` bigint NOT NULL PRIMARY KEY, `author_id` integer NOT NULL, "
        "CONSTRAINT `fk` FOREIGN KEY (`author_id`) REFERENCES `author` (`id`))",
        AUTHOR,
    )

    assert_told(words, ["post.author_id is integer", "author.id is bigint"])


def test_types_that_differ_in_a_column_that_is_being_added(scratch: BaseDatabaseWrapper) -> None:
    _, words = failing(
        scratch,
        "ALTER TABLE `post` ADD COLUMN `editor_id` integer NULL , "
        "ADD CONSTRAINT `fk` FOREIGN KEY (`editor_id`) REFERENCES `author`(`id`)",
        AUTHOR,
        POST,
    )

    assert_told(words, ["post.editor_id is integer", "author.id is bigint"])


def test_collations_that_differ(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(
        scratch,
        "ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY (shelf) REFERENCES shelf (code)",
        "CREATE TABLE shelf (code varchar(20) NOT NULL PRIMARY KEY) COLLATE utf8mb4_bin",
        "CREATE TABLE book (shelf varchar(30)) COLLATE utf8mb4_general_ci",
    )

    assert number in (1005, 3780)
    assert_told(
        words,
        ["book.shelf is varchar(30) with collation utf8mb4_general_ci", "shelf.code", "_bin"],
    )


def test_a_parent_that_is_not_there(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, KEY, POST)

    assert number in (1005, 1824)
    assert_told(words, ["post_author_fk", "table author, which is not there"])


def test_a_parent_column_that_is_not_there(scratch: BaseDatabaseWrapper) -> None:
    sql = KEY.replace("author (id)", "author (number)")
    number, words = failing(scratch, sql, AUTHOR, POST)

    assert number in (1005, 3734)
    assert_told(words, ["author.number, which is not there"])


def test_a_parent_column_without_an_index(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(
        scratch,
        "ALTER TABLE post ADD CONSTRAINT fk FOREIGN KEY (author) REFERENCES author (name)",
        AUTHOR,
        POST,
        "ALTER TABLE post ADD COLUMN author varchar(20)",
    )

    assert number in (1005, 1822, 6125)
    assert_told(words, ["author (name)", "ADD UNIQUE (`name`)"])


def test_set_null_on_a_column_that_is_not_null(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, f"{KEY} ON DELETE SET NULL", AUTHOR, POST)

    assert number in (1005, 1830)
    assert_told(words, ["post.author_id", "NOT NULL"])


def test_a_name_that_is_taken(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, KEY, AUTHOR, POST, KEY)

    assert number in (1005, 1826, 1061)
    assert_told(words, ["post_author_fk"])


def test_rows_without_a_parent(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, KEY, AUTHOR, POST, "INSERT INTO post VALUES (1, 7, '')")

    assert number == 1452
    assert_told(words, ["post holds rows whose author_id", "author.id", "FROM `author` p"])
    query = words.split("Find them: ")[1].split(";")[0]
    with scratch.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchall() == ((1, 7, ""),)


def test_names_with_a_backquote(scratch: BaseDatabaseWrapper) -> None:
    tables = [sql.replace("post ", "`po``st` ") for sql in (POST, KEY)]
    row = "INSERT INTO `po``st` VALUES (1, 7, '')"
    _, words = failing(scratch, tables[1], AUTHOR, tables[0], row)

    query = words.split("Find them: ")[1].split(";")[0]
    with scratch.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchall() == ((1, 7, ""),)


def test_a_row_without_its_parent(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, "INSERT INTO post VALUES (1, 7, '')", AUTHOR, POST, KEY)

    assert number == 1452
    assert_told(words, ["post.author_id", "author.id that is not there"])


def test_a_row_that_is_still_referred_to(scratch: BaseDatabaseWrapper) -> None:
    rows = ["INSERT INTO author VALUES (7, 'x')", "INSERT INTO post VALUES (1, 7, '')"]
    number, words = failing(scratch, "DELETE FROM author", AUTHOR, POST, KEY, *rows)

    assert number == 1451
    assert_told(words, ["Rows of author", "post.author_id (post_author_fk)"])


def test_a_table_that_is_still_referred_to(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, "DROP TABLE author", AUTHOR, POST, KEY)

    assert number in (1217, 1451, 3730)
    assert_told(words, ["author", "post.author_id", "DROP FOREIGN KEY `post_author_fk`"])


def test_an_index_that_a_key_needs(scratch: BaseDatabaseWrapper) -> None:
    index = "CREATE INDEX by_author ON post (author_id)"
    number, words = failing(scratch, "DROP INDEX by_author ON post", AUTHOR, POST, index, KEY)

    assert number == 1553
    assert_told(words, ["by_author", "post_author_fk", "begins with author_id"])


def test_the_type_of_a_column_that_a_key_holds(scratch: BaseDatabaseWrapper) -> None:
    number, words = failing(scratch, "ALTER TABLE author MODIFY id int NOT NULL", AUTHOR, POST, KEY)

    assert number in (1832, 1833, 3780)
    assert_told(words, ["author.id", "post_author_fk", "post.author_id"])


def test_without_a_connection_the_servers_own_words_stay(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute(POST)
        with pytest.raises(Error) as caught:
            cursor.execute(KEY)

    assert str(caught.value.args[1]).rstrip(".") in in_words(caught.value)


def test_the_statement_is_found_in_the_traceback(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute(POST)
        with pytest.raises(Error) as caught:
            cursor.execute(KEY)

    assert "table author, which is not there" in in_words(caught.value, scratch)
