"""As much of the client/server protocol as a proxy needs to see commands pass. Pure.

Sources: MySQL Source Code Documentation, "Client/Server Protocol": "MySQL Packets" (framing),
"Protocol::HandshakeV10", "OK_Packet", "ERR_Packet", "EOF_Packet", "Text Resultset", "Command
Phase"; for MariaDB's own capabilities, MariaDB Knowledge Base, "Connecting to Server".

Capabilities that change these shapes are taken out of the server's greeting, so that no client
asks for them: compression, TLS, local files, results without EOF packets or metadata, session
tracking, query attributes, and all of MariaDB's own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

_LONGEST_FRAME = 0xFFFFFF  # "MySQL Packets": a payload of this length goes on in the next frame
_WITHHELD = (
    0x0020  # CLIENT_COMPRESS
    | 0x0080  # CLIENT_LOCAL_FILES
    | 0x0800  # CLIENT_SSL
    | 1 << 23  # CLIENT_SESSION_TRACK
    | 1 << 24  # CLIENT_DEPRECATE_EOF
    | 1 << 25  # CLIENT_OPTIONAL_RESULTSET_METADATA
    | 1 << 26  # CLIENT_ZSTD_COMPRESSION_ALGORITHM
    | 1 << 27  # CLIENT_QUERY_ATTRIBUTES
)
_IN_TRANSACTION = 0x0001  # SERVER_STATUS_IN_TRANS
_MORE_RESULTS = 0x0008  # SERVER_MORE_RESULTS_EXISTS
_OK, _EOF, _ERR = 0x00, 0xFE, 0xFF


class Unknown(Exception):
    """Something that this reading of the protocol does not cover: the proxy must not guess."""


class Kind(IntEnum):
    """The commands that pass; their numbers are the protocol's ("Command Phase")."""

    QUIT = 0x01
    INIT_DB = 0x02
    QUERY = 0x03
    PING = 0x0E
    SET_OPTION = 0x1B
    RESET_CONNECTION = 0x1F


@dataclass(frozen=True)
class Packet:
    """A payload, and the frames that it came in, to be passed on as they are."""

    payload: bytes
    raw: bytes


@dataclass(frozen=True)
class Greeting:
    """The server's first packet: what it calls this connection, and the packet to pass on."""

    connection_id: int
    packet: Packet


@dataclass(frozen=True)
class Answer:
    """All that a server sends for one statement. ``error``: its number, 0 where there is none;
    ``is_last``: of its command."""

    raw: bytes
    error: int = 0
    in_transaction: bool = False
    is_last: bool = True


# How the product joins the statements of a packet (nestflux/database/several.py).
_JOINT = "\n;\n"
_PAUSE = "DO SLEEP(0.2)"  # longer than it takes to kill a server


def statements_of(sql: str) -> list[str]:
    """The statements of a command's text."""
    return sql.split(_JOINT)


def paused(sql: str, after: int) -> Packet:
    """The same command, where the server rests once so many of its statements ran."""
    statements = statements_of(sql)
    text = _JOINT.join([*statements[:after], _PAUSE, *statements[after:]])
    payload = bytes([Kind.QUERY]) + text.encode()
    return Packet(payload, frame(payload, 0))


def frame(payload: bytes, sequence: int) -> bytes:
    """A short payload as the wire has it."""
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def read_packet(read: Callable[[int], bytes]) -> Packet:
    """The next packet. ``read`` gives exactly so many bytes, or raises EOFError."""
    payload, raw = b"", b""
    while True:
        header = read(4)
        length = int.from_bytes(header[:3], "little")
        body = read(length)
        payload, raw = payload + body, raw + header + body
        if length < _LONGEST_FRAME:
            return Packet(payload, raw)


def greeting(packet: Packet) -> Greeting:
    """The server's greeting without the capabilities that this module does not follow."""
    payload = bytearray(packet.payload)
    if not payload or payload[0] != 10:
        raise Unknown(f"a greeting of protocol {payload[:1]!r}")
    after_version = payload.index(0, 1) + 1
    (connection_id,) = struct.unpack_from("<I", payload, after_version)
    low = after_version + 4 + 8 + 1  # the connection's number, eight bytes of a nonce, a zero
    high = low + 2 + 1 + 2  # then character set and status
    capabilities = struct.unpack_from("<H", payload, low)[0]
    capabilities |= struct.unpack_from("<H", payload, high)[0] << 16
    capabilities &= ~_WITHHELD
    struct.pack_into("<H", payload, low, capabilities & 0xFFFF)
    struct.pack_into("<H", payload, high, capabilities >> 16)
    reserved = high + 2 + 1
    payload[reserved : reserved + 10] = bytes(10)  # MariaDB's capabilities are its last four
    return Greeting(connection_id, Packet(bytes(payload), frame(bytes(payload), packet.raw[3])))


def ends_login(packet: Packet) -> bool:
    """Does a server's packet end the login ("Connection Phase"), for good or for bad?"""
    return packet.payload[:1] in (bytes([_OK]), bytes([_ERR]))


def is_login_refused(packet: Packet) -> bool:
    return packet.payload[:1] == bytes([_ERR])


def command_of(packet: Packet) -> tuple[Kind, str]:
    """What a client asks for: the command, and its text where it has one. Raises Unknown."""
    try:
        kind = Kind(packet.payload[0])
    except (IndexError, ValueError):
        raise Unknown(f"the command {packet.payload[:1]!r}") from None
    has_text = kind in (Kind.QUERY, Kind.INIT_DB)
    return kind, packet.payload[1:].decode("utf-8", "replace") if has_text else ""


def read_answers(read: Callable[[], Packet]) -> Iterator[Answer]:
    """The answers to a command, one for each of its statements, up to the one that failed. ``read``
    gives the next packet."""
    while True:
        raw: list[bytes] = []

        def following(raw: list[bytes] = raw) -> Packet:
            packet = read()
            raw.append(packet.raw)
            return packet

        ended = _read_result(following)
        if isinstance(ended, Error):
            yield Answer(b"".join(raw), error=ended.number)
            return
        is_last = not ended & _MORE_RESULTS
        yield Answer(b"".join(raw), in_transaction=bool(ended & _IN_TRANSACTION), is_last=is_last)
        if is_last:
            return


@dataclass(frozen=True)
class Error:
    """How a result ends that the server refused."""

    number: int


def _read_result(following: Callable[[], Packet]) -> int | Error:
    """One result; gives the server's status at its end."""
    first = following()
    match first.payload[0]:
        case 0x00:
            return _status_of_ok(first.payload)
        case 0xFF:
            return _error_of(first.payload)
        case 0xFB:
            raise Unknown("LOAD DATA LOCAL")
        case 0xFE if len(first.payload) < 9:  # COM_SET_OPTION is answered so
            return _status_of_eof(first.payload)
    columns = _until_eof(following)
    if isinstance(columns, Error):
        return columns
    return _until_eof(following)


def _until_eof(following: Callable[[], Packet]) -> int | Error:
    while True:
        payload = following().payload
        # "EOF_Packet": a row may begin with 0xFE too, and is then at least nine bytes long.
        if payload[0] == _EOF and len(payload) < 9:
            return _status_of_eof(payload)
        if payload[0] == _ERR:
            return _error_of(payload)


def _status_of_ok(payload: bytes) -> int:
    at = 1
    for _ in ("affected rows", "last insert id"):
        at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(payload[at], 1)  # length-encoded integers
    return int(struct.unpack_from("<H", payload, at)[0])


def _status_of_eof(payload: bytes) -> int:
    return int(struct.unpack_from("<H", payload, 3)[0])


def _error_of(payload: bytes) -> Error:
    return Error(struct.unpack_from("<H", payload, 1)[0])
