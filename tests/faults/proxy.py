"""A proxy on a Unix socket that sees each command pass, and does harm at the one it was told.

The client/server protocol is a dialogue: the client asks, the server answers, nobody interrupts.
So a thread a connection is enough, and each moment is well defined: *before* a command is passed
on, *during* the server's work on it, and *after* the whole answer came and before the client
hears of it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from tests.faults import packets
from tests.faults.journal import Journal
from tests.faults.packets import Kind, Packet

_PATIENCE = 60.0  # seconds for what takes milliseconds: a process to die, a thread to end


class What(StrEnum):
    """The harm that is done."""

    KILL_CLIENT = "client killed"
    CUT = "connection cut"
    KILL_SERVER = "server killed"


class When(StrEnum):
    """The moment of it."""

    BEFORE = "before it was passed on"
    DURING = "while the server worked on it"
    HELD = "while it waited for a lock"
    WITHIN = "between two of its statements"
    AFTER = "after the answer, unheard"


@dataclass(frozen=True)
class Fault:
    """What happens at which command, counted from 1.

    ``delay``: seconds that a server works on a command before it is killed. ``ran``: how many of
    the command's statements ran, where it is disturbed between two. ``once``: in place of a
    position, after the answer with which this becomes true of the run's journal.
    """

    what: What
    when: When
    at: int = 0
    delay: float = 0.0
    ran: int = 0
    once: Callable[[Journal], bool] | None = None


@dataclass(frozen=True)
class Upstream:
    """The server behind the proxy, from outside.

    ``connect`` opens a socket to it; ``kill`` is SIGKILL, and returns when it is dead. ``hold``
    locks what every change of a schema needs, ``is_held`` says whether a connection waits for it.
    """

    connect: Callable[[], socket.socket]
    kill: Callable[[], None]
    hold: Callable[[], None]
    is_held: Callable[[int], bool]


class Proxy:
    """Listens until it is closed. ``begin`` announces a run and gives its journal, ``settle`` waits
    until the connections of all runs have ended."""

    def __init__(self, path: Path, upstream: Upstream) -> None:
        self.path = path
        self.upstream = upstream
        self.errors: list[str] = []
        self._fault: Fault | None = None
        self._journal = Journal()
        self._threads: list[threading.Thread] = []
        self._accepted = 0
        self._has_caught_up = threading.Event()
        # Abstract (unix(7)): a name for our own calls, and no file.
        self._own_name = b"\0" + os.fsencode(path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def begin(self, fault: Fault | None = None) -> Journal:
        """A new run: its next connection is the first one, which is counted."""
        self._catch_up()
        self._journal, self._fault, self._accepted = Journal(), fault, 0
        return self._journal

    @property
    def has_struck(self) -> bool:
        """Was the fault of this run injected?"""
        return self._fault is None

    def settle(self) -> None:
        """Wait until every connection has ended, so that the journals are whole."""
        self._catch_up()
        for thread in self._threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "a connection through the proxy does not end"
        self._threads.clear()
        assert not self.errors, self.errors

    def _catch_up(self) -> None:
        """The connection of a process that died as it connected may still queue, and would be
        taken for the next run's: one of our own behind it tells when it was accepted."""
        self._has_caught_up.clear()
        with socket.socket(socket.AF_UNIX) as own:
            own.bind(self._own_name)
            own.connect(str(self.path))
            assert self._has_caught_up.wait(_PATIENCE), "the proxy accepts no connections"

    def close(self) -> None:
        # close() alone does not wake a thread that accepts (Linux, accept(2)).
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                client, caller = self._listener.accept()
            except OSError:  # closed
                return
            if caller == self._own_name:
                client.close()
                self._has_caught_up.set()
                continue
            thread = threading.Thread(
                target=self._serve, args=(client, self._accepted, self._journal), daemon=True
            )
            self._accepted += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, number: int, journal: Journal) -> None:
        with client:
            try:
                server = self.upstream.connect()
            except OSError:  # it is dead: so is what depends on it
                return
            with server:
                try:
                    _Dialogue(self, client, server, number, journal).run()
                except (EOFError, OSError):
                    pass  # one end is gone, and the other goes with it
                except Exception as error:
                    self.errors.append(f"{type(error).__name__}: {error}")

    def take(self, number: int, when: tuple[When, ...]) -> Fault | None:
        """The fault, if this is its command and its moment."""
        fault = self._fault
        if fault is None or not number or fault.when not in when:
            return None
        is_reached = fault.once(self._journal) if fault.once else number == fault.at
        if not is_reached:
            return None
        self._fault = None
        return fault


class _Dialogue:
    """One connection, from the login to its end."""

    def __init__(
        self,
        proxy: Proxy,
        client: socket.socket,
        server: socket.socket,
        number: int,
        journal: Journal,
    ) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.number = number
        self.journal = journal
        self.connection_id = 0

    def run(self) -> None:
        if not self._login():
            return
        while self._exchange():
            pass

    def _login(self) -> bool:
        hello = packets.greeting(_packet(self.server))
        self.connection_id = hello.connection_id
        self.client.sendall(hello.packet.raw)
        while True:  # either side may speak twice ("Connection Phase")
            readable, _, _ = select.select([self.client, self.server], [], [])
            if self.client in readable:
                self.server.sendall(_packet(self.client).raw)
                self.journal.logs_in(self.number)
            if self.server in readable:
                packet = _packet(self.server)
                self.client.sendall(packet.raw)
                if packets.ends_login(packet):
                    return not packets.is_login_refused(packet)

    def _exchange(self) -> bool:
        """One command and its answer; False where there will be none after it."""
        packet = _packet(self.client)
        kind, sql = packets.command_of(packet)
        if kind is Kind.QUIT:
            self.server.sendall(packet.raw)
            return False
        sql = sql if kind is Kind.QUERY else kind.name
        at = self.journal.comes(self.number, sql)
        if fault := self.proxy.take(at, (When.BEFORE,)):
            self._strike(fault)
            return False
        if fault := self.proxy.take(at, (When.DURING, When.HELD, When.WITHIN)):
            self._strike_at_work(fault, packet, sql)
            return False
        self.server.sendall(packet.raw)
        answers = list(self._answers(packets.statements_of(sql)))
        if fault := self.proxy.take(at, (When.AFTER,)):
            self._strike(fault)
            return False
        self.client.sendall(b"".join(answer.raw for answer in answers))
        return True

    def _answers(self, statements: list[str]) -> Iterator[packets.Answer]:
        """Of each statement; of a CALL the last one counts."""
        left = list(statements)
        for answer in packets.read_answers(lambda: _packet(self.server)):
            if len(left) > 1 or answer.is_last:
                self.journal.answered(self.number, left.pop(0), answer)
            yield answer

    def _strike(self, fault: Fault) -> None:
        """Do it, and let both ends hear of it: the sockets close behind this."""
        match fault.what:
            case What.KILL_CLIENT:
                kill_process(_peer(self.client))
            case What.KILL_SERVER:
                self.proxy.upstream.kill()
            case What.CUT:
                pass

    def _strike_at_work(self, fault: Fault, packet: Packet, sql: str) -> None:
        """Pass it on and do it at once. A server that lives hears that its client is gone, as the
        kernel would say it; what it answers is written down and goes to nobody."""
        if fault.when is When.WITHIN:
            packet = packets.paused(sql, fault.ran)
            _, sql = packets.command_of(packet)
        if fault.when is When.HELD:
            self.proxy.upstream.hold()
        self.server.sendall(packet.raw)
        answers = self._answers(packets.statements_of(sql))
        if fault.when is When.HELD:
            wait_until(lambda: self.proxy.upstream.is_held(self.connection_id), f"{sql} waits")
        if fault.when is When.WITHIN:
            list(islice(answers, fault.ran))
        if fault.what is What.KILL_SERVER:
            time.sleep(fault.delay)
        self._strike(fault)
        self.client.close()
        if fault.what is not What.KILL_SERVER:
            self.server.shutdown(socket.SHUT_WR)
        with suppress(EOFError, OSError):
            list(answers)


def _packet(source: socket.socket) -> Packet:
    return packets.read_packet(lambda size: _exactly(source, size))


def _exactly(source: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = source.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _peer(client: socket.socket) -> int:
    """The process at the other end of a Unix socket (unix(7), SO_PEERCRED)."""
    found = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", found)[0])


def kill_process(pid: int) -> None:
    """SIGKILL; returns when the process is dead and its sockets are closed."""
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        readable, _, _ = select.select([handle], [], [], _PATIENCE)
        assert readable, f"process {pid} does not die"
    finally:
        os.close(handle)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Poll for a state. Fails, saying for what, where it does not come."""
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.005)
