"""Primary keys, with the columns and indexes that cannot change apart from them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.adopting.reconciling import queries
from nestflux.adopting.reconciling.changes import MAY_FAIL, Change, ChangeKey, Phase, Risk, joined
from nestflux.adopting.reconciling.columns import (
    Pair,
    adding_clause,
    dropping_risk,
    modifying_clause,
    modifying_risk,
    names_in_list,
)
from nestflux.adopting.reconciling.tables import (
    Table,
    is_unique,
    key_parts,
)
from nestflux.schema.objects import INDEX, PRIMARY_KEY
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import quoted


def columns_with_their_keys(pair: Pair) -> set[str]:
    """The columns that change in one statement with a key: AUTO_INCREMENT wants one at any
    moment (1075)."""
    changed = {*pair.missing, *pair.differing, *pair.extra}
    return _counting(pair) & changed if _moves_counters(pair) else set()


def indexes_with_their_columns(pair: Pair) -> set[str]:
    """The indexes, live and of the history, that change with such a column."""
    if not _moves_counters(pair):
        return set()
    counting = _counting(pair)
    texts = [*_differing(pair.live, pair.wanted), *_differing(pair.wanted, pair.live)]
    return {name for name, text in texts if counting & set(names_in_list(text))}


def _counting(pair: Pair) -> set[str]:
    columns = [*pair.live.columns.items(), *pair.wanted.columns.items()]
    return {name for name, definition in columns if column_parts(definition).auto_increment}


def _moves_counters(pair: Pair) -> bool:
    counting = _counting(pair)
    texts = [*_differing(pair.live, pair.wanted), *_differing(pair.wanted, pair.live)]
    of_counters = any(set(names_in_list(text)[:1]) & counting for _, text in texts)
    changed = {*pair.missing, *pair.differing, *pair.extra}
    if pair.live.primary == pair.wanted.primary:
        primary = set(names_in_list(pair.live.primary or "()")[:1])
        return of_counters and bool(counting & changed or counting - primary)
    return bool(counting)


def _differing(one: Table, other: Table) -> list[tuple[str, str]]:
    return [(name, text) for name, text in one.indexes.items() if other.indexes.get(name) != text]


def primary_key_changes(pair: Pair) -> Iterator[Change]:
    """The primary key, with the columns that count and their indexes."""
    wanted, live = pair.wanted.primary, pair.live.primary
    along, indexes = columns_with_their_keys(pair), indexes_with_their_columns(pair)
    same = wanted == live
    if same and not along and not indexes:
        return
    clauses, risks = [], []
    if live and not same:
        clauses.append("DROP PRIMARY KEY")
    clauses += [f"DROP INDEX {quoted(n)}" for n in pair.live.indexes if n in indexes]
    for name in (n for n in pair.extra if n in along):
        clauses.append(f"DROP COLUMN {quoted(name)}")
        risks.append(dropping_risk(pair, name))
    for name in (n for n in pair.missing if n in along):
        clauses.append(adding_clause(pair, name))
    for name in (n for n in pair.differing if n in along):
        clauses.append(modifying_clause(pair, name))
        if risk := modifying_risk(pair, name):
            risks.append(risk)
    coming = [pair.wanted.indexes[n] for n in pair.wanted.indexes if n in indexes]
    coming += [wanted] if wanted and not same else []
    for text in coming:
        clauses.append(f"ADD {text}")
        numbered = set(names_in_list(text)) & along & set(pair.missing)
        if is_unique(text) and not numbered and not known_unique(pair, text):
            risks.append(refusing_duplicates(pair, text))
    names = {*names_in_list(wanted or "()"), *names_in_list(live or "()")} if not same else set()
    key = pair.wanted.key_of(PRIMARY_KEY)
    yield Change(
        ChangeKey(key),
        Phase.PRIMARY_KEY,
        altering(pair, clauses),
        (
            key,
            *(pair.key(name) for name in sorted(along)),
            *(pair.wanted.key_of(INDEX, name) for name in sorted(indexes)),
        ),
        risk=joined(risks),
        places=frozenset((pair.live.name, name.lower()) for name in names | along),
    )


def altering(pair: Pair, clauses: list[str]) -> str:
    if len(clauses) == 1:
        return f"{pair.alter} {clauses[0]}"
    return f"{pair.alter}\n  " + ",\n  ".join(clauses)


def refusing_duplicates(pair: Pair, key: str) -> Risk:
    what = "a primary key" if key.upper().startswith("PRIMARY") else "a unique index"
    return Risk(MAY_FAIL, f"{what} refuses duplicates", (queries.duplicates(pair.live.name, key),))


def known_unique(pair: Pair, key: str) -> bool:
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
        name in pair.missing and column_parts(pair.wanted.columns[name]).null_everywhere
        for name in names_in_list(key)
    )


def _filled(table: Table, key: str) -> bool:
    definitions = [table.columns.get(name, "") for name in names_in_list(key)]
    return all(column_parts(definition).not_null for definition in definitions)
