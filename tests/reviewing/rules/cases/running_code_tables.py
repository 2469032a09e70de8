from __future__ import annotations

from tests.reviewing.rules.case import Case

_POST = """
    class Post(models.Model):
        title = models.CharField(max_length=40)
"""
_TWO_PARENTS = """
    class Author(models.Model):
        name = models.CharField(max_length=40)

    class Editor(models.Model):
        name = models.CharField(max_length=40)

    class Post(models.Model):
        by = models.ForeignKey({0}, models.PROTECT, null=True, related_name="+")
        other = models.ForeignKey({1}, models.PROTECT, null=True, related_name="+")
"""
_TAGS = """
    class Tag(models.Model):
        name = models.CharField(max_length=40)

    class Post(models.Model):
        tags = models.ManyToManyField(Tag{0})
"""
_TAGGING = """
    class Tagging(models.Model):
        post = models.ForeignKey(Post, models.CASCADE)
        tag = models.ForeignKey(Tag, models.CASCADE)
"""
_TABLE = """
        class Meta:
            db_table = "same_table_post_tags"
            unique_together = [("post", "tag")]
"""

CASES = (
    Case(
        "rename-table",
        "table_renamed",
        before=_POST,
        after="""
            class Article(models.Model):
                title = models.CharField(max_length=40)
        """,
        operations="""
            migrations.RenameModel("Post", "Article"),
        """,
        says="The table table_renamed_post is renamed to table_renamed_article",
    ),
    Case(
        "rename-table",
        "table_kept",
        before=_POST,
        after="""
            class Article(models.Model):
                title = models.CharField(max_length=40)

                class Meta:
                    db_table = "table_kept_post"
        """,
        operations="""
            migrations.AlterModelTable("Post", "table_kept_post"),
            migrations.RenameModel("Post", "Article"),
        """,
    ),
    Case(
        "primary-key-changed",
        "other_key",
        before="""
            class Post(models.Model):
                slug = models.SlugField()
        """,
        after="""
            class Post(models.Model):
                slug = models.SlugField(primary_key=True)
        """,
        operations="""
            migrations.RemoveField("post", "id"),
            migrations.AlterField("post", "slug", models.SlugField(primary_key=True)),
        """,
        says="The primary key of other_key_post changes from (id) to (slug)",
    ),
    Case(
        "primary-key-changed",
        "larger_key",
        before="""
            class Post(models.Model):
                id = models.AutoField(primary_key=True)
        """,
        after="""
            class Post(models.Model):
                id = models.BigAutoField(primary_key=True)
        """,
    ),
    Case(
        "unique-added",
        "now_unique",
        before="""
            class Post(models.Model):
                slug = models.SlugField()
        """,
        after="""
            class Post(models.Model):
                slug = models.SlugField(unique=True)
        """,
        says="The values of slug in now_unique_post have to be unique",
    ),
    Case(
        "unique-added",
        "unique_already",
        before="""
            class Post(models.Model):
                slug = models.SlugField(unique=True)
                year = models.IntegerField(default=0)
        """,
        after="""
            class Post(models.Model):
                slug = models.SlugField(unique=True)
                year = models.IntegerField(default=0)
                code = models.CharField(max_length=9, null=True, unique=True)

                class Meta:
                    unique_together = [("year", "slug")]
        """,
    ),
    Case(
        "foreign-key-retargeted",
        "other_parent",
        before=_TWO_PARENTS.format("Author", "Editor"),
        after=_TWO_PARENTS.format("Editor", "Editor"),
        says="The foreign key by_id of other_parent_post refers to other_parent_editor",
    ),
    Case(
        "foreign-key-retargeted",
        "parent_renamed",
        before="""
            class Author(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                by = models.ForeignKey(Author, models.PROTECT)
        """,
        after="""
            class Writer(models.Model):
                name = models.CharField(max_length=40)

            class Post(models.Model):
                by = models.ForeignKey(Writer, models.PROTECT)
        """,
        operations="""
            migrations.RenameModel("Author", "Writer"),
        """,
    ),
    Case(
        "many-to-many-to-through",
        "other_through",
        before=_TAGS.format(""),
        after=_TAGS.format(', through="Tagging"') + _TAGGING,
        operations="""
            migrations.RemoveField("post", "tags"),
            migrations.CreateModel("Tagging", [
                ("id", models.BigAutoField(primary_key=True)),
                ("post", models.ForeignKey("Post", models.CASCADE)),
                ("tag", models.ForeignKey("Tag", models.CASCADE)),
            ]),
            migrations.AddField(
                "post", "tags", models.ManyToManyField("Tag", through="Tagging"),
            ),
        """,
        says="The table other_through_post_tags is dropped",
    ),
    Case(
        "many-to-many-to-through",
        "same_table",
        before=_TAGS.format(""),
        after=_TAGS.format(', through="Tagging"') + _TAGGING + _TABLE,
        operations="""
            migrations.SeparateDatabaseAndState(state_operations=[
                migrations.CreateModel("Tagging", [
                    ("id", models.BigAutoField(primary_key=True)),
                    ("post", models.ForeignKey("Post", models.CASCADE)),
                    ("tag", models.ForeignKey("Tag", models.CASCADE)),
                ], options={
                    "db_table": "same_table_post_tags", "unique_together": {("post", "tag")},
                }),
                migrations.AlterField(
                    "post", "tags", models.ManyToManyField("Tag", through="Tagging"),
                ),
            ]),
        """,
    ),
    Case(
        "column-moved-to-another-table",
        "city_moved",
        before="""
            class Person(models.Model):
                city = models.CharField(max_length=40, null=True)

            class Profile(models.Model):
                person = models.ForeignKey(Person, models.CASCADE)
        """,
        after="""
            class Person(models.Model):
                pass

            class Profile(models.Model):
                person = models.ForeignKey(Person, models.CASCADE)
                city = models.CharField(max_length=40, null=True)
        """,
        says="The column city of city_moved_person is dropped, and city_moved_profile gets one",
    ),
    Case(
        "column-moved-to-another-table",
        "unrelated",
        before="""
            class Person(models.Model):
                city = models.CharField(max_length=40, null=True)

            class Shop(models.Model):
                name = models.CharField(max_length=40)
        """,
        after="""
            class Person(models.Model):
                pass

            class Shop(models.Model):
                name = models.CharField(max_length=40)
                city = models.CharField(max_length=40, null=True)
        """,
    ),
    Case(
        "check-tightened",
        "check_added",
        before="""
            class Post(models.Model):
                price = models.IntegerField(default=0)
        """,
        after="""
            class Post(models.Model):
                price = models.IntegerField(default=0)

                class Meta:
                    constraints = [
                        models.CheckConstraint(
                            name="price_positive", condition=models.Q(price__gt=0)
                        ),
                    ]
        """,
        says="The check price_positive of check_added_post is new",
    ),
    Case(
        "check-tightened",
        "check_of_new",
        before="""
            class Post(models.Model):
                price = models.IntegerField(default=0)

                class Meta:
                    constraints = [
                        models.CheckConstraint(name="old", condition=models.Q(price__gt=0)),
                    ]
        """,
        after="""
            class Post(models.Model):
                price = models.IntegerField(default=0)
                views = models.PositiveIntegerField(null=True)

                class Meta:
                    constraints = [
                        models.CheckConstraint(name="few", condition=models.Q(views__lt=9)),
                    ]
        """,
    ),
)
