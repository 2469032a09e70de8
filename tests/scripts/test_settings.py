"""A wrong setting stops the site with one line, before it can do harm on a guess."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nestflux.environment import (
    Environment,
    database_from_url,
    private_server_url,
    private_shadow_url,
)
from tests import forked_python

pytestmark = pytest.mark.skipif(
    os.environ.get("NESTFLUX_TEST_FAMILY") == "mysql",
    reason="settings know no server; tested with MariaDB's",
)
REPOSITORY = Path(__file__).resolve().parents[2]

ENTRY_POINTS = {
    "manage.py": ["manage.py", "check"],
    "wsgi": ["-c", "import nestflux.wsgi"],
    "asgi": ["-c", "import nestflux.asgi"],
}

WRONG = {
    "no secret key": ({"DEBUG": "false", "SECRET_KEY": ""}, "SECRET_KEY: is not set"),
    "no secret key, DEBUG unset": ({"DEBUG": "", "SECRET_KEY": ""}, "SECRET_KEY: is not set"),
    "not a boolean": ({"DEBUG": "maybe"}, "DEBUG: 'maybe' is neither true nor false"),
    "not a number": ({"CONN_MAX_AGE": "abc"}, "CONN_MAX_AGE: 'abc' is not a whole number"),
    "a negative number": ({"CONN_MAX_AGE": "-1"}, "CONN_MAX_AGE: '-1' is not a whole number"),
    "another database": (
        {"DATABASE_URL": "postgres://user:hunter2@host/name"},
        "DATABASE_URL: NestFlux is for MySQL and MariaDB; postgres:// is another database",
    ),
    "no scheme": ({"DATABASE_URL": "hunter2"}, "DATABASE_URL: NestFlux is for MySQL and MariaDB"),
    "no database name": ({"DATABASE_URL": "mysql://user:hunter2@host/"}, "names no database"),
    "a port that is no number": (
        {"DATABASE_URL": "mysql://user:hunter2@host:abc/name"},
        "DATABASE_URL: is not a database URL",
    ),
    "an unescaped bracket": (
        {"DATABASE_URL": "mysql://user:hunter2[@host/name"},
        "DATABASE_URL: is not a database URL",
    ),
    "an unknown option": (
        {"DATABASE_URL": "mysql://user:hunter2@host/name?socket=/x"},
        "DATABASE_URL: the option 'socket' is not known",
    ),
    "a shadow of another kind": (
        {"SHADOW_MYSQL_URL": "sqlite:///hunter2"},
        "SHADOW_MYSQL_URL: NestFlux is for MySQL and MariaDB",
    ),
}


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
@pytest.mark.parametrize("case", WRONG)
def test_wrong_value_ends_in_one_line_and_exit_code_2(case: str, entry_point: str) -> None:
    variables, message = WRONG[case]

    ended = forked_python.run(
        ENTRY_POINTS[entry_point],
        REPOSITORY,
        {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DEBUG": "true",
            "DATABASE_URL": "",
            **variables,
        },
    )

    assert ended.returncode == 2
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "hunter2" not in ended.stderr


def test_socket_url_becomes_the_host() -> None:
    entry = database_from_url("mysql://root@/nestflux?unix_socket=/run/my.sock", variable="X")

    assert entry["ENGINE"] == "django.db.backends.mysql"
    assert (entry["NAME"], entry["USER"], entry["HOST"]) == ("nestflux", "root", "/run/my.sock")


def test_every_connection_is_strict_utf8_and_utc() -> None:
    options = database_from_url("mysql://u:p@h:3307/n", variable="X")["OPTIONS"]

    assert options["charset"] == "utf8mb4"
    assert options["isolation_level"] == "read committed"
    assert "STRICT_TRANS_TABLES" in options["init_command"]
    assert "time_zone = '+00:00'" in options["init_command"]


def test_password_is_decoded_and_port_is_a_number() -> None:
    entry = database_from_url("mariadb://u:p%40s%2Fs@h:3307/n", variable="X")

    assert entry["PASSWORD"] == "p@s/s"
    assert entry["PORT"] == 3307


def test_tls_files_become_the_dictionary_that_mysqlclient_takes() -> None:
    url = "mysql://u@h/n?ssl_mode=VERIFY_CA&ssl_ca=/ca.pem"

    options = database_from_url(url, variable="X")["OPTIONS"]

    assert options["ssl_mode"] == "VERIFY_CA"
    assert options["ssl"] == {"ca": "/ca.pem"}
    assert "ssl_ca" not in options


def test_process_wins_over_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NESTFLUX_TEST_A", "process")
    monkeypatch.delenv("NESTFLUX_TEST_B", raising=False)
    env_file = tmp_path / ".env"
    env_file.write_text("# a comment\n\nNESTFLUX_TEST_A=file\nNESTFLUX_TEST_B='file'\n")

    environment = Environment(env_file)

    assert environment.text("NESTFLUX_TEST_A") == "process"
    assert environment.text("NESTFLUX_TEST_B") == "file"
    monkeypatch.delenv("NESTFLUX_TEST_B")


def test_value_that_begins_with_a_dollar_is_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NESTFLUX_TEST_KEY", "$HOME")

    assert Environment(tmp_path / "none").text("NESTFLUX_TEST_KEY") == "$HOME"


def test_malformed_env_line_is_named_without_its_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DEBUG=true\nSECRET_KEY = hunter2\n")

    with pytest.raises(SystemExit) as ended:
        Environment(env_file)

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "line 2" in said
    assert "hunter2" not in said


def test_env_example_is_well_formed_and_holds_no_secret() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert values["SECRET_KEY"] == ""
    assert values["DATABASE_URL"] == ""


def test_private_server_url_follows_a_socket_that_had_to_move(tmp_path: Path) -> None:
    assert private_server_url(tmp_path, "mariadb").endswith(f"{tmp_path}/mariadb/server.sock")

    (tmp_path / "mariadb").mkdir()
    (tmp_path / "mariadb" / "socket-path").write_text("/short/server.sock\n")

    assert private_server_url(tmp_path, "mariadb").endswith("=/short/server.sock")


# ---- development servers -------------------------------------------------------------------


@pytest.fixture
def listen() -> Iterator[Callable[[Path], socket.socket]]:
    """A server's socket that answers, as far as settings ask."""
    with ExitStack() as stack:

        def opened(folder: Path) -> socket.socket:
            folder.mkdir(parents=True)
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(str(folder / "server.sock"))
            server.listen()
            return server

        yield opened


Listen = Callable[[Path], socket.socket]


def test_a_private_server_that_runs_is_a_shadow_and_a_stopped_one_is_not(
    tmp_path: Path, listen: Listen
) -> None:
    assert private_shadow_url(tmp_path, "mysql") == ""

    server = listen(tmp_path / "test-mysql")
    assert private_shadow_url(tmp_path, "mysql") == private_server_url(tmp_path, "test-mysql")

    server.close()  # as a killed server leaves it: a socket that nobody answers
    assert (tmp_path / "test-mysql" / "server.sock").exists()
    assert private_shadow_url(tmp_path, "mysql") == ""


def test_the_server_of_make_run_comes_before_that_of_the_tests(
    tmp_path: Path, listen: Listen
) -> None:
    listen(tmp_path / "test-mysql")
    listen(tmp_path / "mysql")

    assert private_shadow_url(tmp_path, "mysql") == private_server_url(tmp_path, "mysql")


def test_a_server_notices_nothing_of_the_question(tmp_path: Path, listen: Listen) -> None:
    server = listen(tmp_path / "mysql")
    server.setblocking(False)

    assert private_shadow_url(tmp_path, "mysql")
    with pytest.raises(BlockingIOError):
        server.accept()


def test_a_folder_whose_path_is_too_long_for_a_socket_holds_no_server(tmp_path: Path) -> None:
    assert private_shadow_url(tmp_path / ("x" * 120), "mysql") == ""


def shadows(checkout: Path, **variables: str) -> dict[str, str]:
    """The hosts of SHADOWS, as the settings of a checkout find them."""
    (checkout / "nestflux").mkdir(exist_ok=True)
    for name in ("__init__.py", "environment.py", "settings.py"):
        shutil.copy(REPOSITORY / "nestflux" / name, checkout / "nestflux" / name)
    code = (
        "import json; from nestflux.settings import NESTFLUX; "
        "print(json.dumps({k: v['HOST'] for k, v in NESTFLUX['SHADOWS'].items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "DEBUG": "true", "PYTHONPATH": str(checkout), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_the_sites_own_private_mariadb_serves_its_own_family(
    tmp_path: Path, listen: Listen
) -> None:
    for name in ("mariadb", "test-mariadb", "test-mysql"):
        listen(tmp_path / ".local" / name)

    assert shadows(tmp_path) == {"mysql": f"{tmp_path}/.local/test-mysql/server.sock"}


def test_a_site_on_another_server_records_mariadb_on_the_private_one(
    tmp_path: Path, listen: Listen
) -> None:
    listen(tmp_path / ".local" / "mariadb")

    found = shadows(tmp_path, DATABASE_URL="mysql://somebody@db.example.com/site")

    assert found == {"mariadb": f"{tmp_path}/.local/mariadb/server.sock"}


def test_after_make_stop_no_family_has_a_shadow(tmp_path: Path) -> None:
    for name in ("mariadb", "mysql", "test-mariadb", "test-mysql"):
        (tmp_path / ".local" / name).mkdir(parents=True)

    assert shadows(tmp_path) == {}


def test_a_variable_wins_over_a_private_server(tmp_path: Path, listen: Listen) -> None:
    listen(tmp_path / ".local" / "mysql")

    found = shadows(
        tmp_path,
        SHADOW_MYSQL_URL="mysql://dev@mysql.example.com/x",
        SHADOW_MARIADB_URL="mysql://dev@mariadb.example.com/x",
    )

    assert found == {"mysql": "mysql.example.com", "mariadb": "mariadb.example.com"}
