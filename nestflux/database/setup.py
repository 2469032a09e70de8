"""How a server, and the session on it, is set up: what of it decides whether a run may begin.

``docs/servers.md`` lists the settings that matter, what is done about each, and its test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Global ones, and of the session where it has its own: SHOW SESSION VARIABLES gives both.
_ASKED = (
    "read_only",
    "super_read_only",
    "wsrep_on",
    "group_replication_single_primary_mode",
    "log_bin",
    "sql_log_bin",
    "binlog_format",
    "transaction_isolation",
    "tx_isolation",  # MariaDB before 11.1
    "transaction_read_only",
    "tx_read_only",
)
# MySQL 8.0.22, MariaDB 10.5.1; before them the other word.
_REPLICA_STATUS = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")


@dataclass(frozen=True)
class Setup:
    """What was found.

    ``read_only``: writes are refused to users without a privilege (read_only, super_read_only).
    ``multi_primary``: a node of a cluster across which GET_LOCK does not hold: Galera's wsrep_on
    (MariaDB KB "Galera Cluster System Variables"), or MySQL Group Replication with
    group_replication_single_primary_mode=OFF. ``replica_of``: the host and port of the server that
    it is a replica of; empty where it is none, or where this user may not ask. ``logs``: what this
    session writes goes into the binary log. ``statement_log``: as the text of its statements
    (binlog_format=STATEMENT). ``isolation``: of this session's transactions.
    ``read_only_session``: its transactions take no writes (transaction_read_only).
    """

    read_only: bool = False
    multi_primary: bool = False
    replica_of: str = ""
    logs: bool = False
    statement_log: bool = False
    isolation: str = "REPEATABLE-READ"
    read_only_session: bool = False


def setup_of(connection: BaseDatabaseWrapper) -> Setup:
    """Ask the server: two queries."""
    marks = ", ".join(["%s"] * len(_ASKED))
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW SESSION VARIABLES WHERE Variable_name IN ({marks})", _ASKED)
        found = {str(name): str(value) for name, value in cursor.fetchall()}
        return read_setup(found, _replica_of(cursor))


def read_setup(found: Mapping[str, str], replica_of: str = "") -> Setup:
    """The values of variables, by name, as what they mean. Pure."""
    isolation = found.get("transaction_isolation") or found.get("tx_isolation") or ""
    logs = _is_on(found, "log_bin") and found.get("sql_log_bin", "ON") == "ON"
    return Setup(
        read_only=_is_on(found, "read_only") or _is_on(found, "super_read_only"),
        multi_primary=_is_on(found, "wsrep_on")
        or found.get("group_replication_single_primary_mode") == "OFF",
        replica_of=replica_of,
        logs=logs,
        statement_log=logs and found.get("binlog_format") == "STATEMENT",
        isolation=isolation or Setup.isolation,
        read_only_session=_is_on(found, "transaction_read_only") or _is_on(found, "tx_read_only"),
    )


def _is_on(found: Mapping[str, str], name: str) -> bool:
    # MariaDB 12 shows read_only as one of several words, of which OFF means no.
    return found.get(name, "OFF") not in ("OFF", "0", "")


def _replica_of(cursor: Any) -> str:
    for sql in _REPLICA_STATUS:
        try:
            cursor.execute(sql)
        except Error:  # no such word on this version, or the user may not
            continue
        columns = [column[0] for column in cursor.description]
        if (row := cursor.fetchone()) is None:
            return ""
        named = dict(zip(columns, row, strict=True))
        host = named.get("Source_Host") or named.get("Master_Host") or "another server"
        port = named.get("Source_Port") or named.get("Master_Port")
        return f"{host}:{port}" if port else str(host)
    return ""
