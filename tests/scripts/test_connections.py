"""How many connections this site keeps: under ASGI none between requests, under WSGI one a worker.

The site is called as a server calls it, in a process of its own, with CONN_MAX_AGE=60.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenario import TestServer

REPOSITORY = Path(__file__).resolve().parents[2]

# `/admin/` with a session's cookie: a query of the session, then a redirect to the login.
_COUNT = """
import json, os
import MySQLdb

def connections():
    from django.db import connections
    params = connections["default"].get_connection_params()
    probe = MySQLdb.connect(**{**params, "database": ""})
    cursor = probe.cursor()
    cursor.execute(
        "SELECT id FROM information_schema.processlist WHERE db = %s", [params["database"]]
    )
    found = [row[0] for row in cursor.fetchall()]
    probe.close()
    return found
"""

_ASGI = """
import asyncio, collections, sys, time
from nestflux.asgi import application

REQUESTS, AT_A_TIME, HURRIED = map(int, sys.argv[1:])
SCOPE = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
    "scheme": "http", "path": "/admin/", "raw_path": b"/admin/", "query_string": b"",
    "headers": [(b"host", b"localhost"), (b"cookie", b"sessionid=" + b"x" * 32)],
    "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
}
statuses = collections.Counter()

async def request(number, gate):
    async with gate:
        heard = []
        async def receive():
            if not heard:
                heard.append(True)
                return {"type": "http.request", "body": b"", "more_body": False}
            if HURRIED and number % HURRIED == 0:  # this visitor goes away while he is served
                await asyncio.sleep(0.001)
                return {"type": "http.disconnect"}
            await asyncio.Event().wait()
        async def send(message):
            if message["type"] == "http.response.start":
                statuses[message["status"]] += 1
        await application(dict(SCOPE), receive, send)

async def load():
    gate = asyncio.Semaphore(AT_A_TIME)
    await asyncio.gather(*(request(number, gate) for number in range(REQUESTS)))
    return connections()

print(json.dumps({"left": asyncio.run(load()), "statuses": statuses}))
"""

_WSGI = """
import io, sys
from nestflux.wsgi import application

seen = []
for _ in range(20):
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/admin/", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "HTTP_COOKIE": "sessionid=" + "x" * 32,
        "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
    }
    statuses = []
    response = application(environ, lambda status, headers, *rest: statuses.append(status[:3]))
    b"".join(response)
    response.close()
    seen.append(connections())
print(json.dumps({"seen": seen, "statuses": statuses}))
"""


@dataclass(frozen=True)
class Site:
    """This repository's site, on a database of its own."""

    database_url: str

    def python(self, *arguments: str) -> str:
        """The output of a Python program in the site's environment."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            env={
                "PATH": os.environ["PATH"],
                "DEBUG": "true",
                "CONN_MAX_AGE": "60",
                "DATABASE_URL": self.database_url,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, program: str, *arguments: int) -> Any:
        return json.loads(self.python("-c", _COUNT + program, *map(str, arguments)))


@pytest.fixture(scope="module")
def site(server: TestServer) -> Iterator[Site]:
    name = f"nf_{secrets.token_hex(5)}"
    server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    try:
        site = Site(server.database_url(name))
        site.python("manage.py", "db_migrate")
        yield site
    finally:
        server.drop_all(name)


def test_under_asgi_a_load_leaves_no_connection_and_none_is_refused(site: Site) -> None:
    served = site.serve(_ASGI, 300, 30, 0)

    assert served == {"left": [], "statuses": {"302": 300}}


def test_under_asgi_visitors_who_go_away_leave_no_connection(site: Site) -> None:
    served = site.serve(_ASGI, 100, 10, 3)

    assert served["left"] == []
    assert set(served["statuses"]) == {"302"}


def test_under_wsgi_a_worker_keeps_its_connection(site: Site) -> None:
    served = site.serve(_WSGI)

    assert served["statuses"] == ["302"]
    assert len(served["seen"][0]) == 1
    assert served["seen"] == [served["seen"][0]] * 20
