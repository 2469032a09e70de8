"""A foreign key is added to a live table, which is copied for it."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import changes, large_live_table
from nestflux.schema.objects import CONSTRAINT
from nestflux.sql.definitions import ForeignKeyParts, foreign_key_parts
from nestflux.sql.lexer import quoted

RULE = SchemaRule(
    "validates-foreign-key",
    Severity.WARNING,
    "the server copies the table to check each of its rows, and writes to it wait that long",
    group=Group.LIVE_TABLES,
    summary="A foreign key is added to a live table, which is copied for it.",
    source="MySQL Manual 17.12.1, Online DDL Operations: adding a foreign key constraint",
    bad="""\
ALTER TABLE blog_post ADD COLUMN editor_id bigint NULL,
  ADD CONSTRAINT blog_post_editor_fk FOREIGN KEY (editor_id) REFERENCES identity_user (id);
""",
    good="""\
ALTER TABLE blog_post ADD COLUMN editor_id bigint NULL;
SET foreign_key_checks = 0;
ALTER TABLE blog_post ADD CONSTRAINT blog_post_editor_fk
  FOREIGN KEY (editor_id) REFERENCES identity_user (id);
SET foreign_key_checks = 1;
""",
)
_LOOK = "look for rows without a parent first"


@rule(ReviewedStep)
def validated_foreign_keys(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    for key in foreign_keys_added(step) if table and copies_table(step.record.verdict) else ():
        is_new = not set(key.columns) & step.before[table].columns.keys()
        first = "add the column in a statement of its own" if is_new else _LOOK
        yield RULE.speaks(
            f"The foreign key {key.name} is added to {table}, which is copied to check it.",
            about=f"{table}.{key.name}",
            fix=f"{first}, then the key without looking at the rows: SET foreign_key_checks = 0; "
            f"ALTER TABLE {quoted(table)} ADD {key.text}; SET foreign_key_checks = 1",
        )


def foreign_keys_added(step: ReviewedStep) -> list[ForeignKeyParts]:
    """Those that a statement adds to its table, or replaces by others."""
    texts = (after for _, before, after in changes(step, CONSTRAINT) if after and after != before)
    return [key for text in texts if (key := foreign_key_parts(text))]
