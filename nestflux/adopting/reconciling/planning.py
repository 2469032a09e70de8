"""From two readings to the statements that make the second agree with the first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from nestflux.adopting.reconciling.changes import (
    ByHand,
    Change,
    ChangeKey,
    Phase,
    Place,
    Reconciliation,
    Risk,
)
from nestflux.adopting.reconciling.columns import Pair, column_changes, renamed_by_case, renaming
from nestflux.adopting.reconciling.constraints import (
    Ground,
    KeyChange,
    check_changes,
    foreign_key_changes,
    foreign_keys_of,
    null_columns,
    paired,
)
from nestflux.adopting.reconciling.indexes import Serving, index_changes
from nestflux.adopting.reconciling.keys import columns_with_their_keys, primary_key_changes
from nestflux.adopting.reconciling.tables import Table, tables_of, with_names
from nestflux.adopting.reconciling.whole import (
    extra_tables,
    missing_tables,
    option_changes,
    program_changes,
)
from nestflux.schema.introspection import Schema, table_parts
from nestflux.schema.objects import CONSTRAINT, INDEX, VIEW, ObjectKey


def plan(
    wanted: Schema,
    live: Schema,
    *,
    known: Collection[ObjectKey],
    family: str,
    collation: str,
    aside: Mapping[ChangeKey, Risk] | None = None,
    apart: Mapping[ChangeKey, str] | None = None,
) -> Reconciliation:
    """The statements, in their order, each with the reason why it is commented out if it is.

    Args:
        wanted: what the files make.
        known: the tables, views… that any file of the history makes or touches.
        collation: the live database's default.
        aside: changes, by key, that a server refused while others are commented out.
        apart: changes, by key, that no order of statements allows, and why: left to a person.
    """
    tables, all_live = tables_of(wanted.reading), tables_of(live.reading)
    renames = {
        name: renamed_by_case(tables[name], all_live[name]) for name in tables if name in all_live
    }
    after = {name: _renamed(table, renames, family) for name, table in all_live.items()}
    pairs = [Pair(tables[name], after[name], collation, family) for name in renames]
    key_pairs = paired(
        foreign_keys_of(after.values()),
        foreign_keys_of(tables.values()),
        [name for name in all_live if name in tables],
    )
    views = {key.name for key in live.reading if key.kind == VIEW}
    found: list[Change] = []
    by_hand: list[ByHand] = []
    found += missing_tables(wanted, tables, all_live, views, collation)
    found += extra_tables(tables, all_live, known)
    for pair in pairs:
        for each in option_changes(pair):
            (by_hand if isinstance(each, ByHand) else found).append(each)  # type: ignore[arg-type]
        found += renaming(all_live[pair.live.name], renames[pair.live.name])
        found += column_changes(pair, columns_with_their_keys(pair))
        found += primary_key_changes(pair)
        found += index_changes(pair, _serving(wanted, pair, key_pairs))
        found += check_changes(pair)
    found += program_changes(wanted, live, known)
    aside = aside or {}
    apart = apart or {}
    by_hand += [ByHand(k, apart[c.key]) for c in found if c.key in apart for k in c.settles]
    found = [_set_aside(change, aside) for change in found if change.key not in apart]
    ground = _ground(found, pairs, tables, all_live)
    for change in foreign_key_changes(key_pairs, ground):
        if change.key in apart:
            by_hand += [ByHand(key, apart[change.key]) for key in change.settles]
            continue
        found.append(_set_aside(_with_its_index(change, wanted, key_pairs), aside))
    ordered = sorted(found, key=lambda change: change.phase)
    return Reconciliation(tuple(ordered), tuple(dict.fromkeys(by_hand)))


def _renamed(table: Table, renames: Mapping[str, Mapping[str, str]], family: str) -> Table:
    """A live table once the columns of all tables are renamed by case."""
    shown = table.renamed(renames.get(table.name, {}), in_checks=family == "mariadb")
    constraints = dict(shown.constraints)
    for name, key in shown.foreign_keys.items():
        if others := renames.get(key.parent):
            head, refers, rest = key.text.partition(" REFERENCES ")
            rest = with_names(rest, others, only_first_list=True)
            constraints[name] = f"{head}{refers}{rest}"
    return replace(shown, constraints=constraints)


def _serving(wanted: Schema, pair: Pair, key_pairs: list[KeyChange]) -> Serving:
    """What foreign keys have to do with a table's indexes. One that only comes makes its own
    index, where the history left that to it."""
    name = pair.wanted.name
    keys = [key for each in key_pairs for key in (each.live, each.wanted) if key]
    coming = {each.wanted.key for each in key_pairs if each.wanted and not each.live}
    _, stated, _ = table_parts(wanted.create[pair.wanted.key])
    return Serving(
        columns=[key.columns for key in keys if key.table == name]
        + [key.parent_columns for key in keys if key.parent == name],
        made={
            index
            for index in pair.wanted.indexes
            if (INDEX, index) not in stated and pair.wanted.key_of(CONSTRAINT, index) in coming
        },
    )


def _with_its_index(change: Change, wanted: Schema, pairs: list[KeyChange]) -> Change:
    """A foreign key that comes settles the index that the server makes with it, too."""
    if change.phase is not Phase.ADD_FOREIGN_KEY:
        return change
    index = replace(change.key.object, kind=INDEX)
    if index in wanted.reading and any(
        pair.live is None and pair.wanted and pair.wanted.key == change.key.object for pair in pairs
    ):
        return replace(change, settles=(*change.settles, index))
    return change


def _set_aside(change: Change, aside: Mapping[ChangeKey, Risk]) -> Change:
    return change.aside(aside[change.key]) if change.key in aside else change


def _ground(
    found: list[Change],
    pairs: list[Pair],
    tables: Mapping[str, Table],
    live: Mapping[str, Table],
) -> Ground:
    touched: dict[Place, bool] = {}
    for change in found:
        for place in change.places:
            touched[place] = touched.get(place, False) or change.runs
    return Ground(
        touched,
        new=[name for name in tables if name not in live],
        empty=[place for pair in pairs for place in null_columns(pair)],
        dropped={change.key.object.name for change in found if change.phase is Phase.DROP_TABLE},
    )


def refused(tried: Collection[Change], change: Change) -> Iterator[ChangeKey]:
    """The changes to leave out when a server refuses one of those that were tried: a foreign key
    that does not come back leaves its columns alone, and what does not come is not dropped."""
    partner = ChangeKey(change.key.object, "drop")
    dropped = [
        other.key
        for other in tried
        if other.key == partner
        or (other.phase is Phase.DROP_FOREIGN_KEY and other.places == change.places)
    ]
    touching = [
        other.key
        for other in tried
        if other.places & change.places
        and other.phase not in (Phase.DROP_FOREIGN_KEY, Phase.ADD_FOREIGN_KEY)
    ]
    if change.phase is Phase.ADD_FOREIGN_KEY and dropped and touching:
        yield from touching
    else:
        yield change.key
        yield from dropped if change.phase in _COMES_BACK else ()


# What is dropped earlier in the script and must not be gone for good.
_COMES_BACK = {Phase.ADD_FOREIGN_KEY, Phase.ADD_CHECK, Phase.ROUTINE, Phase.VIEW, Phase.TRIGGER}
