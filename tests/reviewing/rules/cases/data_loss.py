from __future__ import annotations

from tests.reviewing.rules.case import Case

_VISIT = """
    class Visit(models.Model):
        seen = models.IntegerField(default=0)
"""
_PARTITION = (
    '"ALTER TABLE {0} PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (100), '
    'PARTITION p1 VALUES LESS THAN MAXVALUE)"'
)
_ENUM = """
    class EnumField(models.Field):
        def __init__(self, *args, values=(), **kwargs):
            self.values = values
            super().__init__(*args, **kwargs)

        def deconstruct(self):
            name, path, args, kwargs = super().deconstruct()
            return name, path, args, {{**kwargs, "values": self.values}}

        def db_type(self, connection):
            return "enum(" + ",".join(f"'{{value}}'" for value in self.values) + ")"

    class Post(models.Model):
        state = EnumField(null=True, values={0})
"""

CASES = (
    Case(
        "drop-table",
        "table_dropped",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)

            class Draft(models.Model):
                title = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        says="The table table_dropped_draft is dropped",
    ),
    Case(
        "drop-table",
        "model_only",
        before="""
            class Draft(models.Model):
                title = models.CharField(max_length=40)
        """,
        operations="""
            migrations.SeparateDatabaseAndState(
                state_operations=[migrations.DeleteModel("Draft")],
            ),
        """,
    ),
    Case(
        "drop-column",
        "dropped",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                subtitle = models.CharField(max_length=40, null=True)
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        says="The column subtitle of dropped_post is dropped",
    ),
    Case(
        "drop-column",
        "state_only",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                subtitle = models.CharField(max_length=40, default="")
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        operations="""
            migrations.SeparateDatabaseAndState(
                state_operations=[migrations.RemoveField("post", "subtitle")],
            ),
        """,
    ),
    Case(
        "removed-and-added",
        "not_renamed",
        before="""
            class Post(models.Model):
                summary = models.TextField(null=True)
        """,
        after="""
            class Post(models.Model):
                excerpt = models.TextField(null=True)
        """,
        operations="""
            migrations.RemoveField("post", "summary"),
            migrations.AddField("post", "excerpt", models.TextField(null=True)),
        """,
        says="The column summary of not_renamed_post is dropped with its values, and excerpt is",
    ),
    Case(
        "removed-and-added",
        "another_type",
        before="""
            class Post(models.Model):
                summary = models.TextField(null=True)
        """,
        after="""
            class Post(models.Model):
                length = models.IntegerField(null=True)
        """,
        operations="""
            migrations.RemoveField("post", "summary"),
            migrations.AddField("post", "length", models.IntegerField(null=True)),
        """,
    ),
    Case(
        "narrow-column",
        "shorter",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=200)
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        says="The column title of shorter_post holds less: varchar(200) becomes varchar(40)",
        fix="(SELECT * FROM shorter_post WHERE CHAR_LENGTH(title) > 40)",
    ),
    Case(
        "narrow-column",
        "smaller_number",
        before="""
            class Post(models.Model):
                views = models.BigIntegerField(default=0)
        """,
        after="""
            class Post(models.Model):
                views = models.IntegerField(default=0)
        """,
        says="The column views of smaller_number_post holds less: bigint becomes int",
        fix="WHERE views NOT BETWEEN -2147483648 AND 2147483647)",
    ),
    Case(
        "narrow-column",
        "longer",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                views = models.IntegerField(default=0)
        """,
        after="""
            class Post(models.Model):
                title = models.TextField()
                views = models.BigIntegerField(default=0)
        """,
    ),
    Case(
        "narrow-character-set",
        "to_latin",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                body = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                body = models.CharField(max_length=40)
        """,
        operations="""
            migrations.RunSQL(
                "ALTER TABLE to_latin_post CONVERT TO CHARACTER SET latin1",
                "ALTER TABLE to_latin_post CONVERT TO CHARACTER SET utf8mb4",
            ),
        """,
        says="The text of to_latin_post (body, title) is converted to latin1",
    ),
    Case(
        "narrow-character-set",
        "to_other_collation",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40, db_collation="utf8mb4_bin")
        """,
    ),
    Case(
        "drop-partition",
        "partition_dropped",
        before=_VISIT,
        after=_VISIT,
        operations=f"""
            migrations.RunSQL(
                [{_PARTITION.format("partition_dropped_visit")},
                 "ALTER TABLE partition_dropped_visit DROP PARTITION p0"],
                migrations.RunSQL.noop,
            ),
        """,
        says="The partition p0 of partition_dropped_visit is dropped",
    ),
    Case(
        "drop-partition",
        "partitioned",
        before=_VISIT,
        after=_VISIT,
        operations=f"""
            migrations.RunSQL({_PARTITION.format("partitioned_visit")}, migrations.RunSQL.noop),
        """,
    ),
    Case(
        "frozen-default",
        "one_token",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        after="""
            import uuid

            class Post(models.Model):
                title = models.CharField(max_length=40)
                token = models.UUIDField(default=uuid.uuid4)
        """,
        says="Every row of one_token_post gets one and the same token",
    ),
    Case(
        "frozen-default",
        "no_token",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        after="""
            import uuid

            class Post(models.Model):
                title = models.CharField(max_length=40)
                token = models.UUIDField(null=True)
                views = models.IntegerField(default=0)

            class Key(models.Model):
                token = models.UUIDField(default=uuid.uuid4)
        """,
    ),
    Case(  # what the default gives to NULLs is not for every row
        "frozen-default",
        "token_required",
        before="""
            class Post(models.Model):
                token = models.UUIDField(null=True)
        """,
        after="""
            import uuid

            class Post(models.Model):
                token = models.UUIDField(default=uuid.uuid4)
        """,
    ),
    Case(
        "enum-values-removed",
        "enum_smaller",
        before=_ENUM.format('("draft", "hidden", "public")'),
        after=_ENUM.format('("draft", "public")'),
        says="The ENUM state of enum_smaller_post loses 'hidden'",
        fix="WHERE state IN ('hidden')",
    ),
    Case(
        "enum-values-removed",
        "enum_larger",
        before=_ENUM.format('("draft", "public")'),
        after=_ENUM.format('("draft", "hidden", "public")'),
    ),
    Case(
        "choices-removed",
        "choice_gone",
        before="""
            class Post(models.Model):
                state = models.CharField(
                    max_length=9, choices={"draft": "-", "hidden": "-", "public": "-"}
                )
        """,
        after="""
            class Post(models.Model):
                state = models.CharField(max_length=9, choices={"draft": "-", "public": "-"})
        """,
        says="The field state of choice_gone_post loses the choice 'hidden'",
        fix="UPDATE choice_gone_post SET state = … WHERE state IN ('hidden')",
    ),
    Case(
        "choices-removed",
        "choice_new",
        before="""
            class Post(models.Model):
                state = models.CharField(max_length=9, choices={"draft": "-", "public": "-"})
                kind = models.CharField(max_length=9, choices={"note": "-", "news": "-"})
        """,
        after="""
            class Post(models.Model):
                state = models.CharField(
                    max_length=9, choices={"draft": "-", "hidden": "-", "public": "-"}
                )
                kind = models.CharField(max_length=9)
        """,
    ),
    Case(
        "delete-all-rows",
        "truncated",
        before=_VISIT,
        after=_VISIT,
        operations="""
            migrations.RunSQL("TRUNCATE TABLE truncated_visit", migrations.RunSQL.noop),
        """,
        says="Every row of truncated_visit is deleted (TRUNCATE)",
    ),
    Case(
        "delete-all-rows",
        "deleted_without_where",
        before=_VISIT,
        after=_VISIT,
        operations="""
            migrations.RunSQL("DELETE FROM deleted_without_where_visit", migrations.RunSQL.noop),
        """,
        says="Every row of deleted_without_where_visit is deleted (DELETE without WHERE)",
    ),
    Case(
        "delete-all-rows",
        "some_rows",
        before=_VISIT,
        after=_VISIT,
        operations="""
            migrations.RunSQL("DELETE FROM some_rows_visit WHERE seen = 0", migrations.RunSQL.noop),
        """,
    ),
    Case(
        "collation-merges-values",
        "case_lost",
        before="""
            class Tag(models.Model):
                name = models.CharField(max_length=40, unique=True, db_collation="utf8mb4_bin")
        """,
        after="""
            class Tag(models.Model):
                name = models.CharField(
                    max_length=40, unique=True, db_collation="utf8mb4_unicode_ci"
                )
        """,
        says="The unique column name of case_lost_tag gets the collation utf8mb4_unicode_ci",
    ),
    Case(
        "collation-merges-values",
        "case_kept",
        before="""
            class Tag(models.Model):
                name = models.CharField(
                    max_length=40, unique=True, db_collation="utf8mb4_unicode_ci"
                )
                title = models.CharField(max_length=40, db_collation="utf8mb4_bin")
        """,
        after="""
            class Tag(models.Model):
                name = models.CharField(max_length=40, unique=True, db_collation="utf8mb4_bin")
                title = models.CharField(max_length=40, db_collation="utf8mb4_unicode_ci")
        """,
    ),
)
