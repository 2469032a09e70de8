"""What kind of statement a text is, and what a crash in the middle of it would leave."""

from __future__ import annotations

import pytest

from nestflux.sql.statements import (
    Kind,
    alters_database,
    differs_on_a_replica,
    gives_one_result,
    is_program,
    is_repeatable,
    kind_of,
    leaves_programs,
    leaves_tables,
    makes_or_drops_tables,
    one_table_each,
    statements_in,
    summary,
    why_not_in_a_file,
    why_undecidable,
)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("CREATE TABLE t (a int)", Kind.DDL),
        ("create table t (a int)", Kind.DDL),
        ("ALTER TABLE t ADD a int", Kind.DDL),
        ("TRUNCATE t", Kind.DDL),
        ("GRANT SELECT ON t TO a", Kind.DDL),
        ("LOAD INDEX INTO CACHE t", Kind.DDL),
        ("SET PASSWORD FOR a = 'x'", Kind.DDL),
        ("/*!50100 ALTER TABLE t ADD a int */", Kind.DDL),
        ("/*M!100000 DROP TABLE t */", Kind.DDL),
        ("SOMETHING NEW IN 2030", Kind.DDL),
        ("INSERT INTO t VALUES (1)", Kind.DATA),
        ("/* note */ UPDATE t SET a = 1", Kind.DATA),
        ("-- note\nDELETE FROM t", Kind.DATA),
        ("REPLACE INTO t VALUES (1)", Kind.DATA),
        ("CALL fill()", Kind.DATA),
        ("LOAD DATA INFILE 'x' INTO TABLE t", Kind.DATA),
        ("LOAD XML INFILE 'x' INTO TABLE t", Kind.DATA),
        ("TABLE t", Kind.READ),
        ("CHECKSUM TABLE t", Kind.READ),
        ("WITH x AS (SELECT 1) UPDATE t SET a = 1", Kind.DATA),
        ("WITH x AS (SELECT 'UPDATE') SELECT * FROM x", Kind.READ),
        ("SELECT 1", Kind.READ),
        ("(SELECT 1) UNION (SELECT 2)", Kind.READ),
        ("SHOW TABLES", Kind.READ),
        ("", Kind.READ),
        ("-- nothing", Kind.READ),
        ("SET NAMES utf8mb4", Kind.SESSION),
        ("/*!40101 SET NAMES utf8mb4 */", Kind.SESSION),
        ("BEGIN", Kind.TRANSACTION),
        ("START TRANSACTION", Kind.TRANSACTION),
        ("SAVEPOINT s", Kind.TRANSACTION),
        ("ROLLBACK TO SAVEPOINT s", Kind.TRANSACTION),
        ("RELEASE SAVEPOINT s", Kind.TRANSACTION),
        ("SET STATEMENT max_statement_time = 9 FOR UPDATE t SET n = 1", Kind.DATA),
        ("SET STATEMENT max_statement_time = 9 FOR ALTER TABLE t ADD a int", Kind.DDL),
        ("BEGIN NOT ATOMIC SELECT 1; END", Kind.DDL),
        ("SELECT a INTO OUTFILE '/tmp/x' FROM t", Kind.DATA),
    ],
)
def test_kind_of(sql: str, kind: Kind) -> None:
    assert kind_of(sql) is kind


OF_ONE_KIND = {
    Kind.DATA: "INSERT UPDATE DELETE REPLACE CALL DO HANDLER",
    Kind.READ: "SELECT SHOW EXPLAIN DESCRIBE DESC VALUES TABLE CHECKSUM HELP",
    Kind.TRANSACTION: "BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE",
    Kind.SESSION: "SET",
    Kind.DDL: "CREATE ALTER DROP RENAME TRUNCATE GRANT REVOKE ANALYZE OPTIMIZE LOAD LOCK",
}


@pytest.mark.parametrize(
    ("word", "kind"),
    [(word, kind) for kind, words in OF_ONE_KIND.items() for word in words.split()],
)
def test_the_first_word_tells_the_kind(word: str, kind: Kind) -> None:
    assert kind_of(f"{word} t") is kind
    assert kind_of(f"{word.lower()} t") is kind


@pytest.mark.parametrize("word", ["UPDATE", "DELETE", "INSERT", "REPLACE"])
def test_a_statement_that_begins_with_with_may_change_rows(word: str) -> None:
    assert kind_of(f"WITH x AS (SELECT 1) {word} t") is Kind.DATA


@pytest.mark.parametrize(
    "word",
    "ANALYZE OPTIMIZE CHECK REPAIR FLUSH CACHE LOAD GRANT REVOKE SET ALTER COMMENT".split(),
)
def test_a_statement_that_may_be_run_twice(word: str) -> None:
    assert is_repeatable(f"{word} TABLE t")


@pytest.mark.parametrize("word", ["RENAME", "TRUNCATE", "SOMETHING", "CREATE", "DROP"])
def test_a_statement_that_may_not(word: str) -> None:
    assert not is_repeatable(f"{word} TABLE t")


@pytest.mark.parametrize("kind", "VIEW PROCEDURE FUNCTION PACKAGE TRIGGER EVENT INDEX".split())
def test_what_is_made_anew_from_its_text_alone_may_be_made_twice(kind: str) -> None:
    assert is_repeatable(f"CREATE OR REPLACE {kind} x")
    assert is_repeatable(f"CREATE OR REPLACE DEFINER = a {kind} x")
    assert not is_repeatable(f"CREATE {kind} x")
    assert is_repeatable(f"CREATE {kind} IF NOT EXISTS x")
    assert is_repeatable(f"DROP {kind} IF EXISTS x")


@pytest.mark.parametrize(
    "word",
    "INSTALL UNINSTALL KILL SHUTDOWN RESTART RESET PURGE CHANGE STOP BINLOG CLONE BACKUP".split(),
)
def test_a_statement_on_the_server_is_in_no_file(word: str) -> None:
    assert why_not_in_a_file(f"{word} x") == (
        f"{word} is about the server and not about a schema; run it by hand"
    )


@pytest.mark.parametrize("kind", "USER ROLE DATABASE SCHEMA SERVER TABLESPACE UNDO LOGFILE".split())
@pytest.mark.parametrize("word", ["CREATE", "DROP"])
def test_an_object_of_the_server_is_only_in_a_file_where_it_may_run_twice(
    word: str, kind: str
) -> None:
    assert why_not_in_a_file(f"{word} {kind} x") == (
        f"the schema does not tell whether {word} {kind} ran; say IF EXISTS or IF NOT "
        "EXISTS, so that it may run twice"
    )
    assert why_not_in_a_file(f"{word} {kind} IF NOT EXISTS x") == ""
    assert why_not_in_a_file(f"{word} OR REPLACE {kind} x") == ""
    assert why_not_in_a_file(f"INSERT {kind} x") == ""


@pytest.mark.parametrize("word", ["SELECT", "TABLE", "VALUES", "WITH"])
@pytest.mark.parametrize("file", ["OUTFILE", "DUMPFILE"])
def test_a_file_on_the_server_is_written_by_no_step(word: str, file: str) -> None:
    assert why_not_in_a_file(f"{word} x INTO {file} 'y'") == (
        "it writes a file on the server, which no transaction takes back"
    )


@pytest.mark.parametrize("word", ["CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "INSERT",
                                  "UPDATE", "DELETE", "REPLACE", "SELECT"])  # fmt: skip
def test_a_plain_statement_leaves_programs_unless_it_names_one(word: str) -> None:
    assert leaves_programs(f"{word} TABLE t")
    for program in ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"):
        assert not leaves_programs(f"{word} {program} x")


@pytest.mark.parametrize("word", ["INSERT", "UPDATE", "DELETE", "REPLACE"])
def test_a_statement_on_rows_leaves_tables(word: str) -> None:
    assert leaves_tables(f"{word} t")
    assert not leaves_tables("CALL t")


@pytest.mark.parametrize(
    ("sql", "leaves_a_trace", "why"),
    [
        ("ALTER TABLE t ADD a int", True, ""),
        ("CREATE TABLE t (a int)", True, ""),
        ("ALTER TABLE t ENGINE=InnoDB", False, ""),
        ("ALTER TABLE t AUTO_INCREMENT = 1000", False, ""),
        ("ANALYZE TABLE t", False, ""),
        ("DROP TRIGGER IF EXISTS g", False, ""),
        ("CREATE TABLE IF NOT EXISTS t (a int)", False, ""),
        ("TRUNCATE TABLE t", True, "TRUNCATE leaves no trace in the schema"),
        ("TRUNCATE TABLE t", False, "TRUNCATE leaves no trace in the schema"),
        ("RENAME TABLE a TO c, b TO a, c TO b", False, "the tables that are renamed read the same"),
        ("RENAME TABLE a TO b", True, ""),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", False, "EXCHANGE PARTITION leaves"),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", True, "EXCHANGE PARTITION leaves"),
        ("ALTER TABLE t TRUNCATE PARTITION p", False, "TRUNCATE PARTITION leaves"),
        ("ALTER TABLE t DROP PARTITION p", True, ""),
        ("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a", True, ""),
        ("ALTER DATABASE CHARACTER SET utf8mb4", False, ""),
        ("ALTER VIEW v AS SELECT 1", False, ""),
        ("GRANT SELECT ON t TO a", False, ""),
        ("SET PASSWORD FOR a = 'x'", False, ""),
        ("LOAD INDEX INTO CACHE t", False, ""),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", False, ""),
        ("CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT 1", False, ""),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int RETURN 1", False, ""),
        ("CREATE OR REPLACE SEQUENCE s", True, "CREATE OR REPLACE SEQUENCE loses the rows"),
        ("CREATE USER IF NOT EXISTS a", False, ""),
        ("CREATE OR REPLACE TABLE t (a int)", True, "CREATE OR REPLACE TABLE loses the rows"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", True, ""),
        ("SOMETHING NEW IN 2030", False, "it leaves no trace"),
    ],
)
def test_what_a_reading_of_the_schema_cannot_decide(
    sql: str, leaves_a_trace: bool, why: str
) -> None:
    found = why_undecidable(sql, leaves_a_trace=leaves_a_trace)

    assert found.startswith(why) if why else found == ""


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("OPTIMIZE TABLE t", True),
        ("ALTER TABLE t FORCE", True),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", False),
        ("CREATE TABLE t (a int)", False),
        ("DROP TABLE t", False),
    ],
)
def test_is_repeatable(sql: str, expected: bool) -> None:
    assert is_repeatable(sql) is expected


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("ALTER TABLE t DISCARD TABLESPACE", "it takes table files"),
        ("ALTER TABLE t IMPORT PARTITION p TABLESPACE", "it takes table files"),
        ("IMPORT TABLE FROM '/tmp/x.sdi'", "it takes table files"),
        ("SELECT a INTO OUTFILE '/tmp/x' FROM t", "it writes a file on the server"),
        ("INSTALL PLUGIN x SONAME 'x.so'", "INSTALL is about the server"),
        ("CREATE USER a", "the schema does not tell whether CREATE USER ran"),
        ("DROP DATABASE other", "the schema does not tell whether DROP DATABASE ran"),
        ("BEGIN NOT ATOMIC SELECT 1; END", "a compound statement is several"),
        ("CREATE USER IF NOT EXISTS a", ""),
        ("DROP USER IF EXISTS a", ""),
        ("CREATE TABLE user (a int)", ""),
        ("ALTER TABLE t ADD COLUMN `import` int", ""),
        ("SELECT a FROM t", ""),
    ],
)
def test_what_is_not_about_a_schema_is_no_step_of_a_file(sql: str, why: str) -> None:
    found = why_not_in_a_file(sql)

    assert found.startswith(why) if why else found == ""


def test_summary_is_short_and_names_the_table() -> None:
    assert summary("ALTER TABLE `blog_post` ADD COLUMN `x` int") == "ALTER TABLE blog_post"
    assert summary("UPDATE `t` SET a = 'secret'") == "UPDATE t"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "DROP TABLE IF EXISTS `a,b`, d.`c` CASCADE",
            ["DROP TABLE IF EXISTS `a,b` CASCADE", "DROP TABLE IF EXISTS d.`c` CASCADE"],
        ),
        ("DROP TABLE a, b", ["DROP TABLE a", "DROP TABLE b"]),
        ("DROP TABLE `a,b`", ["DROP TABLE `a,b`"]),
        ("DROP VIEW a, b", ["DROP VIEW a, b"]),
    ],
)
def test_a_drop_is_taken_apart_by_its_tables(sql: str, found: list[str]) -> None:
    assert list(one_table_each(sql)) == found


def test_a_string_is_taken_apart_where_the_server_would() -> None:
    body = "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.n = 1; END"

    assert list(statements_in("A 'x;y'; -- b;\n /* c; */ B;;")) == ["A 'x;y'", "-- b;\n /* c; */ B"]
    assert list(statements_in(body)) == [body]
    assert why_not_in_a_file("UPDATE t SET n = 1; UPDATE t SET n = 2").startswith("it is several")
    assert why_not_in_a_file(body) == ""


@pytest.mark.parametrize(
    ("sql", "leaves"),
    [
        ("CREATE TABLE t (a int)", True),
        ("ALTER TABLE t ADD a int COMMENT 'no TRIGGER'", True),
        ("DROP TABLE t", True),
        ("INSERT INTO t VALUES (1)", True),
        ("CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a = 1", False),
        ("/*!50003 CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */", False),
        ("DROP PROCEDURE p", False),
        ("CALL makes_triggers()", False),
        ("BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'CREATE EVENT'; END", False),
        ("", False),
    ],
)
def test_what_may_make_a_trigger_is_known(sql: str, leaves: bool) -> None:
    assert leaves_programs(sql) is leaves


LEAVES, MAKES, UNKNOWN = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("sql", "does"),
    [
        ("ALTER TABLE t ADD a int COMMENT 'RENAME'", LEAVES),
        ("/*!50000 ALTER TABLE t ADD a int */", LEAVES),
        ("CREATE UNIQUE INDEX i ON t (a)", LEAVES),
        ("DROP INDEX i ON t", LEAVES),
        ("INSERT INTO t VALUES (1)", LEAVES),
        ("ALTER TABLE t RENAME TO u", MAKES),
        ("ALTER TABLE t CONVERT PARTITION p TO TABLE u", MAKES),
        ("CREATE TABLE `index` (a int)", MAKES),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", MAKES),
        ("DROP VIEW v", MAKES),
        ("RENAME TABLE t TO u", MAKES),
        ("ALTER DATABASE CHARACTER SET utf8mb4", UNKNOWN),
        ("CALL makes_tables()", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_what_may_make_a_table_is_known(sql: str, does: tuple[bool, bool]) -> None:
    assert (leaves_tables(sql), makes_or_drops_tables(sql)) == does


@pytest.mark.parametrize(
    ("sql", "alters"),
    [
        ("ALTER DATABASE shop CHARACTER SET utf8mb4", True),
        ("alter schema COLLATE utf8mb4_bin", True),
        ("ALTER TABLE `database` ADD a int", False),
        ("CREATE DATABASE shop", False),
    ],
)
def test_what_changes_the_default_collation_is_known(sql: str, alters: bool) -> None:
    assert alters_database(sql) is alters


@pytest.mark.parametrize(
    ("sql", "one"),
    [
        ("CREATE TABLE t (a int)", True),
        ("/* why */ ALTER TABLE t ADD a int", True),
        ("/*!50003 CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */", True),
        ("SET STATEMENT lock_wait_timeout = 1 FOR DROP TABLE t", True),
        ("TRUNCATE TABLE t", True),
        ("ANALYZE TABLE t", False),
        ("BEGIN NOT ATOMIC SELECT 1; SELECT 2; END", False),
        ("UPDATE t SET a = 1", False),
        ("CALL p()", False),
        ("", False),
    ],
)
def test_what_gives_one_result_is_known(sql: str, one: bool) -> None:
    assert gives_one_result(sql) is one


@pytest.mark.parametrize(
    ("sql", "holds"),
    [
        ("CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @a = 1", True),
        ("CREATE OR REPLACE DEFINER=`root`@`localhost` PROCEDURE p() SELECT 1", True),
        ("/*!50003 CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1 */", True),
        ("BEGIN NOT ATOMIC SELECT 1; END", True),
        ("CREATE TABLE `trigger` (a int)", False),
        ("DROP TRIGGER a", False),
        ("SHOW CREATE TRIGGER a", False),
    ],
)
def test_what_holds_statements_of_its_own_is_known(sql: str, holds: bool) -> None:
    assert is_program(sql) is holds


@pytest.mark.parametrize(
    ("sql", "function"),
    [
        ("INSERT INTO t VALUES (UUID())", "UUID()"),
        ("INSERT INTO t VALUES (uuid ())", "UUID()"),
        ("UPDATE t SET a = RAND() WHERE b < SYSDATE()", "RAND()"),
        ("INSERT INTO t SELECT SYSDATE(6)", "SYSDATE()"),
        ("DELETE FROM t WHERE a = USER()", "USER()"),
        ("INSERT INTO t VALUES (NOW(6), UTC_TIMESTAMP(), CURRENT_TIMESTAMP)", ""),
        ("INSERT INTO t VALUES (@uuid)", ""),
        ("INSERT INTO t VALUES ('UUID()')", ""),
        ("INSERT INTO t (uuid) VALUES (1)", ""),
        ("UPDATE t SET a = `uuid`", ""),
        ("SET @uuid = UUID()", ""),
        ("CREATE TABLE t (a char(36) DEFAULT (UUID()))", ""),
        ("SELECT UUID()", ""),
    ],
)
def test_what_a_replica_that_gets_the_text_would_do_otherwise(sql: str, function: str) -> None:
    assert differs_on_a_replica(sql) == function
