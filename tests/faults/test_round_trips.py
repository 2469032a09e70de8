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

from tests.conftest import ProjectFactory
from tests.faults import growing
from tests.faults.journal import Journal
from tests.faults.proxy import Proxy
from tests.faults.servers import Backstage
from tests.scenario import Project, TestServer, kept_project

# What Django and its driver send to log in under the settings of the tests: the login itself,
# init_command, the character set, autocommit off and on, a question about the server, the isolation
# level.
LOGIN = 7
NOTES = """
from django.db import models


class Note(models.Model):
    text = models.CharField(max_length=40)
"""
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


@pytest.mark.parametrize(("more", "most"), [("", 2), (ONE_A_PACKET, 12)], ids=["several", "one"])
def test_data_statements(project: ProjectFactory, more: str, most: float) -> None:
    shop = project({"shop": {"models.py": NOTES}})
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    for number, count in ((2, 1), (3, 11)):
        shop.write(f"shop/migrations/{number:04d}_rows.py", rows(number, count))
        shop.succeeds("db_generate", "--name", f"rows{number}", "--noinput")
    shop.succeeds("db_migrate", "--replay", "--to", "0001")
    shop.settings(more)

    sent = []
    for number in (2, 3):
        with counted(shop) as journal:
            shop.succeeds("db_migrate", "--to", f"{number:04d}")
        sent.append(journal.packets)

    assert (sent[1] - sent[0]) / 10 <= most
    assert shop.sql(
        "SELECT SUM(rows_affected), COUNT(seconds) FROM nestflux_statement WHERE kind = 'data'"
    ) == [(12, 12)]


def rows(number: int, count: int) -> str:
    """A migration of so many data statements, each of which adds a row."""
    insert = f"INSERT INTO shop_note (text) VALUES ('{number}')"
    return f"""
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "{number - 1:04d}_{"rows" if number > 2 else "initial"}")]
    operations = [migrations.RunSQL([{insert!r}] * {count}, migrations.RunSQL.noop)]
"""


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
