from __future__ import annotations

from tests.reviewing.rules.case import Case

CASES = (
    Case(
        "nullable-foreign-key",
        "optional_parent",
        after="""
            class Author(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                author = models.ForeignKey(Author, models.SET_NULL, null=True)
        """,
        says="The foreign key author_id of optional_parent_post may be NULL",
    ),
    Case(
        "nullable-foreign-key",
        "required_parent",
        after="""
            class Author(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                author = models.ForeignKey(Author, models.PROTECT)
        """,
    ),
)
