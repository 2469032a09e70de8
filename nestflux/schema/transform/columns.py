"""The columns of a table that stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nestflux.schema.objects import COLUMN, INDEX, ObjectKey
from nestflux.schema.transform import queries
from nestflux.schema.transform.changes import (
    LOSES,
    MAY_FAIL,
    UNDECIDED,
    Change,
    ChangeKey,
    ColumnRef,
    Phase,
    Risk,
    joined,
)
from nestflux.schema.transform.tables import (
    TableSchema,
    explicit,
    is_unique,
    names_in,
    stated,
    substance,
)
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
class TablePair:
    """A table that stays: as it is, once its columns are renamed by case, and as it is to be.

    ``collation`` is the schema's default.
    """

    before: TableSchema
    after: TableSchema
    collation: str
    family: str

    @property
    def alter(self) -> str:
        return f"ALTER TABLE {quoted(self.before.name)}"

    def key(self, column: str) -> ObjectKey:
        return self.after.key_of(COLUMN, column)

    def definition(self, column: str) -> str:
        """What a statement says of a column that is to be."""
        return stated(self.after.columns[column], self.after, self.collation)

    def position(self, column: str) -> str:
        """``AFTER`` the nearest column before it that is there when the script runs."""
        names = list(self.after.columns)
        for name in reversed(names[: names.index(column)]):
            counts = column_parts(self.after.columns[name]).auto_increment
            comes = not counts and not adding_risks(self, name)[0]
            if name in self.before.columns or comes:
                return f"AFTER {quoted(name)}"
        return "FIRST"

    @property
    def missing(self) -> list[str]:
        return [name for name in self.after.columns if name not in self.before.columns]

    @property
    def extra(self) -> list[str]:
        return [name for name in self.before.columns if name not in self.after.columns]

    @property
    def differing(self) -> list[str]:
        both = [name for name in self.after.columns if name in self.before.columns]
        return [name for name in both if self.after.columns[name] != self.before.columns[name]]

    @property
    def replaced(self) -> list[str]:
        """Generated columns that the server does not turn into the other kind (3106): they go
        and come in one statement."""
        found = []
        for name in self.differing:
            old = column_parts(self.before.columns[name]).computed
            new = column_parts(self.after.columns[name]).computed
            if old != new and "VIRTUAL" in (old, new):
                found.append(name)
        return found


def renamed_by_case(before: TableSchema, after: TableSchema) -> dict[str, str]:
    """Columns whose name differs in its case only: to the server they are the same."""
    gone = {name.lower(): name for name in before.columns if name not in after.columns}
    return {
        gone[name.lower()]: name
        for name in after.columns
        if name not in before.columns and name.lower() in gone
    }


def renaming(table: TableSchema, renames: Mapping[str, str]) -> Iterator[Change]:
    for old, new in renames.items():
        yield Change(
            ChangeKey(table.key_of(COLUMN, new), "rename"),
            Phase.COLUMN,
            f"ALTER TABLE {quoted(table.name)} RENAME COLUMN {quoted(old)} TO {quoted(new)}",
            (table.key_of(COLUMN, old), table.key_of(COLUMN, new)),
        )


def column_changes(pair: TablePair, leave: set[str]) -> Iterator[Change]:
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


def adding_clause(pair: TablePair, name: str) -> str:
    return f"ADD COLUMN {quoted(name)} {pair.definition(name)} {pair.position(name)}"


def modifying_clause(pair: TablePair, name: str) -> str:
    return f"MODIFY {quoted(name)} {pair.definition(name)}"


def dropping_risk(pair: TablePair, name: str) -> Risk:
    why = "drops a column that the history does not have"
    return Risk(LOSES, why, (queries.values_of(pair.before.name, name),))


def _adding(pair: TablePair, name: str) -> Change:
    risks, remarks = adding_risks(pair, name)
    return Change(
        ChangeKey(pair.key(name)),
        Phase.COLUMN,
        f"{pair.alter} {adding_clause(pair, name)}",
        (pair.key(name),),
        risk=joined(risks),
        column_refs=frozenset({ColumnRef.of(pair.before.name, name)}),
        remarks=tuple(remarks),
    )


def adding_risks(pair: TablePair, name: str) -> tuple[list[Risk], list[str]]:
    """Why a missing column is not added as the script stands; what a reviewer should know."""
    risks, remarks = [], []
    after = pair.after.columns[name]
    for old in pair.extra:
        if pair.before.columns[old] == after:
            why = f"a new column, or {old} under another name: a person knows"
            risks.append(Risk(UNDECIDED, why))
            remarks.append(
                f"if it was renamed: {pair.alter} RENAME COLUMN {quoted(old)} TO {quoted(name)};"
            )
    parts = column_parts(after)
    if parts.not_null and not parts.default and not parts.generated:
        kind = parts.type_name
        if parts.auto_increment:
            remarks.append("rows that are there are numbered")
        elif parts.check:  # json on MariaDB, which checks '' only when a row is written again
            why = "the column's CHECK refuses what rows that are there get"
            risks.append(Risk(MAY_FAIL, why, (queries.rows_of(pair.before.name),)))
        elif filled := _FILLED.get(kind):
            remarks.append(f"rows that are there get {filled}")
        else:
            why = f"the server has no value of type {kind} for rows that are there"
            risks.append(Risk(MAY_FAIL, why, (queries.rows_of(pair.before.name),)))
    return risks, remarks


def _modifying(pair: TablePair, name: str) -> Change:
    before, after = pair.before.columns[name], pair.after.columns[name]
    alike = substance(before, pair.collation) == substance(after, pair.collation)
    return Change(
        ChangeKey(pair.key(name)),
        Phase.COLUMN,
        f"{pair.alter} {modifying_clause(pair, name)}",
        (pair.key(name),),
        risk=modifying_risk(pair, name),
        column_refs=frozenset() if alike else frozenset({ColumnRef.of(pair.before.name, name)}),
    )


def modifying_risk(pair: TablePair, name: str) -> Risk | None:
    """What the rows have to do with it that a column becomes another."""
    table, risks = pair.before.name, []
    old = explicit(pair.before.columns[name], pair.collation)
    new = explicit(pair.after.columns[name], pair.collation)
    before, after = column_parts(old), column_parts(new)
    if how := narrowed(old, new):
        query = queries.not_fitting(table, name, column_type(new))
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
            for text in (*pair.before.indexes.values(), pair.before.primary or "")
            if is_unique(text) and name in names_in_list(text)
        ]
    return joined(risks)


def names_in_list(text: str) -> tuple[str, ...]:
    """The columns of a key."""
    return names_in(" ".join(first_list(text)))


def _replacing(pair: TablePair, name: str) -> Change:
    """A generated column goes and comes, and with it the keys that it is part of."""
    before, after = pair.before.columns[name], pair.after.columns[name]
    gone, come = indexes_replaced(pair, name)
    clauses = [f"DROP INDEX {quoted(index)}" for index in gone]
    clauses += [f"DROP COLUMN {quoted(name)}", adding_clause(pair, name)]
    clauses += [f"ADD {pair.after.indexes[index]}" for index in come]
    risks = []
    if not column_parts(before).generated:
        why = "its own values give way to computed ones"
        risks.append(Risk(LOSES, why, (queries.values_of(pair.before.name, name),)))
    elif not column_parts(after).generated:
        why = "its computed values give way to the default"
        risks.append(Risk(LOSES, why, (queries.values_of(pair.before.name, name),)))
    risks += [
        Risk(
            MAY_FAIL,
            "duplicates are refused",
            (queries.duplicates(pair.before.name, pair.after.indexes[index]),),
        )
        for index in come
        if is_unique(pair.after.indexes[index]) and index not in gone
    ]
    settled = [pair.key(name)]
    settled += [pair.after.key_of(INDEX, index) for index in (*gone, *come)]
    return Change(
        ChangeKey(pair.key(name)),
        Phase.COLUMN,
        f"{pair.alter}\n  " + ",\n  ".join(clauses),
        tuple(dict.fromkeys(settled)),
        risk=joined(risks),
        column_refs=frozenset({ColumnRef.of(pair.before.name, name)}),
    )


def indexes_replaced(pair: TablePair, column: str) -> tuple[list[str], list[str]]:
    """The indexes that go with a replaced column, and those that come with it."""
    come = _indexes_of(pair.after, column)
    in_the_way = [name for name in come if name in pair.before.indexes]
    return list(dict.fromkeys([*_indexes_of(pair.before, column), *in_the_way])), come


def _indexes_of(table: TableSchema, column: str) -> list[str]:
    return [index for index, text in table.indexes.items() if column in names_in_list(text)]


def _dropping(pair: TablePair, name: str) -> Change:
    return Change(
        ChangeKey(pair.key(name)),
        Phase.DROP_COLUMN,
        f"{pair.alter} DROP COLUMN {quoted(name)}",
        (pair.key(name),),
        risk=dropping_risk(pair, name),
        column_refs=frozenset({ColumnRef.of(pair.before.name, name)}),
    )
