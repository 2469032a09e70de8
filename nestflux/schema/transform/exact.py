"""To the last name, the order of columns and the partitions: what a way back needs besides. Pure.

No server renames a foreign key. Dropped and added in one ALTER it costs nothing where the server
does not look at the rows (``foreign_key_checks`` = 0: INSTANT on MariaDB, in place on MySQL), and
the rows have met it already.

An index that the server made for a foreign key gives way to a later one that serves the key as
well; one that a statement made, or renamed, stays, and ``SHOW CREATE TABLE`` prints both alike
(MySQL Manual 15.1.20.5, "FOREIGN KEY Constraints": ``index_name``). So such an index comes back
with its key, which is made again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nestflux.schema.objects import INDEX, ORDER, ObjectKey
from nestflux.schema.transform.changes import (
    MAY_FAIL,
    Change,
    ChangeKey,
    ColumnRef,
    Phase,
    Risk,
)
from nestflux.schema.transform.columns import TablePair, names_in_list
from nestflux.schema.transform.constraints import ForeignKeyPair
from nestflux.schema.transform.tables import TableForeignKey, TableSchema
from nestflux.sql.definitions import without_name
from nestflux.sql.lexer import quoted
from nestflux.sql.table_options import option_parts

_LONGEST_NAME = 64  # of a constraint (MySQL Manual 11.2.1, "Identifier Length Limits")


@dataclass(frozen=True)
class Remade:
    """Foreign keys that are made again under another name, or with an index of the server's own.

    ``pairs`` are all keys, these as if they agreed; ``gone`` the indexes that go with them, and
    ``come`` those that the server makes, by table.
    """

    changes: tuple[Change, ...]
    pairs: tuple[ForeignKeyPair, ...]
    gone: Mapping[str, Collection[str]] = field(default_factory=dict)
    come: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def left(self, table: TableSchema) -> TableSchema:
        """A table once they are remade."""
        gone = self.gone.get(table.name, ())
        indexes = {name: text for name, text in table.indexes.items() if name not in gone}
        return replace(table, indexes={**indexes, **self.come.get(table.name, {})})


def remade(
    pairs: Sequence[ForeignKeyPair],
    before: Mapping[str, TableSchema],
    after: Mapping[str, TableSchema],
) -> Remade:
    """The foreign keys that differ in their name, or in whose index they stand on, alone."""
    changes: list[Change] = []
    left: list[ForeignKeyPair] = []
    gone: dict[str, list[str]] = {}
    come: dict[str, dict[str, str]] = {}
    for pair in pairs:
        old, new = pair.before, pair.after
        is_same = old and new and without_name(old.text) == without_name(new.text)
        if old is None or new is None or not is_same or new.table not in after:
            left.append(pair)
            continue
        there, wanted = before[old.table], after[new.table]
        lacks_own = new.name in wanted.left_to_server and new.name not in there.indexes
        if old.name == new.name and not lacks_own:
            left.append(pair)
            continue
        own = _own_index(old, new, there, wanted)
        in_its_place = list(_in_its_place(new, there, wanted)) if lacks_own else own
        changes += _made_again(old, new, in_its_place, there)
        gone.setdefault(old.table, []).extend(in_its_place)
        if lacks_own:
            come.setdefault(new.table, {})[new.name] = wanted.indexes[new.name]
        elif own:
            text = there.indexes[old.name].replace(quoted(old.name), quoted(new.name), 1)
            come.setdefault(new.table, {})[new.name] = text
        left.append(ForeignKeyPair(new, new))
    return Remade(tuple(changes), tuple(left), gone, come)


def _own_index(
    old: TableForeignKey, new: TableForeignKey, there: TableSchema, wanted: TableSchema
) -> list[str]:
    """The index that the server made for a key and that goes with it: dropped with the key, and
    made for it again, whether the server would do so by itself or takes it for a stated one."""
    is_own = old.name in there.left_to_server and old.name not in wanted.indexes
    return [old.name] if is_own and old.name != new.name else []


def _in_its_place(key: TableForeignKey, there: TableSchema, wanted: TableSchema) -> Iterator[str]:
    """The indexes that serve a key instead of the server's own, and are to go."""
    for name, text in there.indexes.items():
        columns = tuple(names_in_list(text))
        if name not in wanted.indexes and columns[: len(key.columns)] == key.columns:
            yield name


def _made_again(
    old: TableForeignKey, new: TableForeignKey, gone: Sequence[str], there: TableSchema
) -> Iterator[Change]:
    """In one statement; over a name for the moment where it keeps its own, for the server does not
    drop and add the same name at once (1826; MariaDB 1005, errno 121)."""
    indexes = [f"DROP INDEX {quoted(name)}" for name in gone]
    settles = (old.key, new.key, *(there.key_of(INDEX, name) for name in (*gone, new.name)))
    alter = f"ALTER TABLE {quoted(new.table)} "
    if old.name != new.name:
        clauses = [*indexes, f"DROP FOREIGN KEY {quoted(old.name)}", f"ADD {new.text}"]
        yield _unchecked(ChangeKey(new.key, "remake"), alter + ", ".join(clauses), settles)
        return
    moment = f"{new.name[: _LONGEST_NAME - 4]}_tmp"
    text = new.text.replace(quoted(new.name), quoted(moment), 1)
    clauses = [*indexes, f"DROP FOREIGN KEY {quoted(old.name)}", f"ADD {text}"]
    yield _unchecked(ChangeKey(new.key, "set aside"), alter + ", ".join(clauses), settles)
    clauses = [f"DROP FOREIGN KEY {quoted(moment)}", f"ADD {new.text}"]
    yield _unchecked(ChangeKey(new.key, "remake"), alter + ", ".join(clauses), settles)


def _unchecked(key: ChangeKey, sql: str, settles: tuple[ObjectKey, ...]) -> Change:
    return Change(key, Phase.REMAKE_FOREIGN_KEY, sql, settles, unchecked=True)


# ---- the order of columns ------------------------------------------------------------------


def order_changes(pair: TablePair, made_anew: Collection[ColumnRef] = ()) -> Iterator[Change]:
    """The fewest columns are moved, in one statement, once all are there.

    Args:
        made_anew: columns that are moved rather than those that stayed. So the statement is right
            too where only some of them had to be made anew.
    """
    wanted = list(pair.after.columns)
    placed = _placed(pair)
    stayed = [name for name in placed if ColumnRef.of(pair.after.name, name) not in made_anew]
    moved = set(wanted) - set(_in_order(stayed, wanted))
    if placed == wanted:
        return
    clauses = []
    for index, name in enumerate(wanted):
        if name in moved:
            position = f"AFTER {quoted(wanted[index - 1])}" if index else "FIRST"
            clauses.append(f"MODIFY {quoted(name)} {pair.definition(name)} {position}")
    if clauses:
        key = pair.after.key_of(ORDER)
        sql = f"{pair.alter} " + ",\n  ".join(clauses)
        yield Change(ChangeKey(key), Phase.ORDER, sql, (key,))


def partition_changes(pair: TablePair) -> Iterator[Change]:
    """Last of a table that stays: each unique key is to hold the columns that partitions ask."""
    before = option_parts(pair.before.options).partitioning
    after = option_parts(pair.after.options).partitioning
    if before != after:
        key = pair.after.key
        sql = f"{pair.alter} {after or 'REMOVE PARTITIONING'}"
        risk = Risk(MAY_FAIL, "a row may belong to no partition") if after else None
        yield Change(ChangeKey(key, "partition"), Phase.ORDER, sql, (key,), risk)


def _placed(pair: TablePair) -> list[str]:
    """The columns in the order in which they stand once those that come are there: each behind the
    nearest one before it (``TablePair.position``)."""
    wanted = list(pair.after.columns)
    coming = {*pair.missing, *pair.replaced}
    placed = [name for name in pair.before.columns if name in wanted and name not in coming]
    for name in [*pair.missing, *pair.replaced]:
        before = wanted[: wanted.index(name)]
        behind = next((each for each in reversed(before) if each in placed), None)
        placed.insert(placed.index(behind) + 1 if behind else 0, name)
    return placed


def _in_order(placed: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The longest run of ``placed`` that stands in the order of ``wanted``."""
    ranks = {name: index for index, name in enumerate(wanted)}
    ends: list[int] = []  # the least rank that a run of that length ends with
    runs: list[list[str]] = []
    for name in placed:
        at = bisect_left(ends, ranks[name])
        run = [*(runs[at - 1] if at else []), name]
        ends[at : at + 1] = [ranks[name]]
        runs[at : at + 1] = [run]
    return runs[-1] if runs else []
