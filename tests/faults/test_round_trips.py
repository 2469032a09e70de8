"""How many packets a command sends: each is a round trip, and a server may be far away.

Counted are those of the run's own connection, its login among them, as they pass a proxy. The
heartbeat's are not: it has a connection of its own, and sends by the clock.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.faults import growing
from tests.faults.journal import Journal
from tests.faults.proxy import Proxy
from tests.faults.servers import Backstage
from tests.scenario import Project, TestServer, kept_project

# What Django and its driver send to log in under the settings of the tests: the login itself,
# init_command, the character set, autocommit off and on, a question about the server, the isolation
# level.
LOGIN = 7
ONE_A_PACKET = 'DATABASES["default"]["OPTIONS"]["multi_statements"] = False'


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Project]:
    with kept_project(tmp_path_factory.mktemp("growing"), server, {"grow": {}}) as project:
        growing.record(project)
        yield project


@pytest.fixture
def empty(grown: Project) -> Iterator[Project]:
    grown.recreate_database()
    yield grown
    grown.settings()


@contextmanager
def counted(project: Project) -> Iterator[Journal]:
    """The packets of the one command that is run in the block."""
    with tempfile.TemporaryDirectory(prefix="nf", dir="/tmp") as folder:
        path = Path(folder) / "proxy.sock"
        proxy = Proxy(path, Backstage(project.server).upstream)
        entry = project.server.settings
        login = ":".join(quote(entry[key], safe="") for key in ("USER", "PASSWORD") if entry[key])
        url = f"mysql://{login}@/{project.database}?unix_socket={quote(str(path))}"
        project.env["DATABASE_URL"] = url
        journal = proxy.begin()
        try:
            yield journal
            proxy.settle()
        finally:
            del project.env["DATABASE_URL"]
            proxy.close()


def statements_of(project: Project) -> int:
    ((count,),) = project.sql("SELECT COUNT(*) FROM nestflux_statement WHERE kind = 'ddl'")
    return int(count)


@pytest.mark.parametrize(("more", "most"), [("", 1.3), (ONE_A_PACKET, 4)], ids=["several", "one"])
def test_a_replay(empty: Project, more: str, most: float) -> None:
    empty.settings(more)

    with counted(empty) as journal:
        empty.succeeds("db_migrate", "--replay", "--noinput")

    assert journal.packets / statements_of(empty) <= most


@pytest.mark.parametrize(("more", "most"), [("", 1.3), (ONE_A_PACKET, 4)], ids=["several", "one"])
def test_an_ordinary_migrate_of_several_files(empty: Project, more: str, most: float) -> None:
    empty.succeeds("db_migrate", "--replay", "--noinput", "--to", "0002_file2")
    before = statements_of(empty)
    empty.settings(more)

    with counted(empty) as journal:
        empty.succeeds("db_migrate", "--noinput")

    assert journal.packets / (statements_of(empty) - before) <= most


def test_a_fresh_database(empty: Project) -> None:
    with counted(empty) as journal:
        empty.succeeds("db_migrate", "--noinput")

    assert journal.packets < 60


def test_nothing_pending(empty: Project) -> None:
    empty.succeeds("db_migrate", "--noinput")

    with counted(empty) as journal:
        empty.succeeds("db_migrate", "--noinput")

    own = [command.sql for command in journal.commands if "nestflux_" in command.sql]
    assert len(own) == 1
    assert journal.packets <= LOGIN + len(own)
