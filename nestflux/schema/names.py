"""How a server compares the names of tables, and how they are written all the same.

With ``lower_case_table_names`` 1 a server keeps names in lower case, with 2 as they were given; it
compares them without case with both, and shows them in lower case where others refer to them. With
0 a name is what it is (MySQL Manual 11.2.3, "Identifier Case Sensitivity"; MariaDB KB "Identifier
Case-sensitivity"). Names of columns, indexes and constraints are no matter of that setting.

A history keeps the case of the models whichever server recorded it, and is compared with what a
server of either kind holds. So names that such a server shows in its own case are read, here and
nowhere else, as the statements write them that made the tables: all that compares names behind that
compares letters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from nestflux.sql.lexer import Token, quoted, tokens, unquoted
from nestflux.sql.names import tables_made_by

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_REFERENCES = ("REFERENCES",)
_OF_A_VIEW = ("FROM", "JOIN")
_OF_A_TRIGGER = ("ON",)


@dataclass
class TableNames:
    """The names of one schema. ``fold``: the server compares them without case.

    What is written how is learned from statements: ``learn`` at once, ``learn_later`` when a name
    is first asked for, because most servers never need it.
    """

    fold: bool
    _written: dict[str, str] = field(default_factory=dict)
    _later: list[Callable[[], Iterable[str]]] = field(default_factory=list)

    def key(self, name: str) -> str:
        """What is equal for two names of the same table."""
        return name.lower() if self.fold else name

    def keys(self, names: Collection[str]) -> set[str]:
        return {self.key(name) for name in names}

    def written(self, name: str) -> str:
        """The name as statements write it; as the server shows it where none is known."""
        return self._known().get(name.lower(), name) if self.fold else name

    def in_a_reading_of(self, names: Collection[str]) -> TableNames:
        """The same, where a name that is read for is written as one of ``names`` does: a file that
        ran before a table got its name in another case knows it by the old one."""
        if not self.fold:
            return self
        known = self._known()
        given = {name.lower(): name for name in names}
        kept = {key: name for key, name in known.items() if name in names}
        return TableNames(self.fold, {**known, **given, **kept})

    def asked_for(self, names: Iterable[str]) -> list[str]:
        """For a server's own tables of names, which may not fold what they are asked for."""
        given = list(names)
        return [*given, *(name.lower() for name in given)] if self.fold else given

    def learn(self, statements: Iterable[str]) -> None:
        """Learn from the statements that make tables and views, the last of which counts."""
        if self.fold:
            made = (name for sql in statements for name in tables_made_by(sql))
            self._written |= {name.lower(): name for name in made}

    def learn_later(self, statements: Callable[[], Iterable[str]]) -> None:
        """As ``learn``; what is learned so counts less than what was learned at once."""
        if self.fold:
            self._later.append(statements)

    def _known(self) -> Mapping[str, str]:
        while self._later:
            at_once = dict(self._written)
            self.learn(self._later.pop(0)())
            self._written |= at_once
        return self._written

    # ---- names inside what a server prints --------------------------------------------------

    def in_table(self, create: str) -> str:
        """A SHOW CREATE TABLE whose foreign keys write the tables that they refer to."""
        return self._rewritten(create, _REFERENCES)

    def in_view(self, create: str) -> str:
        """A SHOW CREATE VIEW that writes itself and the tables that it reads."""
        return self._rewritten(create, (*_OF_A_VIEW, "VIEW"), qualifiers=True)

    def in_trigger(self, create: str) -> str:
        """A SHOW CREATE TRIGGER that writes its table; its body stands there as it was given."""
        head, begins, body = _apart_at(create, "FOR")
        return self._rewritten(head, _OF_A_TRIGGER) + begins + body

    def _rewritten(self, text: str, behind: Collection[str], *, qualifiers: bool = False) -> str:
        if not self.fold or all(name == key for key, name in self._known().items()):
            return text
        found = list(tokens(text))
        return "".join(
            self._quoted(token) if _is_a_table(found, at, behind, qualifiers) else token.text
            for at, token in enumerate(found)
        )

    def _quoted(self, token: Token) -> str:
        name = unquoted(token.text)
        written = self.written(name)
        return token.text if written == name else quoted(written)


def _is_a_table(found: list[Token], at: int, behind: Collection[str], qualifiers: bool) -> bool:
    """Is the token a name behind one of these words, or, if ``qualifiers``, before a dot?"""
    if found[at].kind not in ("name", "word"):
        return False
    if (
        qualifiers
        and found[at].kind == "name"
        and found[at + 1 : at + 2]
        and found[at + 1].text == "."
    ):
        return True
    before = at - 1
    while before >= 0 and (found[before].kind in ("space", "comment") or found[before].text == "("):
        before -= 1
    return before >= 0 and found[before].kind == "word" and found[before].text.upper() in behind


def _apart_at(text: str, word: str) -> tuple[str, str, str]:
    """A text before its first such word, the word, and what follows it."""
    for token in tokens(text):
        if token.kind == "word" and token.text.upper() == word:
            return text[: token.start], token.text, text[token.end :]
    return text, "", ""


_names: WeakKeyDictionary[BaseDatabaseWrapper, TableNames] = WeakKeyDictionary()


def names_of(connection: BaseDatabaseWrapper) -> TableNames:
    """The names of a connection's schema. Costs nothing: Django asked the server when it
    connected."""
    if connection not in _names:
        backend = cast("Any", connection)
        _names[connection] = TableNames(bool(backend.mysql_server_data["lower_case_table_names"]))
    return _names[connection]


def names_learned_from_now_on(connection: BaseDatabaseWrapper) -> None:
    """Learn from whatever runs on a connection whose schema is empty as yet."""
    names = names_of(connection)
    if not names.fold:
        return

    def learn(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        names.learn([str(sql)])  # before: what measures a statement looks before this returns
        return execute(sql, params, many, context)

    # Django passes over a rename that such a server cannot make, and other servers need.
    connection.features.ignores_table_name_case = False
    cast("Any", connection).execute_wrappers.append(learn)
