"""A unique key gets a collation for which more values are equal."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import KeptColumn, TableChange
from nestflux.schema.transform.tables import is_unique
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "collation-merges-values",
    Severity.WARNING,
    "values that were different become equal ('a' and 'A'): the file stops with error 1062 at "
    "the first two rows, and so does code that goes on writing both",
    group=Group.DATA_LOSS,
    summary="A unique key gets a collation for which more values are equal.",
    source="MySQL Manual 12.8.1, Using COLLATE in SQL Statements; 12.3.1, Collation Naming "
    "Conventions",
    bad="""\
name = models.CharField(max_length=40, unique=True)  # it had db_collation="utf8mb4_bin"
""",
    good="""\
SELECT MIN(name), COUNT(*) FROM blog_tag
GROUP BY name COLLATE utf8mb4_unicode_ci HAVING COUNT(*) > 1;  -- nothing: then it is safe
""",
)


@rule(ReviewedFile)
def merging_collations(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        keyed = _unique_columns(table)
        for column in table.kept:
            if column.name in keyed and _merges(column):
                new = column.after.collation or "the schema's default"
                yield RULE.speaks(
                    f"The unique column {column.name} of {table.name} gets the collation {new}, "
                    "for which more values are equal.",
                    about=column.about,
                    fix="look for values that become equal first: GROUP BY "
                    f"{column.name} COLLATE {column.after.collation or '…'} HAVING COUNT(*) > 1",
                )


def _unique_columns(table: TableChange) -> set[str]:
    """Those in a unique key of before and after; of a new key another rule speaks."""
    before, after = (
        {
            name
            for text in (*schema.indexes.values(), *([schema.primary] if schema.primary else []))
            if is_unique(text)
            for name in key_parts(text).named
        }
        for schema in (table.before, table.after)
    )
    return {old for new, old in table.origins.items() if old in before and new in after}


def _merges(column: KeptColumn) -> bool:
    old, new = column.before.collation, column.after.collation
    if not (column.before.textual and column.after.textual) or old == new:
        return False
    if old and new and _distinguishes(new) == _distinguishes(old):
        return True  # other rules of equality, as of general_ci and unicode_ci
    return _distinguishes(new) < _distinguishes(old)


def _distinguishes(collation: str) -> int:
    """The more, the fewer values are equal. The schema's own default is taken for one that tells
    no case apart, as each server's is."""
    for rank, ends in ((3, ("_bin",)), (2, ("_cs",)), (1, ("_as_ci",))):
        if collation.endswith(ends):
            return rank
    return 0
