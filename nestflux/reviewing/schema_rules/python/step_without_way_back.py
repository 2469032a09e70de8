"""A migration cannot be undone, because a step has no way back."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations import RunPython, RunSQL

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.statement_parts import table_of

RULE = SchemaRule(
    "step-without-way-back",
    Severity.WARNING,
    "db_rollback refuses the whole file, just when something is wrong with the release",
    group=Group.PYTHON,
    summary="A migration cannot be undone, because a step has no way back.",
    source="Django documentation, Migration Operations: RunPython and RunSQL",
    bad="""\
migrations.RunPython(fill_slugs)
""",
    good="""\
migrations.RunPython(fill_slugs, migrations.RunPython.noop)  # what it filled may stay
""",
)


@rule(ReviewedFile)
def steps_without_way_back(file: ReviewedFile) -> Iterator[Finding]:
    seen: set[str] = set()
    for step in file.steps:
        place = step.source
        if place is None or not place.is_own or step.record.operation in seen:
            continue
        seen.add(step.record.operation)
        if isinstance(place.operation, RunPython | RunSQL) and not place.operation.reversible:
            is_sql = isinstance(place.operation, RunSQL)
            named = "SQL" if is_sql else f"Python step {place.code.name}".rstrip()
            yield RULE.speaks(
                f"The {named} of {place.name} has no way back.",
                about=(table_of(step.sql) if is_sql else "") or place.name,
                fix="give it reverse_sql, or migrations.RunSQL.noop where nothing has to be undone"
                if is_sql
                else "give it reverse_code, or migrations.RunPython.noop where nothing has to be "
                "undone",
            )
