"""Reads the site's settings from the environment, strictly.

django-environ takes ``DEBUG=maybe`` for false and ``postgres://`` for a database; a production
site must not start on a guess. Whatever is wrong here ends the process with exit code 2 and one
line that names the variable, what is wrong, and what would be right. A value is never repeated
in that line where it may hold a password.
"""

import errno
import io
import re
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

# What MySQL ships as its default and MariaDB does not: the same SQL must mean the same on both,
# and a server whose operator relaxed sql_mode must not make this site truncate data in silence.
# NOW(), and with it every database default of a time column, follows the session's time zone;
# Django writes UTC.
# https://docs.djangoproject.com/en/5.2/ref/databases/#setting-sql-mode
INIT_COMMAND = (
    "SET sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'"
)

# What may stand behind the `?` of a database URL. mysqlclient would answer anything else with a
# TypeError, at the first query.
URL_OPTIONS = frozenset(
    {"unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "connect_timeout"}
    | {"read_timeout", "write_timeout", "read_default_file"}
)

ENV_LINE = re.compile(r"(?:export )?[A-Za-z_0-9]+=")

TRUE = frozenset({"true", "on", "yes", "1"})
FALSE = frozenset({"false", "off", "no", "0"})


def refuse(name: str, reason: str) -> NoReturn:
    """Ends the process with one line on stderr and exit code 2."""
    print(f"{name}: {reason}", file=sys.stderr)
    raise SystemExit(2)


class Environment:
    """The variables of the process, and behind them those of a ``.env`` file."""

    def __init__(self, env_file: Path) -> None:
        if env_file.exists():
            try:
                text = env_file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                refuse(str(env_file), f"cannot be read: {error}")
            # django-environ skips a line that it does not understand and only logs it, value
            # included.
            for number, line in enumerate(text.splitlines(), start=1):
                if line and not line.startswith("#") and not ENV_LINE.match(line):
                    refuse(f"{env_file}, line {number}", "is not NAME=value (no spaces at `=`).")
            environ.Env.read_env(io.StringIO(text))

    def text(self, name: str, default: str = "") -> str:
        """The value; an empty one counts as missing.

        Read from where django-environ put it and not through its casts, which take a value that
        begins with `$`, as a random key may, for the name of another variable.
        """
        return str(environ.Env.ENVIRON.get(name, "")).strip() or default

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value not in TRUE | FALSE:
            refuse(name, f"{value!r} is neither true nor false. Give `{name}=true` or `=false`.")
        return value in TRUE

    def whole_number(self, name: str, *, default: int) -> int:
        """A number of zero or more."""
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit()):
            refuse(name, f"{value!r} is not a whole number. For example `{name}={default}`.")
        return int(value)

    def words(self, name: str) -> list[str]:
        """A list separated by commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def database(self, name: str, *, default: str = "") -> dict[str, Any] | None:
        """An entry for ``DATABASES``; None where neither the variable nor a default is given."""
        url = self.text(name, default)
        return database_from_url(url, variable=name) if url else None


def database_from_url(url: str, *, variable: str) -> dict[str, Any]:
    """Turns ``mysql://user:password@host:3306/name?option=value`` into a ``DATABASES`` entry.

    ``?unix_socket=/path`` takes the place of a host. ``variable`` is named when the URL is
    wrong, in which case the process ends.
    """
    shape = "mysql://USER:PASSWORD@HOST:3306/NAME or mysql://USER@/NAME?unix_socket=/PATH"
    try:
        scheme = urlsplit(url).scheme
        entry: dict[str, Any] = environ.Env.db_url_config(url, engine="django.db.backends.mysql")
    except ValueError:  # a port that is not a number, a half-open [IPv6 address
        refuse(
            variable,
            f"is not a database URL. It has the shape {shape}; "
            "write special characters of a password as %XX.",
        )
    if scheme not in {"mysql", "mariadb"}:
        what = f"{scheme}:// is another database" if scheme else "it names no scheme"
        refuse(variable, f"NestFlux is for MySQL and MariaDB; {what}. The shape is {shape}.")
    if not entry["NAME"] or "/" in entry["NAME"]:
        refuse(variable, f"names no database. The shape is {shape}.")

    given = entry.get("OPTIONS", {})
    unknown = sorted(set(given) - URL_OPTIONS)
    if unknown:
        refuse(
            variable,
            f"the option {unknown[0]!r} is not known. Known: {', '.join(sorted(URL_OPTIONS))}.",
        )
    if path := given.pop("unix_socket", ""):
        # In HOST and not in OPTIONS: only there Django tells it to mysqldump and dbshell, too
        # (django/db/backends/mysql/client.py).
        entry["HOST"] = path
    tls = {key[4:]: given.pop(key) for key in ("ssl_ca", "ssl_cert", "ssl_key") if key in given}
    if tls:
        given["ssl"] = tls
    entry["OPTIONS"] = {
        "charset": "utf8mb4",
        # MySQL's own default, repeatable read, locks gaps between rows and lets a transaction
        # read rows that another has changed since; Django is written for this one.
        "isolation_level": "read committed",
        "init_command": INIT_COMMAND,
        **given,
    }
    entry["TEST"] = {"CHARSET": "utf8mb4"}
    return entry


def private_server_url(local: Path, name: str) -> str:
    """The address of a private server that ``scripts/server start NAME`` starts under ``local``."""
    return f"mysql://root@/nestflux?unix_socket={_private_socket(local, name)}"


def private_start_commands(local: Path) -> dict[str, str]:
    """The sockets of the private servers, each with the command that starts its server."""
    names = ("mariadb", "mysql", "test-mariadb", "test-mysql")
    return {str(_private_socket(local, name)): f"scripts/server start {name}" for name in names}


def private_shadow_url(local: Path, family: str) -> str:
    """The address of a private server of the family that runs now; empty where none does.

    Folders of servers outlive ``make stop``, so a folder alone names no development server. The
    server that ``make run`` starts comes before the one that the tests leave.
    """
    for name in (family, f"test-{family}"):
        if _somebody_listens(_private_socket(local, name)):
            return private_server_url(local, name)
    return ""


def _private_socket(local: Path, name: str) -> Path:
    note = local / name / "socket-path"  # there when the checkout's path is too long for a socket
    return Path(note.read_text().strip()) if note.exists() else local / name / "server.sock"


def _somebody_listens(path: Path) -> bool:
    """Whether a process listens on a Unix socket. The process hears nothing of the question.

    A killed server leaves its socket file behind. A stream connection that says nothing would be a
    warning in the server's log at every import of the settings; a datagram is refused by the
    kernel, with EPROTOTYPE where a stream socket is alive (Linux, unix(7)).
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            return probe.connect_ex(str(path)) == errno.EPROTOTYPE
        except OSError:  # the path is too long for a socket
            return False
