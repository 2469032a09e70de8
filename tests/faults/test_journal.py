"""What stands is what the server has committed, by its own word."""

from __future__ import annotations

from nestflux.database.numbers import DEADLOCK
from tests.faults.figures import Case, summed
from tests.faults.journal import Journal
from tests.faults.packets import Answer
from tests.faults.rig import of_files
from tests.faults.walk import made_again

DONE, OPEN = Answer(b""), Answer(b"", in_transaction=True)


def journal_of(*said: tuple[str, Answer]) -> Journal:
    journal = Journal()
    for sql, answer in said:
        journal.comes(0, sql)
        journal.answered(0, sql, answer)
    return journal


def test_only_the_first_connection_is_counted() -> None:
    journal = Journal()

    counted = [journal.comes(connection, "SELECT 1") for connection in (0, 1, 0, 2)]

    assert counted == [1, 0, 2, 0]
    assert [command.at for command in journal.commands] == [1, 2]


def test_a_transaction_stands_with_its_commit() -> None:
    journal = journal_of(("SET autocommit=0", DONE), ("UPDATE a", OPEN))
    before = list(journal.stands)

    journal.answered(0, "COMMIT", DONE)

    assert before == ["SET autocommit=0"]
    assert journal.stands == ["SET autocommit=0", "UPDATE a", "COMMIT"]


def test_what_was_rolled_back_or_refused_does_not_stand() -> None:
    journal = journal_of(
        ("UPDATE a", OPEN),
        ("ROLLBACK", DONE),
        ("ALTER TABLE a", Answer(b"", error=1060)),
        ("UPDATE b", OPEN),
        ("UPDATE c", Answer(b"", error=DEADLOCK)),
        ("COMMIT", DONE),
    )

    assert journal.stands == ["COMMIT"]


def test_a_statement_that_commits_by_itself_takes_along_what_was_open() -> None:
    journal = journal_of(("UPDATE a", OPEN), ("ALTER TABLE b", DONE), ("ROLLBACK", DONE))

    assert journal.stands == ["UPDATE a", "ALTER TABLE b"]


def test_ledger_writes_and_what_a_dropped_load_had_made_are_no_statements_of_files() -> None:
    found = of_files(
        [
            "CREATE TABLE `shop_lost` (id int)",
            "DROP TABLE IF EXISTS `shop_lost`",
            "CREATE TABLE `shop_kept` (id int)",
            "INSERT INTO nestflux_statement (`sql`) VALUES ('ALTER TABLE shop_kept')",
            "UPDATE `shop_kept` SET id = 1",
            "SELECT * FROM shop_kept",
        ]
    )

    assert found == ["CREATE TABLE `shop_kept` (id int)", "UPDATE `shop_kept` SET id = 1"]


def test_cases_are_summed_up_by_kind_and_a_bad_one_is_reported() -> None:
    good = Case("mysql", "forward", "client killed", "after", at=3, sql="COMMIT", hands=1)
    bad = Case("mysql", "forward", "client killed", "after", at=4, sql="X", wrong="it did not end")
    twice = Case("mysql", "fresh", "client killed", "after", at=5, sql="Y", twice=("INSERT",))

    first, second = summed([good, bad, twice])

    assert (first.injected, first.converged, first.hands, first.twice) == (2, 1, 1, 0)
    assert (second.injected, second.converged, second.twice) == (1, 1, 1)
    assert good.is_good
    assert "command 4 (X): it did not end" in str(bad)
    assert "ran twice: INSERT" in str(twice)


def test_a_key_that_was_lost_and_made_again_is_no_statement_that_ran_twice() -> None:
    add = "ALTER TABLE `shop_line` ADD CONSTRAINT `{}` FOREIGN KEY (`a`) REFERENCES `b` (`id`)"
    ran = [add.format("one"), add.format("one"), add.format("two"), "UPDATE shop_line SET a = 1"]

    assert made_again([("shop_line", "one")], ran) == {ran[0]: 1}
    assert made_again([("shop_line", "three"), ("shop_item", "two")], ran) == {}
