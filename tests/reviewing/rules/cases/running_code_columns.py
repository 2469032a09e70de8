from __future__ import annotations

from tests.reviewing.rules.case import MARIADB, MYSQL, Case

_POST = """
    class Post(models.Model):
        title = models.CharField(max_length=40)
"""

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
    Case(  # django-migration-linter issue 67
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
    Case(
        "rename-column",
        "renamed_twice",
        before="""
            class Post(models.Model):
                summary = models.CharField(max_length=40)
        """,
        after="""
            class Post(models.Model):
                excerpt = models.CharField(max_length=40)
        """,
        operations="""
            migrations.RenameField("post", "summary", "abstract"),
            migrations.RenameField("post", "abstract", "excerpt"),
        """,
        says="The column summary of renamed_twice_post is renamed to excerpt",
    ),
    Case(  # django-migration-linter issues 103, 104 and 326
        "required-column-without-default",
        "python_default",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                views = models.IntegerField(default=0)
        """,
        says="The new column views of python_default_post is NOT NULL",
        fix="give the field db_default=0, which",
    ),
    Case(
        "required-column-without-default",
        "required_parent_added",
        before="""
            class Author(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                title = models.CharField(max_length=40)
        """,
        after="""
            class Author(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                title = models.CharField(max_length=40)
                author = models.ForeignKey(Author, models.PROTECT, default=1)
        """,
        says="The new column author_id of required_parent_added_post is NOT NULL",
    ),
    Case(  # the table is as live as before
        "required-column-without-default",
        "added_once_renamed",
        before=_POST,
        after="""
            class Article(models.Model):
                title = models.CharField(max_length=40)
                views = models.IntegerField(default=0)
        """,
        operations="""
            migrations.RenameModel("Post", "Article"),
            migrations.AddField("article", "views", models.IntegerField(default=0)),
        """,
        says="The new column views of added_once_renamed_post is NOT NULL",
        fix="give the field db_default=0, which",
    ),
    Case(  # django-migration-linter issue 115: set, and dropped again around NOT NULL
        "required-column-without-default",
        "filled_by_hand",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                views = models.IntegerField(default=0)
        """,
        operations="""
            migrations.AddField("post", "views", models.IntegerField(null=True)),
            migrations.RunSQL(
                "UPDATE filled_by_hand_post SET views = 0 WHERE views IS NULL",
                migrations.RunSQL.noop,
            ),
            migrations.AlterField("post", "views", models.IntegerField(default=0)),
        """,
        says="The new column views of filled_by_hand_post is NOT NULL",
    ),
    Case(
        "required-column-without-default",
        "optional_added",
        before=_POST,
        after="""
            class Author(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                title = models.CharField(max_length=40)
                views = models.IntegerField(null=True)
                likes = models.IntegerField(db_default=0)
                author = models.ForeignKey(Author, models.SET_NULL, null=True)
                double = models.GeneratedField(
                    expression=models.F("views") * 2,
                    output_field=models.IntegerField(),
                    db_persist=False,
                )
        """,
    ),
    Case(  # django-migration-linter issue 302
        "required-column-without-default",
        "default_none",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                views = models.IntegerField(null=True, db_default=None)
        """,
    ),
    Case(  # django-migration-linter issue 16
        "required-column-without-default",
        "table_is_new",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)

            class Comment(models.Model):
                text = models.TextField()
                post = models.ForeignKey(Post, models.CASCADE)
        """,
    ),
    Case(  # django-migration-linter issue 150: MySQL's DEFAULT ('-') of a text stays
        "required-column-without-default",
        "text_on_mysql",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                body = models.TextField(default="-")
        """,
        families=(MYSQL,),
    ),
    Case(
        "required-column-without-default",
        "text_on_mariadb",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                body = models.TextField(default="-")
        """,
        says="The new column body of text_on_mariadb_post is NOT NULL",
        families=(MARIADB,),
    ),
    Case(  # an empty one is none, and Django writes it with an UPDATE
        "unbatched-update",
        "empty_text_on_mysql",
        before=_POST,
        after="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                body = models.TextField(default="")
        """,
        families=(MYSQL,),
    ),
    Case(  # django-migration-linter issue 158
        "column-becomes-required",
        "now_required",
        before="""
            class Post(models.Model):
                views = models.IntegerField(null=True)
        """,
        after="""
            class Post(models.Model):
                views = models.IntegerField(default=0)
        """,
        says="The column views of now_required_post becomes NOT NULL",
    ),
    Case(
        "column-becomes-required",
        "now_optional",
        before="""
            class Post(models.Model):
                views = models.IntegerField(default=0)
        """,
        after="""
            class Post(models.Model):
                views = models.IntegerField(null=True)
        """,
    ),
    Case(
        "drop-required-column",
        "required_dropped",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                subtitle = models.CharField(max_length=40, default="")
        """,
        after=_POST,
        says="The column subtitle of required_dropped_post is dropped",
    ),
    Case(
        "drop-required-column",
        "defaulted_dropped",
        before="""
            class Post(models.Model):
                title = models.CharField(max_length=40)
                subtitle = models.CharField(max_length=40, db_default="")
        """,
        after=_POST,
    ),
    Case(
        "default-removed",
        "default_lost",
        before="""
            class Post(models.Model):
                views = models.IntegerField(db_default=0)
        """,
        after="""
            class Post(models.Model):
                views = models.IntegerField(default=0)
        """,
        says="The column views of default_lost_post loses its default",
    ),
    Case(
        "default-removed",
        "default_changed",
        before="""
            class Post(models.Model):
                views = models.IntegerField(db_default=0)
                body = models.TextField(null=True)
        """,
        after="""
            class Post(models.Model):
                views = models.IntegerField(db_default=1)
                body = models.TextField(default="")
        """,
    ),
    Case(
        "type-changed",
        "number_to_text",
        before="""
            class Post(models.Model):
                number = models.IntegerField(null=True)
        """,
        after="""
            class Post(models.Model):
                number = models.CharField(max_length=20, null=True)
        """,
        says="The column number of number_to_text_post changes from a number to text",
    ),
    Case(
        "type-changed",
        "moment_to_date",
        before="""
            class Post(models.Model):
                day = models.DateTimeField(null=True)
        """,
        after="""
            class Post(models.Model):
                day = models.DateField(null=True)
        """,
        says="The column day of moment_to_date_post changes from a date and time to date",
    ),
    Case(
        "type-changed",
        "text_to_uuid",
        before="""
            class Post(models.Model):
                token = models.CharField(max_length=36)
        """,
        after="""
            class Post(models.Model):
                token = models.UUIDField()
        """,
        says="The column token of text_to_uuid_post changes from text to uuid",
    ),
    Case(
        "type-changed",
        "same_kind",
        before="""
            class Post(models.Model):
                number = models.IntegerField(null=True)
                title = models.CharField(max_length=40)
                shown = models.BooleanField(default=False)
        """,
        after="""
            class Post(models.Model):
                number = models.DecimalField(max_digits=12, decimal_places=2, null=True)
                title = models.TextField()
                shown = models.IntegerField(default=0)
        """,
    ),
    Case(
        "text-becomes-json",
        "text_to_json",
        before="""
            class Post(models.Model):
                options = models.TextField(null=True)
        """,
        after="""
            class Post(models.Model):
                options = models.JSONField(null=True)
        """,
        says="The text of options in text_to_json_post becomes JSON",
    ),
    Case(
        "text-becomes-json",
        "json_kept",
        before="""
            class Post(models.Model):
                options = models.JSONField(null=True)
        """,
        after="""
            class Post(models.Model):
                options = models.JSONField(default=dict)
        """,
    ),
)
