"""From two schemas to the statements that make the first into the second. Pure.

Nothing is guessed: what has the same definition under another name is renamed where no rows depend
on it (indexes, constraints), and a table or a column that may be renamed is left to a person. The
order of a table's columns is left as it is, where it is not asked for (``exact``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from nestflux.schema.diff import Definitions
from nestflux.schema.objects import CONSTRAINT, INDEX, TABLE, VIEW, ObjectKey
from nestflux.schema.transform.changes import (
    ByHand,
    Change,
    ChangeKey,
    ColumnRef,
    Phase,
    Risk,
    Transformation,
)
from nestflux.schema.transform.columns import (
    TablePair,
    column_changes,
    renamed_by_case,
    renaming,
)
from nestflux.schema.transform.constraints import (
    ForeignKeyGround,
    ForeignKeyPair,
    check_changes,
    foreign_key_changes,
    foreign_keys_of,
    null_columns,
    paired,
)
from nestflux.schema.transform.exact import order_changes, partition_changes, remade
from nestflux.schema.transform.indexes import Serving, index_changes
from nestflux.schema.transform.keys import columns_with_their_keys, primary_key_changes
from nestflux.schema.transform.programs import program_changes
from nestflux.schema.transform.tables import TableSchema, tables_of, with_names
from nestflux.schema.transform.whole_tables import extra_tables, missing_tables, option_changes
from nestflux.schema.transform.zero_dates import cleared


def transform(
    before: Definitions,
    after: Definitions,
    *,
    collation: str,
    family: str,
    exact: bool = False,
    made_anew: Collection[ColumnRef] = (),
    known: Collection[ObjectKey] | None = None,
    held_back: Mapping[ChangeKey, Risk] | None = None,
    by_hand: Mapping[ChangeKey, str] | None = None,
) -> Transformation:
    """The statements, in their order, each with what speaks against running it.

    Args:
        before: the schema that is there, and ``after`` the one that it is to become, both as one
            server prints them.
        collation: the default of the schema that is there.
        family: of the server, ``mysql`` or ``mariadb``: each has clauses of its own.
        exact: also the order of columns, and partitions; and what the server made for a foreign key
            is made by it again, which no look at a schema asks for.
        made_anew: the columns that are moved where the order differs, rather than others.
        known: the tables, views… that are dropped where ``after`` does not have them; others are
            none of the caller's business, and stay. None: all.
        held_back: the risks of changes, by key, that a server refused while risky ones were left
            out.
        by_hand: changes, by key, that no order of statements allows, and why: left to a person.
    """
    tables, new = tables_of(before), tables_of(after)
    renames = {name: renamed_by_case(tables[name], new[name]) for name in new if name in tables}
    old = {name: _renamed(table, renames, family) for name, table in tables.items()}
    zero_dates = [cleared(old[name], new[name]) for name in renames]
    old |= {table.name: table for table, _ in zero_dates}
    pairs = [TablePair(old[name], new[name], collation, family) for name in renames]
    keys = paired(foreign_keys_of(old.values()), foreign_keys_of(new.values()), renames)
    remade_keys: tuple[Change, ...] = ()
    if exact:
        again = remade(keys, old, new)
        remade_keys, keys = again.changes, list(again.pairs)
        pairs = [replace(pair, before=again.left(pair.before)) for pair in pairs]
    known = before.keys() if known is None else known
    views = {key.name for key in before if key.kind == VIEW}
    in_the_way = {ObjectKey(TABLE, key.name) for key in after if key.kind == VIEW}

    found: list[Change | ByHand] = [
        *missing_tables(tables, new, views, collation),
        *extra_tables(tables, new, set(known) - in_the_way),
        *(change for _, changes in zero_dates for change in changes),
    ]
    for pair in pairs:
        found += _table_changes(pair, renames[pair.after.name], keys, exact=exact)
        if exact:
            found += (*order_changes(pair, made_anew), *partition_changes(pair))
    found += remade_keys
    found += program_changes(before, after, known)
    decided = list(_decided(found, held_back or {}, by_hand or {}))
    ground = _ground(decided, pairs, [name for name in new if name not in tables])
    foreign = _decided(foreign_key_changes(keys, ground), held_back or {}, by_hand or {})
    decided += (_with_its_index(each, after, keys) for each in foreign)

    changes = [each for each in decided if isinstance(each, Change)]
    left = [each for each in decided if isinstance(each, ByHand)]
    changes.sort(key=lambda change: change.phase)
    return Transformation(tuple(changes), tuple(dict.fromkeys(left)))


def _renamed(
    table: TableSchema, renames: Mapping[str, Mapping[str, str]], family: str
) -> TableSchema:
    """A table once the columns of all tables are renamed by case."""
    renamed = table.renamed(renames.get(table.name, {}), in_checks=family == "mariadb")
    constraints = dict(renamed.constraints)
    for name, key in renamed.foreign_keys.items():
        if others := renames.get(key.parent):
            head, refers, rest = key.text.partition(" REFERENCES ")
            rest = with_names(rest, others, only_first_list=True)
            constraints[name] = f"{head}{refers}{rest}"
    return replace(renamed, constraints=constraints)


def _table_changes(
    pair: TablePair, renames: Mapping[str, str], keys: Collection[ForeignKeyPair], *, exact: bool
) -> Iterator[Change | ByHand]:
    """What becomes of a table that stays, its foreign keys left out."""
    yield from option_changes(pair, exact=exact)
    yield from renaming(pair.before, renames)
    yield from column_changes(pair, columns_with_their_keys(pair))
    yield from primary_key_changes(pair)
    yield from index_changes(pair, _serving(pair, keys))
    yield from check_changes(pair)


def _serving(pair: TablePair, pairs: Collection[ForeignKeyPair]) -> Serving:
    """What foreign keys have to do with a table's indexes. One that only comes makes its own
    index, where nobody states another."""
    name = pair.after.name
    keys = [key for each in pairs for key in (each.before, each.after) if key]
    coming = {each.after.key for each in pairs if each.after and not each.before}
    return Serving(
        columns=[key.columns for key in keys if key.table == name]
        + [key.parent_columns for key in keys if key.parent == name],
        made={
            index
            for index in pair.after.left_to_server
            if pair.after.key_of(CONSTRAINT, index) in coming
        },
    )


def _decided(
    found: Iterable[Change | ByHand],
    held_back: Mapping[ChangeKey, Risk],
    by_hand: Mapping[ChangeKey, str],
) -> Iterator[Change | ByHand]:
    """The changes less those that are left to a person, and with the risks that a server found."""
    for each in found:
        if isinstance(each, Change) and each.key in by_hand:
            yield from (ByHand(key, by_hand[each.key]) for key in each.settles)
        elif isinstance(each, Change) and each.key in held_back:
            yield each.held_back(held_back[each.key])
        else:
            yield each


def _ground(
    decided: Iterable[Change | ByHand], pairs: Iterable[TablePair], new: Collection[str]
) -> ForeignKeyGround:
    touched: dict[ColumnRef, bool] = {}
    dropped = set()
    for change in decided:
        if isinstance(change, ByHand):
            continue
        for ref in change.column_refs:
            touched[ref] = touched.get(ref, False) or change.is_safe
        if change.phase is Phase.DROP_TABLE:
            dropped.add(change.key.object.name)
    empty = [ref for pair in pairs for ref in null_columns(pair)]
    return ForeignKeyGround(touched, new=new, empty=empty, dropped=dropped)


def _with_its_index(
    change: Change | ByHand, after: Definitions, pairs: Iterable[ForeignKeyPair]
) -> Change | ByHand:
    """A foreign key that comes settles the index that the server makes with it, too."""
    if isinstance(change, ByHand) or change.phase is not Phase.ADD_FOREIGN_KEY:
        return change
    index = replace(change.key.object, kind=INDEX)
    if index in after and any(
        pair.before is None and pair.after and pair.after.key == change.key.object for pair in pairs
    ):
        return replace(change, settles=(*change.settles, index))
    return change
