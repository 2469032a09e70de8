"""SQL turns off a check of the server."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.lexer import significant
from nestflux.sql.statement_parts import table_of

RULE = SchemaRule(
    "raw-session-variable",
    Severity.WARNING,
    "what is written meanwhile is not checked, and nothing checks it afterwards: orphans and cut "
    "values stay",
    group=Group.PYTHON,
    summary="SQL turns off a check of the server.",
    source="MySQL Manual 7.1.8, Server System Variables: foreign_key_checks, unique_checks, "
    "sql_mode",
    bad="""\
migrations.RunSQL(["SET foreign_key_checks = 0", "DELETE FROM blog_post WHERE author_id = 7"])
""",
    good="""\
migrations.RunSQL(["DELETE FROM blog_comment WHERE post_id IN (…)",
                   "DELETE FROM blog_post WHERE author_id = 7"])
""",
)
_CHECKS = ("FOREIGN_KEY_CHECKS", "UNIQUE_CHECKS", "CHECK_CONSTRAINT_CHECKS")


@rule(ReviewedStep)
def session_variables(step: ReviewedStep) -> Iterator[Finding]:
    if step.source is None or not step.source.is_own:
        return
    for sql in step.session:
        for name in _turned_off(sql):
            table = table_of(step.sql)
            what = f"before {table} is changed" if table else "before this statement"
            yield RULE.speaks(
                f"{name.lower()} is set by hand {what}.",
                about=table or step.source.name,
                fix="write the statements so that they pass with the checks on",
            )


def _turned_off(sql: str) -> Iterator[str]:
    """The variables of a SET that make the server check less."""
    found = [token.text.upper().removeprefix("@@") for token in significant(sql)]
    for index, word in enumerate(found[:-2]):
        value = found[index + 2 :] if found[index + 1] != ":" else found[index + 3 :]
        if word in _CHECKS and value[:1] in (["0"], ["OFF"], ["FALSE"]):
            yield word
        if word == "SQL_MODE":
            yield word
