"""The indexes of a table that is in the history and in the live schema. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from nestflux.adopting.reconciling.changes import Change, ChangeKey, Phase
from nestflux.adopting.reconciling.columns import Pair, indexes_replaced, names_in_list
from nestflux.adopting.reconciling.keys import (
    altering,
    indexes_with_their_columns,
    known_unique,
    refusing_duplicates,
)
from nestflux.adopting.reconciling.tables import body, is_unique, visible
from nestflux.schema.objects import INDEX
from nestflux.sql.lexer import quoted

_HIDING = {
    ("mariadb", True): "IGNORED",
    ("mariadb", False): "NOT IGNORED",
    ("mysql", True): "INVISIBLE",
    ("mysql", False): "VISIBLE",
}


def _is_hidden(text: str) -> bool:
    return visible(text) != text.strip()


@dataclass(frozen=True)
class Serving:
    """What foreign keys have to do with the indexes of a table. ``columns`` are those on which
    keys stand, of either side; ``made`` the indexes that the server makes when a key comes."""

    columns: Collection[tuple[str, ...]] = ()
    made: Collection[str] = ()


@dataclass(frozen=True)
class Indexes:
    """What becomes of them: the same under another name (old → new), gone, or new."""

    live: Mapping[str, str]
    wanted: Mapping[str, str]
    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: Collection[str] = ()
    added: Collection[str] = ()


def compared(live: Mapping[str, str], wanted: Mapping[str, str]) -> Indexes:
    """Pair what has the same definition under another name; the rest goes or comes."""
    old = {name: visible(text) for name, text in live.items()}
    new = {name: visible(text) for name, text in wanted.items()}
    gone = [name for name, text in old.items() if new.get(name) != text]
    come = [name for name, text in new.items() if old.get(name) != text]
    renamed = {}
    for name in list(come):
        match = next((other for other in gone if body(old[other]) == body(new[name])), None)
        if match is not None:
            renamed[match] = name
            gone.remove(match)
            come.remove(name)
    return Indexes(live, wanted, renamed, gone, come)


def index_changes(pair: Pair, serving: Serving) -> Iterator[Change]:
    """What needs no look at rows in one statement, for one may take the place of another; then
    each unique one that rows decide, with the index that serves a foreign key until then. (An
    index that the server made for a key gives way by itself as soon as another can serve.)"""
    found = _apart(pair, serving)
    key_of = pair.wanted.key_of
    risky = [
        name
        for name in found.added
        if is_unique(found.wanted[name]) and not known_unique(pair, found.wanted[name])
    ]
    last = {
        name: unique
        for name in found.dropped
        if name not in found.added
        and (unique := _taking_over(pair, found.live[name], serving, risky))
    }
    dropped = [name for name in found.dropped if name not in (*risky, *last)]
    added = [name for name in found.added if name not in risky]
    clauses = [f"DROP INDEX {quoted(name)}" for name in dropped]
    clauses += [f"RENAME INDEX {quoted(o)} TO {quoted(n)}" for o, n in found.renamed.items()]
    clauses += [f"ADD {found.wanted[name]}" for name in added]
    if clauses:
        names = {*dropped, *found.renamed, *found.renamed.values(), *added}
        yield Change(
            ChangeKey(key_of(INDEX)),
            Phase.INDEX,
            altering(pair, clauses),
            tuple(key_of(INDEX, name) for name in sorted(names)),
        )
    yield from _hiding(pair, found)
    for name in risky:
        gone = [old for old, unique in last.items() if unique == name]
        gone += [name] if name in found.dropped else []
        clauses = [f"DROP INDEX {quoted(old)}" for old in gone]
        yield Change(
            ChangeKey(key_of(INDEX, name)),
            Phase.UNIQUE,
            altering(pair, [*clauses, f"ADD {found.wanted[name]}"]),
            tuple(key_of(INDEX, each) for each in dict.fromkeys([*gone, name])),
            risk=refusing_duplicates(pair, found.wanted[name]),
        )


def _apart(pair: Pair, serving: Serving) -> Indexes:
    """Less the indexes that go and come in another statement, with a column or a key."""
    replaced = [indexes_replaced(pair, column) for column in pair.replaced]
    gone = {name for names, _ in replaced for name in names}
    coming = {name for _, names in replaced for name in names}
    elsewhere = indexes_with_their_columns(pair)
    live = {n: t for n, t in pair.live.indexes.items() if n not in gone | elsewhere}
    wanted = {n: t for n, t in pair.wanted.indexes.items() if n not in coming | elsewhere}
    # What is there already, if under another name, need not be made by the server.
    there = {body(text) for name, text in live.items() if wanted.get(name) != text}
    there |= {body(wanted[name]) for name in serving.made if wanted.get(name) == live.get(name, "")}
    made = {n for n in serving.made if n in wanted and body(wanted[n]) not in there}
    return compared(live, {n: t for n, t in wanted.items() if n not in made})


def _hiding(pair: Pair, found: Indexes) -> Iterator[Change]:
    """Apart from the others: MariaDB takes an index that goes and comes hidden for the same."""
    kept = {n: n for n in found.wanted if n in found.live and n not in found.renamed}
    for old, new in (kept | dict(found.renamed)).items():
        hidden = _is_hidden(found.wanted[new])
        if new in found.added or _is_hidden(found.live[old]) == hidden:
            continue
        key = pair.wanted.key_of(INDEX, new)
        yield Change(
            ChangeKey(key, "show"),
            Phase.INDEX,
            f"{pair.alter} ALTER INDEX {quoted(new)} {_HIDING[pair.family, hidden]}",
            (key,),
        )


def _serves(text: str, columns: tuple[str, ...]) -> bool:
    """Is it an index that a foreign key on these columns can use?"""
    own = tuple(name.lower() for name in names_in_list(text)[: len(columns)])
    return own == tuple(name.lower() for name in columns)


def _taking_over(pair: Pair, live: str, serving: Serving, risky: Collection[str]) -> str:
    """The unique index, which rows may refuse, that alone serves a foreign key after this one;
    empty where the key has another."""
    for columns in serving.columns:
        if _serves(live, columns):
            texts = pair.wanted.indexes
            others = [name for name, text in texts.items() if _serves(text, columns)]
            primary = pair.wanted.primary and _serves(pair.wanted.primary, columns)
            if others and not primary and set(others) <= set(risky):
                return others[0]
    return ""
