"""How a process ends before its time: at one of its writes, killed or cut off from the server.

``{"at": 7, "how": "killed after"}``: at the seventh statement that writes, or commit, counted
from 0. ``killed before`` it, ``killed after`` it (SIGKILL: nothing is cleaned up), or its
connection ``cut after`` the server did it and before the client hears of it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from typing import Any

from django.db.backends.signals import connection_created
from django.db.utils import OperationalError

HOWS = ("killed after", "killed before", "cut after")
_READS = ("SELECT", "SHOW", "SET", "EXPLAIN")


class Watch:
    """Counts what the main thread's connection to ``default`` writes, and ends it there."""

    def __init__(self, death: Mapping[str, Any] | None) -> None:
        self.left = death["at"] if death else -1
        self.how = death["how"] if death else ""
        self.facts: dict[str, Any] = {"writes": 0, "queries": 0, "cut": False}
        connection_created.connect(self._watch, weak=False)

    def _watch(self, connection: Any, **given: Any) -> None:
        is_ours = threading.current_thread() is threading.main_thread()
        if not is_ours or connection.alias != "default" or self in connection.execute_wrappers:
            return
        connection.execute_wrappers.append(self)
        commit = connection._commit
        connection._commit = lambda: self._at_a_write(connection, commit)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.facts["queries"] += 1
        if sql.lstrip(" (\n").upper().startswith(_READS):
            return execute(sql, params, many, context)
        return self._at_a_write(context["connection"], lambda: execute(sql, params, many, context))

    def _at_a_write(self, connection: Any, write: Any) -> Any:
        now = self.facts["writes"] == self.left
        self.facts["writes"] += 1
        if now and self.how == "killed before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = write()
        if now and self.how == "killed after":
            os.kill(os.getpid(), signal.SIGKILL)
        if now and self.how == "cut after":
            self.facts["cut"] = True
            connection.connection.close()
            raise OperationalError(2013, "Lost connection to server during query")
        return result
