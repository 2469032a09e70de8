"""A Python step asks for a model on which its migration does not depend."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.step_queries import StepQueries

RULE = SchemaRule(
    "step-lacks-dependency",
    Severity.WARNING,
    "nothing makes Django run the other app's migrations first: on another day, or on a test "
    "database, the step fails with LookupError",
    group=Group.PYTHON,
    summary="A Python step asks for a model on which its migration does not depend.",
    source="Django documentation, Writing database migrations: migrating data between "
    "third-party apps",
    bad="""\
dependencies = [("blog", "0002_post_author")]

def fill(apps, schema_editor):
    User = apps.get_model("identity", "User")
""",
    good="""\
dependencies = [("blog", "0002_post_author"), ("identity", "0001_initial")]
""",
)


@rule(ReviewedStep)
def steps_without_dependency(step: ReviewedStep) -> Iterator[Finding]:
    if step.source is None or not step.source.is_own or step.source.state() is None:
        return
    own = step.source.migration.app_label  # whose models the migration may make itself
    for app_label, name in StepQueries(step.source).models():
        if app_label != own and step.source.model(app_label, name) is None:
            yield RULE.speaks(
                f"The step {step.source.code.name} asks for {app_label}.{name}, on which "
                f"{step.source.name} does not depend.",
                about=step.source.name,
                fix=f"add the migration of {app_label} that makes {name} to dependencies: "
                f'("{app_label}", "0001_initial")',
            )
