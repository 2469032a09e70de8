"""How a server runs a DDL statement: asked, by offering it the cheapest way first.

MySQL Manual "Online DDL Operations"; MariaDB KB "InnoDB Online DDL Overview". A server that
cannot do what ALGORITHM= and LOCK= ask for refuses before it does anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.utils import Error

from nestflux.sql.lexer import significant

# Cheapest first. MySQL refuses ALGORITHM=INSTANT together with a LOCK clause (error 1221).
_WAYS = {
    "mysql": (
        ("INSTANT", "", "instant"),
        ("INPLACE", "NONE", "in place, no lock"),
        ("INPLACE", "SHARED", "in place, blocks writes"),
        ("INPLACE", "EXCLUSIVE", "in place, blocks reads and writes"),
        ("COPY", "SHARED", "copies the table, blocks writes"),
        ("COPY", "EXCLUSIVE", "copies the table, blocks reads and writes"),
    ),
    "mariadb": (
        ("INSTANT", "", "instant"),
        ("NOCOPY", "NONE", "no copy, no lock"),
        ("NOCOPY", "SHARED", "no copy, blocks writes"),
        ("INPLACE", "NONE", "in place, no lock"),
        ("INPLACE", "SHARED", "in place, blocks writes"),
        ("COPY", "NONE", "copies the table, no lock"),  # MariaDB 11.2+
        ("COPY", "SHARED", "copies the table, blocks writes"),
        ("COPY", "EXCLUSIVE", "copies the table, blocks reads and writes"),
    ),
}
# ER_ALTER_OPERATION_NOT_SUPPORTED and its _REASON; a clause that this statement, server or
# version does not know (syntax, wrong usage, unknown algorithm, not supported yet).
_NOT_THIS_WAY = {1845, 1846, 1064, 1221, 1800, 1235, 1801}


def run_measured(sql: str, family: str, execute: Callable[[str], Any]) -> tuple[str, Any]:
    """Run a DDL statement the cheapest way that the server accepts.

    Returns the verdict, as a reviewer reads it, and what ``execute`` returned. An error on the
    statement's merits is raised as the plain statement raises it.
    """
    if plain := _plain_verdict(sql):
        return plain, execute(sql)
    for algorithm, lock, verdict in _ways(sql, family):
        try:
            return verdict, execute(_offering(sql, algorithm, lock))
        except Error as error:
            if error.args and error.args[0] in _NOT_THIS_WAY:
                continue
            break
    return "not measured", execute(sql)


def copies_table(verdict: str) -> bool:
    return verdict.startswith("copies the table") or "ALGORITHM=COPY" in verdict


def blocks_writes(verdict: str) -> bool:
    """Do writes wait until the statement is done? A copy that somebody asked for takes a shared
    lock."""
    return "blocks" in verdict or "ALGORITHM=COPY" in verdict


def _ways(sql: str, family: str) -> Iterator[tuple[str, str, str]]:
    """What the server can be asked. Another ENGINE is never instant, though MariaDB 10.11 says yes
    to INSTANT and NOCOPY, and copies."""
    if not _takes_clauses(sql):
        return
    rebuilds = "ENGINE" in _words(sql)
    for way in _WAYS[family]:
        if not (rebuilds and way[0] in ("INSTANT", "NOCOPY")):
            yield way


def _words(sql: str) -> list[str]:
    return [token.text.upper() for token in significant(sql)]


def _plain_verdict(sql: str) -> str:
    """The verdict of statements that need no measuring."""
    words = _words(sql)
    match words[:2]:
        case ["CREATE", "TABLE"]:
            return "creates a table"
        case ["DROP", "TABLE"]:
            return "drops a table: its rows are lost"
        case ["RENAME", "TABLE"]:
            return "renames, metadata only"
        case ["TRUNCATE", _]:
            return "empties a table: its rows are lost"
    if "ALGORITHM" in words and _takes_clauses(sql):
        # What it asks for itself is how it will run; the clauses of a question would overrule it.
        asked = next(word for word in words[words.index("ALGORITHM") + 1 :] if word != "=")
        return f"as it asks: ALGORITHM={asked}"
    return ""


def _takes_clauses(sql: str) -> bool:
    words = _words(sql)
    if words[:2] == ["ALTER", "TABLE"]:
        return True
    return words[0] in ("CREATE", "DROP") and "INDEX" in words[1:3]


def _offering(sql: str, algorithm: str, lock: str) -> str:
    """The statement with the clauses: commas between them in ALTER TABLE, blanks in CREATE INDEX;
    DROP INDEX is written as ALTER TABLE, because MariaDB's takes no clause."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    if words[:2] == ["DROP", "INDEX"] and "ON" in words:
        on = words.index("ON")
        name = "".join(token.text for token in found[2:on])
        table = "".join(token.text for token in found[on + 1 :])
        sql = f"ALTER TABLE {table} DROP INDEX {name}"
    if words[0] == "CREATE":
        return f"{sql} ALGORITHM={algorithm}" + (f" LOCK={lock}" if lock else "")
    return f"{sql}, ALGORITHM={algorithm}" + (f", LOCK={lock}" if lock else "")
