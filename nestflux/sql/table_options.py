"""What follows the brackets of a CREATE TABLE: the table's options and its partitions. Pure.

Both servers print most options as ``NAME=value``; MySQL puts those that an older server does not
know, and the partitions, into ``/*! … */``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from nestflux.sql.brackets import mate, with_depth
from nestflux.sql.lexer import Token, executed, opening, significant, text_of, tokens


@dataclass(frozen=True)
class OptionParts:
    """What follows the brackets. ``more`` is what is neither engine, comment nor partitions, as it
    stands there."""

    engine: str = ""
    comment: str = ""
    more: str = ""
    partitions: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """Every option by its name, ``{"ENGINE": "InnoDB", "CHARSET": "latin1", …}``; an empty
        value where it has none (``WITH SYSTEM VERSIONING``)."""
        own = {"ENGINE": self.engine, "COMMENT": self.comment}
        return {name: value for name, value in own.items() if value} | _settings(self.more)

    @property
    def partitioning(self) -> str:
        """The partitions in one line, as a statement says them: ``PARTITION BY HASH (`id`)``."""
        return " ".join(executed(self.partitions).split())

    @property
    def partition_rule(self) -> str:
        """How rows are divided: ``partitioning`` less the partitions of a range, which come and go
        with time; those of a list are what divides."""
        found = list(tokens(self.partitioning))
        words = [token.text.upper() for token in found if token.kind == "word"]
        depths = enumerate(with_depth(found))
        opens = [at for at, (token, depth) in depths if depth == 0 and token.text == "("]
        if words[2:3] != ["RANGE"] or len(opens) < 2:
            return self.partitioning
        return text_of(found[: opens[-1]]).strip()


@lru_cache(maxsize=1024)  # a comparison asks one thing after the other of a table's options
def option_parts(text: str) -> OptionParts:
    """Take ``ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='x' PARTITION BY …`` apart."""
    options, partitions = _partitions_apart(text)
    engine = comment = ""
    more = []
    for option in _options(options):
        match option.name:
            case "ENGINE":
                engine = option.value
            case "COMMENT":
                comment = option.value
            case _:
                more.append(option.text)
    return OptionParts(engine, comment, " ".join(more), partitions)


class _Option(NamedTuple):
    """One option. Of several in ``/*! … */`` the name is empty, and ``text`` says them all."""

    name: str
    value: str
    text: str


def _settings(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in _options(text):
        found |= {option.name: option.value} if option.name else _settings(executed(option.text))
    return found


def _options(text: str) -> Iterator[_Option]:
    found = significant(text)
    words: list[str] = []
    at = 0
    while at < len(found):
        token = found[at]
        end = at + 1
        if token.kind == "executable":
            if words:
                yield _option(words)
            yield _Option("", "", token.text)
            words = []
        elif token.text == "=" and words:
            end = _past_value(found, at + 1)
            yield _option(words, text_of(found[at + 1 : end]))
            words = []
        else:
            words.append(token.text)
        at = end
    if words:
        yield _option(words)


def _option(words: Sequence[str], value: str = "") -> _Option:
    name = " ".join(word.strip("`").upper() for word in words if word.upper() != "DEFAULT")
    said = " ".join(words)
    return _Option(name, value, f"{said}={value}" if value else said)


def _past_value(found: Sequence[Token], at: int) -> int:
    """What follows the value at ``at``, which may be a list: ``UNION=(`a`,`b`)``."""
    opens = at < len(found) and found[at].text == "("
    return (mate(found, at) if opens else at) + 1


def _partitions_apart(text: str) -> tuple[str, str]:
    for token in tokens(text):
        if token.kind == "executable" or token.text.upper() == "PARTITION":
            begins = opening(executed(text[token.start :]), 2)
            if [each.text.upper() for each in begins] == ["PARTITION", "BY"]:
                return text[: token.start].strip(), text[token.start :].strip()
    return text.strip(), ""
