"""What kind of statement a text is. Pure: decides by its first words alone."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from nestflux.history.lexer import Token, significant


class Kind(StrEnum):
    """How a statement behaves in a transaction, which decides how the ledger books it."""

    DDL = "ddl"  # commits by itself, before and after (Manual: Implicit Commit)
    DATA = "data"  # can share a transaction with its ledger row
    SESSION = "session"  # SET: replayed on every resume, never booked
    READ = "read"  # leaves nothing behind
    TRANSACTION = "transaction"  # BEGIN, COMMIT, SAVEPOINT…: the engine's business


_BY_FIRST_WORD = {
    **dict.fromkeys(("INSERT", "UPDATE", "DELETE", "REPLACE", "CALL", "DO", "HANDLER"), Kind.DATA),
    **dict.fromkeys(("SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "VALUES"), Kind.READ),
    **dict.fromkeys(
        ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"), Kind.TRANSACTION
    ),
    "SET": Kind.SESSION,
}
# Statements whose repetition changes nothing and whose effect no reading shows.
_REPEATABLE = ("ANALYZE", "OPTIMIZE", "CHECK", "FLUSH", "GRANT", "REVOKE")
# ALTER TABLE clauses that move rows between partitions or tables without a trace in the schema.
_MOVES_ROWS = ("EXCHANGE", "TRUNCATE", "DISCARD", "IMPORT")


def kind_of(sql: str) -> Kind:
    """The kind of one statement. What is not known commits implicitly, as far as we know: DDL."""
    words = _leading_words(significant(sql))
    if not words:
        return Kind.READ
    if words[0] == "WITH":
        data = {"UPDATE", "DELETE", "INSERT", "REPLACE"}
        return Kind.DATA if data & set(_words(significant(sql))) else Kind.READ
    if words[0] == "LOAD" and words[1:2] == ["DATA"]:
        return Kind.DATA
    if words[:2] == ["SET", "PASSWORD"]:
        return Kind.DDL
    return _BY_FIRST_WORD.get(words[0], Kind.DDL)


def sha256(text: str) -> str:
    """The hex digest by which files and statements are known."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_repeatable(sql: str) -> bool:
    """Is it harmless to run this DDL statement twice, where it changes nothing in the schema?"""
    words = _words(significant(sql))
    if words[0] == "ALTER" and "TABLE" in words[:3]:
        return not set(_MOVES_ROWS) & set(words)
    return words[0] in _REPEATABLE


def why_undecidable(sql: str, *, leaves_a_trace: bool) -> str:
    """Why a reading of the schema cannot tell whether this DDL statement ran; empty if it can.

    ``leaves_a_trace``: the schema read differently after it than before, when it was recorded.
    """
    words = _words(significant(sql))
    if words[:1] == ["TRUNCATE"]:
        return "TRUNCATE leaves no trace in the schema"
    if leaves_a_trace:
        if words[0] == "CREATE" and words[1:3] == ["OR", "REPLACE"] and "TABLE" in words[3:5]:
            return "CREATE OR REPLACE TABLE loses the rows of a table that may be its own"
        return ""
    if words[0] == "RENAME":
        return "the tables that are renamed read the same before and after"
    if is_repeatable(sql):
        return ""
    return "it leaves no trace in the schema"


def touches_session_only_objects(sql: str) -> str:
    """Why a statement depends on what another statement of the same session left: a user
    variable or a temporary table. Empty if it does not."""
    found = significant(sql)
    for token in found:
        if token.kind == "word" and token.text.startswith("@") and not token.text.startswith("@@"):
            return f"the user variable {token.text}"
    words = _words(found)
    if words[:1] in (["CREATE"], ["DROP"]) and "TEMPORARY" in words[:4]:
        return "a temporary table"
    return ""


def summary(sql: str) -> str:
    """A statement in a few words for a title: ``ALTER TABLE blog_post``."""
    shown: list[str] = []
    for token in significant(sql):
        if token.kind == "name":
            shown.append(token.text.strip("`"))
            break
        if token.kind != "word" or len(shown) == 6:
            break
        shown.append(token.text)
    return " ".join(shown)


def _leading_words(found: list[Token]) -> list[str]:
    """The words that a statement begins with, an opening parenthesis or comment left out."""
    words = []
    for token in found:
        if token.kind == "word":
            words.append(token.text.upper())
        elif token.text != "(" or words:
            break
    return words


def _words(found: list[Token]) -> list[str]:
    return [token.text.upper() for token in found if token.kind == "word"]
