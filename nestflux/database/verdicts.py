"""How a server runs a DDL statement: asked, by offering it the cheapest way first.

MySQL Manual "Online DDL Operations"; MariaDB KB "InnoDB Online DDL Overview". A server that
cannot do what ALGORITHM= and LOCK= ask for refuses before it does anything. What is done in place
may still rebuild the table, which takes the time of a copy, and room for one: the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.rebuilds import Watched
from nestflux.sql.brackets import with_depth
from nestflux.sql.lexer import Token, significant
from nestflux.sql.names import name_at

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

CREATES = "creates a table"
NEW_TABLE = " (a new table)"

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
        # What NOCOPY refuses and INPLACE does is a rebuild (KB "InnoDB Online DDL Overview").
        ("INPLACE", "NONE", "rebuilds the table in place, no lock"),
        ("INPLACE", "SHARED", "rebuilds the table in place, blocks writes"),
        ("COPY", "NONE", "copies the table, no lock"),  # MariaDB 11.2+
        ("COPY", "SHARED", "copies the table, blocks writes"),
        ("COPY", "EXCLUSIVE", "copies the table, blocks reads and writes"),
    ),
}
# What ALGORITHM= and LOCK= may ask for.
_ASKED = frozenset("DEFAULT INSTANT NOCOPY INPLACE COPY NONE SHARED EXCLUSIVE".split())
# ER_ALTER_OPERATION_NOT_SUPPORTED and its _REASON; a clause that this statement, server or
# version does not know (syntax, wrong usage, unknown algorithm, not supported yet).
_NOT_THIS_WAY = {1845, 1846, 1064, 1221, 1800, 1235, 1801}


def run_measured(
    sql: str,
    family: str,
    execute: Callable[[str], Any],
    connection: BaseDatabaseWrapper,
) -> tuple[str, Any]:
    """Run a DDL statement the cheapest way that the server accepts.

    Args:
        execute: sends a text to the server.
        connection: the same one, to be asked what became of the table.

    Returns the verdict, as a reviewer reads it, and what ``execute`` returned. An error on the
    statement's merits is raised as the plain statement raises it.
    """
    if plain := _plain_verdict(sql):
        return plain, execute(sql)
    table: Watched | None = None
    if asked := _asked_way(sql, family):
        ways: Iterable[tuple[str, str, str]] = (asked,)
    else:
        ways = _ways(sql, family)
    for algorithm, lock, verdict in ways:
        if (family, algorithm) == ("mysql", "INPLACE"):
            table = table or Watched(connection, sql)
        try:
            result = execute(sql if asked else _offering(sql, algorithm, lock))
        except Error as error:
            if error.args and error.args[0] in _NOT_THIS_WAY:
                continue
            break
        is_rebuilt = table is not None and algorithm == "INPLACE" and table.is_rebuilt()
        return f"rebuilds the table {verdict}" if is_rebuilt else verdict, result
    return "not measured", execute(sql)


def works_on_rows(verdict: str) -> bool:
    """Does its time depend on the rows of the table? Of a new one it then says so: it has none."""
    return verdict.startswith(("copies", "rebuilds", "in place", "no ", "as it asks"))


def writes_anew(verdict: str, family: str) -> bool:
    """Does a statement write all rows and indexes of its table anew, a table that was there before
    its file? Files of MariaDB from before rebuilds had a word call one ``in place``."""
    if verdict.endswith(NEW_TABLE):
        return False
    rebuilds = ("rebuilds", "in place") if family == "mariadb" else ("rebuilds",)
    return verdict.startswith(("copies", *rebuilds)) or verdict.endswith("ALGORITHM=COPY")


def blocks(verdict: str) -> bool:
    """Do writers wait while it runs? Nobody knows of what asks for its way itself; MySQL's COPY
    does block them, and MariaDB's before 11.2."""
    return "blocks" in verdict or verdict.endswith("ALGORITHM=COPY")


def copies_table(verdict: str) -> bool:
    return verdict.startswith("copies the table") or verdict.endswith("ALGORITHM=COPY")


def _ways(sql: str, family: str) -> Iterator[tuple[str, str, str]]:
    """What the server can be asked. Another ENGINE is never instant, nor are other rules for
    partitions, though MariaDB 10.11 says yes to INSTANT and NOCOPY, and copies."""
    if not _takes_clauses(sql):
        return
    words = _words(sql)
    rebuilds = (
        "ENGINE" in words or "PARTITIONING" in words or ("PARTITION", "BY") in pairwise(words)
    )
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
            return CREATES
        case ["DROP", "TABLE"]:
            return "drops a table: its rows are lost"
        case ["RENAME", "TABLE"]:
            return "renames, metadata only"
        case ["TRUNCATE", _]:
            return "empties a table: its rows are lost"
    algorithm = _clause(words, "ALGORITHM") if _takes_clauses(sql) else ""
    if algorithm and not any(_asked_way(sql, family) for family in _WAYS):
        # What it asks for itself is how it will run; the clauses of a question would overrule it.
        return f"as it asks: ALGORITHM={algorithm}"
    return ""


def _asked_way(sql: str, family: str) -> tuple[str, str, str] | None:
    """The way that a pinned statement asks for, by both clauses; None where it asks for none that
    the family has, as one of which a person wrote a clause alone."""
    words = _words(sql)
    asked = (_clause(words, "ALGORITHM"), _clause(words, "LOCK"))
    if not asked[0] or asked[0] == "COPY" or not _takes_clauses(sql):
        return None
    return next((way for way in _WAYS[family] if way[:2] == asked), None)


def _clause(words: list[str], name: str) -> str:
    """``INPLACE`` of ``ALGORITHM=INPLACE``; empty where there is no such clause, as of a column of
    this name."""
    if name not in words:
        return ""
    value = next((word for word in words[words.index(name) + 1 :] if word != "="), "")
    return value if value in _ASKED else ""


def pinned(sql: str, family: str, verdict: str) -> str:
    """The statement with the clauses of its verdict: a server that cannot run it this way refuses
    it, and does not copy the table instead. One that copies anyway, that makes a table, or that was
    not measured stays as it is."""
    if _plain_verdict(sql) or verdict.endswith(NEW_TABLE):
        return sql
    for algorithm, lock, words in _WAYS[family]:
        if algorithm != "COPY" and verdict in (words, f"rebuilds the table {words}"):
            return sql if _asked_way(sql, family) else _offering(sql, algorithm, lock)
    return sql


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
    clauses = [f"ALGORITHM={algorithm}", *([f"LOCK={lock}"] if lock else [])]
    place = _partition_clause(found) if words[:2] == ["ALTER", "TABLE"] else None
    if place is not None:
        return _before_partitions(sql, found, ", ".join(clauses), place)
    between = " " if words[0] == "CREATE" else ", "
    end = significant(sql)[-1].end  # before a comment that would swallow them
    return sql[:end] + between + between.join(clauses) + sql[end:]


def _partition_clause(found: Sequence[Token]) -> int | None:
    """Where the clause of an ALTER TABLE begins that is about partitions; nothing may follow it."""
    for at, (token, depth) in enumerate(with_depth(found)):
        word = token.text.upper() if depth == 0 and token.kind == "word" else ""
        if word in ("PARTITION", "PARTITIONING"):
            begins = found[at + 1 : at + 2]
            return at if begins and begins[0].text.upper() == "BY" else at - 1
    return None


def _before_partitions(sql: str, found: Sequence[Token], clauses: str, at: int) -> str:
    """The clauses of a question before that of partitions. PARTITION BY and REMOVE PARTITIONING end
    a list of clauses, without a comma. Any other stands alone: MySQL takes a question before it,
    MariaDB has no words for one (1064)."""
    _, first = name_at(found, 2)
    ends_a_list = found[at].text.upper() in ("PARTITION", "REMOVE")
    start = found[at].start
    head = f"{sql[:start].rstrip()}{'' if at == first else ','}"
    return f"{head} {clauses}{'' if ends_a_list else ','} {sql[start:]}"
