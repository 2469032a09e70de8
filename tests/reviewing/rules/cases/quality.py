from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

from tests.reviewing.rules.case import MARIADB, MYSQL, Case

_NOTE = """
    class Note(models.Model):
        body = models.TextField()
"""
_AUTHOR = """
    class Author(models.Model):
        name = models.CharField(max_length=40)
"""


def _post(rule: str, name: str, fields: str, meta: str = "", says: str = "", **more: Any) -> Case:
    """A case of a new model Post."""
    options = f"class Meta:\n    {meta}" if meta else "pass"
    body = f"{dedent(fields).strip()}\n\n{options}"
    model = f"class Post(models.Model):\n{indent(body, ' ' * 4)}\n"
    return Case(rule, name, after=dedent(_AUTHOR) + model, says=says, **more)


def _sql(rule: str, name: str, *statements: str, says: str = "", **more: Any) -> Case:
    """A case of statements, in which ``note`` stands for the table of a model and ``view`` for one
    without a model."""
    written = [
        s.replace("note", f"{name}_note").replace("view", f"{name}_view") for s in statements
    ]
    return Case(
        rule,
        name,
        before=_NOTE,
        after=_NOTE,
        operations=f"migrations.RunSQL({written!r}, migrations.RunSQL.noop),",
        says=says,
        **more,
    )


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
    _post(
        "ordering-without-index",
        "sorted",
        "created = models.DateTimeField()",
        'ordering = ["-created", "id"]',
        says="Post is ordered by created of sorted_post, which has no index",
    ),
    _post(
        "ordering-without-index",
        "sorted_by_index",
        "created = models.DateTimeField(db_index=True)",
        'ordering = ["-created"]',
    ),
    _post(
        "ordering-without-index",
        "sorted_by_another_table",
        "author = models.ForeignKey(Author, models.PROTECT)",
        'ordering = ["author__name"]',
    ),
    _post(
        "admin-without-index",
        "searched",
        "created = models.DateTimeField()",
        says="PostAdmin.date_hierarchy uses created of searched_post, which has no index",
        files={
            "admin.py": """
                from django.contrib import admin
                from searched.models import Post

                @admin.register(Post)
                class PostAdmin(admin.ModelAdmin):
                    date_hierarchy = "created"
            """
        },
    ),
    _post(
        "admin-without-index",
        "searched_within",
        """
            title = models.CharField(max_length=40)
            shown = models.BooleanField()
            author = models.ForeignKey(Author, models.PROTECT)
        """,
        files={
            "admin.py": """
                from django.contrib import admin
                from searched_within.models import Post

                @admin.register(Post)
                class PostAdmin(admin.ModelAdmin):
                    search_fields = ["title"]
                    list_filter = ["shown", "author"]
            """
        },
    ),
    _post(
        "redundant-index",
        "beginning",
        """
            section = models.IntegerField()
            views = models.IntegerField()
        """,
        """indexes = [
        models.Index(fields=["section"], name="beginning_short"),
        models.Index(fields=["section", "views"], name="beginning_long"),
    ]""",
        says="The index beginning_short of beginning_post is the beginning of beginning_long",
    ),
    _post(
        "redundant-index",
        "not_the_beginning",
        """
            section = models.IntegerField()
            views = models.IntegerField()
        """,
        """indexes = [
        models.Index(fields=["views"], name="end_short"),
        models.Index(fields=["section", "views"], name="end_long"),
    ]""",
    ),
    _post(
        "duplicate-index",
        "twice",
        "slug = models.CharField(max_length=40, unique=True)",
        'indexes = [models.Index(fields=["slug"], name="twice_slug")]',
        says="The index twice_slug of twice_post holds the same columns as slug",
    ),
    _post(
        "duplicate-index",
        "the_other_way_round",
        """
            section = models.IntegerField()
            views = models.IntegerField()
        """,
        """indexes = [
        models.Index(fields=["views", "section"], name="round_one"),
        models.Index(fields=["section", "views"], name="round_other"),
    ]""",
    ),
    _post(
        "wide-index",
        "of_six",
        "\n".join(f"c{n} = models.IntegerField()" for n in range(6)),
        f'indexes = [models.Index(fields={[f"c{n}" for n in range(6)]}, name="of_six_all")]',
        says="The index of_six_all of of_six_post has 6 columns",
    ),
    _post(
        "wide-index",
        "of_five",
        "\n".join(f"c{n} = models.IntegerField()" for n in range(5)),
        f'indexes = [models.Index(fields={[f"c{n}" for n in range(5)]}, name="of_five_all")]',
    ),
    _sql(
        "no-primary-key",
        "without_key",
        "CREATE TABLE view (seen datetime(6) NOT NULL)",
        says="The table without_key_view has no primary key",
    ),
    _sql("no-primary-key", "with_key", "CREATE TABLE view (number int NOT NULL UNIQUE)"),
    Case(
        "foreign-key-type",
        "smaller_than_parent",
        before=_AUTHOR,
        after=_AUTHOR
        + """
    class Post(models.Model):
        author = models.ForeignKey(Author, models.PROTECT, db_constraint=False)
        """,
        operations="""
            migrations.CreateModel("post", [
                ("id", models.BigAutoField(primary_key=True)),
                ("author", models.ForeignKey(
                    "smaller_than_parent.author", models.PROTECT, db_constraint=False,
                )),
            ]),
            migrations.RunSQL("ALTER TABLE smaller_than_parent_post MODIFY author_id int NOT NULL"),
        """,
        says="smaller_than_parent_post.author_id is int",
    ),
    _post(
        "foreign-key-type",
        "as_its_parent",
        "author = models.ForeignKey(Author, models.PROTECT, db_constraint=False)",
    ),
    Case(
        "mixed-collations",
        "compared_otherwise",
        before="""
            class Currency(models.Model):
                code = models.CharField(
                    max_length=8, primary_key=True, db_collation="utf8mb4_bin"
                )
        """,
        after="""
            class Currency(models.Model):
                code = models.CharField(
                    max_length=8, primary_key=True, db_collation="utf8mb4_bin"
                )

            class Price(models.Model):
                currency = models.ForeignKey(Currency, models.PROTECT, db_constraint=False)
        """,
        operations="""
            migrations.CreateModel("price", [
                ("id", models.BigAutoField(primary_key=True)),
                ("currency", models.ForeignKey(
                    "compared_otherwise.currency", models.PROTECT, db_constraint=False,
                )),
            ]),
            migrations.RunSQL(
                "ALTER TABLE compared_otherwise_price MODIFY currency_id varchar(8) "
                "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL"
            ),
        """,
        says="compared_otherwise_price.currency_id has the collation utf8mb4_unicode_520_ci",
    ),
    Case(
        "mixed-collations",
        "compared_alike",
        after="""
            class Currency(models.Model):
                code = models.CharField(
                    max_length=8, primary_key=True, db_collation="utf8mb4_bin"
                )

            class Price(models.Model):
                currency = models.ForeignKey(Currency, models.PROTECT, db_constraint=False)
        """,
    ),
    _post(
        "float-for-money",
        "nearly_paid",
        "unit_price = models.FloatField()",
        says="The column unit_price of nearly_paid_post is double",
    ),
    _post(
        "float-for-money",
        "paid",
        """
            price = models.DecimalField(max_digits=12, decimal_places=2)
            price_ratio = models.FloatField()
        """,
    ),
    _post(
        "decimal-scale",
        "rounded",
        "price = models.DecimalField(max_digits=10, decimal_places=0)",
        says="The column price of rounded_post is decimal(10,0), which has no decimals",
    ),
    _post(
        "decimal-scale",
        "too_large_for_bigint",
        "number = models.DecimalField(max_digits=30, decimal_places=0)",
    ),
    _sql(
        "text-as-key",
        "text_indexed",
        "CREATE INDEX beginnings ON note (body(20))",
        says="The key beginnings of text_indexed_note holds the beginning of body",
    ),
    _sql(
        "text-as-key",
        "text_hashed",
        "CREATE UNIQUE INDEX whole ON note (body)",
        families=(MARIADB,),
    ),
    _sql("text-as-key", "text_searched", "CREATE FULLTEXT INDEX words ON note (body)"),
    _post(
        "not-snake-case",
        "camel_case",
        'title = models.CharField(max_length=40, db_column="postTitle")',
        says="The column postTitle of camel_case_post is not called in snake_case",
    ),
    _post("not-snake-case", "snake_case", "line_2 = models.CharField(max_length=40)"),
    _post(
        "reserved-word",
        "reserved",
        "order = models.IntegerField()",
        says="The column order of reserved_post is called by a reserved word",
    ),
    _post("reserved-word", "not_reserved", "position = models.IntegerField()"),
    _sql(
        "other-engine",
        "other_engine",
        "CREATE TABLE view (id int PRIMARY KEY) ENGINE=MyISAM",
        says="The engine of other_engine_view is MyISAM",
    ),
    _sql("other-engine", "same_engine", "CREATE TABLE view (id int PRIMARY KEY) ENGINE=InnoDB"),
    _sql(
        "other-character-set",
        "small_charset",
        "CREATE TABLE view (id int PRIMARY KEY, name varchar(9)) DEFAULT CHARSET=latin1",
        says="The character set of small_charset_view is latin1",
    ),
    _sql(
        "other-character-set",
        "ascii_meant",
        "CREATE TABLE view (id int PRIMARY KEY, digest char(64) CHARACTER SET ascii)",
    ),
    _sql(
        "timestamp-2038",
        "ends_in_2038",
        "CREATE TABLE view (id int PRIMARY KEY, seen timestamp NULL)",
        says="The column seen of ends_in_2038_view is a TIMESTAMP",
    ),
    _sql(
        "timestamp-2038",
        "ends_in_9999",
        "CREATE TABLE view (id int PRIMARY KEY, seen datetime(6) NULL)",
    ),
    _post(
        "unenforced-unique",
        "unique_if",
        """
            email = models.EmailField()
            active = models.BooleanField()
        """,
        """constraints = [models.UniqueConstraint(
        fields=["email"], condition=models.Q(active=True), name="unique_if_active",
    )]""",
        says="The unique constraint unique_if_active of unique_if_post is not enforced",
    ),
    _post(
        "unenforced-unique",
        "unique_lower",
        "email = models.EmailField()",
        'constraints = [models.UniqueConstraint(Lower("email"), name="unique_lower_email")]',
        says="because it has expressions",
        families=(MARIADB,),
    ),
    # MySQL has indexes of expressions since 8.0.13.
    _post(
        "unenforced-unique",
        "unique_lower_there",
        "email = models.EmailField()",
        'constraints = [models.UniqueConstraint(Lower("email"), name="unique_there_email")]',
        families=(MYSQL,),
    ),
    _post(
        "unenforced-unique",
        "unique_always",
        "email = models.EmailField()",
        'constraints = [models.UniqueConstraint(fields=["email"], name="unique_always_email")]',
    ),
    _post(
        "nullable-unique",
        "unique_but_for_null",
        """
            author = models.ForeignKey(Author, models.CASCADE, null=True)
            slug = models.CharField(max_length=40)
        """,
        'unique_together = [("author", "slug")]',
        says="does not hold for rows in which author_id is NULL",
    ),
    _post(
        "nullable-unique",
        "unique_or_null",
        "slug = models.CharField(max_length=40, null=True, unique=True)",
    ),
    _post(
        "unchecked-foreign-key",
        "unchecked_qual",
        "author = models.ForeignKey(Author, models.CASCADE, db_constraint=False)",
        says="The foreign key author_id of unchecked_qual_post has no constraint",
    ),
    _post(
        "unchecked-foreign-key",
        "held",
        "author = models.ForeignKey(Author, models.CASCADE)",
    ),
    _post(
        "foreign-key-without-index",
        "parent_not_indexed",
        """
            author = models.ForeignKey(
                Author, models.CASCADE, db_constraint=False, db_index=False,
            )
        """,
        says="The foreign key author_id of parent_not_indexed_post has no index",
    ),
    _post(
        "foreign-key-without-index",
        "parent_indexed",
        """
            author = models.ForeignKey(Author, models.CASCADE, db_index=False)
            slug = models.CharField(max_length=40)
        """,
        'unique_together = [("author", "slug")]',
    ),
    _post(
        "wide-varchar",
        "wide",
        "notes = models.CharField(max_length=4000)",
        says="The column notes of wide_post is varchar(4000)",
    ),
    _post("wide-varchar", "not_so_wide", "notes = models.CharField(max_length=1000)"),
)
