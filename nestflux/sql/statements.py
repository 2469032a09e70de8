"""What kind of statement a text is. Pure: decides by its first words alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from nestflux.sql.brackets import split
from nestflux.sql.lexer import Token, executed, opening, significant, tokens


class Kind(StrEnum):
    """How a statement behaves in a transaction, which decides how the ledger records it."""

    DDL = "ddl"  # commits by itself, before and after (Manual: Implicit Commit)
    DATA = "data"  # can share a transaction with its ledger row
    SESSION = "session"  # SET: replayed on every resume, never recorded
    READ = "read"  # leaves nothing behind
    TRANSACTION = "transaction"  # BEGIN, COMMIT, SAVEPOINT…: the engine's business


_BY_FIRST_WORD = {
    **dict.fromkeys(("INSERT", "UPDATE", "DELETE", "REPLACE", "CALL", "DO", "HANDLER"), Kind.DATA),
    **dict.fromkeys(
        ("SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "VALUES", "TABLE", "CHECKSUM", "HELP"),
        Kind.READ,
    ),
    **dict.fromkeys(
        ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"), Kind.TRANSACTION
    ),
    "SET": Kind.SESSION,
}
# Statements whose repetition changes nothing and whose effect no schema shows.
_REPEATABLE = (
    *("ANALYZE", "OPTIMIZE", "CHECK", "REPAIR", "FLUSH", "CACHE", "LOAD"),
    *("GRANT", "REVOKE", "SET", "ALTER", "COMMENT"),
)
# What CREATE OR REPLACE makes anew from its text alone, with nothing in it that could be lost.
_TEXTS = {"VIEW", "PROCEDURE", "FUNCTION", "PACKAGE", "TRIGGER", "EVENT", "INDEX"}
# Statements on the server and not on a schema, which does not show whether they ran.
_OF_THE_SERVER = {
    *("INSTALL", "UNINSTALL", "KILL", "SHUTDOWN", "RESTART", "RESET", "PURGE", "CHANGE", "STOP"),
    *("BINLOG", "CLONE", "BACKUP"),
}
_READS = (["SELECT"], ["TABLE"], ["VALUES"], ["WITH"])
# Looked for before a statement is taken apart: an INSERT may be megabytes long.
_OF_ONE_SERVER = re.compile(
    r"\b(FOUND_ROWS|LOAD_FILE|RAND|RANDOM_BYTES|ROW_COUNT|SESSION_USER|SYSDATE|SYSTEM_USER|SYS_GUID"
    r"|USER|UUID|UUID_SHORT|UUID_V4|UUID_V7)\s*\(",
    re.IGNORECASE,
)
_SERVERS_OBJECTS = {"USER", "ROLE", "DATABASE", "SCHEMA", "SERVER", "TABLESPACE", "UNDO", "LOGFILE"}
# Programs: their bodies run later, in sessions of their own.
_PROGRAMS = {"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"}
_CHANGES_ROWS = {"INSERT", "UPDATE", "DELETE", "REPLACE"}
# What makes none of them where it names no such thing. Not CALL, nor a compound statement.
_PLAIN = {
    *("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"),
    *_CHANGES_ROWS,
    "SELECT",
}
# ALTER TABLE clauses that move rows between partitions or tables without a trace in the schema.
_MOVES_ROWS = {"EXCHANGE", "TRUNCATE"}


def kind_of(sql: str) -> Kind:
    """The kind of one statement. What is not known commits implicitly, as far as we know: DDL."""
    first = _first_word(sql)
    if first in _PLAIN and first != "SELECT":  # an INSERT may be megabytes long
        return _BY_FIRST_WORD.get(first, Kind.DDL)
    words = _leading_words(_acting(sql))
    if not words:
        return Kind.READ
    if words[:2] == ["BEGIN", "NOT"]:  # MariaDB's compound statement outside a program
        return Kind.DDL
    if words[0] == "SELECT" and "INTO" in _words(_acting(sql)):
        return Kind.DATA
    if words[0] == "WITH":
        data = {"UPDATE", "DELETE", "INSERT", "REPLACE"}
        return Kind.DATA if data & set(_words(_acting(sql))) else Kind.READ
    if words[0] == "LOAD" and words[1:2] in (["DATA"], ["XML"]):
        return Kind.DATA
    if words[:2] == ["SET", "PASSWORD"]:
        return Kind.DDL
    return _BY_FIRST_WORD.get(words[0], Kind.DDL)


def sha256(text: str) -> str:
    """The hex digest by which files and statements are known."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_repeatable(sql: str) -> bool:
    """Is it harmless to run this DDL statement twice, where it changes nothing in the schema?"""
    words = _words(_acting(sql))
    if words[:3] == ["CREATE", "OR", "REPLACE"]:
        return bool(_TEXTS & set(words[3:9]))
    if words[0] in ("CREATE", "DROP"):
        # With IF [NOT] EXISTS, what changed nothing once changes nothing again.
        return "EXISTS" in words[2:6]
    return words[0] in _REPEATABLE and not _moves_rows(words)


def _moves_rows(words: list[str]) -> str:
    """``EXCHANGE PARTITION`` or ``TRUNCATE PARTITION`` where an ALTER TABLE is one, else empty."""
    if words[0] != "ALTER" or "TABLE" not in words[:3]:
        return ""
    for first, second in pairwise(words):
        if first in _MOVES_ROWS and second == "PARTITION":
            return f"{first} {second}"
    return ""


def why_undecidable(sql: str, *, leaves_a_trace: bool) -> str:
    """Why the schema cannot tell whether this DDL statement ran; empty if it can.

    ``leaves_a_trace``: the schema read differently after it than before, when it was recorded.
    """
    words = _words(_acting(sql))
    if words[:1] == ["TRUNCATE"]:
        return "TRUNCATE leaves no trace in the schema"
    if moved := _moves_rows(words):
        return f"{moved} leaves no trace in the schema"
    if words[:3] == ["CREATE", "OR", "REPLACE"] and not is_repeatable(sql):
        kind = next((word for word in words[3:5] if word != "TEMPORARY"), "TABLE")
        return f"CREATE OR REPLACE {kind} loses the rows of a {kind.lower()} that may be its own"
    if leaves_a_trace:
        return ""
    if words[0] == "RENAME":
        return "the tables that are renamed read the same before and after"
    if is_repeatable(sql):
        return ""
    return "it leaves no trace in the schema"


def leaves_programs(sql: str) -> bool:
    """Is it sure that a statement makes no trigger, routine or event? Dropping a table takes its
    triggers away."""
    words = _words(_acting(sql))
    return words[:1] != [] and words[0] in _PLAIN and not _PROGRAMS & set(words)


def leaves_tables(sql: str) -> bool:
    """Is it sure that a statement makes, drops and renames no table and no view?"""
    words = _words(_acting(sql))
    if words[:1] == ["ALTER"]:  # MariaDB: CONVERT PARTITION p TO TABLE t
        return words[1:2] == ["TABLE"] and "RENAME" not in words and words.count("TABLE") == 1
    if words[:1] in (["CREATE"], ["DROP"]):
        return "INDEX" in words[1:3] and words[1:2] != ["TABLE"]
    return words[:1] in (["INSERT"], ["UPDATE"], ["DELETE"], ["REPLACE"])


def makes_or_drops_tables(sql: str) -> bool:
    """Is it a plain statement that makes, drops or renames tables or views: what it did is in what
    it changes?"""
    if leaves_tables(sql):
        return False
    words = _words(_acting(sql))
    if words[:1] in (["CREATE"], ["DROP"]):
        return words[1:2] == ["TABLE"] or "VIEW" in words[1:8]
    return words[:2] in (["RENAME", "TABLE"], ["ALTER", "TABLE"])


def alters_database(sql: str) -> bool:
    """Is it an ALTER DATABASE, which may change the default collation?"""
    words = _words(_acting(sql))
    return words[:1] == ["ALTER"] and words[1:2] in (["DATABASE"], ["SCHEMA"])


def differs_on_a_replica(sql: str) -> str:
    """The function of a data statement whose value a replica would not get, where it gets the text;
    empty if there is none (MySQL Manual 19.2.1.3, "Determination of Safe and Unsafe Statements in
    Binary Logging"). A user variable that was set to one before goes into the log as a value."""
    if not _OF_ONE_SERVER.search(sql) or kind_of(sql) is not Kind.DATA:
        return ""
    for token, following in pairwise(significant(sql)):
        if token.kind == "word" and _OF_ONE_SERVER.fullmatch(f"{token.text}{following.text}"):
            return f"{token.text.upper()}()"
    return ""


def why_not_in_a_file(sql: str) -> str:
    """Why a statement cannot be a step of a file: it depends on what another statement of the
    same session left, or leaves the database or the transaction. Empty if it can."""
    found = _acting(sql)
    words = _words(found)
    if ";" in sql and sum(1 for _ in statements_in(sql)) > 1:
        return "it is several statements in one: between any two of them a run may die"
    if words[:2] == ["BEGIN", "NOT"]:
        return "a compound statement is several statements: between any two of them a run may die"
    if why := _why_not_of_a_schema(words):
        return why
    in_a_program = words[:1] == ["CREATE"] and bool(_PROGRAMS & set(words))
    if (variable := _user_variable(found)) and not in_a_program:
        return _session_only(f"the user variable {variable}")
    if words[:1] in (["CREATE"], ["DROP"]) and "TEMPORARY" in words[:4]:
        return _session_only("a temporary table")
    match words[:2]:
        case ["PREPARE" | "EXECUTE" | "DEALLOCATE", *_]:
            return _session_only("a prepared statement")
        case ["LOCK" | "UNLOCK", "TABLE" | "TABLES"]:
            return "LOCK TABLES would lock NestFlux out of its own ledger"
        case ["USE", *_]:
            return "USE leaves the database that the file is for"
        case ["SET", *_] if "AUTOCOMMIT" in {word.lstrip("@") for word in words}:
            return "autocommit is the engine's: every statement commits with its ledger row"
        case ["XA", *_]:
            return "XA transactions are not supported"
    return ""


def _why_not_of_a_schema(words: list[str]) -> str:
    """Why a statement is one on the server or its files, of which no schema and no transaction
    says whether it ran; empty if it is not."""
    if words[:1] in _READS and {"OUTFILE", "DUMPFILE"} & set(words):
        return "it writes a file on the server, which no transaction takes back"
    if words[:1] == ["IMPORT"] or (words[:1] == ["ALTER"] and _is_of_a_tablespace(words)):
        return "it takes table files that somebody copies on the server; run it by hand"
    if words[:1] and words[0] in _OF_THE_SERVER:
        return f"{words[0]} is about the server and not about a schema; run it by hand"
    if words[:1] in (["CREATE"], ["DROP"], ["RENAME"]) and words[1:2]:
        alone = "EXISTS" not in words[2:5] and words[1:3] != ["OR", "REPLACE"]
        if words[1] in _SERVERS_OBJECTS and alone:
            return (
                f"the schema does not tell whether {words[0]} {words[1]} ran; say IF EXISTS "
                "or IF NOT EXISTS, so that it may run twice"
            )
    return ""


def _is_of_a_tablespace(words: list[str]) -> bool:
    return bool({"DISCARD", "IMPORT"} & set(words)) and words[-1] == "TABLESPACE"


def _session_only(what: str) -> str:
    return f"the statement uses {what}, which a run that resumes in another session does not have"


def _user_variable(found: Iterable[Token]) -> str:
    """``@name`` or ``@'name'``; not ``@@system_variable``, not ``'user'@'host'``."""
    for previous, token in zip([None, *found], found, strict=False):
        if token.kind != "word" or not token.text.startswith("@") or token.text.startswith("@@"):
            continue
        joined = previous is not None and previous.end == token.start
        if not (joined and previous is not None and previous.kind in ("string", "name")):
            return token.text
    return ""


def summary(sql: str) -> str:
    """A statement in a few words for a title: ``ALTER TABLE blog_post``."""
    shown: list[str] = []
    for token in opening(sql, 7):
        if token.kind == "name":
            shown.append(token.text.strip("`"))
            break
        if token.kind != "word" or len(shown) == 6:
            break
        shown.append(token.text)
    return " ".join(shown)


def statements_in(sql: str) -> Iterator[str]:
    """The statements of one string, as the server takes them apart at each ``;``. A program
    (a trigger, a routine, a compound block) keeps those of its body."""
    parts: list[list[Token]] = [[]]
    found = list(tokens(sql))
    if _is_program(_words(_opened(found))):
        yield sql
        return
    for token in found:
        if token.kind == "mark" and token.text == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    for part in parts:
        if any(token.kind not in ("space", "comment") for token in part):
            yield "".join(token.text for token in part).strip()


def is_program(sql: str) -> bool:
    """Does it make or change a trigger, routine or event, or is it a compound block: a text that
    may hold ``;``?"""
    if _first_word(sql) not in ("", "CREATE", "ALTER", "BEGIN"):
        return False
    return _is_program(_words(_opened(opening(sql, 24))))


def gives_one_result(sql: str) -> bool:
    """Is it DDL of which the server says nothing but that it ran: no rows, and nothing of what it
    called?"""
    words = _words(_acting(sql))
    return words[:1] != [] and words[0] in _PLAIN and kind_of(sql) is Kind.DDL


def only_changes_rows(sql: str) -> bool:
    """Is it one that changes rows and can commit nothing, whatever triggers and functions it runs?
    (MySQL Manual, "Restrictions on Stored Programs".)"""
    return _first_word(sql) in _CHANGES_ROWS


def one_table_each(sql: str) -> Iterator[str]:
    """``DROP TABLE a, b`` as a statement a table: MariaDB drops the first ones before it fails at
    a missing one, and half of such a statement could not be read from a delta."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    if words[:2] != ["DROP", "TABLE"] or "," not in words:
        yield sql
        return
    first = 4 if words[2:4] == ["IF", "EXISTS"] else 2
    tail = next((word for word in words if word in ("CASCADE", "RESTRICT")), "")
    for table in split([token for token in found[first:] if token.text.upper() != tail]):
        name = "".join(token.text for token in table)
        yield " ".join([*words[:first], name, tail]).rstrip()


def _is_program(words: list[str]) -> bool:
    compound = words[:2] == ["BEGIN", "NOT"]
    return compound or (words[:1] in (["CREATE"], ["ALTER"]) and bool(_PROGRAMS & set(words[:8])))


@lru_cache(maxsize=256)  # several questions are asked of a statement, one after the other
def _acting(sql: str) -> tuple[Token, ...]:
    """The tokens that the server acts on, those inside ``/*! … */`` too; of MariaDB's ``SET
    STATEMENT variable = value FOR statement`` those of the statement."""
    found = tuple(_opened(significant(sql)))
    words = [token.text.upper() for token in found]
    if words[:2] == ["SET", "STATEMENT"] and "FOR" in words:
        return found[words.index("FOR") + 1 :]
    return found


def _opened(found: Iterable[Token]) -> Iterator[Token]:
    for token in found:
        if token.kind == "executable":
            yield from (
                Token(t.kind, t.text, t.start + token.start)
                for t in significant(executed(token.text))
            )
        else:
            yield token


def _leading_words(found: Iterable[Token]) -> list[str]:
    """The words that a statement begins with, an opening parenthesis or comment left out."""
    words = []
    for token in found:
        if token.kind == "word":
            words.append(token.text.upper())
        elif token.text != "(" or words:
            break
    return words


def _first_word(sql: str) -> str:
    """The word that a statement begins with; empty where something else does, or where it is the
    first of another (``(SELECT …)``, ``/*!50003 CREATE … */``)."""
    return next((token.text.upper() for token in opening(sql, 1) if token.kind == "word"), "")


def _words(found: Iterable[Token]) -> list[str]:
    return [token.text.upper() for token in found if token.kind == "word"]
