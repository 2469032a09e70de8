"""Which differences between two lists of statements can make no row another."""

from __future__ import annotations

import pytest

from nestflux.recording.effects import Effect, effect_by_text

ADD = "ALTER TABLE `t` ADD COLUMN `c` varchar(9) COMMENT 'x' DEFAULT 'a' NOT NULL"
DROP_DEFAULT = "ALTER TABLE `t` ALTER COLUMN `c` DROP DEFAULT"
UPDATE = "UPDATE `t` SET `c` = 'b'"
CREATE = "CREATE TABLE `t` (`a` int NOT NULL, `b` int NOT NULL)"
KEY = "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `o` (`id`)"
STEP = "python step shop.0002_fill/1"

SAME = {
    "a comment elsewhere": (
        [ADD, DROP_DEFAULT],
        [
            "ALTER TABLE `t` ADD COLUMN `c` varchar(9) DEFAULT 'a' NOT NULL COMMENT 'x'",
            DROP_DEFAULT,
        ],
    ),
    "words in lower case": ([ADD], [ADD.replace("NOT NULL", "not null")]),
    "a key of a new table by itself": (
        [f"{CREATE[:-1]}, CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `o` (`id`))"],
        [CREATE, KEY],
    ),
    "a key of an old table by itself": (
        [f"{ADD}, ADD CONSTRAINT `k` FOREIGN KEY (`c`) REFERENCES `o` (`id`)"],
        [ADD, "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`c`) REFERENCES `o` (`id`)"],
    ),
    "an index by another statement": (
        ["CREATE INDEX `i` ON `t` (`a`)"],
        ["ALTER TABLE `t` ADD INDEX `i` (`a`)"],
    ),
    "two clauses as two statements": (
        ["ALTER TABLE `t` DROP COLUMN `a`, DROP COLUMN `b`"],
        ["ALTER TABLE `t` DROP COLUMN `b`", "ALTER TABLE `t` DROP COLUMN `a`"],
    ),
}
OTHER = {
    "another default for the rows there are": ([ADD], [ADD.replace("'a'", "'b'")]),
    "a renamed column dropped and made": (
        ["ALTER TABLE `t` RENAME COLUMN `a` TO `b`"],
        ["ALTER TABLE `t` DROP COLUMN `a`", "ALTER TABLE `t` ADD COLUMN `b` int"],
    ),
    "names exchanged": (
        ["ALTER TABLE `t` RENAME COLUMN `a` TO `c`, RENAME COLUMN `b` TO `d`"],
        ["ALTER TABLE `t` RENAME COLUMN `a` TO `d`, RENAME COLUMN `b` TO `c`"],
    ),
    "tables' names exchanged": (
        ["RENAME TABLE `a` TO `c`, `b` TO `d`"],
        ["RENAME TABLE `a` TO `d`, `b` TO `c`"],
    ),
    "other data": ([ADD, UPDATE], [ADD, UPDATE.replace("'b'", "'c'")]),
    "data that is gone": ([ADD, UPDATE], [ADD]),
    "data before the column that it fills": ([ADD, UPDATE], [UPDATE, ADD]),
    "data in another order": ([UPDATE, "DELETE FROM `t`"], ["DELETE FROM `t`", UPDATE]),
    "a Python step that is gone": ([ADD, STEP], [ADD]),
    "a Python step before what it may look at": ([ADD, STEP], [STEP, ADD]),
    "rows that a new table gets another way": (
        [CREATE, "INSERT INTO `t` SELECT 1, 2", "ALTER TABLE `t` ADD COLUMN `c` int DEFAULT 1"],
        [CREATE, "INSERT INTO `t` SELECT 1, 2", "ALTER TABLE `t` ADD COLUMN `c` int DEFAULT 2"],
    ),
    "a table that is emptied": ([ADD, "TRUNCATE TABLE `t`"], [ADD]),
    "a table that is made of another": (
        ["CREATE TABLE `t` AS SELECT * FROM `a`"],
        ["CREATE TABLE `t` AS SELECT * FROM `b`"],
    ),
}


@pytest.mark.parametrize(("in_file", "now"), SAME.values(), ids=SAME)
def test_other_text_of_the_same_effect(in_file: list[str], now: list[str]) -> None:
    assert effect_by_text(in_file, now) is Effect.SAME
    assert effect_by_text(now, in_file) is Effect.SAME


@pytest.mark.parametrize(("in_file", "now"), OTHER.values(), ids=OTHER)
def test_another_effect_on_rows(in_file: list[str], now: list[str]) -> None:
    assert effect_by_text(in_file, now) is Effect.OTHER
    assert effect_by_text(now, in_file) is Effect.OTHER


def test_the_same_statements() -> None:
    other = "ALTER TABLE `s` ADD COLUMN `c` int"

    assert effect_by_text([ADD, other, UPDATE], [ADD, other, UPDATE]) is Effect.TEXT
    assert effect_by_text([ADD, other, UPDATE], [other, ADD, UPDATE]) is Effect.ORDER
    assert effect_by_text([ADD, other, UPDATE], [ADD, UPDATE, other]) is Effect.ORDER
    assert effect_by_text([ADD, other, STEP], [other, ADD, STEP]) is Effect.ORDER
