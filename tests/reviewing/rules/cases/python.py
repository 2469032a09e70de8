from __future__ import annotations

from tests.reviewing.rules.case import Case

_POST = """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        state = models.CharField(max_length=40, default="")
"""
_TAG = """
    class Tag(models.Model):
        name = models.CharField(max_length=40)
"""
_SLUG = """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        state = models.CharField(max_length=40, default="")
        slug = models.SlugField(null=True)
"""
_STEP = """
    migrations.RunPython(fill, migrations.RunPython.noop),
"""

CASES = (
    Case(
        "step-loads-whole-table",
        "all_rows",
        before=_POST,
        after=_POST,
        operations=_STEP,
        more="""
            def fill(apps, schema_editor):
                Post = apps.get_model("all_rows", "Post")
                posts = Post.objects.filter(state="").order_by("pk")
                for post in posts:
                    post.state = "draft"
                    post.save()
        """,
        says="The step fill loads all of all_rows_post into memory",
    ),
    Case(
        "step-loads-whole-table",
        "by_helper",
        before=_POST,
        after=_POST,
        operations=_STEP,
        more="""
            def fill(apps, schema_editor):
                titles(apps.get_model("by_helper", "Post"), apps)

            def titles(unused, apps):
                return [post.title for post in apps.get_model("by_helper.Post").objects.all()]
        """,
        says="The step fill loads all of by_helper_post into memory",
    ),
    Case(
        "step-loads-whole-table",
        "few_rows",
        before=_POST,
        after=_POST
        + """
            class Tag(models.Model):
                name = models.CharField(max_length=40)
        """.replace("\n        ", "\n"),
        operations="""
            migrations.CreateModel("Tag", [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=40)),
            ]),
            migrations.RunPython(fill, migrations.RunPython.noop),
        """,
        more="""
            def fill(apps, schema_editor):
                Post = apps.get_model("few_rows", "Post")
                for post in Post.objects.all().iterator(chunk_size=2000):
                    post.save()
                for post in Post.objects.filter(title="first"):
                    post.save()
                for post in Post.objects.all()[:10]:
                    post.save()
                for tag in apps.get_model("few_rows", "Tag").objects.all():
                    tag.save()
        """,
    ),
    Case(
        "step-imports-models",
        "own_model",
        before=_POST,
        after=_POST,
        operations=_STEP,
        more="""
            def fill(apps, schema_editor):
                from own_model.models import Post

                Post.objects.filter(state="").update(state="draft")
        """,
        says="The step fill uses the application's own model Post",
        fix='Post = apps.get_model("own_model", "Post")',
    ),
    Case(
        "step-imports-models",
        "own_module",
        before=_POST,
        after=_POST,
        operations=_STEP,
        more="""
            from own_module import models as own

            def fill(apps, schema_editor):
                own.Post.objects.filter(state="").update(state="draft")
        """,
        says="The step fill uses the application's own model own.Post",
    ),
    Case(
        "step-imports-models",
        "state_model",
        before=_POST + "\n    DRAFT = 'draft'\n",
        after=_POST + "\n    DRAFT = 'draft'\n",
        operations=_STEP,
        more="""
            from state_model.models import DRAFT

            def fill(apps, schema_editor):
                Post = apps.get_model("state_model", "Post")
                Post.objects.filter(state="").update(state=DRAFT)
        """,
    ),
    Case(
        "step-lacks-dependency",
        "no_dependency",
        before=_POST,
        after=_POST,
        operations=_STEP,
        more="""
            def fill(apps, schema_editor):
                apps.get_model("all_rows", "Post")
        """,
        says="The step fill asks for all_rows.Post, on which no_dependency.0002_change does not",
    ),
    Case(
        "step-lacks-dependency",
        "own_app",
        before=_POST,
        after=_POST + _TAG,
        operations="""
            migrations.CreateModel("Tag", [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=40)),
            ]),
            migrations.RunPython(fill, migrations.RunPython.noop),
        """,
        more="""
            from django.apps import apps as registry

            def fill(apps, schema_editor):
                apps.get_model("own_app", "POST")
                apps.get_model("own_app", "Tag")
                registry.get_model("all_rows", "Post")
        """,
    ),
    Case(
        "step-without-way-back",
        "one_way",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunPython(fill),
        """,
        more="""
            def fill(apps, schema_editor):
                pass
        """,
        says="The Python step fill of one_way.0002_change has no way back",
    ),
    Case(
        "step-without-way-back",
        "one_way_sql",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL([
                "UPDATE one_way_sql_post SET state = 'a' WHERE state = 'b'",
                "UPDATE one_way_sql_post SET state = 'c' WHERE state = 'd'",
            ]),
        """,
        says="The SQL of one_way_sql.0002_change has no way back",
    ),
    Case(
        "step-without-way-back",
        "two_ways",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RunSQL(
                "UPDATE two_ways_post SET state = 'a' WHERE state = 'b'",
                "UPDATE two_ways_post SET state = 'b' WHERE state = 'a'",
            ),
        """,
        more="""
            def fill(apps, schema_editor):
                pass
        """,
    ),
    Case(
        "unbatched-update",
        "every_row",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL("UPDATE every_row_post SET state = 'draft'", migrations.RunSQL.noop),
        """,
        says="One UPDATE changes every row of every_row_post",
    ),
    Case(
        "unbatched-update",
        "some_updated",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL(
                "UPDATE some_updated_post SET state = 'draft' WHERE id < 1000",
                migrations.RunSQL.noop,
            ),
        """,
    ),
    Case(
        "raw-session-variable",
        "unchecked",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL(
                [
                    "SET SESSION foreign_key_checks = 0",
                    "DELETE FROM unchecked_post WHERE id = 7",
                    "SET SESSION foreign_key_checks = 1",
                ],
                migrations.RunSQL.noop,
            ),
        """,
        says="foreign_key_checks is set by hand before unchecked_post is changed",
    ),
    Case(
        "raw-session-variable",
        "other_variable",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL(
                [
                    "SET SESSION foreign_key_checks = 1",
                    "SET SESSION lock_wait_timeout = 5",
                    "DELETE FROM other_variable_post WHERE id = 7",
                ],
                migrations.RunSQL.noop,
            ),
        """,
    ),
    Case(
        "unsafe-for-replicas",
        "any_rows",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL("DELETE FROM any_rows_post LIMIT 10", migrations.RunSQL.noop),
        """,
        says="LIMIT without ORDER BY takes any rows of any_rows_post",
    ),
    Case(
        "unsafe-for-replicas",
        "random_value",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL(
                "UPDATE random_value_post SET state = RAND() WHERE id < 10",
                migrations.RunSQL.noop,
            ),
        """,
        says="RAND() gives the rows of random_value_post other values on each server",
    ),
    Case(
        "unsafe-for-replicas",
        "first_rows",
        before=_POST,
        after=_POST,
        operations="""
            migrations.RunSQL(
                "DELETE FROM first_rows_post ORDER BY id LIMIT 10", migrations.RunSQL.noop,
            ),
        """,
    ),
    Case(
        "schema-and-data-together",
        "together",
        before=_POST,
        after=_SLUG,
        operations="""
            migrations.AddField("post", "slug", models.SlugField(null=True)),
            migrations.RunPython(fill, migrations.RunPython.noop),
        """,
        more="""
            def fill(apps, schema_editor):
                pass
        """,
        says="The migration together.0002_change changes together_post and runs a Python step",
    ),
    Case(
        "schema-and-data-together",
        "step_alone",
        before=_POST,
        after=_POST,
        operations=_STEP,
        more="""
            def fill(apps, schema_editor):
                pass
        """,
    ),
)
