from __future__ import annotations

from tests.reviewing.rules.case import Case

_POST = """
    class Author(models.Model):
        name = models.CharField(max_length=40)

    class Post(models.Model):
        title = models.CharField(max_length=40, null=True)
        views = models.BigIntegerField()
"""


def _sql(rule: str, name: str, *statements: str, says: str = "") -> Case:
    """A case of statements, in which ``post`` and ``author`` stand for the tables."""
    written = [
        statement.replace("post", f"{name}_post").replace("author", f"{name}_author")
        for statement in statements
    ]
    return Case(
        rule,
        name,
        before=_POST,
        after=_POST,
        operations=f"migrations.RunSQL({written!r}, migrations.RunSQL.noop),",
        says=says,
    )


def _field(rule: str, name: str, before: str, after: str, says: str = "") -> Case:
    """A case of one field."""
    model = "class Post(models.Model):\n    slug = models.{}"
    return Case(rule, name, before=model.format(before), after=model.format(after), says=says)


CASES = (
    _field(
        "unique-over-rows",
        "unique_slugs",
        "CharField(max_length=40)",
        "CharField(max_length=40, unique=True)",
        says="of unique_slugs_post refuses rows that have the same slug",
    ),
    Case(
        "unique-over-rows",
        "unique_and_new",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                code = models.CharField(max_length=40, unique=True, null=True)
        """,
    ),
    # Rows that differ in the slug differ in the slug and the title.
    _sql(
        "unique-over-rows",
        "unique_already_real",
        "ALTER TABLE post ADD UNIQUE KEY id_title (id, title)",
    ),
    _sql(
        "required-over-nulls",
        "made_required",
        "ALTER TABLE post MODIFY COLUMN title varchar(40) NOT NULL",
        says="The column title of made_required_post becomes NOT NULL",
    ),
    _sql(
        "required-over-nulls",
        "filled_first",
        "UPDATE post SET title = '' WHERE title IS NULL",
        "ALTER TABLE post MODIFY COLUMN title varchar(40) NOT NULL",
    ),
    _sql(
        "foreign-key-over-orphans",
        "held_from_now_on",
        "ALTER TABLE post ADD CONSTRAINT held_fk FOREIGN KEY (views) REFERENCES author (id)",
        says="The foreign key held_fk of held_from_now_on_post refuses rows whose views",
    ),
    _sql(
        "foreign-key-over-orphans",
        "held_and_new",
        "ALTER TABLE post ADD COLUMN writer bigint NULL",
        "ALTER TABLE post ADD CONSTRAINT writer_fk FOREIGN KEY (writer) REFERENCES author (id)",
    ),
    # Django drops the foreign key and makes it anew around the change of type.
    Case(
        "foreign-key-over-orphans",
        "held_anew",
        before="""
            class Author(models.Model):
                id = models.AutoField(primary_key=True)

            class Post(models.Model):
                author = models.ForeignKey(Author, models.PROTECT)
        """,
        after="""
            class Author(models.Model):
                id = models.BigAutoField(primary_key=True)

            class Post(models.Model):
                author = models.ForeignKey(Author, models.PROTECT)
        """,
    ),
    _sql(
        "check-over-rows",
        "checked_rows",
        "ALTER TABLE post ADD CONSTRAINT rows_few CHECK (views < 9)",
        says="The check rows_few of checked_rows_post refuses rows that break it",
    ),
    _sql(
        "check-over-rows",
        "checked_and_new",
        "ALTER TABLE post ADD COLUMN likes int NULL, ADD CONSTRAINT new_few CHECK (likes < 9)",
    ),
    _field(
        "shrink-over-long-values",
        "shorter_real",
        "CharField(max_length=80)",
        "CharField(max_length=40)",
        says="The column slug of shorter_real_post becomes narrower (varchar(80) -> varchar(40))",
    ),
    _field(
        "shrink-over-long-values",
        "made_longer",
        "CharField(max_length=40)",
        "CharField(max_length=80)",
    ),
    _field(
        "collation-under-unique",
        "merged",
        'CharField(max_length=40, unique=True, db_collation="utf8mb4_bin")',
        'CharField(max_length=40, unique=True, db_collation="utf8mb4_unicode_ci")',
        says="The column slug of merged_post gets the collation utf8mb4_unicode_ci",
    ),
    _field(
        "collation-under-unique",
        "told_apart",
        'CharField(max_length=40, unique=True, db_collation="utf8mb4_unicode_ci")',
        'CharField(max_length=40, unique=True, db_collation="utf8mb4_bin")',
    ),
)
