"""Where the SQL that Django prints is not the SQL that it runs: each known case, recorded.

Every test records with ``db_generate`` and holds the files against what Django's own executor
runs on another database: the same DDL, schema and rows (``require_fidelity``).
"""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.recording.django_truth import (
    files_build,
    require_fidelity,
    snapshot_builds,
    statements,
    up_file,
    verdicts,
)
from tests.scenario import Project

IDENTITY = """
    from django.db import models

    class User(models.Model):
        id = models.AutoField(primary_key=True)
        email = models.CharField(max_length=80)
"""
BLOG = """
    from django.db import models

    class Post(models.Model):
        author = models.ForeignKey("identity.User", models.CASCADE)
        title = models.CharField(max_length=80)
"""


def blog_of(project: ProjectFactory) -> Project:
    return project({"identity": {"models.py": IDENTITY}, "blog": {"models.py": BLOG}})


def test_a_primary_key_that_changes_type_takes_its_foreign_keys_along(
    project: ProjectFactory,
) -> None:
    """Cases 1, 2, 3 and 4: printed as one statement which fails; executed as four."""
    site = blog_of(project)
    site.succeeds("db_generate")
    site.edit("identity/models.py", "AutoField", "BigAutoField")
    site.succeeds("db_generate", "--name", "bigger_keys")

    found = statements(up_file(site, "0002_bigger_keys"))

    assert [" ".join(sql.split()[2:5]) for sql in found] == [
        "`blog_post` DROP FOREIGN",
        "`identity_user` MODIFY `id`",
        "`blog_post` MODIFY `author_id`",
        "`blog_post` ADD CONSTRAINT",
    ]
    assert "`author_id` bigint NOT NULL" in found[2]
    require_fidelity(site)


def test_a_later_change_of_the_foreign_key_knows_the_type_that_another_app_gave_it(
    project: ProjectFactory,
) -> None:
    """Case 2: printed ``author_id integer``; executed ``bigint``."""
    site = blog_of(project)
    site.succeeds("db_generate")
    site.edit("identity/models.py", "AutoField", "BigAutoField")
    site.succeeds("db_generate")
    site.edit("blog/models.py", "models.CASCADE)", "models.CASCADE, null=True)")
    site.succeeds("db_generate", "--name", "anonymous")

    assert "`author_id` bigint NULL" in " ".join(statements(up_file(site, "0003_anonymous")))
    require_fidelity(site)


def test_what_is_looked_up_in_the_database_is_found_on_the_shadow(project: ProjectFactory) -> None:
    """Cases 3, 4, 12 and 13: constraint names are looked up live; an index behind a foreign key
    is made before the unique one that served it goes."""
    site = blog_of(project)
    site.write("blog/models.py", BLOG + UNIQUE_TOGETHER)
    site.succeeds("db_generate")
    site.write("blog/models.py", BLOG)
    site.succeeds("db_generate", "--name", "not_unique")

    found = statements(up_file(site, "0002_not_unique"))

    assert found[-1].startswith("ALTER TABLE `blog_post` DROP INDEX `blog_post_author_id_title_")
    require_fidelity(site)


UNIQUE_TOGETHER = """
        class Meta:
            unique_together = [("author", "title")]
"""
SEVERAL = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("blog", "0001_initial")]
        operations = [
            migrations.AddField("post", "code", models.IntegerField(unique=True, null=True)),
            migrations.AlterField("post", "code", models.IntegerField(null=True)),
        ]
"""


def test_an_operation_sees_what_the_one_before_it_did(project: ProjectFactory) -> None:
    """Case 5: the second operation is printed as "(no-op)" and executes DROP INDEX."""
    site = blog_of(project)
    site.succeeds("db_generate")
    site.write("blog/migrations/0002_code.py", SEVERAL)
    site.write("blog/models.py", BLOG + "        code = models.IntegerField(null=True)\n")
    site.succeeds("db_generate", "--name", "code")

    found = statements(up_file(site, "0002_code"))

    assert found[-1].endswith("DROP INDEX `code`")
    require_fidelity(site)


LITERALS = """
    import uuid
    from django.db import models

    class Thing(models.Model):
        name = models.CharField(max_length=80)
"""
MORE_FIELDS = """
        flag = models.BooleanField(default=False)
        key = models.UUIDField(default=uuid.UUID("12345678123456781234567812345678"))
        data = models.JSONField(default=dict)
        text = models.TextField(default="it's 100% \\"so\\" \\\\ \\u2028 \\n end")
        price = models.DecimalField(max_digits=9, decimal_places=2, default="1.50")
"""
BLOB = """
        blob = models.BinaryField(default=b"\\x00\\xff'\\\\")
"""
TOKENS = """
        token = models.UUIDField(default=uuid.uuid4)
        kind = models.JSONField(default=list)
"""
WITH_A_ROW = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL("INSERT INTO shop_thing (name) VALUES ('one'), ('two')", ""),
        ]
"""


def test_literals_are_what_the_server_got(project: ProjectFactory, family: str) -> None:
    """Cases 6 and 11: booleans, bytes, uuid, JSON and text as defaults of existing rows."""
    shop = project({"shop": {"models.py": LITERALS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rows.py", WITH_A_ROW)
    shop.write("shop/models.py", LITERALS + MORE_FIELDS)
    shop.succeeds("db_generate", "--name", "literals")

    text = "\n".join(statements(up_file(shop, "0002_literals")))

    assert "`key` uuid" in text if family == "mariadb" else "`key` char(32)" in text
    assert "b'0'" not in text
    require_fidelity(shop)


def test_bytes_that_are_no_text_arrive(project: ProjectFactory) -> None:
    """Case 6: printed as a broken literal; and what mysqlclient sends is U+FFFD or '?'."""
    shop = project({"shop": {"models.py": LITERALS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rows.py", WITH_A_ROW)
    shop.write("shop/models.py", LITERALS + BLOB)
    shop.succeeds("db_generate", "--name", "blob")

    text = "\n".join(statements(up_file(shop, "0002_blob")))

    assert "ADD COLUMN `blob` longblob DEFAULT" in text
    rows = snapshot_builds(shop).rows["shop_thing"]
    assert [row[-1] for row in rows] == ["X'00ff275c'"] * 2
    files_build(shop).require(snapshot_builds(shop))


def test_volatile_defaults_are_frozen_once_and_the_file_says_so(project: ProjectFactory) -> None:
    """Case 7: evaluated anew at every printing, and one value for every row."""
    shop = project({"shop": {"models.py": LITERALS}})
    shop.succeeds("db_generate")
    shop.write("shop/models.py", LITERALS + TOKENS)
    shop.succeeds("db_generate", "--name", "token")

    notes = up_file(shop, "0002_token").notes

    assert notes == (
        "VOLATILE: shop.0002_thing_kind_thing_token: thing.token: its default uuid4() was "
        "evaluated once; every existing row gets that one value",
    )


RUN_SQL = '''
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL("""
                -- a remark; with a semicolon
                INSERT INTO shop_thing (name) VALUES ('50% off; it''s');
                UPDATE shop_thing SET name = 'two' /*!50100 WHERE 1 = 0 */;
            """, migrations.RunSQL.noop),
            migrations.RunSQL(
                ["CREATE TABLE shop_log (day int NOT NULL) /*!50100 PARTITION BY RANGE (day) "
                 "(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */"],
                ["DROP TABLE shop_log"],
            ),
        ]
'''


def test_comments_that_django_strips_are_named_and_those_it_keeps_are_kept(
    project: ProjectFactory,
) -> None:
    """Case 9: a string loses its ``/*! … */`` before it runs, a list keeps it."""
    shop = project({"shop": {"models.py": LITERALS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_sql.py", RUN_SQL)
    shop.succeeds("db_generate", "--name", "sql")

    file = up_file(shop, "0002_sql")

    assert statements(file)[:2] == [
        "INSERT INTO shop_thing (name) VALUES ('50% off; it''s')",
        "UPDATE shop_thing SET name = 'two'",
    ]
    assert "PARTITION BY RANGE" in statements(file)[2]
    assert [note.split(":")[0] for note in file.notes] == ["STRIPPED"]
    require_fidelity(shop)


NO_OPS = """
    from django.db import models
    from django.db.models.functions import Lower

    class Thing(models.Model):
        name = models.CharField(max_length=80)

        class Meta:
            indexes = [
                models.Index(Lower("name"), name="by_lower_name"),
                models.Index(fields=["-name"], name="by_name_backwards"),
            ]
            constraints = [
                models.UniqueConstraint(
                    fields=["name"], condition=models.Q(name="x"), name="only_one_x"
                ),
            ]
"""


def test_operations_that_do_nothing_on_this_server_are_named(
    project: ProjectFactory, family: str
) -> None:
    """Case 10: expression indexes on MariaDB, conditional unique constraints on both."""
    shop = project({"shop": {"models.py": NO_OPS}})
    shop.succeeds("db_generate")

    notes = up_file(shop, "0001_initial").notes

    named = {note.split(": ")[2] for note in notes if note.startswith("NO EFFECT")}
    assert named == {"only_one_x"} | ({"by_lower_name"} if family == "mariadb" else set())
    require_fidelity(shop)


def test_deferred_sql_is_recorded_where_it_runs(project: ProjectFactory) -> None:
    """Case 14: foreign keys and indexes run when the schema editor closes."""
    site = blog_of(project)
    site.edit("blog/models.py", "models.CharField(max_length=80)", "models.SlugField()")
    site.succeeds("db_generate")

    found = statements(up_file(site, "0001_initial"))

    assert [sql.split("(")[0].split("`")[0].strip() for sql in found] == [
        "CREATE TABLE",
        "CREATE TABLE",
        "ALTER TABLE",
        "CREATE INDEX",
    ]
    require_fidelity(site)


def test_null_to_not_null_shows_its_update(project: ProjectFactory) -> None:
    """Case 16: an UPDATE of every NULL, in one statement, between the ALTERs."""
    shop = project({"shop": {"models.py": LITERALS.replace("80)", "80, null=True)")}})
    shop.succeeds("db_generate")
    shop.edit("shop/models.py", "null=True", 'default="none"')
    shop.succeeds("db_generate", "--name", "named")

    file = up_file(shop, "0002_named")

    found = [sql.split("`")[0].strip() for sql in statements(file)]
    assert found == ["ALTER TABLE", "UPDATE", "ALTER TABLE", "ALTER TABLE"]
    assert verdicts(file)[1] == "writes rows"
    require_fidelity(shop)
