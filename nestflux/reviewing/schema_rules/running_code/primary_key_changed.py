"""A table gets another primary key."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import TableChange
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "primary-key-changed",
    Severity.WARNING,
    "running code finds rows by the old key, other tables and other systems keep its values, and "
    "the table is rebuilt with every index",
    group=Group.RUNNING_CODE,
    summary="A table gets another primary key.",
    source="MySQL Manual 17.12.1, Online DDL Operations: primary key operations",
    bad="""\
slug = models.SlugField(primary_key=True)  # it was id
""",
    good="""\
slug = models.SlugField(unique=True)  # beside id
""",
)


@rule(ReviewedFile)
def changed_primary_keys(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        old, new = _columns(table.before_renamed), _columns(table.after)
        if old and old != new:
            yield RULE.speaks(
                f"The primary key of {table.name} changes from ({', '.join(old)}) to "
                f"({', '.join(new)}).",
                about=table.name,
                fix="keep the primary key and make the new one a unique key beside it",
            )
        for name in _no_longer_counting(table) if old == new else ():
            yield RULE.speaks(
                f"The key {name} of {table.name} is no longer AUTO_INCREMENT.",
                about=f"{table.name}.{name}",
                fix="release code that gives each new row its key first",
            )


def _columns(table: TableSchema) -> tuple[str, ...]:
    return key_parts(table.primary).columns if table.primary else ()


def _no_longer_counting(table: TableChange) -> list[str]:
    return [
        column.name
        for column in table.kept
        if column.before.auto_increment and not column.after.auto_increment
    ]
