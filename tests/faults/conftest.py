from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from pytest_django.plugin import DjangoDbBlocker

from scripts.private_server import ServerError
from tests.faults import history, servers
from tests.faults.commands import Commands
from tests.faults.proxy import Proxy
from tests.faults.rig import Rig
from tests.faults.servers import Backstage
from tests.scenario import Project, TestServer, kept_project


@dataclass(frozen=True)
class Checkouts:
    """The project, and what others made of it: the third file rebased, the first two squashed; and
    itself where a packet takes one statement."""

    shop: Project
    rebased: Project
    squashed: Project
    one_a_packet: Project


@pytest.fixture(autouse=True)
def _looks_at_databases(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Project]:
    """The project of ``history.py``, recorded once; beside it ``rebased``, where another branch's
    file came between, and ``squashed``."""
    path = tmp_path_factory.mktemp("faults") / "project"
    path.mkdir()
    with kept_project(path, server, {"shop": {}}) as project:
        history.record_two(project)
        shutil.copytree(path, path.with_name("rebased"))
        history.record_third(project)
        shutil.copytree(path, path.with_name("squashed"))
        shutil.copytree(path, path.with_name("one_a_packet"))
        yield project


@pytest.fixture(scope="session")
def checkouts(shop: Project) -> Checkouts:
    """The same project on the same database, as others have it."""

    def checkout(name: str) -> Project:
        return Project(shop.path.with_name(name), shop.server, shop.database, shop.apps)

    found = Checkouts(shop, *map(checkout, ("rebased", "squashed", "one_a_packet")))
    found.one_a_packet.settings('DATABASES["default"]["OPTIONS"]["multi_statements"] = False')
    history.record_rebased(found.rebased)
    history.squash_two(found.squashed)
    return found


@pytest.fixture(scope="session")
def rig(checkouts: Checkouts) -> Iterator[Rig]:
    """The project on the server of the run, behind a proxy."""
    with rigged(Backstage(checkouts.shop.server), checkouts) as made:
        yield made


@pytest.fixture(scope="session")
def mortal_rig(checkouts: Checkouts) -> Iterator[Rig]:
    """The project on a server that may be killed, behind a proxy."""
    try:
        backstage = servers.killable(checkouts.shop.server)
    except ServerError as error:  # the run's server may be another machine's
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    try:
        with rigged(backstage, checkouts) as made:
            yield made
    finally:
        servers.stop(backstage)


@contextmanager
def rigged(backstage: Backstage, checkouts: Checkouts) -> Iterator[Rig]:
    with ExitStack() as stack:
        # A socket's path is short (unix(7)); pytest's folders are not.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="nf", dir="/tmp"))
        path = Path(folder) / "proxy.sock"
        proxy = Proxy(path, backstage.upstream)
        stack.callback(proxy.close)
        entry = backstage.server.settings
        login = quote(entry["USER"], safe="")
        if entry["PASSWORD"]:
            login += f":{quote(entry['PASSWORD'], safe='')}"
        database = checkouts.shop.database
        url = f"mysql://{login}@/{database}?unix_socket={quote(str(path))}"

        def commands(project: Project) -> Commands:
            return stack.enter_context(Commands(project, url))

        yield Rig(
            backstage,
            proxy,
            database,
            commands(checkouts.shop),
            rebased=commands(checkouts.rebased),
            squashed=commands(checkouts.squashed),
            one_a_packet=commands(checkouts.one_a_packet),
        )
