"""What a server refuses for its own sake: locks, read-only, algorithms."""

from __future__ import annotations

import re

from nestflux.database.explanations.failure import Failure, explains


@explains(1205)  # ER_LOCK_WAIT_TIMEOUT
def _lock_wait(failure: Failure) -> str:
    return (
        f"Another connection holds a lock on {failure.table} and did not let go in time. See who: "
        "SHOW FULL PROCESSLIST; (a long transaction or an idle one that has not committed). End "
        "it or wait, then run the command again."
    )


@explains(1213)  # ER_LOCK_DEADLOCK
def _deadlock(failure: Failure) -> str:
    return (
        "Two transactions waited for each other and the server undid this one. Run the command "
        "again; SHOW ENGINE INNODB STATUS; shows both under LATEST DETECTED DEADLOCK."
    )


@explains(1290, 1836, 1792)  # ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE, …_TRANSACTION
def _read_only(failure: Failure) -> str:
    if failure.number == 1290 and "read-only" not in failure.message.replace("_", "-"):
        return ""
    return (
        "The server takes no writes (read_only): it is a replica, or it is being maintained. "
        "Point DATABASES at the primary."
    )


# ER_RECORD_FILE_FULL, ER_DISK_FULL, ER_DISK_FULL_NOWAIT (MySQL, 3675); ER_GET_ERRNO and the errors
# of files 1, 3, 14, 20 (EE_CANTCREATEFILE, EE_WRITE, EE_OUT_OF_FILERESOURCES, EE_DISK_FULL) where
# they say errno 28, or 135 (HA_ERR_RECORD_FILE_FULL).
@explains(1114, 1021, 3675, 1030, 1, 3, 14, 20)
def no_room(failure: Failure) -> str:
    """Words for a full disk; empty where the error is about something else."""
    if failure.number not in (1114, 1021, 3675) and not re.search(
        r"\b(errno|Errcode|error):? (28|135)\b", failure.message
    ):
        return ""
    return (
        f"{failure.message.rstrip('.')}. The server has no room: free disk space, then run again."
    )


@explains(1286)  # ER_UNKNOWN_STORAGE_ENGINE
def _no_engine(failure: Failure) -> str:
    return (
        f"The server has no engine {failure.first()}, or it is disabled (SHOW ENGINES;). Let an "
        "administrator enable it, or name another engine in the migration."
    )


@explains(3750)  # ER_TABLE_WITHOUT_PK
def _no_primary_key(failure: Failure) -> str:
    return (
        f"{failure.table} would have no primary key, and the server takes no such table "
        "(sql_require_primary_key). Give it one in the migration."
    )


@explains(1317, 1969, 3024)  # ER_QUERY_INTERRUPTED; max_statement_time; max_execution_time
def _interrupted(failure: Failure) -> str:
    return "Somebody ended the statement (KILL) or it ran over a time limit. Run the command again."


# ER_ALTER_OPERATION_NOT_SUPPORTED, …_REASON; 1506 is ER_FOREIGN_KEY_ON_PARTITIONED
@explains(1845, 1846)
def _algorithm(failure: Failure) -> str:
    reason = re.search(r"Reason: (.*?)\.? Try (.*?)\.?$", failure.message)
    words = f"The server cannot change {failure.table} in the way that the statement asks for"
    if reason:
        return f"{words}: {reason[1]}. Try {reason[2]}, or leave ALGORITHM and LOCK out."
    return f"{words}. Leave ALGORITHM and LOCK out, or give COPY and SHARED."


@explains(1506)
def _partitioned(failure: Failure) -> str:
    return (
        f"{failure.table} has a foreign key or is referred to by one, and a partitioned table can "
        "have none. Drop the foreign key (db_constraint=False) or do not partition."
    )
