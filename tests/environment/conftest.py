"""A server of this package's own, and one history on it, recorded once."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import MySQLdb
import pytest

from tests.environment.deploys import state_of, until
from tests.environment.histories import APPS, write_first, write_second
from tests.scenario import REPOSITORY, Project, TestServer, kept_project, new_project

# Row locks are waited for a second and not fifty; and as some operators have it, their timeout
# rolls the transaction back (read-only once the server runs: Manual 17.14).
OPTIONS = ("--innodb-lock-wait-timeout=1", "--innodb-rollback-on-timeout=ON")


@dataclass
class PrivateServer(TestServer):
    """A server that a test may restart, starve and reconfigure, through ``scripts/server``."""

    local: Path = Path()
    name: str = ""

    @property
    def folder(self) -> Path:
        return self.local / self.name

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        return Path(self.settings["HOST"])

    @property
    def family(self) -> str:
        return self.name.removeprefix("test-")  # known while it is down, too

    def start(self) -> None:
        self._script("start")
        self.url = self._script("url").strip()
        socket = unquote(self.url.partition("unix_socket=")[2])
        self.settings = {**self.settings, "HOST": socket}

    def stop(self) -> None:
        """SIGTERM, and wait until it has ended."""
        self._script("stop")

    @contextmanager
    def down(self) -> Iterator[None]:
        """Stopped in an orderly way while the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def comes_back(self) -> None:
        """Start it where it ended, or is about to end, by itself."""
        until(lambda: self._answers() or not self._is_there(), "an answer, or an end")
        if not self._answers():
            self.start()

    def _answers(self) -> bool:
        with suppress(MySQLdb.Error):
            self.sql("SELECT 1")
            return True
        return False

    def _is_there(self) -> bool:
        return "not running" not in self._script("status", fails=True)

    def _script(self, command: str, *, fails: bool = False) -> str:
        done = subprocess.run(
            [REPOSITORY / "scripts" / "server", "--local", self.local, command, self.name],
            capture_output=True,
            text=True,
            check=False,
        )
        assert fails or done.returncode == 0, f"{done.stdout}{done.stderr}"
        return done.stdout


def private(server: TestServer, local: Path) -> PrivateServer:
    """A server of the run's family in a folder of its own; not started."""
    settings = {**server.settings, "USER": "root", "PASSWORD": "", "PORT": ""}
    return PrivateServer(settings, "", local=local, name=f"test-{server.family}")


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Path:
    """The folder of a server that was made and stopped: making one takes seconds, copying none."""
    made = private(server, tmp_path_factory.mktemp("initialised"))
    made.folder.mkdir(parents=True)
    (made.folder / "options").write_text("\n".join(OPTIONS))
    made.start()
    made.stop()
    return made.folder


@pytest.fixture(scope="session")
def own_server(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer, initialised: Path
) -> Iterator[PrivateServer]:
    """The package's own server. Who stops it starts it again."""
    made = private(server, tmp_path_factory.mktemp("own"))
    shutil.copytree(initialised, made.folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with two recorded files, made once for the whole run."""
    with recorded_in(tmp_path_factory.mktemp("recorded"), server) as path:
        yield path


@contextmanager
def recorded_in(path: Path, server: TestServer) -> Iterator[Path]:
    """A folder with the two files of ``histories``, recorded."""
    with kept_project(path, server, {"shop": {}}) as project:
        write_first(project)
        project.succeeds("db_generate", "--name", "first", "--noinput")
        write_second(project)
        project.succeeds("db_generate", "--name", "second", "--noinput")
        yield path


def copy_of(recorded: Path, path: Path, server: TestServer) -> Project:
    """The recorded project in another folder, with an empty database on a server."""
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"shop": {}})
    for name in ("shop", "migrations_sql"):
        shutil.copytree(recorded / name, path / name, dirs_exist_ok=True)
    project.write("shop/apps.py", APPS)
    return project


@contextmanager
def another_server(server: TestServer, local: Path, *options: str) -> Iterator[PrivateServer]:
    """A server of the run's family in a folder of its own, with further options."""
    made = private(server, local)
    made.folder.mkdir(parents=True)
    (made.folder / "options").write_text("\n".join((*OPTIONS, *options)))
    made.start()
    try:
        yield made
    finally:
        made.stop()


ShopFactory = Callable[..., Project]


@pytest.fixture
def shop_on(tmp_path: Path, recorded: Path) -> Iterator[ShopFactory]:
    """Copies of the recorded project on any server, before a run: ``shop_on(server, BACK)``."""
    made: list[Project] = []

    def make(server: TestServer, attempt: Attempt) -> Project:
        path = tmp_path / f"shop{len(made)}"
        path.mkdir()
        made.append(copy_of(recorded, path, server))
        attempt.prepare(made[-1])
        return made[-1]

    yield make
    for project in made:
        project.server.drop_all(project.database)


@dataclass(frozen=True)
class Attempt:
    """A way through the history: what stands before it, and the command that goes it."""

    name: str
    applied: str
    command: tuple[str, ...]

    def prepare(self, project: Project) -> None:
        if self.applied:
            project.succeeds("db_migrate", *self.applied.split())


FORWARD = Attempt("forward", "--to 0001", ("db_migrate",))
BACK = Attempt("rollback", "--replay", ("db_rollback", "--yes"))
FRESH = Attempt("fresh", "", ("db_migrate",))


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, own_server: PrivateServer, recorded: Path
) -> Callable[[Attempt], dict[str, Any]]:
    """The state that an attempt ends in when nothing is in its way; each is gone once."""
    known: dict[str, dict[str, Any]] = {}

    def state(attempt: Attempt) -> dict[str, Any]:
        if attempt.name not in known:
            path = tmp_path_factory.mktemp(attempt.name)
            project = copy_of(recorded, path, own_server)
            attempt.prepare(project)
            project.succeeds(*attempt.command)
            known[attempt.name] = state_of(project)
            own_server.drop_all(project.database)
        return known[attempt.name]

    return state


@dataclass(frozen=True)
class Scene:
    """What a test of this package needs: a server, projects on it, and what they must end as."""

    server: PrivateServer
    shop_on: ShopFactory
    undisturbed: Callable[[Attempt], dict[str, Any]]

    def before(self, attempt: Attempt) -> Project:
        """A project of its own, with all that comes before an attempt."""
        return self.shop_on(self.server, attempt)

    def finishes(self, shop: Project, attempt: Attempt, *says: str) -> None:
        """The next run does the rest by itself, tells what it found, and all is as if nothing had
        been in the way."""
        finished = shop.succeeds(*attempt.command)
        for words in says:
            assert words in finished.stdout, f"{words!r} is not in:\n{finished}"
        self.ends_undisturbed(shop, attempt)

    def ends_undisturbed(self, shop: Project, attempt: Attempt) -> None:
        assert state_of(shop) == self.undisturbed(attempt)


@pytest.fixture
def scene(
    own_server: PrivateServer,
    shop_on: ShopFactory,
    undisturbed: Callable[[Attempt], dict[str, Any]],
) -> Scene:
    return Scene(own_server, shop_on, undisturbed)


@contextmanager
def globally(server: TestServer, **variables: object) -> Iterator[None]:
    """Global variables of a server, given back at the end."""
    had = {name: server.sql(f"SELECT @@GLOBAL.{name}")[0][0] for name in variables}
    try:
        for name, value in variables.items():
            server.sql(f"SET GLOBAL {name} = {value}")
        yield
    finally:
        for name, value in had.items():
            server.sql(f"SET GLOBAL {name} = {value!r}")
