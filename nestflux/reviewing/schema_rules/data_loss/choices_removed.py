"""A field loses choices that rows may hold."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import AlterField

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import OperationPlace, ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "choices-removed",
    Severity.ADVICE,
    "no statement touches the rows: they keep the value, which forms and full_clean() refuse from "
    "now on and get_…_display() shows as it is",
    group=Group.DATA_LOSS,
    summary="A field loses choices that rows may hold.",
    source="Django documentation, Model field reference: choices",
    bad="""\
# "hidden" was one of them
state = models.CharField(max_length=9, choices={"draft": "Draft", "public": "Public"})
""",
    good="""\
# Before the choice is removed, in a Python step:
Post.objects.filter(state="hidden").update(state="draft")
""",
)
_SHOWN = 5


@rule(ReviewedFile)
def removed_choices(file: ReviewedFile) -> Iterator[Finding]:
    for place in file.operations:
        if not isinstance(place.operation, AlterField):
            continue
        table = place.table(place.migration.app_label, place.operation.model_name)
        gone = _gone(place, place.operation)
        if gone and table in file.before and table not in file.new:
            shown = ", ".join(map(repr, gone[:_SHOWN])) + (", …" if gone[_SHOWN:] else "")
            yield RULE.speaks(
                f"The field {place.operation.name} of {table} loses the choice {shown}.",
                about=f"{table}.{place.operation.name}",
                fix="give the rows that hold it another value: UPDATE "
                f"{table} SET {place.operation.name} = … WHERE {place.operation.name} IN ({shown})",
            )


def _gone(place: OperationPlace, altering: AlterField) -> list[object]:
    """The values that are choices no more; none where the field has no choices from now on."""
    model = place.model(place.migration.app_label, altering.model_name)
    field = model.fields.get(altering.name) if model else None
    kept = [value for value, _ in altering.field.flatchoices]
    if field is None or not kept:
        return []
    return [value for value, _ in field.flatchoices if value not in kept]
