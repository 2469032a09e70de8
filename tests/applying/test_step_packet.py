"""A packet of one step: what stands, by the place at which it stopped."""

from __future__ import annotations

from nestflux.applying.run.step_packet import Part, StepPacket, commits, transaction

LEDGER = transaction(["UPDATE a", "UPDATE b"], "SET guard")


def test_a_commit_of_the_ledger_is_guarded_before_it_stands() -> None:
    assert LEDGER == ("START TRANSACTION", "UPDATE a", "UPDATE b", "SET guard", "COMMIT")


def test_one_by_one_the_last_write_is_the_one_that_asks_for_the_lock() -> None:
    found = commits(["INSERT a", "UPDATE b WHERE c"], "held")

    assert found == ("INSERT a", "UPDATE b WHERE c AND held")


def test_a_place_belongs_to_what_stands_there() -> None:
    behind = ("SHOW a", "SHOW b")
    packet = StepPacket(LEDGER, ("SET a",), "ALTER", behind=behind, asks_warnings=True)

    parts = [packet.part(at) for at in range(len(packet.statements))]

    assert parts == [*[Part.LEDGER] * 5, Part.SESSION, Part.STATEMENT, *[Part.BEHIND] * 3]
    assert [at for at in range(10) if packet.commits(at)] == [4]
    assert [at for at in range(10) if packet.is_warning(at)] == [7]


def test_a_packet_without_a_ledger_commits_nothing_and_without_warnings_shows_none() -> None:
    packet = StepPacket((), (), "ALTER", behind=("SHOW a",))

    assert packet.statements == ("ALTER", "SHOW a")
    assert not any(packet.commits(at) or packet.is_warning(at) for at in range(2))


def test_a_data_statement_and_its_row_are_one_transaction() -> None:
    closing = ("UPDATE row", "SET guard")
    packet = StepPacket(LEDGER, ("SET a",), "UPDATE t", closing=closing, behind=("SHOW a",))

    own = packet.statements[len(LEDGER) + 1 : -1]
    parts = [packet.part(at) for at in range(len(packet.statements))]

    assert own[0] == "START TRANSACTION"
    assert own[2] == packet.statements[packet.place] == "UPDATE t"
    assert own[-3:] == ("UPDATE row", "SET guard", "COMMIT")
    assert parts[5:] == [*[Part.SESSION] * 3, Part.STATEMENT, *[Part.CLOSING] * 4, Part.BEHIND]
