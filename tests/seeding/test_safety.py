"""Where ``db_seed`` refuses to write; ``--reset`` takes away what it made, and that only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario import Project, kill
from tests.seeding.conftest import Shop

MODELS = """
    import uuid
    from django.db import models
    class Author(models.Model):
        name = models.CharField(max_length=40)
    class Post(models.Model):
        key = models.UUIDField(primary_key=True, default=uuid.uuid4)
        author = models.ForeignKey(Author, models.CASCADE)
        slug = models.SlugField(unique=True)
    class Reader(models.Model):
        post = models.ForeignKey(Post, models.CASCADE)
"""
ROWS = ("--rows", "shop.Author=40", "--rows", "shop.Post=3/author")


@pytest.fixture
def blog(shop: Shop) -> Project:
    return shop(MODELS)


def counts(project: Project) -> list[int]:
    return [
        project.sql(f"SELECT COUNT(*) FROM shop_{name}")[0][0]
        for name in ("author", "post", "reader")
    ]


def test_reset_removes_what_was_made_and_no_other_row(blog: Project) -> None:
    blog.succeeds("db_seed", *ROWS)
    blog.sql("INSERT INTO shop_author (name) VALUES ('mine')")
    blog.sql("DELETE FROM shop_post WHERE author_id = 7")
    blog.sql("DELETE FROM shop_author WHERE id = 7")

    done = blog.succeeds("db_seed", "--reset")

    assert blog.sql("SELECT id, name FROM shop_author") == [(41, "mine")]
    assert counts(blog) == [1, 0, 0]
    assert "✓ Removed 156 rows  (4 were gone already)" in done.stdout
    again = blog.succeeds("db_seed", "--reset")
    assert again.stdout == "There are no rows that db_seed made.\n"


def test_rows_that_refer_to_seeded_ones_stop_a_reset(blog: Project) -> None:
    blog.succeeds("db_seed", *ROWS)
    (key,) = blog.sql("SELECT `key` FROM shop_post LIMIT 1")[0]
    blog.sql("INSERT INTO shop_reader (post_id) VALUES (%s)", [key])

    stopped = blog.run("db_seed", "--reset")

    assert stopped.code == 1
    assert "Other rows refer to those of shop.Post that db_seed made" in stopped.stderr
    assert counts(blog) == [40, 120, 1]
    blog.sql("DELETE FROM shop_reader")
    blog.succeeds("db_seed", "--reset")
    assert counts(blog) == [0, 0, 0]


def test_a_required_reference_to_itself_is_checked_before_it_goes(shop: Shop) -> None:
    """There the server does not check: InnoDB would never let go of a row that refers to itself."""
    made = shop("""
        from django.db import models
        class Node(models.Model):
            parent = models.ForeignKey("self", models.CASCADE)
    """)
    made.succeeds("db_seed", "--rows", "shop.Node=30")
    made.sql("INSERT INTO shop_node (parent_id) VALUES (3)")

    stopped = made.run("db_seed", "--reset")

    assert stopped.code == 1
    assert "shop_node.parent_id refers to rows of shop.Node that db_seed made" in stopped.stderr
    made.sql("UPDATE shop_node SET parent_id = id WHERE id = 31")
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT id FROM shop_node") == [(31,)]


def test_tables_with_rows_of_others_are_refused_unless_told(blog: Project) -> None:
    blog.sql("INSERT INTO shop_author (name) VALUES ('mine')")

    refused = blog.run("db_seed", *ROWS)

    assert refused.code == 2
    assert "shop.Author: the table holds rows that db_seed did not make." in refused.stderr
    assert "--append" in refused.stderr
    assert counts(blog) == [1, 0, 0]
    blog.succeeds("db_seed", *ROWS, "--append")
    assert counts(blog) == [41, 120, 0]
    blog.succeeds("db_seed", "--reset")
    assert counts(blog) == [1, 0, 0]


def test_a_second_run_is_refused_unless_told(blog: Project) -> None:
    blog.succeeds("db_seed", *ROWS)

    refused = blog.run("db_seed", *ROWS)

    assert refused.code == 2
    assert refused.stderr.startswith("shop.Author, shop.Post: seeded already.")
    blog.succeeds("db_seed", *ROWS, "--append")
    assert counts(blog) == [80, 240, 0]


def test_rows_of_a_table_without_counted_keys_are_told_apart(blog: Project) -> None:
    blog.succeeds("db_seed", *ROWS)
    blog.sql(
        "INSERT INTO shop_post (`key`, slug, author_id) "
        "VALUES (REPLACE(UUID(), '-', ''), 'mine', 1)"
    )

    refused = blog.run("db_seed", "--rows", "shop.Post=3")

    assert "shop.Post: the table holds rows that db_seed did not make." in refused.stderr


def test_parents_with_rows_of_others_are_used_and_left_alone(blog: Project) -> None:
    blog.sql("INSERT INTO shop_author (id, name) VALUES (5, 'mine'), (9, 'other')")

    blog.succeeds("db_seed", "--rows", "shop.Post=50")

    assert blog.sql("SELECT DISTINCT author_id FROM shop_post ORDER BY 1") == [(5,), (9,)]
    assert counts(blog) == [2, 50, 0]


def test_another_host_is_refused_unless_it_is_named(blog: Project) -> None:
    elsewhere = "mysql://root@db.example.com:3306/shop"
    blog.settings(
        f"""
        MIGRATION_MODULES = {{"shop": None}}
        DATABASES["far"] = database_from_url("{elsewhere}", variable="X")
        import nestflux.management.commands.db_seed as command
        command.Command.connect = lambda self, alias, **more: (
            __import__("django").db.connections[alias], None)
        """
    )

    refused = blog.run("db_seed", "--database", "far", *ROWS)

    assert refused.code == 2
    assert refused.stderr.splitlines()[0] == (
        "The database 'far' is on another host, db.example.com: rows that are made up do not "
        "belong into it unless you say so."
    )
    assert "db_seed --into far" in refused.stderr


def test_into_names_the_database(blog: Project) -> None:
    blog.succeeds("db_seed", "--into", "default", *ROWS)

    assert counts(blog) == [40, 120, 0]
    two = blog.run("db_seed", "--into", "default", "--database", "other", *ROWS)
    assert "--database other and --into default name two databases." in two.stderr


def test_a_killed_run_is_taken_away_to_the_last_row(blog: Project) -> None:
    blog.sql("INSERT INTO shop_author (name) VALUES ('mine')")
    running = blog.start("db_seed", "--append", "--rows", "shop.Author=2000000")
    while blog.sql("SELECT COUNT(*) FROM shop_author")[0][0] < 1000:
        assert running.poll() is None
    kill(running)

    blog.succeeds("db_seed", "--reset")

    assert blog.sql("SELECT name FROM shop_author") == [("mine",)]


def test_drift_and_pulled_models_know_nothing_of_the_table(blog: Project) -> None:
    from nestflux.schema.introspection import OWN_TABLES
    from nestflux.seeding.made import TABLE

    assert TABLE in OWN_TABLES


def test_rows_of_others_with_the_keys_of_seeded_ones_stay(blog: Project) -> None:
    """A table that was emptied counts from 1 again."""
    blog.succeeds("db_seed", "--rows", "shop.Author=40")
    blog.sql("SET foreign_key_checks = 0")
    blog.sql("DELETE FROM shop_author")
    blog.sql("ALTER TABLE shop_author AUTO_INCREMENT = 1")
    blog.sql("INSERT INTO shop_author (name) VALUES ('mine'), ('mine, too')")

    done = blog.succeeds("db_seed", "--reset")

    assert blog.sql("SELECT id, name FROM shop_author") == [(1, "mine"), (2, "mine, too")]
    assert "✓ Removed 0 rows  (40 were gone already)" in done.stdout
    assert "no rows that db_seed made" in blog.succeeds("db_seed", "--reset").stdout


def test_seeded_rows_that_a_person_edited_go_all_the_same(blog: Project) -> None:
    blog.succeeds("db_seed", *ROWS)
    blog.sql("UPDATE shop_author SET name = 'edited' WHERE id < 38")

    blog.succeeds("db_seed", "--reset")

    assert counts(blog) == [0, 0, 0]


def test_a_host_in_an_option_file_counts(blog: Project) -> None:
    from django.db import connections

    from nestflux.seeding.seed import _host

    class Driver:
        def get_host_info(self) -> str:
            return "db.example.com via TCP/IP"

    class Connection:
        settings_dict = {"HOST": "", "OPTIONS": {"read_default_file": "my.cnf"}}
        connection = Driver()

    far: Any = Connection()
    assert _host(far) == "db.example.com"
    assert _host(connections["default"]) == connections["default"].settings_dict["HOST"]


def test_tables_and_columns_that_a_migration_dropped_since(blog: Project) -> None:
    blog.succeeds("db_seed", *ROWS)
    blog.sql("DROP TABLE shop_reader, shop_post")
    blog.sql("ALTER TABLE shop_author DROP COLUMN name")

    done = blog.succeeds("db_seed", "--reset")

    assert "✓ Removed 40 rows  (120 were gone already)" in done.stdout
    assert blog.sql("SELECT COUNT(*) FROM shop_author") == [(0,)]


def test_one_run_at_a_time(blog: Project) -> None:
    running = blog.start("db_seed", "--rows", "shop.Author=2000000")
    while not ("nestflux_seed" in blog.tables() and blog.sql("SELECT 1 FROM shop_author LIMIT 1")):
        assert running.poll() is None

    second = blog.run("db_seed", "--rows", "shop.Author=5", "--append")
    taking = blog.run("db_seed", "--reset")
    shown = blog.run("db_seed", "--rows", "shop.Author=5", "--append", "--dry-run")

    assert running.poll() is None, "it ended before the others were refused"
    for refused in (second, taking):
        assert refused.code == 2, str(refused)
        lines = refused.stderr.splitlines()
        assert lines[0].startswith("Another db_seed is making or removing rows in this database: ")
        assert lines[2:] == [
            "  Now:   nothing was changed",
            "  Next:  wait until it has ended, then run the command again",
        ]
    assert shown.code == 0
    kill(running)
    while (outcome := blog.run("db_seed", "--reset")).code:  # until the server has noticed
        assert "Another db_seed is" in outcome.stderr, str(outcome)
    assert counts(blog)[0] == 0
