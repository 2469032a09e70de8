"""A table is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.moved_relations import moved_relations
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "drop-table",
    Severity.WARNING,
    "its rows are gone for good, and code that is still running fails with error 1146",
    group=Group.DATA_LOSS,
    summary="A table is dropped.",
    source="MySQL Manual 15.1.32, DROP TABLE Statement",
    bad="""\
migrations.DeleteModel("Draft")
""",
    good="""\
# 1. Release code without the model; its table stays:
migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Draft")])
# 2. In the next release, with a backup, drop it:
migrations.RunSQL("DROP TABLE blog_draft", migrations.RunSQL.noop)
""",
)


@rule(ReviewedFile)
def dropped_tables(file: ReviewedFile) -> Iterator[Finding]:
    moved = {relation.old for relation in moved_relations(file.changes)}
    for table in file.changes.dropped:
        if table.name not in moved:
            yield RULE.speaks(
                f"The table {table.name} is dropped with its rows.",
                about=table.name,
                fix="release code without the model first, then drop the table in a file of its "
                "own, after a backup",
            )
