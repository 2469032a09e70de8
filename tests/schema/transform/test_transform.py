"""From two readings to statements, without a server."""

from __future__ import annotations

import pytest

from nestflux.schema.diff import Definitions
from nestflux.schema.objects import ORDER, ObjectKey
from nestflux.schema.printed_table import table_parts
from nestflux.schema.transform.changes import Change, Transformation
from nestflux.schema.transform.tables import names_in
from nestflux.schema.transform.transform import transform

PARENT = "CREATE TABLE `p` (`id` {} NOT NULL, `n` int, PRIMARY KEY (`id`)) ENGINE=InnoDB"
CHILD = (
    "CREATE TABLE `c` (`id` int NOT NULL, `p_id` {}, `note` varchar({}), PRIMARY KEY (`id`), "
    "KEY `k` (`p_id`), CONSTRAINT `f` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)) ENGINE=InnoDB"
)


def schema(*tables: str) -> Definitions:
    """A schema of CREATE TABLEs, as the reader gives it."""
    definitions: dict[ObjectKey, str] = {}
    for text in tables:
        name = names_in(text)[0]
        columns, others, options = table_parts(text)
        definitions |= {ObjectKey("table", name): options}
        definitions |= {ObjectKey(ORDER, table=name): ", ".join(columns)}
        definitions |= {ObjectKey("column", each, name): text for each, text in columns.items()}
        definitions |= {ObjectKey(*label, name): definition for label, definition in others.items()}
    return definitions


def planned(
    after: Definitions, before: Definitions, known: set[str] | None = None
) -> Transformation:
    return transform(
        before,
        after,
        collation="utf8mb4_0900_ai_ci",
        family="mysql",
        known={ObjectKey.parse(text) for text in known or ()},
    )


def statements(changes: tuple[Change, ...]) -> list[str]:
    return [change.sql for change in changes]


def the_only(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def test_a_foreign_key_over_a_losing_change_alone_is_commented_out_with_it() -> None:
    found = planned(
        schema(PARENT.format("int"), CHILD.format("int", 9)),
        schema(PARENT.format("bigint"), CHILD.format("bigint", 9)),
    )

    assert found.safe == ()
    assert [str(change.key) for change in found.risky] == [
        "drop table c / constraint f",
        "table p / column id",
        "table c / column p_id",
        "add table c / constraint f",
    ]


def test_a_foreign_key_over_a_safe_change_is_run_with_it() -> None:
    found = planned(
        schema(PARENT.format("bigint"), CHILD.format("bigint", 9)),
        schema(PARENT.format("int"), CHILD.format("int", 20)),
    )

    assert statements(found.safe) == [
        "ALTER TABLE `c` DROP FOREIGN KEY `f`",
        "ALTER TABLE `p` MODIFY `id` bigint NOT NULL",
        "ALTER TABLE `c` MODIFY `p_id` bigint",
        "ALTER TABLE `c` ADD CONSTRAINT `f` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)",
    ]
    assert statements(found.risky) == ["ALTER TABLE `c` MODIFY `note` varchar(9)"]


def test_a_foreign_key_stays_where_a_column_keeps_its_type() -> None:
    live = schema(PARENT.format("int"), CHILD.format("int COMMENT 'x'", 9))

    found = planned(schema(PARENT.format("int"), CHILD.format("int", 9)), live)

    assert statements(found.changes) == ["ALTER TABLE `c` MODIFY `p_id` int"]


def test_a_missing_foreign_key_may_meet_orphans_but_not_in_a_column_that_is_new() -> None:
    wanted = schema(PARENT.format("int"), CHILD.format("int", 9))
    parts = ", CONSTRAINT `f` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)"
    without_key = CHILD.format("int", 9).replace(parts, "")
    without_column = without_key.replace("`p_id` int, ", "").replace(", KEY `k` (`p_id`)", "")

    of_rows = planned(wanted, schema(PARENT.format("int"), without_key))
    of_none = planned(wanted, schema(PARENT.format("int"), without_column))

    risk = the_only(of_rows.changes).risk
    assert risk
    assert risk.kind == "may fail"
    assert risk.queries == (
        "SELECT COUNT(*) FROM `c` c WHERE c.`p_id` IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM `p` p WHERE p.`id` = c.`p_id`)",
    )
    assert of_none.risky == ()
    assert statements(of_none.safe)[0] == "ALTER TABLE `c` ADD COLUMN `p_id` int AFTER `id`"


@pytest.mark.parametrize(
    ("definition", "runs"),
    [
        ("int COMMENT 'by DEFAULT'", True),
        ("int DEFAULT NULL", True),
        ("int DEFAULT 5", False),
        ("int GENERATED ALWAYS AS (`id`) STORED", False),
    ],
)
def test_a_foreign_key_of_a_new_column_meets_no_orphans_where_it_is_null(
    definition: str, runs: bool
) -> None:
    key = ", CONSTRAINT `f` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)"
    child = CHILD.format(definition, 9)
    live = child.replace(key, "").replace(f"`p_id` {definition}, ", "")

    found = planned(
        schema(PARENT.format("int"), child),
        schema(PARENT.format("int"), live.replace(", KEY `k` (`p_id`)", "")),
    )

    commented = [] if runs else ["add table c / constraint f"]
    assert [str(change.key) for change in found.risky] == commented


def test_tables_that_a_later_file_makes_are_dropped_last_without_their_foreign_keys() -> None:
    wanted = schema("CREATE TABLE `kept` (`id` int) ENGINE=InnoDB")
    live = schema(
        "CREATE TABLE `kept` (`id` int) ENGINE=InnoDB",
        PARENT.format("int"),
        CHILD.format("int", 9),
    )

    found = planned(wanted, live, {"table p", "table c"})
    nobodys = planned(wanted, live)

    assert found.safe == ()
    assert statements(found.risky) == [
        "ALTER TABLE `c` DROP FOREIGN KEY `f`",
        "DROP TABLE `p`",
        "DROP TABLE `c`",
    ]
    assert nobodys.changes == ()


def test_a_rename_is_never_guessed() -> None:
    table = "CREATE TABLE `t` (`id` int, {} {}) ENGINE=InnoDB"
    wanted = schema(table.format("`new`", "varchar(9) NOT NULL"))

    alike = planned(wanted, schema(table.format("`old`", "varchar(9) NOT NULL")))
    unlike = planned(wanted, schema(table.format("`old`", "varchar(8) NOT NULL")))

    assert alike.safe == ()
    rename = "if it was renamed: ALTER TABLE `t` RENAME COLUMN `old` TO `new`;"
    assert rename in alike.risky[0].remarks
    assert [change.risk and change.risk.kind for change in alike.risky] == [
        "undecided",
        "loses data",
    ]
    assert statements(unlike.safe) == [
        "ALTER TABLE `t` ADD COLUMN `new` varchar(9) NOT NULL AFTER `id`"
    ]
    assert unlike.safe[0].remarks == ("rows that are there get ''",)


def test_a_collation_under_which_values_may_become_equal_may_fail() -> None:
    table = (
        "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET utf8mb4 COLLATE {}, `b` int, "
        "{} KEY `k` (`a`,`b`)) ENGINE=InnoDB"
    )

    plain = planned(
        schema(table.format("utf8mb4_general_ci", "")), schema(table.format("utf8mb4_bin", ""))
    )
    unique = planned(
        schema(table.format("utf8mb4_general_ci", "UNIQUE")),
        schema(table.format("utf8mb4_bin", "UNIQUE")),
    )

    assert plain.risky == ()
    risk = the_only(unique.changes).risk
    assert risk
    assert risk.kind == "may fail"
    assert "COLLATE utf8mb4_general_ci" in risk.queries[0]


def test_a_unique_index_that_another_one_vouches_for_is_run() -> None:
    table = "CREATE TABLE `t` (`a` int, `b` int, {}) ENGINE=InnoDB"
    live = schema(table.format("UNIQUE KEY `one` (`a`)"))

    wider = planned(schema(table.format("UNIQUE KEY `two` (`a`,`b`)")), live)
    other = planned(schema(table.format("UNIQUE KEY `two` (`b`)")), live)

    assert statements(wider.safe) == [
        "ALTER TABLE `t`\n  DROP INDEX `one`,\n  ADD UNIQUE KEY `two` (`a`,`b`)"
    ]
    assert statements(other.safe) == ["ALTER TABLE `t` DROP INDEX `one`"]
    assert statements(other.risky) == ["ALTER TABLE `t` ADD UNIQUE KEY `two` (`b`)"]


def test_a_text_column_says_its_character_set_where_the_table_has_another() -> None:
    table = "CREATE TABLE `t` ({}) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci"

    found = planned(
        schema(table.format("`id` int, `a` varchar(9)")), schema(table.format("`id` int"))
    )

    assert statements(found.safe) == [
        "ALTER TABLE `t` ADD COLUMN `a` varchar(9) CHARACTER SET utf8mb4 "
        "COLLATE utf8mb4_0900_ai_ci AFTER `id`"
    ]


def test_options_that_no_statement_makes_unsaid_are_left_to_a_person() -> None:
    plain = schema("CREATE TABLE `t` (`id` int) ENGINE=InnoDB")
    odd = schema(
        "CREATE TABLE `t` (`id` int) ENGINE=InnoDB COMMENT='x' COMPRESSION='zlib' "
        "/*!50100 PARTITION BY HASH (`id`) */"
    )

    found = planned(plain, odd)

    assert statements(found.safe) == ["ALTER TABLE `t` COMMENT=''"]
    assert sorted(each.what for each in found.by_hand) == [
        "partitions, which the history has as: none",
        "the option COMPRESSION, which the history does not state",
    ]


def test_an_index_goes_with_the_unique_one_that_serves_its_foreign_key() -> None:
    child = CHILD.format("int", 9)
    unique = child.replace("KEY `k` (`p_id`)", "UNIQUE KEY `u` (`p_id`)")

    found = planned(schema(PARENT.format("int"), unique), schema(PARENT.format("int"), child))

    change = the_only(found.risky)
    assert change.sql == "ALTER TABLE `c`\n  DROP INDEX `k`,\n  ADD UNIQUE KEY `u` (`p_id`)"
    assert found.safe == ()


def test_a_column_that_counts_goes_with_its_key_and_comes_with_it() -> None:
    plain = schema("CREATE TABLE `t` (`a` int NOT NULL, PRIMARY KEY (`a`)) ENGINE=InnoDB")
    counting = schema(
        "CREATE TABLE `t` (`n` int NOT NULL AUTO_INCREMENT, `a` int NOT NULL, PRIMARY KEY (`a`), "
        "UNIQUE KEY `k` (`n`)) ENGINE=InnoDB"
    )

    goes, comes = planned(plain, counting), planned(counting, plain)

    assert the_only(goes.risky).sql == "ALTER TABLE `t`\n  DROP INDEX `k`,\n  DROP COLUMN `n`"
    assert goes.safe == ()
    assert the_only(comes.changes).is_safe
    assert the_only(comes.changes).sql == (
        "ALTER TABLE `t`\n  ADD COLUMN `n` int NOT NULL AUTO_INCREMENT FIRST,\n"
        "  ADD UNIQUE KEY `k` (`n`)"
    )


def test_the_index_of_a_foreign_key_is_left_to_it_unless_it_is_there() -> None:
    """One that the server makes for a key gives way to others later; one that is stated stays."""
    parent, child = PARENT.format("int"), CHILD.format("int", 9).replace("`k`", "`f`")
    wanted = schema(parent, child)
    without_key = child.replace(", CONSTRAINT `f` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)", "")

    both = planned(wanted, schema(parent, without_key.replace("KEY `f` (`p_id`), ", "")))
    index_is_there = planned(wanted, schema(parent, without_key))
    other_name = planned(wanted, schema(parent, without_key.replace("KEY `f`", "KEY `g`")))

    add = "ALTER TABLE `c` ADD CONSTRAINT `f` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)"
    assert statements(both.changes) == [add]
    assert ObjectKey("index", "f", "c") in the_only(both.changes).settles
    assert statements(index_is_there.changes) == [add]
    assert statements(other_name.changes) == ["ALTER TABLE `c` RENAME INDEX `g` TO `f`", add]


def test_a_check_of_another_name_is_the_same_and_of_another_case_too() -> None:
    table = "CREATE TABLE `t` (`A` int, CONSTRAINT `{}` CHECK ((`{}` > 0))) ENGINE=InnoDB"
    wanted = schema(table.format("one", "A"))

    renamed = planned(wanted, schema(table.format("other", "A")))
    recased = planned(wanted, schema(table.format("one", "a")))

    assert statements(renamed.safe) == [
        "ALTER TABLE `t` DROP CHECK `other`",
        "ALTER TABLE `t` ADD CONSTRAINT `one` CHECK ((`A` > 0))",
    ]
    assert recased.changes == ()
