"""What is said in Django's own statement of a way back: where a column stood, a key's name."""

from __future__ import annotations

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.migration import Migration

from nestflux.history.adapted import Adapted
from nestflux.history.sqlfile import Section, Statement
from nestflux.recording.adapting import AsInFile, adapted, position_of
from nestflux.recording.capture import Recorder
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import COLUMN, CONSTRAINT, TABLE, ObjectKey

ADD = "ALTER TABLE `post` ADD COLUMN `b` integer NULL"
KEY = "ALTER TABLE `post` ADD CONSTRAINT `new` FOREIGN KEY (`b`) REFERENCES `author` (`id`)"
REFERS = "FOREIGN KEY (`b`) REFERENCES `author` (`id`)"


@pytest.mark.parametrize(
    ("there", "before", "position"),
    [
        ("a c", "a b c", "AFTER `a`"),
        ("b c", "a b c", "FIRST"),  # `a` is added
        ("a", "a b", ""),  # the end
        ("a c d", "a d", ""),  # not of the schema before
        ("a z", "a c b", ""),  # `c` is `z` for a moment, and `b` the last
        ("a z", "a b c", "AFTER `a`"),
        ("z c", "a b c", "AFTER `z`"),  # `a` is `z` for a moment
        ("a x y", "a d e b c", "AFTER `a`"),  # neither neighbour is there
        ("A C", "a b c", "AFTER `A`"),  # names of columns have no case
        ("x y", "a d b e", ""),  # nobody knows
    ],
)
def test_where_a_column_belongs(there: str, before: str, position: str) -> None:
    wanted = before.split()
    column = "a" if position == "FIRST" else "b"
    assert position_of(column, there.split(), wanted) == position


def schema(*columns: str, **keys: str) -> dict[ObjectKey, str]:
    return {
        ObjectKey(TABLE, "post"): "ENGINE=InnoDB",
        **{ObjectKey(COLUMN, name, "post"): "int(11)" for name in columns},
        **{
            ObjectKey(CONSTRAINT, name, "post"): f"CONSTRAINT `{name}` {text}"
            for name, text in keys.items()
        },
    }


def test_a_key_gets_the_name_that_it_had() -> None:
    made = adapted(KEY, schema("a", "b"), schema("a", "b", old=REFERS))
    assert made.sql == KEY.replace("`new`", "`old`")


@pytest.mark.parametrize("held", ["`b` >= 0", "(`b` >= 0)", "((`B` >= 0))"])
def test_a_check_gets_the_name_that_it_had(held: str) -> None:
    """Whatever brackets the server prints around it."""
    sql = "ALTER TABLE `post` ADD CONSTRAINT `new` CHECK (`b` >= 0)"
    made = adapted(sql, schema("b"), schema("b", post_chk_1=f"CHECK ({held})"))
    assert made.sql == sql.replace("`new`", "`post_chk_1`")
    other = schema("b", post_chk_1="CHECK (`b` > 0)", key=REFERS)
    assert adapted(sql, schema("b"), other) == Adapted(sql)


@pytest.mark.parametrize(
    ("there", "before"),
    [
        ({}, {}),  # no such key
        ({}, {"new": REFERS}),  # its own name
        ({}, {"old": REFERS.replace("`b`", "`a`")}),  # another column
        ({}, {"old": REFERS.replace("`id`", "`name`")}),
        ({}, {"old": REFERS.replace("author", "editor")}),
        ({}, {"old": REFERS, "older": REFERS}),  # either
        ({"old": REFERS.replace("`b`", "`a`")}, {"old": REFERS}),  # taken
    ],
)
def test_no_name_is_guessed(there: dict[str, str], before: dict[str, str]) -> None:
    assert adapted(KEY, schema("a", "b", **there), schema("a", "b", **before)) == Adapted(KEY)


@pytest.mark.parametrize("sql", [KEY, ADD])
def test_a_table_that_was_another_is_left(sql: str) -> None:
    assert adapted(sql, schema("a"), {}) == Adapted(sql)
    assert adapted(sql, {}, schema("a")) == Adapted(sql)


def test_names_of_tables_as_the_server_compares_them() -> None:
    sql, there, before = ADD.replace("post", "Post"), schema("a", "c"), schema("a", "b", "c")
    assert adapted(sql, there, before) == Adapted(sql)
    assert adapted(sql, there, before, str.lower).position == "AFTER `a`"


def test_a_recording_is_adapted_as_its_file_is() -> None:
    """Whatever the value of a default: that may be another one each time."""
    both = f"{ADD} , ADD {KEY.split('ADD ')[1]}"
    in_file = Adapted(both).with_position("AFTER `a`").with_name("new", "old")
    adapting = AsInFile(
        Section("blog.0001_x", items=(Statement(in_file.sql, "", in_file.comments),))
    )

    assert adapting(both) == in_file
    other = both.replace("integer NULL", "integer DEFAULT 7 NOT NULL").replace("`new`", "`newer`")
    assert adapting(other).position == "AFTER `a`"
    assert adapting(other).name == "old"
    for sql in (both.replace("post", "page"), both.replace("`b`", "`c`"), "DROP TABLE `post`"):
        assert adapting(sql) == Adapted(sql)


def test_what_the_server_refuses_is_as_django_gives_it(scratch: BaseDatabaseWrapper) -> None:
    """A name may be taken for a moment that no look at the statement's own tables shows."""
    family = "mariadb" if scratch.mysql_is_mariadb else "mysql"  # type: ignore[attr-defined]

    def adapting(sql: str) -> Adapted:
        return Adapted(sql).with_position("AFTER `nowhere`") if "COLUMN" in sql else Adapted(sql)

    recorder = Recorder(scratch, family, adapting=adapting)
    added = "ALTER TABLE `post` ADD COLUMN `b` integer NULL"
    with (
        scratch.execute_wrapper(recorder),
        recorder.migration(Migration("0001_x", "blog"), backwards=True),
        scratch.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE `post` (`a` integer)")
        cursor.execute(added)

    last = recorder.recorded[0].section.steps[-1]
    assert isinstance(last, Statement)
    assert (last.sql, last.comments) == (added, ())
    assert read_schema(scratch).definitions[ObjectKey(COLUMN, "b", "post")]
