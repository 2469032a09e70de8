"""Every explained error, provoked on the real server: the words name what is in the way."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest
from django.db.utils import Error

from nestflux.database.errors import in_words
from tests.errors.words import AUTHOR, POST, assert_told, failing
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class TestRows:
    def test_duplicates_before_unique(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "ALTER TABLE author ADD CONSTRAINT one_name UNIQUE (name)",
            AUTHOR,
            "INSERT INTO author VALUES (1, 'Ann'), (2, 'Ann')",
        )

        assert number in (1062, 1586)
        assert_told(words, ["author", "'Ann'", "name", "HAVING COUNT(*) > 1"])

    def test_a_duplicate_row(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "INSERT INTO author VALUES (1, 'Bob')",
            AUTHOR,
            "INSERT INTO author VALUES (1, 'Ann')",
        )

        assert number == 1062
        assert_told(words, ["author would hold '1' twice in id"])

    def test_null_into_not_null(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(scratch, "INSERT INTO author VALUES (1, NULL)", AUTHOR)

        assert number == 1048
        assert_told(words, ["author.name may not be NULL"])

    def test_nulls_before_not_null(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "ALTER TABLE post MODIFY title varchar(20) NOT NULL",
            AUTHOR,
            POST,
            "INSERT INTO post VALUES (1, 1, NULL)",
        )

        assert number in (1138, 1265)
        assert_told(words, ["post.title becomes NOT NULL", "UPDATE `post`", "`title` IS NULL"])

    def test_no_value_and_no_default(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(scratch, "INSERT INTO author (id) VALUES (1)", AUTHOR)

        assert number == 1364
        assert_told(words, ["author.name has no default"])

    def test_a_value_that_is_too_long(self, scratch: BaseDatabaseWrapper) -> None:
        sql = f"INSERT INTO author VALUES (1, '{'x' * 21}')"
        number, words = failing(scratch, sql, AUTHOR)

        assert number == 1406
        assert_told(words, ["author.name", "varchar(20)"])

    def test_values_that_are_too_long_for_a_shrink(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "ALTER TABLE author MODIFY name varchar(3) NOT NULL",
            AUTHOR,
            "INSERT INTO author VALUES (1, 'Annabel')",
        )

        assert number in (1265, 1406)
        assert_told(words, ["author.name", "varchar(3)"])

    def test_a_value_out_of_range(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "ALTER TABLE author MODIFY id tinyint NOT NULL",
            AUTHOR,
            "INSERT INTO author VALUES (1000, 'Ann')",
        )

        assert number == 1264
        assert_told(words, ["author.id", "tinyint", "MAX(`id`)"])

    def test_a_value_of_another_type(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(scratch, "INSERT INTO author VALUES ('one', 'Ann')", AUTHOR)

        assert number in (1292, 1366)
        assert_told(words, ["'one'", "correct it"])

    @pytest.mark.parametrize(
        ("kind", "value", "is_none", "condition"),
        [
            ("datetime(6)", "soon", "'soon' is none", "CAST(`name` AS DATETIME) IS NULL"),
            ("date", "2026-02-31", "'2026-02-31' is none", "CAST(`name` AS DATE) IS NULL"),
            ("time(6)", "noon", "'noon' is none", "CAST(`name` AS TIME) IS NULL"),
            ("integer", "one", "'one' is none", "`name` NOT REGEXP '^[-+]?[0-9]+$'"),
            ("bool", "it's", '"it\'s" is none', "`name` NOT REGEXP '^[-+]?[0-9]+$'"),
            ("numeric(5, 2)", "one", " is none", "NOT REGEXP '^[-+]?[0-9]*[.]?[0-9]+$'"),
            ("double precision", "one", "'one' is none", "NOT REGEXP '^[-+]?[0-9]*[.]?[0-9]+$'"),
            ("json", "{", "a value of it is none", "NOT JSON_VALID(`name`)"),
        ],
    )
    def test_values_that_are_none_of_a_columns_new_type(
        self,
        scratch: BaseDatabaseWrapper,
        kind: str,
        value: str,
        is_none: str,
        condition: str,
    ) -> None:
        quoted = value.replace("'", "''")
        _, words = failing(
            scratch,
            f"ALTER TABLE `author` MODIFY `name` {kind} NULL",
            AUTHOR,
            "ALTER TABLE author MODIFY name varchar(20) NULL",
            f"INSERT INTO author VALUES (1, '{quoted}'), (2, NULL)",
        )

        assert_told(words, [f"author.name becomes {kind.split()[0]}", is_none, condition])
        query = re.search(r"Find the rows: (.*); and correct them, then go on\.", words)
        assert query
        with scratch.cursor() as cursor:
            cursor.execute(query[1].replace("%", "%%"))
            assert cursor.fetchall() == ((1, value),)

    def test_a_uuid_that_is_none(self, scratch: BaseDatabaseWrapper, family: str) -> None:
        if family == "mysql":
            pytest.skip("MySQL has no uuid")
        _, words = failing(
            scratch,
            "ALTER TABLE author MODIFY name uuid NULL",
            AUTHOR,
            "INSERT INTO author VALUES (1, 'Ann')",
        )

        assert_told(words, ["becomes uuid, and 'Ann' is none", "REPLACE(`name`, '-', '')"])

    def test_values_that_would_be_cut(self, scratch: BaseDatabaseWrapper) -> None:
        _, words = failing(
            scratch,
            "ALTER TABLE author MODIFY name enum('Ann') NOT NULL",
            AUTHOR,
            "INSERT INTO author VALUES (1, 'Bob')",
        )

        assert_told(words, ["does not fit into author.name", "`name` NOT IN ('Ann')"])

    def test_a_check_with_a_quote_in_its_name(self, scratch: BaseDatabaseWrapper) -> None:
        _, words = failing(
            scratch,
            "ALTER TABLE author ADD CONSTRAINT `Ann's. own` CHECK (`id` > 0)",
            AUTHOR,
            "INSERT INTO author VALUES (-1, 'Ann')",
        )

        assert_told(words, ["breaks the check Ann's. own: `id` > 0", "WHERE NOT (`id` > 0);"])

    def test_a_duplicate_with_a_quote_in_it(self, scratch: BaseDatabaseWrapper) -> None:
        _, words = failing(
            scratch,
            "ALTER TABLE author ADD CONSTRAINT `Ann's` UNIQUE (name)",
            AUTHOR,
            "INSERT INTO author VALUES (1, 'Ann''s'), (2, 'Ann''s')",
        )

        assert_told(words, ['would hold "Ann\'s" twice in name'])

    def test_a_column_from_which_another_is_computed(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "ALTER TABLE author DROP COLUMN name",
            AUTHOR,
            "ALTER TABLE author ADD COLUMN short varchar(3) AS (LEFT(name, 3)) VIRTUAL",
        )

        assert number in (1054, 3108)
        assert_told(words, ["short of author is computed from name. Drop or change that column"])

    def test_rows_that_break_a_check(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "ALTER TABLE author ADD CONSTRAINT positive CHECK (`id` > 0)",
            AUTHOR,
            "INSERT INTO author VALUES (-1, 'Ann')",
        )

        assert number in (3819, 4025)
        assert_told(words, ["author breaks the check positive: `id` > 0", "WHERE NOT"])

    def test_a_row_that_breaks_a_check(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "INSERT INTO author VALUES (-1, 'Ann')",
            AUTHOR,
            "ALTER TABLE author ADD CONSTRAINT positive CHECK (`id` > 0)",
        )

        assert number in (3819, 4025)
        assert_told(words, ["author breaks the check positive", "`id` > 0"])


class TestNames:
    def test_a_trigger_that_is_there(self, scratch: BaseDatabaseWrapper) -> None:
        trigger = "CREATE TRIGGER capital BEFORE INSERT ON author FOR EACH ROW SET NEW.name = 'x'"

        number, words = failing(scratch, trigger, AUTHOR, trigger)

        assert number == 1359
        assert_told(words, ["trigger capital is there already", "DROP TRIGGER IF EXISTS capital;"])

    @pytest.mark.parametrize(
        ("sql", "numbers", "parts"),
        [
            (AUTHOR, {1050}, ["table author is there already"]),
            ("ALTER TABLE author ADD name int", {1060}, ["author.name is there already"]),
            (
                "CREATE INDEX by_name ON author (id)",
                {1061},
                ["author has an index named by_name on (name)"],
            ),
            ("ALTER TABLE author DROP COLUMN nam", {1091}, ["author", "no column", "nam"]),
            ("ALTER TABLE author DROP INDEX by_nam", {1091}, ["author", "by_nam"]),
            ("SELECT * FROM authors", {1146}, ["no table authors", "there is author"]),
            ("DROP TABLE authors", {1051}, ["no table authors", "there is author"]),
            ("UPDATE author SET nam = 1", {1054}, ["author has no column nam", "there is name"]),
            ("CREATE INDEX i ON author (nam)", {1072}, ["author.nam", "there is name"]),
            (
                "ALTER TABLE author AD x int",
                {1064},
                ["does not understand", "x int'", "line 1"],
            ),
            ("ALTER TABLE author ADD", {1064}, ["ends too early"]),
            (f"ALTER TABLE author ADD {'x' * 65} int", {1059}, ["65 characters", "64"]),
            # MariaDB hashes a long unique key and cuts a long index: a primary key fails on both.
            (
                "CREATE TABLE t (c varchar(800) NOT NULL PRIMARY KEY)",
                {1071},
                ["index of t", "3072 bytes", "varchar(768)"],
            ),
            (
                "ALTER TABLE author ADD a varchar(9000), ADD b varchar(9000)",
                {1118},
                ["author", "65,535 bytes"],
            ),
            ("ALTER TABLE author ADD a varchar(20000)", {1074}, ["author.a", "TextField"]),
            ("CREATE TABLE t (c text NOT NULL PRIMARY KEY)", {1170}, ["t.c", "768"]),
            ("ALTER TABLE author ADD d date DEFAULT 'x'", {1067}, ["author.d"]),
            (
                "ALTER TABLE author MODIFY id int NOT NULL, ALGORITHM=INPLACE",
                {1845, 1846},
                ["cannot change author", "Cannot change column type", "COPY"],
            ),
        ],
    )
    def test_words(
        self, scratch: BaseDatabaseWrapper, sql: str, numbers: set[int], parts: list[str]
    ) -> None:
        number, words = failing(scratch, sql, AUTHOR, "CREATE INDEX by_name ON author (name)")

        assert number in numbers, words
        assert_told(words, parts)

    def test_a_constant_default_of_text(self, scratch: BaseDatabaseWrapper, family: str) -> None:
        if family == "mariadb":
            pytest.skip("MariaDB takes it")

        sql = "ALTER TABLE author ADD u text DEFAULT 'a'"
        number, words = failing(scratch, sql, AUTHOR)

        assert number == 1101
        assert_told(words, ["author.u", "expression"])


class TestWaiting:
    def test_a_lock_that_another_connection_holds(
        self, scratch: BaseDatabaseWrapper, server: TestServer
    ) -> None:
        with scratch.cursor() as cursor:
            cursor.execute(AUTHOR)
        other = server.connect(str(scratch.settings_dict["NAME"]))
        other.autocommit(False)
        other.cursor().execute("SELECT * FROM author")  # keeps the table's metadata lock
        try:
            number, words = failing(
                scratch, "ALTER TABLE author ADD x int", "SET lock_wait_timeout = 1"
            )
        finally:
            other.close()

        assert number == 1205
        assert_told(words, ["lock on author", "SHOW FULL PROCESSLIST"])

    def test_a_deadlock(self, scratch: BaseDatabaseWrapper, server: TestServer) -> None:
        with scratch.cursor() as cursor:
            cursor.execute(AUTHOR)
            cursor.execute("INSERT INTO author VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
        other = server.connect(str(scratch.settings_dict["NAME"]))
        other.autocommit(False)
        theirs = other.cursor()
        # The server undoes the transaction that has written less: ours.
        theirs.execute("UPDATE author SET name = 'x' WHERE id > 1")
        waits = threading.Thread(
            target=theirs.execute, args=["UPDATE author SET name = 'x' WHERE id = 1"]
        )
        try:
            with scratch.cursor() as cursor:
                cursor.execute("START TRANSACTION")
                cursor.execute("UPDATE author SET name = 'y' WHERE id = 1")
            waits.start()
            number, words = failing(scratch, "UPDATE author SET name = 'y' WHERE id = 2")
            waits.join()
        finally:
            other.close()

        assert number == 1213
        assert_told(words, ["Two transactions", "Run the command again"])

    def test_a_read_only_transaction(self, scratch: BaseDatabaseWrapper) -> None:
        number, words = failing(
            scratch,
            "INSERT INTO author VALUES (1, 'a')",
            AUTHOR,
            "SET SESSION TRANSACTION READ ONLY",
        )

        assert number == 1792
        assert_told(words, ["read_only", "primary"])

    @pytest.mark.parametrize(
        ("number", "message", "part"),
        [
            # These need a server-wide setting, which other tests of this server would feel.
            (
                1290,
                "The MySQL server is running with the --super-read-only option so it cannot "
                "execute this statement",
                "read_only",
            ),
            (1836, "Running in read-only mode", "read_only"),
            (1153, "Got a packet bigger than 'max_allowed_packet' bytes", "max_allowed_packet"),
            (1114, "The table 'post' is full", "no room"),
        ],
    )
    def test_server_wide_states(self, number: int, message: str, part: str) -> None:
        assert part in in_words(Error(number, message))

    def test_another_reason_for_1290_keeps_its_words(self) -> None:
        message = "The server is running with the --secure-file-priv option"

        assert message in in_words(Error(1290, message))


def test_an_unknown_error_keeps_the_servers_words() -> None:
    assert in_words(Error(9999, "Something new")) == "Something new. (server error 9999)"


def test_an_error_without_a_number_is_its_text() -> None:
    assert in_words(ValueError("no number")) == "no number"
