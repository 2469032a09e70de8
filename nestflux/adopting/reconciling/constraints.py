"""Checks and foreign keys. Pure.

A constraint of another name is dropped and added: no server renames one. The rows have met it
already. One that is missing altogether may meet rows that it refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from nestflux.adopting.reconciling import queries
from nestflux.adopting.reconciling.changes import (
    GOES_ALONG,
    MAY_FAIL,
    Change,
    ChangeKey,
    Phase,
    Place,
    Risk,
)
from nestflux.adopting.reconciling.columns import Pair
from nestflux.adopting.reconciling.tables import (
    ForeignKey,
    Table,
    body,
    names_in,
)
from nestflux.schema.equivalence import same_check
from nestflux.schema.objects import CONSTRAINT
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import quoted

# MySQL 8.0.16 has DROP CHECK, and DROP CONSTRAINT three versions later; MariaDB only the latter.
_DROP_CHECK = {"mysql": "DROP CHECK", "mariadb": "DROP CONSTRAINT"}


def check_changes(pair: Pair) -> Iterator[Change]:
    """The table's checks, the columns' own (MariaDB) left out: they stand in the columns."""
    live, wanted = pair.live.checks, pair.wanted.checks
    alike = {name for name, text in live.items() if same_check(text, wanted.get(name, ""))}
    # A check that names a column which goes and comes.
    in_the_way = {name for name in alike if _columns(live[name]) & set(pair.replaced)}
    gone = [name for name in live if name not in alike or name in in_the_way]
    met = {_folded(text) for text in live.values()}
    for name in gone:
        key = pair.wanted.key_of(CONSTRAINT, name)
        come = wanted.get(name)
        risky = come is not None and _folded(come) not in met
        yield Change(
            ChangeKey(key, "drop"),
            Phase.DROP_CHECK,
            f"{pair.alter} {_DROP_CHECK[pair.family]} {quoted(name)}",
            (key,),
            risk=Risk(GOES_ALONG, "another check of this name takes its place") if risky else None,
        )
    for name, text in wanted.items():
        if name in alike and name not in in_the_way:
            continue
        key = pair.wanted.key_of(CONSTRAINT, name)
        expression = column_parts(text).check
        risk = Risk(
            MAY_FAIL,
            "a check refuses rows that break it",
            (queries.breaking(pair.live.name, expression),),
        )
        met_already = _folded(text) in met or "NOT ENFORCED" in text
        yield Change(
            ChangeKey(key, "add"),
            Phase.ADD_CHECK,
            f"{pair.alter} ADD {text}",
            (key,),
            risk=None if met_already else risk,
        )


def _columns(text: str) -> set[str]:
    return set(names_in(column_parts(text).check))


def _folded(text: str) -> str:
    """A check without its name, whatever the case of columns in it (MySQL keeps the old one)."""
    return body(text).lower()


@dataclass(frozen=True)
class KeyChange:
    """What becomes of a live foreign key, of a wanted one, or of both under two names."""

    live: ForeignKey | None
    wanted: ForeignKey | None

    @property
    def agrees(self) -> bool:
        return self.live == self.wanted


def foreign_keys_of(tables: Iterable[Table]) -> list[ForeignKey]:
    return [key for table in tables for key in table.foreign_keys.values()]


def paired(
    live: Collection[ForeignKey], wanted: Collection[ForeignKey], ours: Collection[str]
) -> list[KeyChange]:
    """Foreign keys of the same name, then those of the same definition; then the rest.

    Args:
        ours: the tables that are compared; keys of others stay, and come back as they are.
    """
    found: list[KeyChange] = []
    left = {(key.table, key.name): key for key in wanted}
    rest = []
    for key in live:
        if key.table not in ours:
            found.append(KeyChange(key, key))
        elif (key.table, key.name) in left:
            found.append(KeyChange(key, left.pop((key.table, key.name))))
        else:
            rest.append(key)
    for key in rest:
        match = next(
            (
                at
                for at, other in left.items()
                if other.table == key.table and body(other.text) == body(key.text)
            ),
            None,
        )
        found.append(KeyChange(key, left.pop(match) if match else None))
    found += [KeyChange(None, key) for key in left.values()]
    return found


@dataclass(frozen=True)
class Ground:
    """What foreign keys are decided by.

    ``touched`` tells of a column whether a statement that changes its type is run as the script
    stands (True) or only commented out (False). ``new`` are the tables that the script makes,
    ``empty`` the columns that are NULL in every row, ``dropped`` the tables that it may drop.
    """

    touched: Mapping[Place, bool]
    new: Collection[str] = ()
    empty: Collection[Place] = ()
    dropped: Collection[str] = ()


def foreign_key_changes(pairs: Iterable[KeyChange], ground: Ground) -> Iterator[Change]:
    for pair in pairs:
        touching = [ground.touched[place] for place in _places(pair) if place in ground.touched]
        if pair.live is not None and pair.live.table in ground.dropped:
            yield from _of_dropped(pair.live, touching, ground)
        elif pair.agrees and not touching:
            continue
        else:
            yield from _replaced(pair, touching, ground)


def _places(pair: KeyChange) -> frozenset[Place]:
    live = pair.live.places if pair.live else frozenset()
    return live | (pair.wanted.places if pair.wanted else frozenset())


def _replaced(pair: KeyChange, touching: list[bool], ground: Ground) -> Iterator[Change]:
    live, wanted = pair.live, pair.wanted
    risk: Risk | None = None
    if wanted is not None and not _met(pair, ground):
        why = "a foreign key refuses rows that refer to none"
        risk = Risk(MAY_FAIL, why, (queries.orphans(wanted),))
    elif pair.agrees and not any(touching):
        risk = Risk(GOES_ALONG, "statements on its columns are commented out")
    if live is not None:
        along = risk and Risk(GOES_ALONG, "it comes back last, which is commented out, too")
        yield Change(
            ChangeKey(live.key, "drop"),
            Phase.DROP_FOREIGN_KEY,
            f"ALTER TABLE {quoted(live.table)} DROP FOREIGN KEY {quoted(live.name)}",
            (live.key,),
            risk=along if wanted is not None else None,
            places=live.places,
        )
    if wanted is not None:
        yield Change(
            ChangeKey(wanted.key, "add"),
            Phase.ADD_FOREIGN_KEY,
            f"ALTER TABLE {quoted(wanted.table)} ADD {wanted.text}",
            (wanted.key,),
            risk=risk,
            places=wanted.places,
        )


def _met(pair: KeyChange, ground: Ground) -> bool:
    """Do the rows meet the wanted key for certain?"""
    live, wanted = pair.live, pair.wanted
    assert wanted is not None
    if wanted.table in ground.new:
        return True
    if any((wanted.table, name.lower()) in ground.empty for name in wanted.columns):
        return True
    return live is not None and (live.columns, live.parent, live.parent_columns) == (
        wanted.columns,
        wanted.parent,
        wanted.parent_columns,
    )


def _of_dropped(live: ForeignKey, touching: list[bool], ground: Ground) -> Iterator[Change]:
    """A key of a table that the history does not have: in the way of changes to its parent, or
    of the parent's own drop."""
    goes = live.parent in ground.dropped and live.parent != live.table
    if not touching and not goes:
        return
    runs = any(touching)
    risk = None if runs else Risk(GOES_ALONG, "its table is dropped by a statement below")
    yield Change(
        ChangeKey(live.key, "drop"),
        Phase.DROP_FOREIGN_KEY,
        f"ALTER TABLE {quoted(live.table)} DROP FOREIGN KEY {quoted(live.name)}",
        (),
        risk=risk,
        places=live.places,
    )
    if runs:
        yield Change(
            ChangeKey(live.key, "add"),
            Phase.ADD_FOREIGN_KEY,
            f"ALTER TABLE {quoted(live.table)} ADD {live.text}",
            (),
            places=live.places,
        )


def null_columns(pair: Pair) -> Iterator[Place]:
    """The columns that are new in a table and NULL in each of its rows."""
    for name in pair.missing:
        if column_parts(pair.wanted.columns[name]).null_everywhere:
            yield pair.live.name, name.lower()
