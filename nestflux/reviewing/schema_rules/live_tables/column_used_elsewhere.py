"""A column goes that a view, trigger, routine or event names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.schema.diff import columns_renamed_by
from nestflux.schema.objects import ObjectKey
from nestflux.sql.lexer import significant, unquoted
from nestflux.sql.statement_parts import table_of

RULE = SchemaRule(
    "column-used-elsewhere",
    Severity.WARNING,
    "the server does not look into views and programs: what names the column fails when it is used "
    "next, a trigger with every write",
    group=Group.LIVE_TABLES,
    summary="A column is dropped or renamed that a view, trigger, routine or event names.",
    source="MySQL Manual 15.1.23, CREATE VIEW Statement; 27.3.1, Trigger Syntax and Examples",
    bad="""\
ALTER TABLE blog_post DROP COLUMN subtitle;  -- the view blog_shown selects it
""",
    good="""\
CREATE OR REPLACE VIEW blog_shown AS SELECT id, title FROM blog_post;
ALTER TABLE blog_post DROP COLUMN subtitle;
""",
)


@rule(ReviewedStep)
def columns_named_elsewhere(step: ReviewedStep) -> Iterator[Finding]:
    for table, column, how in _columns_gone(step):
        for key in _naming(step, table, column):
            yield RULE.speaks(
                f"The {key.kind} {key.name} names the column {column} of {table}, which is {how}.",
                about=f"{table}.{column}",
                fix=f"make the {key.kind} anew without {column} in a step before this one",
            )


def _columns_gone(step: ReviewedStep) -> Iterator[tuple[str, str, str]]:
    for table, column in step.delta.lost_columns(step.sql):
        if step.is_live(table):
            yield table, column, "dropped"
    renamed = columns_renamed_by(step.sql)
    table = table_of(step.sql) if renamed else ""
    for column in step.before[table].columns if step.is_live(table) else ():
        new = renamed.get(column.lower(), column)
        if new.lower() != column.lower():
            yield table, column, f"renamed to {new}"


def _naming(step: ReviewedStep, table: str, column: str) -> Iterator[ObjectKey]:
    return (key for key, text in step.programs.items() if names_column(text, table, column))


def names_column(text: str, table: str, column: str) -> bool:
    """Does a view or program name a table's column? One that stands alone may be any table's, and
    counts where the table is named as well; what follows AS is a name of the program's own."""
    names = [unquoted(token.text).lower() for token in significant(text)]
    own = _names_of_table(names, table.lower())
    for index, name in enumerate(names):
        if not own or name != column.lower() or names[index - 1] == "as":
            continue
        if names[index - 1] != "." or names[index - 2] in own:
            return True
    return False


def _names_of_table(names: Sequence[str], table: str) -> set[str]:
    """What stands before the dot of the table's columns: its name, its aliases, and NEW and OLD in
    its own triggers; empty where it is not named."""
    found: set[str] = set()
    for index, name in enumerate(names):
        if name != table or names[index + 1 : index + 2] == ["."]:
            continue
        after = names[index + 1 : index + 4]
        found |= {table, *after[after[:1] == ["as"] :][:1]}
        if after[:3] == ["for", "each", "row"]:
            found |= {"new", "old"}
    return found
