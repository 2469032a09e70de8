"""Django's text is had again from a statement that was adapted, whatever else stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.history.adapted import Adapted
from nestflux.history.sqlfile import Direction, Section, SqlFile, Statement, parse, render
from nestflux.sql.lexer import quoted

ADD = "ALTER TABLE `shop_post` ADD COLUMN `author_id` bigint NOT NULL"
KEY = "CONSTRAINT `new` FOREIGN KEY (`author_id`) REFERENCES `shop_author`(`id`)"
names = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1)


def test_a_position_stands_before_the_next_clause() -> None:
    made = Adapted(f"{ADD} , ADD {KEY}").with_position("AFTER `id`")
    assert made.sql == f"{ADD} AFTER `id` , ADD {KEY}"
    assert made.comments == ("-- Django's, but for AFTER `id`, where the column was",)


def test_a_key_has_the_name_that_it_had() -> None:
    made = Adapted(f"{ADD} , ADD {KEY}").with_name("new", "old")
    assert made.sql == f"{ADD} , ADD {KEY.replace('new', 'old')}"
    assert made.comments == ("-- Django's, but for the name, which was `old`; Django: `new`",)


@pytest.mark.parametrize("suffix", ["", f" , ADD {KEY}", f" , ADD {KEY}, ALGORITHM=INSTANT"])
@pytest.mark.parametrize(
    "default", ["", " DEFAULT ' AFTER `x`'", " DEFAULT 'CONSTRAINT `new` FOREIGN KEY'"]
)
@given(neighbour=names, old=names)
def test_djangos_text_is_had_again(suffix: str, default: str, neighbour: str, old: str) -> None:
    sql = f"{ADD}{default}{suffix}"
    position = f"AFTER {quoted(neighbour)}"
    made = Adapted(sql, ("-- a reviewer's",)).with_position(position)
    if suffix:
        made = made.with_name("new", old)
    assert made.is_ours_in_part
    assert made.position == position
    assert made.name == (old if suffix else "")
    assert made.as_django_gives_it == Adapted(sql, ("-- a reviewer's",))


def test_a_file_keeps_it() -> None:
    """What is read from a file's text gives Django's text again; what completes is left out."""
    sql, comments = Adapted(ADD).with_position("FIRST")
    ours = Statement(
        "ALTER TABLE `t` DROP KEY `k`", "", ("-- Not Django's, which leaves + index k",)
    )
    section = Section("shop.0001_x", items=(Statement(sql, "instant", comments), ours))
    file = SqlFile("0001_x", Direction.DOWN, "a", "MySQL 9", sections=(section,))

    (read,) = parse(render(file)).sections

    assert read == section
    assert read.without_completion.items == section.items[:1]
    assert read.as_django_gives_it.items == (Statement(ADD, "instant"),)


def test_other_statements_are_as_django_gives_them() -> None:
    statement = Statement(ADD, "", ("-- Django's, but why?",))
    assert not statement.adapted.is_ours_in_part
    assert statement.as_django_gives_it == statement
