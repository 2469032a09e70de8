"""A link to a server on which each round trip takes longer, and on which commands are counted.

It is a proxy on a Unix socket, in threads of this process, which only waits while a side runs.
Bytes pass as they are.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scripts.benchmark.servers import BenchmarkError, Server

_HEADER = 4  # bytes: three of the length, one of the sequence ("MySQL Packets")
_SSL_REQUEST = 32  # bytes of "Protocol::SSLRequest"; what answers a greeting otherwise is longer
_CHUNK = 1 << 18
_QUERY = b"\x03"  # COM_QUERY


class Commands:
    """Counts the commands in what one client sends, in whatever pieces that comes, and keeps the
    texts of its queries.

    A packet of a command is number 0; those of a login go on from the server's greeting, and the
    further parts of a long one from its first. (MySQL Source Code Documentation, "MySQL Packets",
    "Sequence ID".)
    """

    def __init__(self) -> None:
        self.count = 0
        self.is_encrypted = False
        self._header = b""
        self._left = 0
        self._is_first = True
        self._bodies: list[bytearray] = []

    @property
    def queries(self) -> list[str]:
        """The texts that were sent to be run, in their order."""
        return [_text_of(bytes(body)) for body in self._bodies if body[:1] == _QUERY]

    def feed(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._left:
                taken = min(self._left, len(data) - at)
                if self._bodies:
                    self._bodies[-1] += data[at : at + taken]
                self._left -= taken
                at += taken
                continue
            taken = _HEADER - len(self._header)
            self._header += data[at : at + taken]
            at += taken
            if len(self._header) == _HEADER:
                self._begin(int.from_bytes(self._header[:3], "little"), self._header[3])
                self._header = b""

    def _begin(self, length: int, sequence: int) -> None:
        if self._is_first:
            self.is_encrypted = length == _SSL_REQUEST
        self._is_first = False
        self._left = length
        if sequence == 0:
            self.count += 1
            self._bodies.append(bytearray())


def _text_of(query: bytes) -> str:
    """What a COM_QUERY holds, less the counts of attributes, which are none and one, that a client
    of MySQL's own sends before it. ("COM_QUERY", Protocol::CLIENT_QUERY_ATTRIBUTES)"""
    return query[1:].removeprefix(b"\0\1").decode()


class Link:
    """Open until it is left, which waits for the connections to end; ``server`` is the same server
    at the other end of it.

    Args:
        delay: seconds that a round trip takes longer.
    """

    def __init__(self, server: Server, delay: float = 0.0) -> None:
        self._far = server
        self._delay = delay
        self._connections: list[Commands] = []
        self._threads: list[threading.Thread] = []
        self._folder = Path(tempfile.mkdtemp(prefix="nf_link_"))  # a socket's path is short
        path = self._folder / "server.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        self.server = replace(server, address=_through(server.address, path))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # close() alone does not wake a thread that accepts (Linux, accept(2)).
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for serving in self._threads:
            serving.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def commands(self) -> int:
        """How many passed; all of them once the link is left. Raises BenchmarkError where some
        were encrypted."""
        if any(connection.is_encrypted for connection in self._connections):
            raise BenchmarkError("packets cannot be counted: a client encrypts them on this server")
        return sum(connection.count for connection in self._connections)

    @property
    def queries(self) -> list[str]:
        """What the connection that was opened first sent to be run."""
        return self._connections[0].queries

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            serving = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(serving)
            serving.start()

    def _serve(self, client: socket.socket) -> None:
        """One connection, from its login to its end."""
        commands = Commands()
        self._connections.append(commands)
        with client, suppress(OSError), _connected(self._far) as server:
            back = threading.Thread(target=_carry, args=(server, client), daemon=True)
            back.start()
            _carry(client, server, self._delay, commands.feed)
            back.join()


def _through(address: str, path: Path) -> str:
    """The URL of a server that is reached by that socket, with the same login and options."""
    parts = urlsplit(address)
    login = parts.netloc.rpartition("@")[0]
    options = {**dict(parse_qsl(parts.query)), "unix_socket": str(path)}
    query = urlencode(options, safe="/")
    return urlunsplit((parts.scheme, f"{login}@", parts.path, query, ""))


def _connected(server: Server) -> socket.socket:
    arguments = server.arguments()
    if "unix_socket" not in arguments:
        made = socket.create_connection((arguments["host"], arguments["port"]))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    made = socket.socket(socket.AF_UNIX)
    made.connect(arguments["unix_socket"])
    return made


def _carry(
    source: socket.socket,
    target: socket.socket,
    delay: float = 0.0,
    see: Callable[[bytes], None] = lambda data: None,
) -> None:
    """Pass on what comes until there is no more. Each piece is ``delay`` seconds under way, and
    the next one may be behind it meanwhile, as on a wire."""
    if not delay:
        for data in _pieces(source):
            see(data)
            _pass_on(target, data)
        return
    under_way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

    def arrive() -> None:
        data = b"-"
        while data:
            due, data = under_way.get()
            time.sleep(max(0.0, due - time.monotonic()))
            _pass_on(target, data)

    arrivals = threading.Thread(target=arrive, daemon=True)
    arrivals.start()
    for data in _pieces(source):
        see(data)
        under_way.put((time.monotonic() + delay, data))
    arrivals.join()


def _pieces(source: socket.socket) -> Iterator[bytes]:
    """What comes, and at the end an empty piece."""
    data = b"-"
    while data:
        try:
            data = source.recv(_CHUNK)
        except OSError:  # reset
            data = b""
        yield data


def _pass_on(target: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # gone: the other direction hears of it, too
        if data:
            target.sendall(data)
        else:
            target.shutdown(socket.SHUT_WR)
