"""Primary keys, with the columns and indexes that cannot change apart from them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.schema.objects import INDEX, PRIMARY_KEY
from nestflux.schema.transform import queries
from nestflux.schema.transform.changes import (
    MAY_FAIL,
    Change,
    ChangeKey,
    ColumnRef,
    Phase,
    Risk,
    joined,
)
from nestflux.schema.transform.columns import (
    TablePair,
    adding_clause,
    dropping_risk,
    modifying_clause,
    modifying_risk,
    names_in_list,
)
from nestflux.schema.transform.tables import (
    TableSchema,
    is_unique,
    undirected_parts,
)
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import quoted


def columns_with_their_keys(pair: TablePair) -> set[str]:
    """The columns that change in one statement with a key: AUTO_INCREMENT wants one at any
    moment (1075)."""
    changed = {*pair.missing, *pair.differing, *pair.extra}
    return _counting(pair) & changed if _moves_counters(pair) else set()


def indexes_with_their_columns(pair: TablePair) -> set[str]:
    """The indexes, old and new, that change with such a column."""
    if not _moves_counters(pair):
        return set()
    counting = _counting(pair)
    texts = [*_differing(pair.before, pair.after), *_differing(pair.after, pair.before)]
    return {name for name, text in texts if counting & set(names_in_list(text))}


def _counting(pair: TablePair) -> set[str]:
    columns = [*pair.before.columns.items(), *pair.after.columns.items()]
    return {name for name, definition in columns if column_parts(definition).auto_increment}


def _moves_counters(pair: TablePair) -> bool:
    counting = _counting(pair)
    texts = [*_differing(pair.before, pair.after), *_differing(pair.after, pair.before)]
    of_counters = any(set(names_in_list(text)[:1]) & counting for _, text in texts)
    changed = {*pair.missing, *pair.differing, *pair.extra}
    if pair.before.primary == pair.after.primary:
        primary = set(names_in_list(pair.before.primary or "()")[:1])
        return of_counters and bool(counting & changed or counting - primary)
    return bool(counting)


def _differing(one: TableSchema, other: TableSchema) -> list[tuple[str, str]]:
    return [(name, text) for name, text in one.indexes.items() if other.indexes.get(name) != text]


def primary_key_changes(pair: TablePair) -> Iterator[Change]:
    """The primary key, with the columns that count and their indexes."""
    after, before = pair.after.primary, pair.before.primary
    along, indexes = columns_with_their_keys(pair), indexes_with_their_columns(pair)
    same = after == before
    if same and not along and not indexes:
        return
    clauses, risks = [], []
    if before and not same:
        clauses.append("DROP PRIMARY KEY")
    clauses += [f"DROP INDEX {quoted(n)}" for n in pair.before.indexes if n in indexes]
    for name in (n for n in pair.extra if n in along):
        clauses.append(f"DROP COLUMN {quoted(name)}")
        risks.append(dropping_risk(pair, name))
    for name in (n for n in pair.missing if n in along):
        clauses.append(adding_clause(pair, name))
    for name in (n for n in pair.differing if n in along):
        clauses.append(modifying_clause(pair, name))
        if risk := modifying_risk(pair, name):
            risks.append(risk)
    coming = [pair.after.indexes[n] for n in pair.after.indexes if n in indexes]
    coming += [after] if after and not same else []
    for text in coming:
        clauses.append(f"ADD {text}")
        numbered = set(names_in_list(text)) & along & set(pair.missing)
        if is_unique(text) and not numbered and not known_unique(pair, text):
            risks.append(refusing_duplicates(pair, text))
    names = {*names_in_list(after or "()"), *names_in_list(before or "()")} if not same else set()
    key = pair.after.key_of(PRIMARY_KEY)
    yield Change(
        ChangeKey(key),
        Phase.PRIMARY_KEY,
        altering(pair, clauses),
        (
            key,
            *(pair.key(name) for name in sorted(along)),
            *(pair.after.key_of(INDEX, name) for name in sorted(indexes)),
        ),
        risk=joined(risks),
        column_refs=frozenset(ColumnRef.of(pair.before.name, name) for name in names | along),
    )


def altering(pair: TablePair, clauses: list[str]) -> str:
    if len(clauses) == 1:
        return f"{pair.alter} {clauses[0]}"
    return f"{pair.alter}\n  " + ",\n  ".join(clauses)


def refusing_duplicates(pair: TablePair, key: str) -> Risk:
    what = "a primary key" if key.upper().startswith("PRIMARY") else "a unique index"
    return Risk(
        MAY_FAIL, f"{what} refuses duplicates", (queries.duplicates(pair.before.name, key),)
    )


def known_unique(pair: TablePair, key: str) -> bool:
    """Do other keys say already that there are no duplicates, or a column that is new and NULL in
    every row?"""
    parts = set(undirected_parts(key))
    primary = key.upper().startswith("PRIMARY")
    keys = [text for text in pair.before.indexes.values() if is_unique(text)]
    if pair.before.primary:
        keys.append(pair.before.primary)
    if any(set(undirected_parts(text)) <= parts for text in keys):
        return not primary or _filled(pair.before, key)
    return not primary and any(
        name in pair.missing and column_parts(pair.after.columns[name]).null_everywhere
        for name in names_in_list(key)
    )


def _filled(table: TableSchema, key: str) -> bool:
    definitions = [table.columns.get(name, "") for name in names_in_list(key)]
    return all(column_parts(definition).not_null for definition in definitions)
