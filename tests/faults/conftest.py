from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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


@pytest.fixture(autouse=True)
def _looks_at_databases(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Project]:
    """The project of ``history.py``, recorded once; beside it ``rebased``, where another branch's
    file came between."""
    path = tmp_path_factory.mktemp("faults") / "project"
    path.mkdir()
    with kept_project(path, server, {"shop": {}}) as project:
        history.record_two(project)
        shutil.copytree(path, path.with_name("rebased"))
        history.record_third(project)
        yield project


@pytest.fixture(scope="session")
def rebased(shop: Project) -> Project:
    """The same project on the same database, its third file rebased."""
    path = shop.path.with_name("rebased")
    project = Project(path, shop.server, shop.database, shop.apps)
    history.record_rebased(project)
    return project


@pytest.fixture(scope="session")
def rig(shop: Project, rebased: Project) -> Iterator[Rig]:
    """The project on the server of the run, behind a proxy."""
    with rigged(Backstage(shop.server), shop, rebased) as made:
        yield made


@pytest.fixture(scope="session")
def mortal_rig(shop: Project, rebased: Project) -> Iterator[Rig]:
    """The project on a server that may be killed, behind a proxy."""
    try:
        backstage = servers.killable(shop.server)
    except ServerError as error:  # the run's server may be another machine's
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    try:
        with rigged(backstage, shop, rebased) as made:
            yield made
    finally:
        servers.stop(backstage)


@contextmanager
def rigged(backstage: Backstage, project: Project, rebased: Project) -> Iterator[Rig]:
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
        url = f"mysql://{login}@/{project.database}?unix_socket={quote(str(path))}"
        commands = stack.enter_context(Commands(project, url))
        next_commands = stack.enter_context(Commands(rebased, url))
        yield Rig(backstage, proxy, commands, project.database, next_commands)
