"""Who runs a deploy, and with what: for the row of its run."""

from __future__ import annotations

import socket
from getpass import getuser
from os import getpid

import django
from MySQLdb.release import version_info

import nestflux


def this_process() -> dict[str, str | int]:
    """Columns of ``nestflux_run``."""
    return {
        "host": socket.gethostname()[:255],
        "pid": getpid(),
        "user": _user(),
        "versions": _versions(),
    }


def _user() -> str:
    try:
        return getuser()[:255]
    except (KeyError, OSError):  # a container's user without a name
        return ""


def _versions() -> str:
    mysqlclient = ".".join(map(str, version_info[:3]))
    return (
        f"nestflux {nestflux.__version__}, Django {django.get_version()}, mysqlclient {mysqlclient}"
    )
