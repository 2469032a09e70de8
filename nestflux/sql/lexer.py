"""MySQL text to tokens, and a client script to statements.

Follows what the ``mysql`` client does (MySQL Reference Manual, "mysql Client Commands",
"Comments", "String Literals"): ``--`` starts a comment only before white space, ``DELIMITER``
counts only at the start of a line where a statement may begin, quotes are doubled or escaped by a
backslash. Compared with the real client in tests/sql/test_real_client.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from nestflux.exceptions import SqlFileError

# Patterns for re.VERBOSE: a text in quotes, a name in backquotes, a comment up to its line's end.
QUOTED = r"""(?:'(?:[^'\\]++|\\[\s\S]|'')*+'|"(?:[^"\\]++|\\[\s\S]|"")*+")"""
NAME = r"`(?:[^`]++|``)*+`"
LINE_COMMENT = r"(?:--(?=\s|\Z)[^\n]*|\#[^\n]*)"

_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<comment>{LINE_COMMENT}|/\*(?!M?!)[\s\S]*?\*/)
    | (?P<executable>/\*M?![\s\S]*?\*/)
    | (?P<string>(?:[xXbBnN]|_[a-zA-Z0-9]+\s*)?{QUOTED})
    | (?P<name>{NAME})
    | (?P<word>[\w$@]+)
    | (?P<mark>[\s\S])
    """,
    re.VERBOSE,
)
# A statement up to its semicolon, where nothing in it needs a closer look: no comment, no backslash
# outside quotes, no quote that is never closed.
_PLAIN_STATEMENT = re.compile(
    rf"""(?:[^;'"`\\\#/-]++|-(?!-)|/(?!\*)|{QUOTED}|{NAME})*+;""",
    re.VERBOSE,
)
_EXECUTABLE = re.compile(r"/\*M?!\d*")
_UNFINISHED = {"'": "quote", '"': "quote", "`": "backquote"}
_DELIMITER = re.compile(r"delimiter[ \t]+(\S+)[ \t]*(?:\r?\n|\Z)", re.IGNORECASE)


class Token(NamedTuple):
    """``kind`` is space, comment, executable (``/*! … */``), string, name (backquoted), word or
    mark (one other character)."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens(sql: str, start: int = 0) -> Iterator[Token]:
    """The tokens of ``sql`` from ``start`` on; joined, they give the text back."""
    for match in _TOKEN.finditer(sql, start):
        kind = match.lastgroup
        assert kind is not None
        yield Token(kind, match.group(), match.start())


def significant(sql: str) -> list[Token]:
    """The tokens that the server acts on: no white space, no comments."""
    return [token for token in tokens(sql) if token.kind not in ("space", "comment")]


def opening(sql: str, count: int) -> list[Token]:
    """The first of ``significant``; the rest of a long statement is not looked at."""
    acting = (token for token in tokens(sql) if token.kind not in ("space", "comment"))
    return list(islice(acting, count))


def trimmed(found: Sequence[Token]) -> Sequence[Token]:
    """Less the blanks around it."""
    start, stop = 0, len(found)
    while start < stop and found[start].kind == "space":
        start += 1
    while stop > start and found[stop - 1].kind == "space":
        stop -= 1
    return found[start:stop]


def text_of(found: Sequence[Token]) -> str:
    """What tokens are the text of, as it stands, less the blanks around it."""
    return "".join(token.text for token in trimmed(found))


def quoted(name: str) -> str:
    """A name in backquotes. Django's ``quote_name`` leaves a backquote in it as it is."""
    return f"`{name.replace('`', '``')}`"


def unquoted(text: str) -> str:
    """The name that a token of a statement is, in backquotes or bare."""
    return text[1:-1].replace("``", "`") if text.startswith("`") else text


def executed(text: str) -> str:
    """What the server reads in a ``/*!50100 … */`` or ``/*M! … */``, each character where it stood;
    of another text all."""
    begins = _EXECUTABLE.match(text)
    return text if begins is None else f"{' ' * begins.end()}{text[begins.end() : -2]}  "


def identifiers(sql: str) -> set[str]:
    """Every word and backquoted name of a statement, names unquoted: a superset of the objects
    that it can touch without the server's guessing."""
    found = set()
    for token in tokens(sql):
        if token.kind == "word":
            found.add(token.text)
        elif token.kind == "name":
            found.add(unquoted(token.text))
        elif token.kind == "executable":
            found |= identifiers(token.text[2:-2])
    return found


def same_text(one: str, other: str) -> bool:
    """Do two statements differ in white space and comments only?"""
    return [t.text for t in significant(one)] == [t.text for t in significant(other)]


@dataclass(frozen=True)
class Fragment:
    """A piece of a client script: a comment, or a statement without its delimiter."""

    kind: str  # "comment" | "statement"
    text: str
    line: int


def fragments(script: str) -> Iterator[Fragment]:
    """Split a script as the ``mysql`` client would.

    Raises SqlFileError, with the line, on an unfinished quote or comment, on a backslash command
    of the client, and on a statement that lacks its delimiter.
    """
    delimiter = ";"
    position = counted = 0
    line = 1
    while position < len(script):
        begin = _skip_space(script, position)
        if begin >= len(script):
            return
        line += script.count("\n", counted, begin)
        counted = begin
        if (command := _DELIMITER.match(script, begin)) and _begins_a_line(script, begin):
            delimiter = command.group(1)
            position = command.end()
            continue
        first = next(tokens(script, begin))
        if first.kind == "comment":
            yield Fragment("comment", first.text, line)
            position = first.end
            continue
        end = _statement_end(script, begin, delimiter)
        text = script[begin:end].rstrip()
        if text:
            yield Fragment("statement", text, line)
        position = end + len(delimiter)


def _statement_end(script: str, begin: int, delimiter: str) -> int:
    """Where the delimiter of the statement that begins at ``begin`` stands."""
    if delimiter == ";" and (plain := _PLAIN_STATEMENT.match(script, begin)):
        return plain.end() - 1
    for token in tokens(script, begin):
        position = token.start
        if script.startswith(delimiter, position):
            return position
        if token.kind == "mark":
            _refuse_unfinished(script, token)
        if token.kind == "executable" and delimiter in token.text:
            raise SqlFileError(
                f"Line {_line(script, position)}: the mysql client splits at the delimiter "
                f"{delimiter!r} inside {token.text[:20]!r}…; take it out of the comment."
            )
        # A word can run into a custom delimiter (END$$).
        inside = token.text.find(delimiter) if token.kind == "word" else -1
        if inside > 0:
            return position + inside
    raise SqlFileError(
        f"Line {_line(script, begin)}: the last statement has no {delimiter!r} at its end."
    )


def _refuse_unfinished(script: str, token: Token) -> None:
    if what := _UNFINISHED.get(token.text):
        raise SqlFileError(f"Line {_line(script, token.start)}: a {what} that is never closed.")
    if script.startswith(("/*",), token.start):
        raise SqlFileError(f"Line {_line(script, token.start)}: a comment that is never closed.")
    if token.text == "\\":
        raise SqlFileError(
            f"Line {_line(script, token.start)}: a backslash outside quotes is a command to the "
            "mysql client."
        )


def _skip_space(script: str, position: int) -> int:
    while position < len(script) and script[position].isspace():
        position += 1
    return position


def _begins_a_line(script: str, position: int) -> bool:
    return not script[script.rfind("\n", 0, position) + 1 : position].strip(" \t")


def _line(script: str, position: int) -> int:
    return script.count("\n", 0, position) + 1
