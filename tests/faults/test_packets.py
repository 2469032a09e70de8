"""The protocol, as far as the proxy reads it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest

from tests.faults import packets
from tests.faults.packets import Kind, Packet, Unknown

IN_TRANSACTION, MORE_RESULTS = 0x0001, 0x0008
CLIENT_SSL, CLIENT_DEPRECATE_EOF, CLIENT_PLUGIN_AUTH = 0x0800, 1 << 24, 1 << 19


def ok(status: int = 0) -> bytes:
    return b"\x00\x01\x00" + struct.pack("<HH", status, 0)


def eof(status: int = 0) -> bytes:
    return b"\xfe" + struct.pack("<HH", 0, status)


def error(number: int) -> bytes:
    return b"\xff" + struct.pack("<H", number) + b"#42S01It is there already"


def reader(*payloads: bytes) -> Callable[[], Packet]:
    frames = b"".join(packets.frame(payload, n) for n, payload in enumerate(payloads, start=1))
    stream = io.BytesIO(frames)
    return lambda: packets.read_packet(lambda size: stream.read(size))


def greeting(capabilities: int) -> Packet:
    payload = b"\x0a10.11.19-MariaDB\x00" + struct.pack("<I", 4711) + b"nonce123\x00"
    payload += struct.pack("<HBHH", capabilities & 0xFFFF, 45, 2, capabilities >> 16)
    payload += bytes([21]) + bytes(6) + b"\x1f\x00\x00\x00" + b"twelve bytes\x00plugin\x00"
    return Packet(payload, packets.frame(payload, 0))


def test_a_long_payload_is_put_together_from_its_frames() -> None:
    whole = b"\x03" + b"x" * 0xFFFFFF
    stream = io.BytesIO(b"\xff\xff\xff\x00" + whole[:0xFFFFFF] + b"\x01\x00\x00\x01x")

    packet = packets.read_packet(lambda size: stream.read(size))

    assert packet.payload == whole
    assert len(packet.raw) == len(whole) + 8


def test_capabilities_that_change_the_shape_of_packets_are_withheld() -> None:
    told = packets.greeting(greeting(CLIENT_SSL | CLIENT_DEPRECATE_EOF | CLIENT_PLUGIN_AUTH))

    low, _, _, high = struct.unpack_from("<HBHH", told.packet.payload, 30 + 1)
    assert told.connection_id == 4711
    assert (low | high << 16) == CLIENT_PLUGIN_AUTH
    assert b"\x1f\x00\x00\x00twelve" not in told.packet.payload
    assert told.packet.raw[4:] == told.packet.payload
    assert told.packet.payload.endswith(b"twelve bytes\x00plugin\x00")


def test_an_older_protocol_is_not_guessed_at() -> None:
    with pytest.raises(Unknown):
        packets.greeting(Packet(b"\x095.0", b""))


def test_commands_are_distinguished_and_others_refused() -> None:
    query = packets.command_of(Packet("\x03SELECT 'é'".encode(), b""))
    quits = packets.command_of(Packet(b"\x01", b""))

    assert query == (Kind.QUERY, "SELECT 'é'")
    assert quits == (Kind.QUIT, "")
    with pytest.raises(Unknown):
        packets.command_of(Packet(b"\x16SELECT ?", b""))  # COM_STMT_PREPARE


@pytest.mark.parametrize("status", [0, IN_TRANSACTION])
def test_an_ok_ends_an_answer_and_says_whether_a_transaction_is_open(status: int) -> None:
    (answer,) = packets.read_answers(reader(ok(status), b"not read any more"))

    assert (answer.error, answer.in_transaction) == (0, bool(status))


def test_a_result_ends_with_its_second_eof() -> None:
    rows = (b"\x01", b"a column", eof(), b"\x01a", b"\xfe" + b"a long row", eof(IN_TRANSACTION))

    (answer,) = packets.read_answers(reader(*rows, b"not read any more"))

    assert answer.in_transaction
    assert answer.raw == b"".join(packets.frame(p, n) for n, p in enumerate(rows, start=1))


def test_each_of_several_results_is_an_answer() -> None:
    rows = (b"\x01", b"a column", eof(), b"\x01a", eof(MORE_RESULTS | IN_TRANSACTION))

    first, second, third = packets.read_answers(reader(ok(MORE_RESULTS), *rows, ok()))

    assert first.raw.endswith(ok(MORE_RESULTS))
    assert second.in_transaction
    assert [first.is_last, second.is_last, third.is_last] == [False, False, True]


def test_an_error_ends_an_answer_wherever_it_comes() -> None:
    (at_once,) = packets.read_answers(reader(error(1050)))
    (among_rows,) = packets.read_answers(reader(b"\x01", b"a column", eof(), b"\x01a", error(1317)))
    _, in_the_second = packets.read_answers(reader(ok(MORE_RESULTS), error(1146), b"not read"))

    assert [at_once.error, among_rows.error, in_the_second.error] == [1050, 1317, 1146]


def test_a_request_for_a_local_file_is_not_guessed_at() -> None:
    with pytest.raises(Unknown):
        list(packets.read_answers(reader(b"\xfb/etc/passwd")))


def test_a_command_can_rest_between_two_of_its_statements() -> None:
    kind, sql = packets.command_of(packets.paused("DO 1\n;\nDO 2\n;\nDO 3", after=2))

    assert kind is Kind.QUERY
    assert packets.statements_of(sql) == ["DO 1", "DO 2", "DO SLEEP(0.2)", "DO 3"]
