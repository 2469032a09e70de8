"""The indexes of a table that stays. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from nestflux.schema.objects import INDEX
from nestflux.schema.transform.changes import Change, ChangeKey, Phase
from nestflux.schema.transform.columns import TablePair, indexes_replaced, names_in_list
from nestflux.schema.transform.keys import (
    altering,
    indexes_with_their_columns,
    known_unique,
    refusing_duplicates,
)
from nestflux.schema.transform.tables import is_unique, visible
from nestflux.sql.definitions import without_name
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

    before: Mapping[str, str]
    after: Mapping[str, str]
    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: Collection[str] = ()
    added: Collection[str] = ()


def compared(before: Mapping[str, str], after: Mapping[str, str]) -> Indexes:
    """Pair what has the same definition under another name; the rest goes or comes."""
    old = {name: visible(text) for name, text in before.items()}
    new = {name: visible(text) for name, text in after.items()}
    gone = [name for name, text in old.items() if new.get(name) != text]
    come = [name for name, text in new.items() if old.get(name) != text]
    renamed = {}
    for name in list(come):
        nameless = without_name(new[name])
        match = next((other for other in gone if without_name(old[other]) == nameless), None)
        if match is not None:
            renamed[match] = name
            gone.remove(match)
            come.remove(name)
    return Indexes(before, after, renamed, gone, come)


def index_changes(pair: TablePair, serving: Serving) -> Iterator[Change]:
    """What needs no look at rows in one statement, for one may take the place of another; then
    each unique one that rows decide, with the index that serves a foreign key until then. (An
    index that the server made for a key gives way by itself as soon as another can serve.)"""
    found = _apart(pair, serving)
    key_of = pair.after.key_of
    risky = [
        name
        for name in found.added
        if is_unique(found.after[name]) and not known_unique(pair, found.after[name])
    ]
    last = {
        name: unique
        for name in found.dropped
        if name not in found.added
        and (unique := _taking_over(pair, found.before[name], serving, risky))
    }
    dropped = [name for name in found.dropped if name not in (*risky, *last)]
    added = [name for name in found.added if name not in risky]
    clauses = [f"DROP INDEX {quoted(name)}" for name in dropped]
    clauses += [f"RENAME INDEX {quoted(o)} TO {quoted(n)}" for o, n in found.renamed.items()]
    clauses += [f"ADD {found.after[name]}" for name in added]
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
            altering(pair, [*clauses, f"ADD {found.after[name]}"]),
            tuple(key_of(INDEX, each) for each in dict.fromkeys([*gone, name])),
            risk=refusing_duplicates(pair, found.after[name]),
        )


def _apart(pair: TablePair, serving: Serving) -> Indexes:
    """Less the indexes that go and come in another statement, with a column or a key."""
    replaced = [indexes_replaced(pair, column) for column in pair.replaced]
    gone = {name for names, _ in replaced for name in names}
    coming = {name for _, names in replaced for name in names}
    elsewhere = indexes_with_their_columns(pair)
    before = {n: t for n, t in pair.before.indexes.items() if n not in gone | elsewhere}
    after = {n: t for n, t in pair.after.indexes.items() if n not in coming | elsewhere}
    # What is there already, if under another name, need not be made by the server.
    there = {without_name(text) for name, text in before.items() if after.get(name) != text}
    by_server = {name: without_name(after[name]) for name in serving.made if name in after}
    there |= {text for name, text in by_server.items() if after[name] == before.get(name)}
    made = {name for name, text in by_server.items() if text not in there}
    return compared(before, {n: t for n, t in after.items() if n not in made})


def _hiding(pair: TablePair, found: Indexes) -> Iterator[Change]:
    """Apart from the others: MariaDB takes an index that goes and comes hidden for the same."""
    kept = {n: n for n in found.after if n in found.before and n not in found.renamed}
    for old, new in (kept | dict(found.renamed)).items():
        hidden = _is_hidden(found.after[new])
        if new in found.added or _is_hidden(found.before[old]) == hidden:
            continue
        key = pair.after.key_of(INDEX, new)
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


def _taking_over(pair: TablePair, before: str, serving: Serving, risky: Collection[str]) -> str:
    """The unique index, which rows may refuse, that alone serves a foreign key after this one;
    empty where the key has another."""
    for columns in serving.columns:
        if _serves(before, columns):
            texts = pair.after.indexes
            others = [name for name, text in texts.items() if _serves(text, columns)]
            primary = pair.after.primary and _serves(pair.after.primary, columns)
            if others and not primary and set(others) <= set(risky):
                return others[0]
    return ""
