"""Several statements in one packet: which one was answered, and which one failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from django.db.utils import Error
from hypothesis import given
from hypothesis import strategies as st

from nestflux.database.errors import number_of
from nestflux.database.several import Answer, Packets, Stopped, packed, packets_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TRIGGER = "CREATE TRIGGER t_of_a BEFORE INSERT ON a FOR EACH ROW SET NEW.n = 7"


def packets_sent(connection: BaseDatabaseWrapper) -> list[str]:
    """A list that gets the text of each packet from now on."""
    connection.ensure_connection()
    sent: list[str] = []

    def hear(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    cast("Any", connection).execute_wrappers.append(hear)
    return sent


@given(st.lists(st.text("ab;é", max_size=30)), st.integers(0, 100))
def test_every_statement_is_sent_once_in_its_order_and_no_packet_is_too_long(
    statements: list[str], bound: int
) -> None:
    found = list(packed(statements, bound))

    assert [sql for packet in found for sql in packet] == statements
    assert all(packet for packet in found)
    for packet in found:
        assert len(packet) == 1 or len("\n;\n".join(packet).encode()) <= bound


def test_a_program_ends_its_packet() -> None:
    assert list(packed(["DO 1", TRIGGER, "DO 2", "DO 3"], 1000)) == [
        ["DO 1", TRIGGER],
        ["DO 2", "DO 3"],
    ]


def test_each_statement_is_answered_by_itself(scratch: BaseDatabaseWrapper) -> None:
    sent = packets_sent(scratch)
    heard: list[tuple[int, Answer]] = []

    Packets(scratch, several=True).send(
        (
            "CREATE TABLE a (n int) -- a comment at the end",
            "INSERT INTO a VALUES (1), (2)",
            "SELECT n FROM a ORDER BY n",
        ),
        lambda at, answer: heard.append((at, answer)),
    )

    assert [at for at, _ in heard] == [0, 1, 2]
    assert [answer.changed for _, answer in heard] == [0, 2, 2]
    assert heard[2][1].rows == ((1,), (2,))
    assert len(sent) == 1


@pytest.mark.parametrize("several", [True, False])
def test_the_statement_that_failed_is_known_and_none_behind_it_ran(
    scratch: BaseDatabaseWrapper, several: bool
) -> None:
    packets = Packets(scratch, several=several)
    heard: list[int] = []

    with pytest.raises(Stopped) as stopped:
        packets.send(
            ("CREATE TABLE a (n int)", "CREATE TABLE a (n int)", "CREATE TABLE b (n int)"),
            lambda at, answer: heard.append(at),
        )

    assert (stopped.value.at, stopped.value.in_opening) == (1, False)
    assert number_of(stopped.value.error) == 1050
    assert heard == [0]
    assert [row for (row,) in packets.run(("SHOW TABLES",))[0].rows] == ["a"]


@pytest.mark.parametrize("several", [True, False])
def test_what_opens_a_packet_opens_each_and_is_not_counted(
    scratch: BaseDatabaseWrapper, several: bool
) -> None:
    packets = Packets(scratch, several=several)
    packets.run(("CREATE TABLE a (n int)", "CREATE TABLE opened (n int)"))
    heard: list[int] = []

    packets.send(
        (TRIGGER, "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2)"),
        lambda at, answer: heard.append(at),
        opening=("INSERT INTO opened VALUES (1)",),
    )
    with pytest.raises(Stopped) as stopped:
        packets.send(("DO 1", "DO 2"), opening=("DO 3", "INSERT INTO missing VALUES (1)"))

    times = 2 if several else 3
    assert heard == [0, 1, 2]
    assert packets.run(("SELECT COUNT(*) FROM opened",))[0].rows == ((times,),)
    assert packets.run(("SELECT n FROM a",))[0].rows == ((7,), (7,))
    assert (stopped.value.at, stopped.value.in_opening) == (0, True)


def test_a_packet_is_shorter_than_the_server_takes(scratch: BaseDatabaseWrapper) -> None:
    sent = packets_sent(scratch)

    Packets(scratch, several=True, limit=2000).run([f"DO '{'x' * 300}'"] * 10)

    assert max(map(len, sent)) <= 1000
    assert len(sent) == 4


def test_whether_several_are_taken_is_asked_once_and_true(scratch: BaseDatabaseWrapper) -> None:
    sent = packets_sent(scratch)

    packets = packets_of(scratch)

    assert packets.several
    assert len(sent) == 1
    assert not sent[0].upper().startswith(("SELECT", "SET"))


def test_a_connection_that_takes_one_statement_gets_one(scratch: BaseDatabaseWrapper) -> None:
    scratch.settings_dict["OPTIONS"] = {
        **scratch.settings_dict["OPTIONS"],
        "multi_statements": False,
    }
    scratch.close()
    packets = packets_of(scratch)
    sent = packets_sent(scratch)

    answers = packets.run(("DO 1", "SELECT 2"))

    assert not packets.several
    assert answers[1].rows == ((2,),)
    assert sent == ["DO 1", "SELECT 2"]


def test_what_is_no_text_stops_a_packet_where_it_stands(
    scratch: BaseDatabaseWrapper, family: str
) -> None:
    """MariaDB prints the bytes of a default as they are."""
    if family != "mariadb":
        pytest.skip("MySQL prints digits")
    packets = Packets(scratch, several=True)

    with pytest.raises(Stopped) as stopped:
        packets.send(
            ("CREATE TABLE a (b binary(2) DEFAULT X'FFFE')", "SHOW CREATE TABLE a", "DO 1")
        )

    assert stopped.value.at == 1
    assert not isinstance(stopped.value.error, Error)
    assert packets.run(("SELECT 1",))[0].rows == ((1,),)
