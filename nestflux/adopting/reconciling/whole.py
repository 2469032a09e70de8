"""Whole objects: tables that are missing or besides, their options, and programs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from nestflux.adopting.reconciling import queries
from nestflux.adopting.reconciling.changes import (
    GOES_ALONG,
    LOSES,
    UNDECIDED,
    ByHand,
    Change,
    ChangeKey,
    Phase,
    Risk,
)
from nestflux.adopting.reconciling.columns import Pair
from nestflux.adopting.reconciling.tables import Table, create_table
from nestflux.schema.introspection import Schema
from nestflux.schema.objects import PERIOD, TABLE, VIEW, ObjectKey
from nestflux.schema.programs import programs_in_order
from nestflux.sql.lexer import quoted
from nestflux.sql.table_options import option_parts

# What undoes an option that the history does not state; of any other no statement is known that
# makes it unsaid.
_UNSAID = {
    "COMMENT": "COMMENT=''",
    **{name: f"{name}=DEFAULT" for name in ("ROW_FORMAT", "PACK_KEYS")},
    **{f"STATS_{name}": f"STATS_{name}=DEFAULT" for name in ("PERSISTENT", "AUTO_RECALC")},
    "STATS_SAMPLE_PAGES": "STATS_SAMPLE_PAGES=DEFAULT",
    **{name: f"{name}=0" for name in ("CHECKSUM", "DELAY_KEY_WRITE", "KEY_BLOCK_SIZE")},
    **{name: f"{name}=0" for name in ("AVG_ROW_LENGTH", "MIN_ROWS", "MAX_ROWS")},
    "ENCRYPTION": "ENCRYPTION='N'",
}
_PHASES = {
    "function": Phase.ROUTINE,
    "procedure": Phase.ROUTINE,
    VIEW: Phase.VIEW,
    "trigger": Phase.TRIGGER,
    "event": Phase.TRIGGER,
}


def missing_tables(
    wanted: Schema,
    tables: Mapping[str, Table],
    live: Mapping[str, Table],
    views: set[str],
    collation: str,
) -> Iterator[Change]:
    """CREATE TABLE without the foreign keys, which come last.

    Args:
        tables: those of the history. live: all that are there. views: the names of live views.
    """
    for name, table in tables.items():
        if name in live:
            continue
        risk, remarks = None, []
        for other in live.values():
            if other.name not in tables and _alike(other, table):
                why = f"a new table, or {other.name} under another name: a person knows"
                risk = Risk(UNDECIDED, why)
                remarks.append(
                    f"if it was renamed: RENAME TABLE {quoted(other.name)} TO {quoted(name)};"
                )
        if name in views:
            risk = Risk(GOES_ALONG, "a view of this name is in its place")
        sql = create_table(wanted.create[table.key], collation, foreign_keys=False)
        yield Change(
            ChangeKey(table.key),
            Phase.CREATE_TABLE,
            sql,
            (table.key,),
            risk=risk,
            remarks=tuple(remarks),
        )


def _alike(one: Table, other: Table) -> bool:
    return (one.columns, one.primary) == (other.columns, other.primary)


def extra_tables(
    tables: Mapping[str, Table], live: Mapping[str, Table], known: Collection[ObjectKey]
) -> Iterator[Change]:
    """Tables that a later file makes and this point of the history does not have."""
    for name, table in live.items():
        if name not in tables and table.key in known:
            why = "drops a table that the history does not have here"
            yield Change(
                ChangeKey(table.key),
                Phase.DROP_TABLE,
                f"DROP TABLE {quoted(name)}",
                (table.key,),
                risk=Risk(LOSES, why, (queries.rows_of(name),)),
            )


def option_changes(pair: Pair) -> Iterator[Change | ByHand]:
    """Engine, comment, default character set, row format…; partitions are left to a person."""
    if pair.wanted.options == pair.live.options and pair.wanted.others == pair.live.others:
        return
    key = pair.wanted.key
    options, live_options = option_parts(pair.wanted.options), option_parts(pair.live.options)
    if options.partitioning != live_options.partitioning:
        stated = options.partitioning or "none"
        yield ByHand(key, f"partitions, which the history has as: {stated}")
    wanted, live = options.settings, live_options.settings
    for name in {*pair.wanted.others, *pair.live.others}:
        yield ByHand(pair.wanted.key_of(PERIOD, name), "a period of system versioning")
    clauses = []
    for name in wanted.keys() - {"CHARSET", "COLLATE"}:
        if wanted[name] != live.get(name):
            clauses.append(f"{name}={wanted[name]}" if wanted[name] else name)
    for name in live.keys() - wanted.keys() - {"CHARSET", "COLLATE"}:
        if name in _UNSAID:
            clauses.append(_UNSAID[name])
        else:
            yield ByHand(key, f"the option {name}, which the history does not state")
    if (default := wanted.get("COLLATE")) != live.get("COLLATE"):
        default = default or pair.collation
        clauses.append(f"DEFAULT CHARACTER SET {default.split('_')[0]} COLLATE {default}")
    if clauses:
        sql = f"{pair.alter} {', '.join(sorted(clauses))}"
        yield Change(ChangeKey(key), Phase.OPTIONS, sql, (key,))


# ---- views, triggers, routines, events -----------------------------------------------------


def program_changes(wanted: Schema, live: Schema, known: Collection[ObjectKey]) -> Iterator[Change]:
    """Programs of the history are made anew from its text. The live text stands nowhere in the
    script: it may hold a secret."""
    for key in programs_in_order(wanted.create):
        if wanted.reading[key] == live.reading.get(key):
            continue
        there = key in live.reading
        shows = f"SHOW CREATE {key.kind.upper()} {quoted(key.name)};"
        remarks = (f"takes the place of another {key.kind}, whose text is kept nowhere: {shows}",)
        yield from _made_anew(key, wanted.create[key], remarks if there else (), live)
    for key in live.reading:
        in_the_way = key.kind == VIEW and ObjectKey(TABLE, key.name) in wanted.create
        if key.is_of_table or key in wanted.reading or not (key in known or in_the_way):
            continue
        yield Change(
            ChangeKey(key),
            Phase.CLEAR_NAME,
            _drop(key),
            (key,),
            risk=Risk(
                LOSES,
                f"drops a {key.kind} that the history does not have here, and its text",
                (f"SHOW CREATE {key.kind.upper()} {quoted(key.name)}",),
            ),
        )


def _drop(key: ObjectKey) -> str:
    return f"DROP {key.kind.upper()} IF EXISTS {quoted(key.name)}"


def _made_anew(
    key: ObjectKey, sql: str, remarks: tuple[str, ...], live: Schema
) -> Iterator[Change]:
    phase, risk = _PHASES[key.kind], None
    if key.kind == VIEW and ObjectKey(TABLE, key.name) in live.create:
        risk = Risk(GOES_ALONG, "a table of this name is in its place")
        if key not in live.reading:
            why = "drops a table whose name a view of the history has"
            yield Change(
                ChangeKey(key, "clear"),
                Phase.CLEAR_NAME,
                f"DROP TABLE {quoted(key.name)}",
                (key,),
                risk=Risk(LOSES, why, (queries.rows_of(key.name),)),
            )
    elif key.kind == VIEW:
        sql = f"CREATE OR REPLACE{sql.removeprefix('CREATE')}"
    else:
        yield Change(ChangeKey(key, "drop"), phase, _drop(key), (key,))
    yield Change(ChangeKey(key, "make"), phase, sql, (key,), risk=risk, remarks=remarks)
