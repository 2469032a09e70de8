"""Names of tables on a server that compares them without case."""

from __future__ import annotations

import pytest

from nestflux.schema.names import TableNames


@pytest.fixture
def names() -> TableNames:
    """Of a server with ``lower_case_table_names`` 1 or 2, whose tables have capitals."""
    found = TableNames(fold=True)
    found.learn(["CREATE TABLE `Shop_Item` (id int)", "CREATE VIEW Shown AS SELECT 1"])
    return found


def test_a_name_is_written_as_the_statement_that_made_the_table_writes_it(
    names: TableNames,
) -> None:
    assert names.written("shop_item") == "Shop_Item"
    assert names.written("SHOP_ITEM") == "Shop_Item"
    assert names.written("another") == "another"


def test_two_names_that_differ_in_their_case_are_one_table(names: TableNames) -> None:
    assert names.key("Shop_Item") == names.key("shop_item")
    assert names.asked_for(["Shop_Item"]) == ["Shop_Item", "shop_item"]


def test_the_last_statement_that_gives_a_name_counts(names: TableNames) -> None:
    names.learn(["RENAME TABLE `Shop_Item` TO `SHOP_ITEM`"])

    assert names.written("shop_item") == "SHOP_ITEM"


def test_what_ran_counts_more_than_what_is_looked_up_later(names: TableNames) -> None:
    names.learn_later(lambda: ["CREATE TABLE SHOP_ITEM (id int)", "CREATE TABLE Note (id int)"])
    names.learn_later(lambda: ["CREATE TABLE NOTE (id int)"])

    assert names.written("shop_item") == "Shop_Item"
    assert names.written("note") == "Note"


def test_a_server_that_compares_letters_shows_names_as_they_are() -> None:
    names = TableNames(fold=False)
    names.learn_later(lambda: pytest.fail("nobody needs it"))
    names.learn(["CREATE TABLE Item (id int)"])

    assert names.written("item") == "item"
    assert names.key("Item") != names.key("item")
    assert names.asked_for(["Item"]) == ["Item"]
    assert names.in_table("REFERENCES `item` (`id`)") == "REFERENCES `item` (`id`)"


def test_foreign_keys_write_the_tables_that_they_refer_to(names: TableNames) -> None:
    printed = (
        "CREATE TABLE `note` (`shop_item` int, CONSTRAINT `shop_item` FOREIGN KEY (`shop_item`) "
        "REFERENCES `shop_item` (`shop_item`), CHECK (`shop_item` <> 'REFERENCES `shop_item`'))"
    )

    assert names.in_table(printed) == printed.replace(
        "REFERENCES `shop_item` (", "REFERENCES `Shop_Item` ("
    )


def test_a_view_writes_itself_and_what_it_reads(names: TableNames) -> None:
    printed = (
        "CREATE VIEW `shown` AS select `shop_item`.`id` AS `shop_item` from (`shop_item` join "
        "`other` `o` on((`o`.`id` = `shop_item`.`shop_item`)))"
    )

    assert names.in_view(printed) == (
        "CREATE VIEW `Shown` AS select `Shop_Item`.`id` AS `shop_item` from (`Shop_Item` join "
        "`other` `o` on((`o`.`id` = `Shop_Item`.`shop_item`)))"
    )


def test_a_trigger_writes_its_table_and_its_body_stays(names: TableNames) -> None:
    printed = "CREATE TRIGGER `t` BEFORE INSERT ON `shop_item` FOR EACH ROW SET @x = shop_item.id"

    assert names.in_trigger(printed) == printed.replace("ON `shop_item`", "ON `Shop_Item`")


def test_a_reading_writes_a_name_as_who_reads_does(names: TableNames) -> None:
    names.learn(["RENAME TABLE `Shop_Item` TO shop_item"])

    assert names.written("shop_item") == "shop_item"
    assert names.in_a_reading_of(["Shop_Item"]).written("shop_item") == "Shop_Item"
    assert names.in_a_reading_of(["SHOP_ITEM", "shop_item"]).written("shop_item") == "shop_item"
    assert names.in_a_reading_of([]).written("shop_item") == "shop_item"
