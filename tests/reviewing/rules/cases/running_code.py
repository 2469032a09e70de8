from __future__ import annotations

from tests.reviewing.rules.case import Case

CASES = (
    Case(
        "rename-column",
        "renamed",
        before="""
            class Post(models.Model):
                summary = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                excerpt = models.CharField(max_length=40)
        """,
        operations="""
            migrations.RenameField("post", "summary", "excerpt"),
        """,
        says="The column summary of renamed_post is renamed to excerpt",
    ),
    Case(
        "rename-column",
        "column_kept",
        before="""
            class Post(models.Model):
                summary = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                excerpt = models.CharField(max_length=40, db_column="summary")
        """,
        operations="""
            migrations.AlterField(
                "post", "summary", models.CharField(max_length=40, db_column="summary"),
            ),
            migrations.RenameField("post", "summary", "excerpt"),
        """,
    ),
)
