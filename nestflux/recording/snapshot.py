"""``schema.sql``: the whole schema after the last file, and the rows its own steps made.

Rows that depend on the clock, on chance or on the machine are found by making them twice. A time
becomes an expression and so does a uuid, even a key: a variable where other rows hold it. A table
that holds anything else that varies is left empty, and its steps run after the load
(``after_snapshot``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings

from nestflux.database.session import SQL_MODE
from nestflux.history.sqlfile import delimited
from nestflux.schema.introspection import Schema
from nestflux.schema.printed_table import after_engine
from nestflux.schema.programs import views_in_order
from nestflux.schema.row_pairing import Comparison, Pairs, Uuid, compare_rows, uuid_in
from nestflux.schema.rows import Column, TableRows, insert_statements
from nestflux.sql.ordering import parents_first

# Settings on which rows of migrations commonly depend (django.contrib.sites, translations).
_SETTINGS = ("LANGUAGE_CODE", "TIME_ZONE", "SITE_ID")

_NOW = {
    "datetime": "CURRENT_TIMESTAMP(6)",
    "timestamp": "CURRENT_TIMESTAMP(6)",
    "date": "CURRENT_DATE",
    "time": "CURRENT_TIME(6)",
}
# A uuid in the form in which a column holds it; the server's own has dashes.
_FORMS = {"dashed": "{}", "hex": "REPLACE({}, '-', '')", "bytes": "UNHEX(REPLACE({}, '-', ''))"}


@dataclass(frozen=True)
class Volatility:
    """What differed between two runs of the same steps.

    ``columns``: by table, those that vary, but for uuids that only have another name in each run.
    ``times``: by table, the cells (row, column) that an expression stands for in the snapshot.
    ``renamed``: uuids of the first run that are others in the second, and ``uuids`` those of them
    that each database makes anew. ``unfrozen``: the tables whose
    rows may not be written to a file; ``because`` says why, a text a table. ``uneven``: of these,
    the tables whose number of rows varies.
    """

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    times: Mapping[str, Mapping[tuple[int, int], str]] = field(default_factory=dict)
    uuids: frozenset[str] = frozenset()
    because: Mapping[str, str] = field(default_factory=dict)
    uneven: frozenset[str] = frozenset()
    renamed: frozenset[str] = frozenset()

    @property
    def unfrozen(self) -> frozenset[str]:
        return frozenset(self.because)

    @property
    def reasons(self) -> tuple[str, ...]:
        """A line a table."""
        return tuple(f"{table}: {why}" for table, why in sorted(self.because.items()))

    def without(self, tables: Mapping[str, str]) -> Volatility:
        """The same with further tables left out, each with the reason."""
        return replace(self, because={**tables, **self.because})


def volatility(
    one: Mapping[str, TableRows],
    other: Mapping[str, TableRows],
    private: frozenset[str] = frozenset(),
) -> Volatility:
    """Compare the rows of two shadows that ran the same steps under two clocks. Pure.

    ``private`` are values of this machine: a column that holds one may not be written to a file
    either, although it does not vary here.
    """
    found = compare_rows(one, other)
    uuids = frozenset(
        uuid.value
        for rows in one.values()
        for _, index, uuid in _uuids_of(rows, found.uuids)
        if _is_made_anew(rows, rows.columns[index], uuid)
    )
    because = dict.fromkeys(found.uneven, "the number of rows varies")
    times: dict[str, Mapping[tuple[int, int], str]] = {}
    for table, pairs in found.pairs.items():
        first = one[table]
        varying = found.columns.get(table, frozenset())
        times[table] = _times(first, other[table], pairs, varying)
        lost = _lost(first, other[table], found, uuids, times[table])
        for index, column in enumerate(first.columns):
            if any(value in row[index] for row in first.rows for value in private):
                because[table] = f"{column.name} holds a value of the environment"
        if lost:
            because[table] = _vary(c.name for c in first.columns if c.name in lost)
    return Volatility(found.columns, times, uuids, because, found.uneven, found.uuids)


def _lost(
    first: TableRows,
    second: TableRows,
    found: Comparison,
    uuids: frozenset[str],
    times: Mapping[tuple[int, int], str],
) -> set[str]:
    """The columns with a value that is another one in each run, and that nothing stands for."""
    varying = found.columns.get(first.table, frozenset())
    of_rows = {  # keys that differ because the rows came in another order: those of one run will do
        name for name, (to, key) in first.references if key not in found.columns.get(to, ())
    } | {column.name for column in first.columns if column.counted}
    lost = set()
    for a, b in found.pairs[first.table]:
        for index, column in enumerate(first.columns):
            value = first.rows[a][index]
            if value == second.rows[b][index] or (a, index) in times:
                continue
            uuid = uuid_in(value)
            is_known = (uuid is not None and uuid.value in uuids) or column.name in of_rows
            if column.name in varying or not is_known:
                lost.add(column.name)
    return lost


def _vary(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last} vary" if most else f"{last} varies"


def _times(
    first: TableRows, second: TableRows, pairs: Pairs, varying: frozenset[str]
) -> Mapping[tuple[int, int], str]:
    """The cells that hold the time at which the row was made. In a key two could be the same."""
    keys = {name for key in first.keys for name in key}
    found = {}
    for index, column in enumerate(first.columns):
        now = _NOW.get(column.data_type)
        if now is None or column.name not in varying or column.referenced or column.name in keys:
            continue
        for a, b in pairs:
            ours, theirs = first.rows[a][index], second.rows[b][index]
            if ours != theirs and "NULL" not in (ours, theirs):
                found[a, index] = now
    return found


def _is_made_anew(rows: TableRows, column: Column, uuid: Uuid) -> bool:
    """Is it a uuid, and no secret that only looks like one? A column of a uuid's type holds nothing
    else; of another type, those are believed that tell rows apart and state version and variant."""
    if column.data_type == "uuid" or (column.data_type == "char" and uuid.form == "hex"):
        return True
    is_key = column.in_key or column.referenced
    return is_key and uuid.value[12] in "12345678" and uuid.value[16] in "89ab"


def _uuids_of(rows: TableRows, wanted: frozenset[str]) -> Iterator[tuple[int, int, Uuid]]:
    """The cells that hold one of these uuids."""
    if not wanted:
        return
    for number, row in enumerate(rows.rows):
        for index, value in enumerate(row):
            if (uuid := uuid_in(value)) and uuid.value in wanted:
                yield number, index, uuid


def other_rows(
    wanted: Mapping[str, TableRows],
    found: Mapping[str, TableRows],
    may_vary: Mapping[str, frozenset[str]],
    may_be_renamed: frozenset[str] | None = None,
) -> Mapping[str, str]:
    """Where rows are others than wanted, by table, beyond what varies in each run anyway. Pure.

    Args:
        may_vary: by table, the columns.
        may_be_renamed: uuids among the wanted ones; None: any.
    """
    compared = compare_rows(wanted, found)
    differing = dict.fromkeys(sorted(compared.uneven), "another number of rows")
    for table, columns in sorted(compared.columns.items()):
        if other := sorted(columns - may_vary.get(table, frozenset())):
            differing[table] = f"other values in {', '.join(other)}"
    renamed = frozenset() if may_be_renamed is None else compared.uuids - may_be_renamed
    for table, rows in wanted.items():
        if names := sorted({rows.columns[i].name for _, i, _ in _uuids_of(rows, renamed)}):
            differing.setdefault(table, f"other values in {', '.join(names)}")
    return differing


def refer_to_left_out(rows: Mapping[str, TableRows], varying: Volatility) -> Mapping[str, str]:
    """The tables that hold a uuid of a row that the snapshot leaves out, each with the reason."""
    homes: dict[str, set[str]] = {}
    holders: dict[str, set[str]] = {}
    for table, found in rows.items():
        referring = {name for name, _ in found.references}
        for _, index, uuid in _uuids_of(found, varying.uuids):
            holders.setdefault(uuid.value, set()).add(table)
            if found.columns[index].in_key and found.columns[index].name not in referring:
                homes.setdefault(uuid.value, set()).add(table)
    left_out = {}
    for value, tables in holders.items():
        if lost := sorted(homes.get(value, tables) & varying.unfrozen):
            for table in sorted(tables - varying.unfrozen):
                left_out[table] = f"it refers to rows of {lost[0]}"
    return left_out


@dataclass(frozen=True)
class Written:
    """Rows as ``schema.sql`` has them: expressions in the place of what varies. ``variables`` are
    the uuids that more than one row holds, by the name of the variable."""

    variables: tuple[str, ...]
    rows: tuple[TableRows, ...]


def written(rows: Mapping[str, TableRows], varying: Volatility) -> Written:
    """The rows that the snapshot has, in an order that does not depend on what varies."""
    frozen = {table: found for table, found in rows.items() if table not in varying.unfrozen}
    held = Counter(u.value for r in frozen.values() for _, _, u in _uuids_of(r, varying.uuids))
    names: dict[str, str] = {}
    tables = {}
    parents = {table: {to for _, (to, _) in r.references} for table, r in frozen.items()}
    for table in parents_first(parents).order:  # what a row refers to has its variable already
        found = frozen[table]
        times = varying.times.get(table, {})
        cells: dict[tuple[int, int], Uuid] = {
            (number, index): uuid for number, index, uuid in _uuids_of(found, varying.uuids)
        }
        keys = {index for index, column in enumerate(found.columns) if column.in_key}
        numbers = list(range(len(found.rows)))
        if any(index in keys for _, index in cells):
            texts = {cell: names.get(uuid.value, "") for cell, uuid in cells.items()}
            numbers = _sorted(found, {**times, **texts})
        made = []
        for number in numbers:
            values = list(found.rows[number])
            for index in range(len(values)):
                if uuid := cells.get((number, index)):
                    if held[uuid.value] > 1:
                        names.setdefault(uuid.value, f"@nestflux_{len(names) + 1}")
                    values[index] = _FORMS[uuid.form].format(names.get(uuid.value, "UUID()"))
                else:
                    values[index] = times.get((number, index), values[index])
            made.append(tuple(values))
        tables[table] = replace(found, rows=tuple(made))
    return Written(tuple(names.values()), tuple(tables[table] for table in frozen))


def _sorted(found: TableRows, texts: Mapping[tuple[int, int], str]) -> list[int]:
    """The rows' numbers in the order of their text, with ``texts`` in the place of what varies."""

    def text_of(number: int) -> tuple[str, ...]:
        return tuple(texts.get((number, i), value) for i, value in enumerate(found.rows[number]))

    return sorted(range(len(found.rows)), key=text_of)


def settings_that_rows_assume(rows: Mapping[str, TableRows]) -> dict[str, object]:
    """The settings to state beside rows; none where there are no rows."""
    if not rows:
        return {}
    return {name: getattr(settings, name) for name in _SETTINGS if hasattr(settings, name)}


def render_snapshot(
    after: str,
    schema: Schema,
    rows: Mapping[str, TableRows],
    varying: Volatility,
    left_out: Mapping[str, str] | None = None,
) -> str:
    """The text of ``schema.sql``.

    Args:
        left_out: the CREATE of tables that the schema lacks, as a snapshot has them.

    Tables come first, in any order under ``foreign_key_checks = 0``; then rows; then what could
    act on rows or reads tables (routines, views in their order of use, triggers, events).
    """
    blocks = [
        f"-- The schema after {after}. Written by db_generate; a fresh database loads it instead\n"
        "-- of replaying the files. Its diff shows the net effect of a change.",
        "SET NAMES utf8mb4;\n"
        f"SET sql_mode = '{SQL_MODE}';\n"
        "SET time_zone = '+00:00';\n"
        "SET foreign_key_checks = 0;",
    ]
    create = schema.create
    tables = {key.name: sql for key, sql in create.items() if key.is_table}
    for name, sql in sorted({**tables, **(left_out or {})}.items()):
        filled = name in tables and name not in varying.unfrozen
        counter = _counter_to_state(schema, name, rows) if filled else ""
        blocks.append(delimited(after_engine(sql, counter) if counter else sql))
    held = written(rows, varying)
    if held.variables:
        blocks.append("\n".join(f"SET {name} = UUID();" for name in held.variables))
    blocks += [delimited(sql) for found in held.rows for sql in insert_statements(found)]
    for kind in ("function", "procedure"):
        blocks += [delimited(create[key]) for key in create if key.kind == kind]
    blocks += [delimited(create[key]) for key in views_in_order(create)]
    for kind in ("trigger", "event"):
        blocks += [delimited(create[key]) for key in create if key.kind == kind]
    blocks.append("SET foreign_key_checks = 1;")
    return "\n\n".join(blocks) + "\n"


def _counter_to_state(schema: Schema, table: str, rows: Mapping[str, TableRows]) -> str:
    """``AUTO_INCREMENT=n`` where the table's rows would not bring its counter to n."""
    counter = schema.counters.get(table, 0)
    highest = 0
    if found := rows.get(table):
        counted = [at for at, column in enumerate(found.columns) if column.counted]
        highest = max((int(row[at]) for at in counted for row in found.rows), default=0)
    return f"AUTO_INCREMENT={counter}" if counter > highest + 1 else ""
