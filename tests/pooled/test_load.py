"""The pool under real web servers: a bounded part of ``make pool-load``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.pool_load.load import GUNICORN, UVICORN, Answers, WebServer, ask, serving
from scripts.pool_load.site import TABLES
from tests.environment.conftest import PrivateServer, another_server
from tests.environment.deploys import until
from tests.scenario import TestServer

AT_ONCE = 50
CONNECTIONS = 10  # of all processes of the site
ALLOWED = 12  # max_connections of the server: one more is the test's own
DATABASE = "loaded"
# Two workers share the ten.
SERVERS = [(UVICORN, CONNECTIONS), (GUNICORN, CONNECTIONS // 2)]


@pytest.fixture(scope="module")
def loaded(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    local: Path = tmp_path_factory.mktemp("loaded")
    with another_server(server, local, f"--max-connections={ALLOWED}") as made:
        made.sql(f"CREATE DATABASE {DATABASE}")
        for statement in TABLES:
            made.sql(statement, database=DATABASE)
        yield made


def entry(loaded: PrivateServer, max_size: int) -> dict[str, Any]:
    return {
        "ENGINE": "nestflux.pooled",
        "NAME": DATABASE,
        "USER": "root",
        "HOST": str(loaded.socket),
        "OPTIONS": {"pool": {"max_size": max_size}},
    }


@pytest.mark.parametrize(("web", "max_size"), SERVERS, ids=["uvicorn", "gunicorn"])
def test_many_at_once_share_few_connections(
    loaded: PrivateServer, web: WebServer, max_size: int
) -> None:
    watching = loaded.connect()
    with serving(web, entry(loaded, max_size)) as port:
        answers = ask(port, right=400, at_once=AT_ONCE)
    cursor = watching.cursor()
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Max_used_connections'")
    most = int(cursor.fetchone()[1])
    watching.close()

    assert answers.others == {}
    # And the one that watches, and what gunicorn's first process has opened before it forked.
    assert most <= CONNECTIONS + 1 + web.connects_before_fork
    assert loaded.sql("SELECT COUNT(*) FROM visit", database=DATABASE)[0][0] >= 400


@pytest.mark.parametrize(("web", "max_size"), SERVERS, ids=["uvicorn", "gunicorn"])
def test_a_server_that_restarts_is_found_again(
    loaded: PrivateServer, web: WebServer, max_size: int
) -> None:
    def restart(answers: Answers) -> None:
        with loaded.down():
            until(lambda: bool(answers.others), "a request that meets no server")

    with serving(web, entry(loaded, max_size)) as port:
        answers = ask(port, right=300, at_once=AT_ONCE, in_background=restart)
        afterwards = ask(port, right=100, at_once=AT_ONCE)

    # Each that failed was told so by the site.
    assert set(answers.others) == {"500"}
    assert afterwards.others == {}
