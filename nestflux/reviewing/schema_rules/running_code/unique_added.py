"""A table gets a unique key."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import is_required
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import TableChange
from nestflux.schema.transform.tables import TableSchema, is_unique
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "unique-added",
    Severity.WARNING,
    "code that is still running writes duplicates as before, and fails with error 1062",
    group=Group.RUNNING_CODE,
    summary="A table gets a unique key.",
    source="MySQL Manual 15.1.15, CREATE INDEX Statement: unique indexes",
    bad="""\
slug = models.SlugField(unique=True)  # it was not unique
""",
    good="""\
# 1. Release code that expects slugs to be unique (validate_unique, get_or_create).
# 2. Merge the duplicates, and make the field unique in the next release.
""",
)


@rule(ReviewedFile)
def added_uniques(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        implied = [*_uniques(table.before_renamed).values(), *_primary(table.before_renamed)]
        for name, columns in _uniques(table.after).items():
            if not any(old <= columns for old in implied) and not _is_of_new(columns, table):
                shown = ", ".join(sorted(columns)) or "an expression"
                yield RULE.speaks(
                    f"The values of {shown} in {table.name} have to be unique from now on.",
                    about=f"{table.name}.{name}",
                    fix="release code that writes no duplicates first, merge the rows that are, "
                    "and add the key in the next release",
                )


def _uniques(table: TableSchema) -> dict[str, frozenset[str]]:
    """The columns of each unique key by its name. Of the primary key another rule speaks."""
    return {
        name: frozenset(key_parts(text).named)
        for name, text in table.indexes.items()
        if is_unique(text)
    }


def _primary(table: TableSchema) -> list[frozenset[str]]:
    return [frozenset(key_parts(table.primary).columns)] if table.primary else []


def _is_of_new(columns: frozenset[str], table: TableChange) -> bool:
    """Holds it a new column that running code leaves NULL, or that fails its INSERT anyway?"""
    added = (table.added[name] for name in columns if name in table.added)
    return any(
        column.null_everywhere or column.auto_increment or is_required(column) for column in added
    )
