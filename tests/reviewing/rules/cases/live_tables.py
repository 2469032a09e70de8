from __future__ import annotations

from typing import Any

from tests.reviewing.rules.case import MARIADB, MYSQL, Case

_POST = """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        body = models.TextField()
        views = models.IntegerField()
"""
_AUTHOR = """
    class Author(models.Model):
        name = models.CharField(max_length=40)
"""


def _sql(
    rule: str, name: str, *statements: str, says: str = "", families: tuple[str, ...] = ()
) -> Case:
    """A case of statements, in which ``post`` stands for the table."""
    written = [statement.replace("post", f"{name}_post") for statement in statements]
    return Case(
        rule,
        name,
        before=_POST,
        after=_POST,
        operations=f"migrations.RunSQL({written!r}, migrations.RunSQL.noop),",
        says=says,
        families=families or (MARIADB, MYSQL),
    )


def _field(rule: str, name: str, before: str, after: str, **more: Any) -> Case:
    """A case of one field."""
    model = "class Post(models.Model):\n    title = models.{}"
    return Case(rule, name, before=model.format(before), after=model.format(after), **more)


CASES = (
    Case(
        "copies-table",
        "retyped",
        before="""
            class Post(models.Model):
                views = models.IntegerField()
        """,
        after="""
            class Post(models.Model):
                views = models.BigIntegerField()
        """,
        says="The table retyped_post is copied, because its column views changes from int to",
    ),
    Case(
        "copies-table",
        "nullable_added",
        before="""
            class Post(models.Model):
                views = models.IntegerField()
        """,
        after="""
            class Post(models.Model):
                views = models.IntegerField()
                likes = models.IntegerField(null=True)
        """,
    ),
    _sql(
        "copies-table",
        "text_added",
        "ALTER TABLE post ADD COLUMN more longtext NOT NULL DEFAULT ('')",
        says="is copied, because the default of its new column more is an expression",
        families=(MYSQL,),
    ),
    _sql("copies-table", "text_added_null", "ALTER TABLE post ADD COLUMN more longtext NULL"),
    # Another rule names the cause.
    _sql(
        "copies-table",
        "copied_for_check",
        "ALTER TABLE post ADD CONSTRAINT copied_few CHECK (views < 9)",
    ),
    _sql(
        "blocks-writes",
        "words_indexed",
        "CREATE FULLTEXT INDEX words ON post (body)",
        says="Writes to words_indexed_post wait until a statement is done",
    ),
    _sql("blocks-writes", "title_indexed", "CREATE INDEX titles ON post (title)"),
    Case(
        "validates-foreign-key",
        "parent_added",
        before=_AUTHOR
        + """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        """,
        after=_AUTHOR
        + """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        author = models.ForeignKey(Author, models.PROTECT, null=True)
        """,
        says="is added to parent_added_post, which is copied to check it",
    ),
    _sql(
        "validates-foreign-key",
        "parent_unchecked",
        "ALTER TABLE post ADD COLUMN above bigint NULL",
        "SET foreign_key_checks = 0",
        "ALTER TABLE post ADD CONSTRAINT unchecked_fk FOREIGN KEY (above) REFERENCES post (id)",
        "SET foreign_key_checks = 1",
    ),
    _sql(
        "check-on-live-table",
        "checked",
        "ALTER TABLE post ADD CONSTRAINT checked_few CHECK (views < 9)",
        says="The check checked_few is added to checked_post, which is copied",
    ),
    Case(
        "check-on-live-table",
        "new_table_checked",
        before=_POST,
        after=_POST
        + """
    class Rating(models.Model):
        stars = models.PositiveIntegerField()
        """,
    ),
    _sql(
        "stored-generated-column",
        "stored",
        "ALTER TABLE post ADD COLUMN more int AS (views + 1) STORED",
        says="The stored generated column more is added to stored_post",
    ),
    _sql(
        "stored-generated-column",
        "not_stored",
        "ALTER TABLE post ADD COLUMN more int AS (views + 1) VIRTUAL",
    ),
    _field(
        "varchar-length-byte",
        "crossing",
        "CharField(max_length=60)",
        "CharField(max_length=100)",
        says="The column title of crossing_post grows from varchar(60) to varchar(100)",
    ),
    _field(
        "varchar-length-byte",
        "below_the_byte",
        "CharField(max_length=40)",
        "CharField(max_length=60)",
    ),
    # ankane/strong_migrations #216: MariaDB needs no copy where the old length is at most 127
    # bytes, of which InnoDB stores one byte of length in any case.
    _field(
        "varchar-length-byte",
        "short_on_mariadb",
        "CharField(max_length=30)",
        "CharField(max_length=100)",
        families=(MARIADB,),
    ),
    _field(
        "varchar-length-byte",
        "short_on_mysql",
        "CharField(max_length=30)",
        "CharField(max_length=100)",
        says="The column title of short_on_mysql_post grows from varchar(30) to varchar(100)",
        families=(MYSQL,),
    ),
    _field(
        "varchar-length-byte",
        "above_the_byte",
        "CharField(max_length=100)",
        "CharField(max_length=300)",
    ),
    _field(
        "copies-table",
        "longer_live",
        "CharField(max_length=100)",
        "CharField(max_length=300)",
    ),
    _sql(
        "column-position",
        "placed",
        "ALTER TABLE post MODIFY COLUMN title varchar(40) NOT NULL AFTER views",
        says="The column title of placed_post is put to another place",
        families=(MYSQL,),
    ),
    # MariaDB reorders columns at once, and both servers put a new one anywhere at once.
    _sql(
        "column-position",
        "placed_at_once",
        "ALTER TABLE post MODIFY COLUMN title varchar(40) NOT NULL AFTER views",
        families=(MARIADB,),
    ),
    _sql(
        "column-position",
        "new_and_placed",
        "ALTER TABLE post ADD COLUMN likes int NULL AFTER title",
    ),
    Case(
        "auto-increment-added",
        "counted",
        before="""
            class Post(models.Model):
                id = models.IntegerField(primary_key=True)
        """,
        after="""
            class Post(models.Model):
                id = models.AutoField(primary_key=True)
        """,
        says="The column id of counted_post becomes AUTO_INCREMENT",
    ),
    Case(
        "auto-increment-added",
        "counted_before",
        before="""
            class Post(models.Model):
                id = models.AutoField(primary_key=True)
        """,
        after="""
            class Post(models.Model):
                id = models.BigAutoField(primary_key=True)
        """,
    ),
    _sql(
        "engine-changed",
        "to_another_engine",
        "ALTER TABLE post ENGINE=MyISAM",
        says="The engine of to_another_engine_post changes from InnoDB to MyISAM",
    ),
    _sql("engine-changed", "to_the_same_engine", "ALTER TABLE post ENGINE=InnoDB"),
    _sql(
        "partitioning-changed",
        "partitioned_live",
        "ALTER TABLE post PARTITION BY HASH (id) PARTITIONS 4",
        says="The partitioning of partitioned_live_post changes",
    ),
    _sql("partitioning-changed", "commented", "ALTER TABLE post COMMENT 'What we wrote'"),
    _sql(
        "primary-key-redefined",
        "another_key",
        "ALTER TABLE post DROP PRIMARY KEY, ADD PRIMARY KEY (id, views)",
        says="The primary key of another_key_post is redefined (it was (`id`))",
    ),
    Case(
        "primary-key-redefined",
        "table_renamed_live",
        before=_POST,
        after=_POST.replace("class Post", "class Article"),
        operations='migrations.RenameModel("post", "article"),',
    ),
    _sql("primary-key-redefined", "unique_beside", "ALTER TABLE post ADD UNIQUE KEY u (views)"),
    Case(
        "several-alters-could-be-one",
        "two_copies",
        before="""
            class Post(models.Model):
                views = models.IntegerField()
                likes = models.IntegerField()
        """,
        after="""
            class Post(models.Model):
                views = models.BigIntegerField()
                likes = models.BigIntegerField()
        """,
        says="copy two_copies_post 2 times",
    ),
    Case(
        "several-alters-could-be-one",
        "one_copy",
        before="""
            class Post(models.Model):
                views = models.IntegerField()
        """,
        after="""
            class Post(models.Model):
                views = models.BigIntegerField()
                likes = models.IntegerField(null=True)
        """,
    ),
    # What is dropped and made anew cannot be in one statement.
    _sql(
        "several-alters-could-be-one",
        "made_anew",
        "ALTER TABLE post ADD CONSTRAINT anew_few CHECK (views < 9)",
        "ALTER TABLE post DROP CONSTRAINT anew_few",
        "ALTER TABLE post ADD CONSTRAINT anew_few CHECK (views < 10)",
    ),
    Case(
        "index-column-dropped",
        "shortened",
        before="""
            class Post(models.Model):
                section = models.IntegerField()
                views = models.IntegerField()

                class Meta:
                    indexes = [models.Index(fields=["section", "views"], name="shortened_by")]
        """,
        after="""
            class Post(models.Model):
                section = models.IntegerField()
        """,
        operations="""
            migrations.RunSQL(
                "ALTER TABLE shortened_post DROP COLUMN views",
                migrations.RunSQL.noop,
                state_operations=[
                    migrations.RemoveIndex("post", "shortened_by"),
                    migrations.RemoveField("post", "views"),
                ],
            ),
        """,
        says="Dropping views of shortened_post shortens the index shortened_by to (section)",
    ),
    Case(
        "index-column-dropped",
        "dropped_with_index",
        before="""
            class Post(models.Model):
                section = models.IntegerField()
                views = models.IntegerField()

                class Meta:
                    indexes = [models.Index(fields=["section", "views"], name="dropped_by")]
        """,
        after="""
            class Post(models.Model):
                section = models.IntegerField()
        """,
    ),
    _sql(
        "column-used-elsewhere",
        "viewed",
        "CREATE VIEW viewed_shown AS SELECT id, views FROM post",
        "ALTER TABLE post DROP COLUMN views",
        "CREATE OR REPLACE VIEW viewed_shown AS SELECT id FROM post",
        says="The view viewed_shown names the column views of viewed_post, which is dropped",
    ),
    _sql(
        "column-used-elsewhere",
        "view_before",
        "CREATE VIEW view_before_shown AS SELECT id, views FROM post",
        "CREATE OR REPLACE VIEW view_before_shown AS SELECT id FROM post",
        "ALTER TABLE post DROP COLUMN views",
    ),
    # A column of another table has the same name.
    _sql(
        "column-used-elsewhere",
        "view_of_another",
        "CREATE TABLE view_of_another_more (nr bigint PRIMARY KEY, views int)",
        "CREATE VIEW view_of_another_shown AS SELECT p.title, m.views FROM post p "
        "JOIN view_of_another_more m ON m.nr = p.id",
        "ALTER TABLE post DROP COLUMN views",
    ),
    _sql(
        "column-used-elsewhere",
        "triggered",
        "CREATE TRIGGER triggered_few BEFORE INSERT ON post FOR EACH ROW SET NEW.views = 1",
        "ALTER TABLE post RENAME COLUMN views TO looks",
        "DROP TRIGGER triggered_few",
        says="The trigger triggered_few names the column views of triggered_post, which is renamed",
    ),
    Case(
        "index-dropped-under-foreign-key",
        "served_by_another",
        before=_AUTHOR
        + """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        author = models.ForeignKey(Author, models.PROTECT)
        """,
        after=_AUTHOR
        + """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        author = models.ForeignKey(Author, models.PROTECT)

        class Meta:
            indexes = [models.Index(fields=["author", "title"], name="served_by")]
        """,
        says="relies on served_by from then on",
    ),
    Case(
        "index-dropped-under-foreign-key",
        "served_as_before",
        before=_AUTHOR
        + """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        author = models.ForeignKey(Author, models.PROTECT)
        """,
        after=_AUTHOR
        + """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        author = models.ForeignKey(Author, models.PROTECT)

        class Meta:
            indexes = [models.Index(fields=["title", "author"], name="served_as_by")]
        """,
    ),
)
