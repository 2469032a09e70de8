"""Django's own statement on a way back, adapted to the schema before: with the place where a column
stood, or with the name that a foreign key or a check had.

The comment over the statement says so, and from it Django's text is had again: a recording is
compared by what Django gave.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from nestflux.sql.brackets import with_depth
from nestflux.sql.lexer import NAME, quoted, significant, tokens, unquoted

_POSITION = re.compile(rf"-- Django's, but for (FIRST|AFTER {NAME}), where the column was")
_NAME = re.compile(rf"-- Django's, but for the name, which was ({NAME}); Django: ({NAME})")


class Adapted(NamedTuple):
    """A statement and the comments on what in it is not Django's."""

    sql: str
    comments: tuple[str, ...] = ()

    def with_position(self, position: str) -> Adapted:
        """An ``ADD COLUMN`` that says where: ``FIRST``, or ``AFTER`` a quoted name."""
        at = _end_of_first_clause(self.sql)
        return Adapted(
            f"{self.sql[:at]} {position}{self.sql[at:]}",
            (*self.comments, f"-- Django's, but for {position}, where the column was"),
        )

    def with_name(self, given: str, name: str) -> Adapted:
        """An ``ADD CONSTRAINT given``, of a foreign key or a check, under another name."""
        said = f"which was {quoted(name)}; Django: {quoted(given)}"
        return Adapted(
            _renamed(self.sql, given, name),
            (*self.comments, f"-- Django's, but for the name, {said}"),
        )

    @property
    def is_ours_in_part(self) -> bool:
        return any(_POSITION.fullmatch(each) or _NAME.fullmatch(each) for each in self.comments)

    @property
    def as_django_gives_it(self) -> Adapted:
        """The statement less all that its comments say, and less these."""
        sql, kept = self.sql, []
        for comment in self.comments:
            if match := _POSITION.fullmatch(comment):
                sql = _without_position(sql, match[1])
            elif match := _NAME.fullmatch(comment):
                sql = _renamed(sql, unquoted(match[1]), unquoted(match[2]))
            else:
                kept.append(comment)
        return Adapted(sql, tuple(kept))

    @property
    def position(self) -> str:
        """Where it says that its column stands; empty where that is not ours."""
        return next((m[1] for each in self.comments if (m := _POSITION.fullmatch(each))), "")

    @property
    def name(self) -> str:
        """What it calls its constraint; empty where that is not ours."""
        found = (m[1] for each in self.comments if (m := _NAME.fullmatch(each)))
        return unquoted(next(found, ""))


def _end_of_first_clause(sql: str) -> int:
    """Where the first action of an ``ALTER TABLE`` ends, blanks behind it left out."""
    end = 0
    for token, depth in with_depth(tokens(sql)):
        if depth == 0 and token.text == ",":
            break
        if token.kind not in ("space", "comment"):
            end = token.end
    return end


def _without_position(sql: str, position: str) -> str:
    """Less the first ``position`` that stands in no string, and the blank before it."""
    starts = {token.start for token in tokens(sql) if token.kind == "word"}
    at = next((start for start in sorted(starts) if sql.startswith(position, start)), None)
    return sql if at is None else sql[: at - 1] + sql[at + len(position) :]


def _renamed(sql: str, name: str, other: str) -> str:
    """The same with another name behind CONSTRAINT."""
    acting = significant(sql)
    for before, named in pairwise(acting):
        if (before.kind, before.text.upper()) == ("word", "CONSTRAINT") and (
            unquoted(named.text) == name
        ):
            return f"{sql[: named.start]}{quoted(other)}{sql[named.end :]}"
    return sql
