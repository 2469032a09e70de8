"""Rows byte for byte: what is read, written as INSERTs, is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nestflux.database.session import PINNED, pin
from nestflux.schema.rows import insert_statements, read_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = """
CREATE TABLE `a ``table` (
  id int PRIMARY KEY, text_ longtext, old varchar(20) CHARACTER SET latin1,
  raw_ varbinary(20), fixed binary(4), blob_ longblob, bits bit(12), data json,
  amount decimal(30,10), small float, large double, big bigint unsigned,
  day date, moment datetime(6), stamp timestamp(6) NULL, span time(6), year_ year,
  kind enum('a,b','it''s'), flags set('x','y'), place point,
  doubled int AS (id * 2) STORED, tripled int AS (id * 3) VIRTUAL
)"""
ROW = r"""
INSERT INTO `a ``table` (id, text_, old, raw_, fixed, blob_, bits, data, amount, small, large, big,
  day, moment, stamp, span, year_, kind, flags, place) VALUES
(1, 'it''s \\ "x" \n \0 é 🎈', 'caf\xe9', X'00ff27', X'01', X'fffe00', b'101010101010',
  '{"a": "é\\n", "b": [1.5]}', 12345678901234567890.0123456789, 16777217, 0.1, 18446744073709551615,
  '0000-00-00', '0000-00-00 00:00:00', NULL, '-838:59:59', 0, 'it''s', 'x,y',
  ST_GeomFromText('POINT(1 2)')),
(2, '', NULL, X'', NULL, '', b'0', NULL, -0.5, 1.1, 1.7976931348623157e308, 0,
  '2024-02-29', '2024-02-29 23:59:59.999999', '2024-02-29 12:00:00.5', '00:00:00.000001', 2155,
  'a,b', '', NULL),
(3, REPEAT('x', 3000000), '', REPEAT(X'00', 20), X'ffffffff', NULL, NULL, 'null', NULL, -3.4e38,
  2.2250738585072014e-308, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
"""


@pytest.fixture
def table(scratch: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    pin(scratch, (*PINNED, "SET sql_mode = ''"))
    with scratch.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute(ROW.replace(r"\xe9", "é"))
    return scratch


def test_inserts_give_the_same_rows_back(table: BaseDatabaseWrapper) -> None:
    found = read_rows(table)["a `table"]

    with table.cursor() as cursor:
        cursor.execute("DELETE FROM `a ``table`")
        assert read_rows(table) == {}
        for sql in insert_statements(found, batch=2):
            cursor.execute(sql)
        again = read_rows(table)["a `table"]
        cursor.execute("SELECT COUNT(*) FROM `a ``table` WHERE small = 16777216 OR id > 1")
        assert cursor.fetchone() == (3,)

    assert again == found


def test_how_values_are_read(table: BaseDatabaseWrapper) -> None:
    found = read_rows(table)["a `table"]
    names = [column.name for column in found.columns]
    first = dict(zip(names, found.rows[0], strict=True))

    assert "doubled" not in names
    assert "tripled" not in names
    assert first["text_"] == r"""'it''s \\ "x" \n \0 é 🎈'"""
    assert first["old"] == "'café'"
    assert first["raw_"] == "X'00ff27'"
    assert first["fixed"] == "X'01000000'"
    assert first["bits"] == "X'0aaa'"
    assert first["day"] == "'0000-00-00'"
    assert first["big"] == "18446744073709551615"
    assert first["amount"] == "12345678901234567890.0123456789"
    assert first["stamp"] == "NULL"


def test_rows_are_in_the_order_of_the_key_and_keys_are_known(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE p (b int, a int, PRIMARY KEY (a, b), u int UNIQUE)")
        cursor.execute("CREATE TABLE c (x int, FOREIGN KEY (x) REFERENCES p (u))")
        cursor.execute("INSERT INTO p VALUES (2, 1, 5), (1, 2, 4), (1, 1, 3)")
        cursor.execute("CREATE TABLE nothing (x int)")

    found = read_rows(scratch)

    assert list(found) == ["p"]
    assert [row[:2] for row in found["p"].rows] == [("1", "1"), ("1", "2"), ("2", "1")]
    described = {c.name: (c.in_key, c.unique, c.referenced) for c in found["p"].columns}
    assert described == {
        "b": (True, False, False),
        "a": (True, False, False),
        "u": (False, True, True),
    }


def test_keys_and_references_are_read_with_the_rows(scratch: BaseDatabaseWrapper) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE p (id int AUTO_INCREMENT PRIMARY KEY, slug varchar(9) UNIQUE)")
        cursor.execute(
            "CREATE TABLE c (a int, b varchar(99), p int, UNIQUE two (p, a), UNIQUE part (b(9)), "
            "KEY many (a), FOREIGN KEY (p) REFERENCES p (id))"
        )
        cursor.execute("INSERT INTO p VALUES (1, 'one')")
        cursor.execute("INSERT INTO c VALUES (1, 'x', 1)")

    found = read_rows(scratch)

    assert found["p"].keys == (("id",), ("slug",))
    assert [c.name for c in found["p"].columns if c.counted] == ["id"]
    assert found["c"].keys == (("p", "a"),)  # a prefix tells no rows apart
    assert found["c"].references == (("p", ("p", "id")),)
