"""The link of ``make benchmark``: bytes pass as they are, a round trip takes longer, and commands
are counted right."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import MySQLdb
import pytest

from scripts.benchmark.link import Commands, Link
from scripts.benchmark.servers import BenchmarkError, Server
from tests.scenario import TestServer


def packet(payload: bytes, sequence: int = 0) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([sequence]) + payload


LOGIN = packet(b"x" * 80, 1)
QUERY = packet(b"\x03SELECT 1")


# ---- counting ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 4, 5, 7, 1000])
def test_commands_are_counted_in_whatever_pieces_they_come(size: int) -> None:
    sent = LOGIN + packet(b"an answer of the login", 3) + QUERY + packet(b"\x0e") + QUERY
    commands = Commands()

    for at in range(0, len(sent), size):
        commands.feed(sent[at : at + size])

    assert commands.count == 3
    assert not commands.is_encrypted


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_the_texts_of_queries_are_kept_in_whatever_pieces_they_come(size: int) -> None:
    with_attributes = packet(b"\x03\x00\x01SELECT 2")  # none, as a client of MySQL 8 says it
    sent = LOGIN + QUERY + packet(b"\x0e") + with_attributes + packet("\x03SELECT 'ö'".encode())
    commands = Commands()

    for at in range(0, len(sent), size):
        commands.feed(sent[at : at + size])

    assert commands.queries == ["SELECT 1", "SELECT 2", "SELECT 'ö'"]


def test_a_command_longer_than_a_packet_is_one() -> None:
    longest = b"\xff\xff\xff\x00" + b"x" * 0xFFFFFF
    commands = Commands()

    commands.feed(LOGIN + longest + packet(b"the rest", 1) + QUERY)

    assert commands.count == 2


def test_an_encrypted_connection_is_not_counted() -> None:
    commands = Commands()

    commands.feed(packet(b"x" * 32, 1) + b"\x16\x03\x01 and what follows is TLS")

    assert commands.is_encrypted


# ---- any bytes -----------------------------------------------------------------------------


@contextmanager
def peer(path: Path, talk: Callable[[socket.socket], object]) -> Iterator[Server]:
    """A server of one connection, which does what ``talk`` does."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            talk(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield Server("mysql", f"mysql://root@/x?unix_socket={path}", "nf_benchmark")
        thread.join()


def connected(link: Link) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(link.server.arguments()["unix_socket"])
    return made


@contextmanager
def through(server: Server, delay: float = 0.0) -> Iterator[socket.socket]:
    with Link(server, delay) as link, closing(connected(link)) as client:
        yield client


def everything(source: socket.socket) -> bytes:
    return b"".join(iter(lambda: source.recv(1 << 16), b""))


@pytest.mark.parametrize("delay", [0.0, 0.01])
def test_bytes_pass_unchanged_both_ways(tmp_path: Path, delay: float) -> None:
    sent = bytes(range(256)) * 20_000
    heard: list[bytes] = []

    def talk(client: socket.socket) -> None:
        heard.append(everything(client))
        client.sendall(heard[0][::-1])

    with peer(tmp_path / "s", talk) as server, through(server, delay) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = everything(client)

    assert heard == [sent]
    assert answer == sent[::-1]


def test_each_round_trip_takes_that_much_longer(tmp_path: Path) -> None:
    """No more than a least time: machines differ."""

    def echo(client: socket.socket) -> None:
        while data := client.recv(100):
            client.sendall(data)

    with peer(tmp_path / "s", echo) as server, through(server, 0.02) as client:
        began = time.monotonic()
        for _ in range(5):
            client.sendall(b"and back")
            client.recv(100)
        taken = time.monotonic() - began

    assert taken >= 5 * 0.02


def test_a_server_that_is_gone_ends_the_connection(tmp_path: Path) -> None:
    gone = Server("mysql", f"mysql://root@/x?unix_socket={tmp_path}/nowhere", "nf_benchmark")

    with through(gone) as client:
        assert client.recv(1) == b""


# ---- a live server -------------------------------------------------------------------------


@pytest.fixture
def benchmarked(server: TestServer) -> Server:
    return Server(server.family, server.database_url("x"), "nf_benchmark")


def logged_in(link: Link) -> closing[Any]:
    return closing(MySQLdb.connect(**link.server.arguments()))


def asked(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(sql)
    return list(cursor.fetchall())


@pytest.mark.parametrize("delay", [0.0, 0.001])
def test_a_client_hears_what_it_hears_without_the_link(benchmarked: Server, delay: float) -> None:
    with Link(benchmarked, delay) as link, logged_in(link) as connection:
        rows = asked(connection, "SELECT 1 UNION SELECT 2 UNION SELECT NULL")
        long = asked(connection, "SELECT REPEAT('x', 3000000)")
        with pytest.raises(MySQLdb.Error) as refused:
            asked(connection, "SELECT nothing")

    assert rows == [(1,), (2,), (None,)]
    assert len(long[0][0]) == 3_000_000
    assert refused.value.args[0] == 1054


def test_the_commands_of_a_connection_are_those_that_it_sent(benchmarked: Server) -> None:
    def commands(*sent: str) -> int:
        with Link(benchmarked) as link, logged_in(link) as connection:
            for sql in sent:
                asked(connection, sql)
        return link.commands

    none = commands()

    assert commands("DO 1", "DO 2", f"DO '{'x' * 100_000}'") == none + 3


def test_a_count_of_what_was_encrypted_is_refused(tmp_path: Path) -> None:
    listening = peer(tmp_path / "s", lambda client: client.recv(100))
    with listening as server, Link(server) as link, closing(connected(link)) as client:
        client.sendall(packet(b"x" * 32, 1))
        assert everything(client) == b""  # it has passed

    with pytest.raises(BenchmarkError, match="a client encrypts them"):
        _ = link.commands


def test_a_link_keeps_login_and_options_of_the_servers_address() -> None:
    address = "mysql://somebody:geheim@db.example:3307/x?connect_timeout=5"
    with Link(Server("mysql", address, "nf_benchmark")) as link:
        given = link.server.entry

    assert (given["USER"], given["PASSWORD"]) == ("somebody", "geheim")
    assert given["HOST"].endswith("server.sock")
    assert given["OPTIONS"]["connect_timeout"] == 5
