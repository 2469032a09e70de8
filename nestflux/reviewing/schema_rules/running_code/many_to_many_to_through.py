"""A many-to-many relation moves to another table."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.moved_relations import moved_relations
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "many-to-many-to-through",
    Severity.ERROR,
    "the rows are not copied, running code fails with error 1146, and new code fails until the "
    "file ran",
    group=Group.RUNNING_CODE,
    summary="A many-to-many relation moves to another table.",
    source="Django documentation, Writing database migrations: changing a ManyToManyField to use "
    "a through model",
    bad="""\
migrations.RemoveField("post", "tags"),
migrations.CreateModel("Tagging", ...),
migrations.AddField("post", "tags", models.ManyToManyField("Tag", through="Tagging")),
""",
    good="""\
# The model takes over the table that is there, and the database changes nothing:
class Tagging(models.Model):
    post = models.ForeignKey(Post, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)

    class Meta:
        db_table = "blog_post_tags"
# … made with SeparateDatabaseAndState(state_operations=[…])
""",
)


@rule(ReviewedFile)
def relations_moved(file: ReviewedFile) -> Iterator[Finding]:
    for relation in moved_relations(file.changes):
        yield RULE.speaks(
            f"The table {relation.old} is dropped with its rows, and {relation.new} relates the "
            f"same tables, {' and '.join(relation.parents)}.",
            about=relation.old,
            fix=f'let the new model take over the table: db_table = "{relation.old}", made with '
            "SeparateDatabaseAndState",
        )
