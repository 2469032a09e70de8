"""Checks and foreign keys. Pure.

A constraint of another name is dropped and added: no server renames one. The rows have met it
already. One that is missing altogether may meet rows that it refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from nestflux.schema.equivalence import same_check
from nestflux.schema.objects import CONSTRAINT
from nestflux.schema.transform import queries
from nestflux.schema.transform.changes import (
    GOES_ALONG,
    MAY_FAIL,
    Change,
    ChangeKey,
    ColumnRef,
    Phase,
    Risk,
)
from nestflux.schema.transform.columns import TablePair
from nestflux.schema.transform.tables import (
    TableForeignKey,
    TableSchema,
    names_in,
)
from nestflux.sql.definitions import column_parts, without_name
from nestflux.sql.lexer import quoted

# MySQL 8.0.16 has DROP CHECK, and DROP CONSTRAINT three versions later; MariaDB only the latter.
_DROP_CHECK = {"mysql": "DROP CHECK", "mariadb": "DROP CONSTRAINT"}


def check_changes(pair: TablePair) -> Iterator[Change]:
    """The table's checks, the columns' own (MariaDB) left out: they stand in the columns."""
    before, after = pair.before.checks, pair.after.checks
    alike = {name for name, text in before.items() if same_check(text, after.get(name, ""))}
    # A check that names a column which goes and comes.
    in_the_way = {name for name in alike if _columns(before[name]) & set(pair.replaced)}
    gone = [name for name in before if name not in alike or name in in_the_way]
    met = {_folded(text) for text in before.values()}
    for name in gone:
        key = pair.after.key_of(CONSTRAINT, name)
        come = after.get(name)
        risky = come is not None and _folded(come) not in met
        yield Change(
            ChangeKey(key, "drop"),
            Phase.DROP_CHECK,
            f"{pair.alter} {_DROP_CHECK[pair.family]} {quoted(name)}",
            (key,),
            risk=Risk(GOES_ALONG, "another check of this name takes its place") if risky else None,
        )
    for name, text in after.items():
        if name in alike and name not in in_the_way:
            continue
        key = pair.after.key_of(CONSTRAINT, name)
        expression = column_parts(text).check
        risk = Risk(
            MAY_FAIL,
            "a check refuses rows that break it",
            (queries.breaking(pair.before.name, expression),),
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
    return without_name(text).lower()


@dataclass(frozen=True)
class ForeignKeyPair:
    """A foreign key as it is and as it is to be, maybe of another name; None: there is none."""

    before: TableForeignKey | None
    after: TableForeignKey | None

    @property
    def agrees(self) -> bool:
        return self.before == self.after


def foreign_keys_of(tables: Iterable[TableSchema]) -> list[TableForeignKey]:
    return [key for table in tables for key in table.foreign_keys.values()]


def paired(
    before: Collection[TableForeignKey], after: Collection[TableForeignKey], ours: Collection[str]
) -> list[ForeignKeyPair]:
    """Foreign keys of the same name, then those of the same definition; then the rest.

    Args:
        ours: the tables that are compared; keys of others stay, and come back as they are.
    """
    found: list[ForeignKeyPair] = []
    left = {(key.table, key.name): key for key in after}
    rest = []
    for key in before:
        if key.table not in ours:
            found.append(ForeignKeyPair(key, key))
        elif (key.table, key.name) in left:
            found.append(ForeignKeyPair(key, left.pop((key.table, key.name))))
        else:
            rest.append(key)
    for key in rest:
        match = next(
            (
                at
                for at, other in left.items()
                if other.table == key.table and without_name(other.text) == without_name(key.text)
            ),
            None,
        )
        found.append(ForeignKeyPair(key, left.pop(match) if match else None))
    found += [ForeignKeyPair(None, key) for key in left.values()]
    return found


@dataclass(frozen=True)
class ForeignKeyGround:
    """What foreign keys are decided by.

    ``touched`` tells of a column whether a statement that changes its type is safe (True) or has a
    risk (False). ``new`` are the tables that are made, ``empty`` the columns that are NULL in every
    row, ``dropped`` the tables that may be dropped.
    """

    touched: Mapping[ColumnRef, bool]
    new: Collection[str] = ()
    empty: Collection[ColumnRef] = ()
    dropped: Collection[str] = ()


def foreign_key_changes(
    pairs: Iterable[ForeignKeyPair], ground: ForeignKeyGround
) -> Iterator[Change]:
    for pair in pairs:
        touching = [ground.touched[ref] for ref in _column_refs(pair) if ref in ground.touched]
        if pair.before is not None and pair.before.table in ground.dropped:
            yield from _of_dropped(pair.before, touching, ground)
        elif pair.agrees and not touching:
            continue
        else:
            yield from _replaced(pair, touching, ground)


def _column_refs(pair: ForeignKeyPair) -> frozenset[ColumnRef]:
    before = pair.before.column_refs if pair.before else frozenset()
    return before | (pair.after.column_refs if pair.after else frozenset())


def _replaced(
    pair: ForeignKeyPair, touching: list[bool], ground: ForeignKeyGround
) -> Iterator[Change]:
    before, after = pair.before, pair.after
    risk: Risk | None = None
    if after is not None and not _met(pair, ground):
        why = "a foreign key refuses rows that refer to none"
        risk = Risk(MAY_FAIL, why, (queries.orphans(after),))
    elif pair.agrees and not any(touching):
        risk = Risk(GOES_ALONG, "statements on its columns are commented out")
    if before is not None:
        along = risk and Risk(GOES_ALONG, "it comes back last, which is commented out, too")
        yield Change(
            ChangeKey(before.key, "drop"),
            Phase.DROP_FOREIGN_KEY,
            f"ALTER TABLE {quoted(before.table)} DROP FOREIGN KEY {quoted(before.name)}",
            (before.key,),
            risk=along if after is not None else None,
            column_refs=before.column_refs,
        )
    if after is not None:
        yield Change(
            ChangeKey(after.key, "add"),
            Phase.ADD_FOREIGN_KEY,
            f"ALTER TABLE {quoted(after.table)} ADD {after.text}",
            (after.key,),
            risk=risk,
            column_refs=after.column_refs,
        )


def _met(pair: ForeignKeyPair, ground: ForeignKeyGround) -> bool:
    """Do the rows meet the new key for certain?"""
    before, after = pair.before, pair.after
    assert after is not None
    if after.table in ground.new:
        return True
    if any(ColumnRef.of(after.table, name) in ground.empty for name in after.columns):
        return True
    return before is not None and (before.columns, before.parent, before.parent_columns) == (
        after.columns,
        after.parent,
        after.parent_columns,
    )


def _of_dropped(
    before: TableForeignKey, touching: list[bool], ground: ForeignKeyGround
) -> Iterator[Change]:
    """A key of a table that is dropped: in the way of changes to its parent, or
    of the parent's own drop."""
    goes = before.parent in ground.dropped and before.parent != before.table
    if not touching and not goes:
        return
    runs = any(touching)
    risk = None if runs else Risk(GOES_ALONG, "its table is dropped by a statement below")
    yield Change(
        ChangeKey(before.key, "drop"),
        Phase.DROP_FOREIGN_KEY,
        f"ALTER TABLE {quoted(before.table)} DROP FOREIGN KEY {quoted(before.name)}",
        (),
        risk=risk,
        column_refs=before.column_refs,
    )
    if runs:
        yield Change(
            ChangeKey(before.key, "add"),
            Phase.ADD_FOREIGN_KEY,
            f"ALTER TABLE {quoted(before.table)} ADD {before.text}",
            (),
            column_refs=before.column_refs,
        )


def null_columns(pair: TablePair) -> Iterator[ColumnRef]:
    """The columns that are new in a table and NULL in each of its rows."""
    for name in pair.missing:
        if column_parts(pair.after.columns[name]).null_everywhere:
            yield ColumnRef.of(pair.before.name, name)
