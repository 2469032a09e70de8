"""Primary keys and indexes of a table that is in the history and in the live schema. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from nestflux.reconciling import queries
from nestflux.reconciling.changes import MAY_FAIL, Change, Phase, Risk, joined
from nestflux.reconciling.columns import (
    Pair,
    adding_clause,
    dropping_risk,
    indexes_replaced,
    modifying_clause,
    modifying_risk,
    names_in_list,
)
from nestflux.reconciling.definitions import (
    Table,
    body,
    counts,
    generated_as,
    has_default,
    is_unique,
    key_parts,
    not_null,
    quoted,
    visible,
)


def columns_with_the_primary_key(pair: Pair) -> set[str]:
    """The columns that change in one statement with the primary key: AUTO_INCREMENT wants a key
    at any moment."""
    if pair.wanted.primary == pair.live.primary:
        return set()
    return {
        name
        for name in (*pair.missing, *pair.differing, *pair.extra)
        if counts(pair.wanted.columns.get(name, "")) or counts(pair.live.columns.get(name, ""))
    }


def primary_key_changes(pair: Pair) -> Iterator[Change]:
    """The primary key, with the columns that count."""
    wanted, live = pair.wanted.primary, pair.live.primary
    if wanted == live:
        return
    along = columns_with_the_primary_key(pair)
    clauses, risks = [], []
    if live:
        clauses.append("DROP PRIMARY KEY")
    for name in (n for n in pair.extra if n in along):
        clauses.append(f"DROP COLUMN {quoted(name)}")
        risks.append(dropping_risk(pair, name))
    for name in (n for n in pair.missing if n in along):
        clauses.append(adding_clause(pair, name))
    for name in (n for n in pair.differing if n in along):
        clauses.append(modifying_clause(pair, name))
        if risk := modifying_risk(pair, name):
            risks.append(risk)
    if wanted:
        clauses.append(f"ADD {wanted}")
        if not _known_unique(pair, wanted) and not set(names_in_list(wanted)) <= along:
            risks.append(_duplicates(pair, wanted))
    names = {*names_in_list(wanted or "()"), *names_in_list(live or "()"), *along}
    yield Change(
        f"{pair.wanted.key} / primary key",
        Phase.PRIMARY_KEY,
        _alter(pair, clauses),
        (f"{pair.wanted.key} / primary key", *(pair.key(name) for name in sorted(along))),
        risk=joined(risks),
        places=frozenset((pair.live.name, name.lower()) for name in names),
    )


@dataclass(frozen=True)
class Indexes:
    """What becomes of the indexes of a table: ``same`` body under another name, or neither."""

    renamed: Mapping[str, str]
    dropped: Collection[str]
    added: Collection[str]


def compare_by_body(live: Mapping[str, str], wanted: Mapping[str, str]) -> Indexes:
    """Pair what has the same definition under another name; the rest goes or comes."""
    live = {name: visible(text) for name, text in live.items()}
    wanted = {name: visible(text) for name, text in wanted.items()}
    gone = [name for name, text in live.items() if wanted.get(name) != text]
    come = [name for name, text in wanted.items() if live.get(name) != text]
    renamed = {}
    for name in list(come):
        match = next((old for old in gone if body(live[old]) == body(wanted[name])), None)
        if match is not None:
            renamed[match] = name
            gone.remove(match)
            come.remove(name)
    return Indexes(renamed, gone, come)


def index_changes(pair: Pair, made_by_keys: Collection[str]) -> Iterator[Change]:
    """The indexes: what needs no look at rows in one statement, for one may take the place of
    another; each unique one that rows decide by itself.

    Args:
        made_by_keys: the indexes that the server makes when a foreign key of their name comes.
    """
    replaced = [indexes_replaced(pair, column) for column in pair.replaced]
    gone = {name for names, _ in replaced for name in names}
    coming = {name for _, names in replaced for name in names}
    live = {n: t for n, t in pair.live.indexes.items() if n not in gone}
    wanted = {
        n: t for n, t in pair.wanted.indexes.items() if n not in coming and n not in made_by_keys
    }
    found = compare_by_body(live, wanted)
    risky = {
        name
        for name in found.added
        if is_unique(wanted[name]) and not _known_unique(pair, wanted[name])
    }
    clauses = [f"DROP INDEX {quoted(name)}" for name in found.dropped if name not in risky]
    clauses += [
        f"RENAME INDEX {quoted(old)} TO {quoted(new)}" for old, new in found.renamed.items()
    ]
    clauses += [f"ADD {wanted[name]}" for name in found.added if name not in risky]
    names = {*found.dropped, *found.renamed, *found.renamed.values(), *found.added} - risky
    kept = {n: n for n in wanted if n in live and n not in found.renamed} | dict(found.renamed)
    hidden = {
        new: wanted[new]
        for old, new in kept.items()
        if new not in found.added and _is_hidden(live[old]) != _is_hidden(wanted[new])
    }
    if clauses:
        yield Change(
            f"{pair.wanted.key} / indexes",
            Phase.INDEX,
            _alter(pair, clauses),
            tuple(pair.wanted.key_of("index", name) for name in sorted(names)),
        )
    # Apart from the others: MariaDB takes an index that goes and comes hidden for the same one.
    for name, text in hidden.items():
        yield Change(
            f"show {pair.wanted.key_of('index', name)}",
            Phase.INDEX,
            f"{pair.alter} ALTER INDEX {quoted(name)} {_HIDING[pair.family, _is_hidden(text)]}",
            (pair.wanted.key_of("index", name),),
        )
    for name in sorted(risky):
        clauses = [f"DROP INDEX {quoted(name)}"] if name in found.dropped else []
        yield Change(
            pair.wanted.key_of("index", name),
            Phase.UNIQUE,
            _alter(pair, [*clauses, f"ADD {wanted[name]}"]),
            (pair.wanted.key_of("index", name),),
            risk=_duplicates(pair, wanted[name]),
        )


_HIDING = {
    ("mariadb", True): "IGNORED",
    ("mariadb", False): "NOT IGNORED",
    ("mysql", True): "INVISIBLE",
    ("mysql", False): "VISIBLE",
}


def _is_hidden(text: str) -> bool:
    return visible(text) != text.strip()


def _alter(pair: Pair, clauses: list[str]) -> str:
    if len(clauses) == 1:
        return f"{pair.alter} {clauses[0]}"
    return f"{pair.alter}\n  " + ",\n  ".join(clauses)


def _duplicates(pair: Pair, key: str) -> Risk:
    what = "a primary key" if key.upper().startswith("PRIMARY") else "a unique index"
    return Risk(MAY_FAIL, f"{what} refuses duplicates", (queries.duplicates(pair.live.name, key),))


def _known_unique(pair: Pair, key: str) -> bool:
    """Do other keys say already that there are no duplicates, or a column that is new and NULL in
    every row?"""
    parts = set(key_parts(key))
    primary = key.upper().startswith("PRIMARY")
    keys = [text for text in pair.live.indexes.values() if is_unique(text)]
    if pair.live.primary:
        keys.append(pair.live.primary)
    if any(set(key_parts(text)) <= parts for text in keys):
        return not primary or _filled(pair.live, key)
    return not primary and any(
        name in pair.missing and _is_null_everywhere(pair.wanted.columns[name])
        for name in names_in_list(key)
    )


def _filled(table: Table, key: str) -> bool:
    return all(not_null(table.columns.get(name, "")) for name in names_in_list(key))


def _is_null_everywhere(definition: str) -> bool:
    nullable = not not_null(definition) and not generated_as(definition)
    return nullable and (not has_default(definition) or "DEFAULT NULL" in definition)
