"""The columns of a table that is in the history and in the live schema. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nestflux.adopting.reconciling import queries
from nestflux.adopting.reconciling.changes import (
    LOSES,
    MAY_FAIL,
    UNDECIDED,
    Change,
    ChangeKey,
    Phase,
    Risk,
    joined,
)
from nestflux.adopting.reconciling.tables import (
    Table,
    explicit,
    is_unique,
    names_in,
    stated,
    substance,
)
from nestflux.schema.objects import COLUMN, INDEX, ObjectKey
from nestflux.sql.column_types import column_type, narrowed
from nestflux.sql.definitions import column_parts, first_list
from nestflux.sql.lexer import quoted

# What the rows that are there get in a new NOT NULL column without a default (MySQL manual,
# "Data Type Default Values"); a type that is not here has no such value in strict mode.
_FILLED = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "decimal"), "0"),
    **dict.fromkeys(("float", "double"), "0"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), "''"),
    **dict.fromkeys(("varbinary", "tinyblob", "blob", "mediumblob", "longblob"), "''"),
    "binary": "zero bytes",
    "bit": "b'0'",
    "set": "''",
    "enum": "its first value",
    "time": "'00:00:00'",
    "year": "0000",
    "json": "the JSON value null",
    "uuid": "the uuid of zeros",
    "inet6": "'::'",
    "inet4": "'0.0.0.0'",
}


@dataclass(frozen=True)
class Pair:
    """A table as the history has it and as it lives, columns renamed by case already.

    ``collation`` is the live database's default.
    """

    wanted: Table
    live: Table
    collation: str
    family: str

    @property
    def alter(self) -> str:
        return f"ALTER TABLE {quoted(self.live.name)}"

    def key(self, column: str) -> ObjectKey:
        return self.wanted.key_of(COLUMN, column)

    def definition(self, column: str) -> str:
        """What a statement says of a column that the history has."""
        return stated(self.wanted.columns[column], self.wanted, self.collation)

    def position(self, column: str) -> str:
        """``AFTER`` the nearest column before it that is there when the script runs."""
        before = list(self.wanted.columns)
        before = before[: before.index(column)]
        for name in reversed(before):
            counts = column_parts(self.wanted.columns[name]).auto_increment
            comes = not counts and not adding_risks(self, name)[0]
            if name in self.live.columns or comes:
                return f"AFTER {quoted(name)}"
        return "FIRST"

    @property
    def missing(self) -> list[str]:
        return [name for name in self.wanted.columns if name not in self.live.columns]

    @property
    def extra(self) -> list[str]:
        return [name for name in self.live.columns if name not in self.wanted.columns]

    @property
    def differing(self) -> list[str]:
        both = [name for name in self.wanted.columns if name in self.live.columns]
        return [name for name in both if self.wanted.columns[name] != self.live.columns[name]]

    @property
    def replaced(self) -> list[str]:
        """Generated columns that the server does not turn into the other kind (3106): they go
        and come in one statement."""
        found = []
        for name in self.differing:
            old = column_parts(self.live.columns[name]).computed
            new = column_parts(self.wanted.columns[name]).computed
            if old != new and "VIRTUAL" in (old, new):
                found.append(name)
        return found


def renamed_by_case(wanted: Table, live: Table) -> dict[str, str]:
    """Columns whose name differs in its case only: to the server they are the same."""
    gone = {name.lower(): name for name in live.columns if name not in wanted.columns}
    return {
        gone[name.lower()]: name
        for name in wanted.columns
        if name not in live.columns and name.lower() in gone
    }


def renaming(live: Table, renames: Mapping[str, str]) -> Iterator[Change]:
    for old, new in renames.items():
        yield Change(
            ChangeKey(live.key_of(COLUMN, new), "rename"),
            Phase.COLUMN,
            f"ALTER TABLE {quoted(live.name)} RENAME COLUMN {quoted(old)} TO {quoted(new)}",
            (live.key_of(COLUMN, old), live.key_of(COLUMN, new)),
        )


def column_changes(pair: Pair, leave: set[str]) -> Iterator[Change]:
    """Columns that are missing, differ or are besides, without those of ``leave``."""
    for name in pair.missing:
        if name not in leave:
            yield _adding(pair, name)
    for name in pair.differing:
        if name not in leave and name not in pair.replaced:
            yield _modifying(pair, name)
    for name in pair.replaced:
        if name not in leave:
            yield _replacing(pair, name)
    for name in pair.extra:
        if name not in leave:
            yield _dropping(pair, name)


def adding_clause(pair: Pair, name: str) -> str:
    return f"ADD COLUMN {quoted(name)} {pair.definition(name)} {pair.position(name)}"


def modifying_clause(pair: Pair, name: str) -> str:
    return f"MODIFY {quoted(name)} {pair.definition(name)}"


def dropping_risk(pair: Pair, name: str) -> Risk:
    why = "drops a column that the history does not have"
    return Risk(LOSES, why, (queries.values_of(pair.live.name, name),))


def _adding(pair: Pair, name: str) -> Change:
    risks, remarks = adding_risks(pair, name)
    return Change(
        ChangeKey(pair.key(name)),
        Phase.COLUMN,
        f"{pair.alter} {adding_clause(pair, name)}",
        (pair.key(name),),
        risk=joined(risks),
        places=frozenset({(pair.live.name, name.lower())}),
        remarks=tuple(remarks),
    )


def adding_risks(pair: Pair, name: str) -> tuple[list[Risk], list[str]]:
    """Why a missing column is not added as the script stands; what a reviewer should know."""
    risks, remarks = [], []
    wanted = pair.wanted.columns[name]
    for old in pair.extra:
        if pair.live.columns[old] == wanted:
            why = f"a new column, or {old} under another name: a person knows"
            risks.append(Risk(UNDECIDED, why))
            remarks.append(
                f"if it was renamed: {pair.alter} RENAME COLUMN {quoted(old)} TO {quoted(name)};"
            )
    parts = column_parts(wanted)
    if parts.not_null and not parts.default and not parts.generated:
        kind = parts.type_name
        if parts.auto_increment:
            remarks.append("rows that are there are numbered")
        elif parts.check:  # json on MariaDB, which checks '' only when a row is written again
            why = "the column's CHECK refuses what rows that are there get"
            risks.append(Risk(MAY_FAIL, why, (queries.rows_of(pair.live.name),)))
        elif filled := _FILLED.get(kind):
            remarks.append(f"rows that are there get {filled}")
        else:
            why = f"the server has no value of type {kind} for rows that are there"
            risks.append(Risk(MAY_FAIL, why, (queries.rows_of(pair.live.name),)))
    return risks, remarks


def _modifying(pair: Pair, name: str) -> Change:
    live, wanted = pair.live.columns[name], pair.wanted.columns[name]
    alike = substance(live, pair.collation) == substance(wanted, pair.collation)
    return Change(
        ChangeKey(pair.key(name)),
        Phase.COLUMN,
        f"{pair.alter} {modifying_clause(pair, name)}",
        (pair.key(name),),
        risk=modifying_risk(pair, name),
        places=frozenset() if alike else frozenset({(pair.live.name, name.lower())}),
    )


def modifying_risk(pair: Pair, name: str) -> Risk | None:
    """What the rows have to do with it that a column becomes what the history says."""
    table, risks = pair.live.name, []
    live = explicit(pair.live.columns[name], pair.collation)
    wanted = explicit(pair.wanted.columns[name], pair.collation)
    before, after = column_parts(live), column_parts(wanted)
    if how := narrowed(live, wanted):
        query = queries.not_fitting(table, name, column_type(wanted))
        if after.generated or before.charset != after.charset:
            query = queries.values_of(table, name)
        if (charset := before.charset) == after.charset and charset:
            how = how.replace(f" in {charset}", "")
        risks.append(Risk(LOSES, f"the column becomes narrower ({how})", (query,)))
    if after.not_null and not before.not_null and not after.generated:
        risks.append(Risk(MAY_FAIL, "NOT NULL refuses NULLs", (queries.nulls_of(table, name),)))
    if after.check and after.check != before.check:
        query = queries.breaking(table, after.check)
        risks.append(Risk(MAY_FAIL, "the column's CHECK may refuse rows", (query,)))
    if (collation := after.collation) != before.collation and collation:
        risks += [
            Risk(
                MAY_FAIL,
                f"values may be equal in {collation} that are not now",
                (queries.duplicates(table, text, collation),),
            )
            for text in (*pair.live.indexes.values(), pair.live.primary or "")
            if is_unique(text) and name in names_in_list(text)
        ]
    return joined(risks)


def names_in_list(text: str) -> tuple[str, ...]:
    """The columns of a key."""
    return names_in(" ".join(first_list(text)))


def _replacing(pair: Pair, name: str) -> Change:
    """A generated column goes and comes, and with it the keys that it is part of."""
    live, wanted = pair.live.columns[name], pair.wanted.columns[name]
    gone, come = indexes_replaced(pair, name)
    clauses = [f"DROP INDEX {quoted(index)}" for index in gone]
    clauses += [f"DROP COLUMN {quoted(name)}", adding_clause(pair, name)]
    clauses += [f"ADD {pair.wanted.indexes[index]}" for index in come]
    risks = []
    if not column_parts(live).generated:
        why = "its own values give way to computed ones"
        risks.append(Risk(LOSES, why, (queries.values_of(pair.live.name, name),)))
    elif not column_parts(wanted).generated:
        why = "its computed values give way to the default"
        risks.append(Risk(LOSES, why, (queries.values_of(pair.live.name, name),)))
    risks += [
        Risk(
            MAY_FAIL,
            "duplicates are refused",
            (queries.duplicates(pair.live.name, pair.wanted.indexes[index]),),
        )
        for index in come
        if is_unique(pair.wanted.indexes[index]) and index not in gone
    ]
    settled = [pair.key(name)]
    settled += [pair.wanted.key_of(INDEX, index) for index in (*gone, *come)]
    return Change(
        ChangeKey(pair.key(name)),
        Phase.COLUMN,
        f"{pair.alter}\n  " + ",\n  ".join(clauses),
        tuple(dict.fromkeys(settled)),
        risk=joined(risks),
        places=frozenset({(pair.live.name, name.lower())}),
    )


def indexes_replaced(pair: Pair, column: str) -> tuple[list[str], list[str]]:
    """The live indexes that go with a replaced column, and those of the history that come."""
    come = _indexes_of(pair.wanted, column)
    in_the_way = [name for name in come if name in pair.live.indexes]
    return list(dict.fromkeys([*_indexes_of(pair.live, column), *in_the_way])), come


def _indexes_of(table: Table, column: str) -> list[str]:
    return [index for index, text in table.indexes.items() if column in names_in_list(text)]


def _dropping(pair: Pair, name: str) -> Change:
    return Change(
        ChangeKey(pair.key(name)),
        Phase.DROP_COLUMN,
        f"{pair.alter} DROP COLUMN {quoted(name)}",
        (pair.key(name),),
        risk=dropping_risk(pair, name),
        places=frozenset({(pair.live.name, name.lower())}),
    )
