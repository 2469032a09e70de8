"""Start a web server, ask it many times at once, and count."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]
_SITE = "scripts.pool_load.site"
_PATIENCE = 120  # seconds until an answer counts as one that never came
_PAUSE = 0.05  # seconds of a client's pause after an answer that is an error


@dataclass(frozen=True)
class WebServer:
    """A web server and how it runs: ``uvicorn``, or ``gunicorn`` with workers and threads."""

    name: str
    options: tuple[str, ...] = ()
    connects_before_fork: bool = False

    def command(self, port: int) -> list[str]:
        module = [sys.executable, "-m", self.name]
        if self.name == "uvicorn":
            return [*module, f"{_SITE}:asgi", f"--port={port}", "--log-level=critical"]
        quiet = ["--log-level=critical", "--worker-class=gthread"]
        return [*module, f"{_SITE}:wsgi", f"--bind=127.0.0.1:{port}", *quiet, *self.options]


UVICORN = WebServer("uvicorn")
GUNICORN = WebServer(
    "gunicorn", ("--workers=2", "--threads=25", "--preload"), connects_before_fork=True
)


@dataclass
class Answers:
    """What came back: seconds of each answer that is right, and how often which other came."""

    seconds: list[float] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    took: float = 0.0  # seconds from the first question to the last answer

    def other(self, what: str) -> None:
        self.others[what] = self.others.get(what, 0) + 1

    def share(self, part: float) -> float:
        """Milliseconds in which this share of the right answers came."""
        ranked = sorted(self.seconds)
        return 1000 * ranked[min(len(ranked) - 1, int(part * len(ranked)))]


@contextmanager
def serving(server: WebServer, entry: Mapping[str, Any]) -> Iterator[int]:
    """The site on a web server, connected as an entry of DATABASES says; gives its port."""
    port = _free_port()
    before = "yes" if server.connects_before_fork else ""
    with TemporaryFile("w+") as log:  # nobody reads along: a pipe would fill, and stop the site
        process = subprocess.Popen(
            server.command(port),
            cwd=REPOSITORY,
            env={
                **os.environ,
                "LOAD_DATABASE": json.dumps(entry),
                "LOAD_CONNECTS_BEFORE_FORK": before,
            },
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_it_listens(process, port, log)
            yield port
        finally:
            process.terminate()
            process.wait()


def ask(
    port: int,
    *,
    right: int,
    at_once: int,
    path: str = "/mess",
    most: int | None = None,
    in_background: Callable[[Answers], None] | None = None,
) -> Answers:
    """Ask for a page, ``at_once`` at a time, until so many answers were ``right``, or ``most`` have
    come. ``in_background`` runs in a thread once a third of the right ones has come; it may look at
    the answers, and the asking lasts until it has ended."""
    return asyncio.run(_ask(_Run(port, path, right, most, in_background), at_once))


@dataclass
class _Run:
    port: int
    path: str
    right: int
    most: int | None
    in_background: Callable[[Answers], None] | None
    answers: Answers = field(default_factory=Answers)
    background: asyncio.Task[None] | None = None

    def begin_background(self) -> None:
        """Where there is something to run, it has not begun, and its time has come."""
        is_due = len(self.answers.seconds) >= self.right / 3
        if self.in_background and not self.background and is_due:
            work = asyncio.to_thread(self.in_background, self.answers)
            self.background = asyncio.create_task(work)

    @property
    def is_over(self) -> bool:
        if self.in_background and not (self.background and self.background.done()):
            return False
        right = len(self.answers.seconds)
        came = right + sum(self.answers.others.values())
        return right >= self.right or (self.most is not None and came >= self.most)


async def _ask(run: _Run, at_once: int) -> Answers:
    began = time.perf_counter()
    await asyncio.gather(*(_client(run) for _ in range(at_once)))
    run.answers.took = time.perf_counter() - began
    if run.background:
        await run.background  # an error of it is raised here
    return run.answers


async def _client(run: _Run) -> None:
    while not run.is_over:
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(_status(run.port, run.path), _PATIENCE)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            status = type(error).__name__
        if status == "200":
            run.answers.seconds.append(time.perf_counter() - began)
            run.begin_background()
        else:
            run.answers.other(status)
            await asyncio.sleep(_PAUSE)


async def _status(port: int, path: str) -> str:
    """The status of one answer, read to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        question = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        writer.write(question.encode())
        head, _, _ = (await reader.read()).partition(b"\r\n")
        return head.split()[1].decode() if head else "no answer"
    finally:
        writer.close()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: IO[str]) -> None:
    while True:
        if process.poll() is not None:
            log.seek(0)
            raise RuntimeError(f"the web server ended: {log.read()}")
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
