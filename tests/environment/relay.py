"""A line between a client and a server that does not break when the client is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote


@contextmanager
def relay(server: Path, place: Path) -> Iterator[Callable[[str], str]]:
    """A socket that passes on to a server's, and keeps the server's end open and silent when a
    client is gone: as a host that lost its power. Gives what makes the DATABASE_URL of a database.
    """
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.bind(str(place))
    ours.listen()
    opened = [ours]

    def accept() -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                client, _ = ours.accept()
                theirs = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                theirs.connect(str(server))
                opened.extend((client, theirs))
                for source, target in ((client, theirs), (theirs, client)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield lambda database: f"mysql://root@/{database}?unix_socket={quote(str(place))}"
    finally:
        for one in opened:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Until the source is gone; the target is not told."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
