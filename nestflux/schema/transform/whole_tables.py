"""Whole tables: those that are missing or besides, and the options of one that stays. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from nestflux.schema.objects import PERIOD, ObjectKey
from nestflux.schema.transform import queries
from nestflux.schema.transform.changes import (
    GOES_ALONG,
    LOSES,
    UNDECIDED,
    ByHand,
    Change,
    ChangeKey,
    Phase,
    Risk,
)
from nestflux.schema.transform.columns import TablePair
from nestflux.schema.transform.tables import TableSchema, create_table
from nestflux.sql.lexer import quoted
from nestflux.sql.table_options import option_parts

# What undoes an option that is not to be stated; of any other no statement is known that makes it
# unsaid.
_UNSAID = {
    "COMMENT": "COMMENT=''",
    **{name: f"{name}=DEFAULT" for name in ("ROW_FORMAT", "PACK_KEYS")},
    **{f"STATS_{name}": f"STATS_{name}=DEFAULT" for name in ("PERSISTENT", "AUTO_RECALC")},
    "STATS_SAMPLE_PAGES": "STATS_SAMPLE_PAGES=DEFAULT",
    **{name: f"{name}=0" for name in ("CHECKSUM", "DELAY_KEY_WRITE", "KEY_BLOCK_SIZE")},
    **{name: f"{name}=0" for name in ("AVG_ROW_LENGTH", "MIN_ROWS", "MAX_ROWS")},
    "ENCRYPTION": "ENCRYPTION='N'",
}


def missing_tables(
    before: Mapping[str, TableSchema],
    after: Mapping[str, TableSchema],
    views: Collection[str],
    collation: str,
) -> Iterator[Change]:
    """CREATE TABLE without the foreign keys, which come last.

    Args:
        views: the names of the views that are there.
        collation: the schema's default.
    """
    for name, table in after.items():
        if name in before:
            continue
        risk, remarks = None, []
        for other in before.values():
            if other.name not in after and _alike(other, table):
                why = f"a new table, or {other.name} under another name: a person knows"
                risk = Risk(UNDECIDED, why)
                remarks.append(
                    f"if it was renamed: RENAME TABLE {quoted(other.name)} TO {quoted(name)};"
                )
        if name in views:
            risk = Risk(GOES_ALONG, "a view of this name is in its place")
        yield Change(
            ChangeKey(table.key),
            Phase.CREATE_TABLE,
            create_table(table, collation, foreign_keys=False),
            (table.key,),
            risk=risk,
            remarks=tuple(remarks),
        )


def _alike(one: TableSchema, other: TableSchema) -> bool:
    return (one.columns, one.primary) == (other.columns, other.primary)


def extra_tables(
    before: Mapping[str, TableSchema],
    after: Mapping[str, TableSchema],
    known: Collection[ObjectKey],
) -> Iterator[Change]:
    """The tables that are to go; those that are not ``known`` stay."""
    for name, table in before.items():
        if name not in after and table.key in known:
            why = "drops a table that the history does not have here"
            yield Change(
                ChangeKey(table.key),
                Phase.DROP_TABLE,
                f"DROP TABLE {quoted(name)}",
                (table.key,),
                risk=Risk(LOSES, why, (queries.rows_of(name),)),
            )


def option_changes(pair: TablePair, *, exact: bool = False) -> Iterator[Change | ByHand]:
    """Engine, comment, default character set, row format…; partitions are left to a person, or,
    where that is asked for (``exact``), to ``partition_changes``."""
    if pair.after.options == pair.before.options and pair.after.others == pair.before.others:
        return
    key = pair.after.key
    old, new = option_parts(pair.before.options), option_parts(pair.after.options)
    if new.partition_rule != old.partition_rule and not exact:
        stated = new.partitioning or "none"
        yield ByHand(key, f"partitions, which the history has as: {stated}")
    before, after = old.settings, new.settings
    for name in {*pair.after.others, *pair.before.others}:
        yield ByHand(pair.after.key_of(PERIOD, name), "a period of system versioning")
    clauses = []
    for name in after.keys() - {"CHARSET", "COLLATE"}:
        if after[name] != before.get(name):
            clauses.append(f"{name}={after[name]}" if after[name] else name)
    for name in before.keys() - after.keys() - {"CHARSET", "COLLATE"}:
        if name in _UNSAID:
            clauses.append(_UNSAID[name])
        else:
            yield ByHand(key, f"the option {name}, which the history does not state")
    if (default := after.get("COLLATE")) != before.get("COLLATE"):
        default = default or pair.collation
        clauses.append(f"DEFAULT CHARACTER SET {default.split('_')[0]} COLLATE {default}")
    if clauses:
        sql = f"{pair.alter} {', '.join(sorted(clauses))}"
        yield Change(ChangeKey(key), Phase.OPTIONS, sql, (key,))
