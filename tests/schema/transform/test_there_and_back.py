"""A schema on a server becomes another one, and the first again, by the statements alone."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import read_schema
from nestflux.schema.transform.transform import transform

OLD = (
    "CREATE TABLE maker (id int AUTO_INCREMENT PRIMARY KEY, code varchar(9), UNIQUE KEY c (code))",
    "CREATE TABLE product (id int PRIMARY KEY, maker_id int, name varchar(40) NOT NULL, n int,"
    " KEY by_name (name), CONSTRAINT few CHECK (n < 9),"
    " CONSTRAINT of_maker FOREIGN KEY (maker_id) REFERENCES maker (id)) COMMENT='what is sold'",
    "CREATE TABLE label (id int PRIMARY KEY, product_id int, text varchar(9),"
    " CONSTRAINT of_product FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE)"
    " DEFAULT CHARSET=latin1",
    "CREATE VIEW cheap AS SELECT id, name FROM product",
    "CREATE VIEW cheapest AS SELECT id FROM cheap",
    "CREATE TRIGGER step BEFORE INSERT ON product FOR EACH ROW SET NEW.n = 1",
)
NEW = (
    "CREATE TABLE maker (id bigint AUTO_INCREMENT PRIMARY KEY, Code varchar(20), KEY d (Code))",
    "CREATE TABLE product (id int PRIMARY KEY, maker_id bigint, name varchar(40) NOT NULL, n int,"
    " doubled int AS (n * 2) VIRTUAL, UNIQUE KEY other_name (name),"
    " CONSTRAINT fewer CHECK (n < 5),"
    " CONSTRAINT of_maker FOREIGN KEY (maker_id) REFERENCES maker (id))",
    "CREATE TABLE price (product_id int NOT NULL, day date NOT NULL, PRIMARY KEY (product_id, day),"
    " CONSTRAINT of_price FOREIGN KEY (product_id) REFERENCES product (id))",
    "CREATE TABLE cheap (id int)",
    "CREATE PROCEDURE count_them() SELECT COUNT(*) FROM product",
)


def run(connection: BaseDatabaseWrapper, *statements: str) -> Definitions:
    """Run statements, and read the schema that they leave."""
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
    return read_schema(connection).definitions


def becomes(
    connection: BaseDatabaseWrapper, before: Definitions, after: Definitions, family: str
) -> Delta:
    """Run every statement of a transformation; what is left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@collation_database")
        collation = cursor.fetchone()[0]
    found = transform(before, after, collation=collation, family=family)
    assert found.by_hand == ()
    left = run(connection, *(change.sql for change in found.changes))
    return Delta.between(left, after)


def test_there_and_back(scratch: BaseDatabaseWrapper, family: str) -> None:
    empty = run(scratch)
    old = run(scratch, *OLD)
    cleared = becomes(scratch, old, empty, family)
    new = run(scratch, *NEW)

    back = becomes(scratch, new, old, family)
    there = becomes(scratch, old, new, family)

    assert (cleared, back, there) == (Delta(), Delta(), Delta())


def test_a_schema_is_what_it_is_already(scratch: BaseDatabaseWrapper, family: str) -> None:
    old = run(scratch, *OLD)

    assert transform(old, old, collation="utf8mb4_bin", family=family).changes == ()
