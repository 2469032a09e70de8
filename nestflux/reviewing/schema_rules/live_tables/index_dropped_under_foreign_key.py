"""The index of a foreign key goes, and another serves it."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.schema.objects import INDEX
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "index-dropped-under-foreign-key",
    Severity.ADVICE,
    "from then on the foreign key needs the other index, and dropping that one fails with error "
    "1553 on whoever tries next",
    group=Group.LIVE_TABLES,
    summary="The index of a foreign key goes, and another serves it.",
    source="MySQL Manual 15.1.20.5, FOREIGN KEY Constraints: conditions and restrictions",
    bad="""\
ALTER TABLE blog_post DROP INDEX blog_post_author_id;  -- (author_id, slug) serves from now on
""",
    good="""\
-- keep one index that begins with the foreign key's columns and is not meant for anything else
ALTER TABLE blog_post DROP INDEX blog_post_author_slug;
""",
)


@rule(ReviewedStep)
def indexes_of_foreign_keys(step: ReviewedStep) -> Iterator[Finding]:
    for key, (before, after) in step.delta.changes.items():
        if key.kind != INDEX or not before or after or not step.is_live(key.table):
            continue
        columns = key_parts(before).columns
        table = step.after.get(key.table)
        for foreign_key in table.foreign_keys.values() if table else ():
            own = foreign_key.columns
            if table and columns[: len(own)] == own and (other := _serving(table, own)):
                yield RULE.speaks(
                    f"The index {key.name} of {key.table} goes, and the foreign key "
                    f"{foreign_key.name} relies on {other} from then on.",
                    about=f"{key.table}.{key.name}",
                    fix=f"keep {other} as long as the foreign key stands",
                )


def _serving(table: TableSchema, columns: tuple[str, ...]) -> str:
    """The one index that begins with these columns and is meant for something else as well; empty
    where several do, and for the foreign key's own, which the server makes."""
    keys = [("PRIMARY", table.primary)] if table.primary else []
    serving = [
        name
        for name, text in (*keys, *table.indexes.items())
        if key_parts(text).columns[: len(columns)] == columns
    ]
    return serving[0] if len(serving) == 1 and serving[0] not in table.left_to_server else ""
