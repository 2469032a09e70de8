"""How a server, and the session on it, is set up: what of it decides whether a run may begin.

``docs/servers.md`` lists the settings that matter, what is done about each, and its test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nestflux.database.replication import READ_ONLY, channels, is_on, is_read_only, source_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Global ones, and of the session where it has its own: SHOW SESSION VARIABLES gives both.
_ASKED = (
    *READ_ONLY,
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


@dataclass(frozen=True)
class Setup:
    """What was found.

    ``read_only``: writes are refused to users without a privilege (``replication.READ_ONLY``).
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
    return read_setup(found, source_of(channels(connection)))


def read_setup(found: Mapping[str, str], replica_of: str = "") -> Setup:
    """The values of variables, by name, as what they mean. Pure."""
    isolation = found.get("transaction_isolation") or found.get("tx_isolation") or ""
    logs = is_on(found, "log_bin") and found.get("sql_log_bin", "ON") == "ON"
    return Setup(
        read_only=is_read_only(found),
        multi_primary=is_on(found, "wsrep_on")
        or found.get("group_replication_single_primary_mode") == "OFF",
        replica_of=replica_of,
        logs=logs,
        statement_log=logs and found.get("binlog_format") == "STATEMENT",
        isolation=isolation or Setup.isolation,
        read_only_session=is_on(found, "transaction_read_only") or is_on(found, "tx_read_only"),
    )
