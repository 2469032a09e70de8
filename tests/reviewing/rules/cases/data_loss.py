from __future__ import annotations

from tests.reviewing.rules.case import Case

CASES = (
    Case(
        "drop-column",
        "dropped",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                subtitle = models.CharField(max_length=40, default="")
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
)
