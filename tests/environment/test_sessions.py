"""What an operator set globally, or the alias in its ``init_command``: a run and a recording set
what must be so, and say what they cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nestflux.history.snapshots import statements_of
from nestflux.sql.statements import sha256
from tests.environment.conftest import PrivateServer, globally
from tests.environment.deploys import assert_told
from tests.environment.histories import replace_in
from tests.scenario import Project, new_project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
KEYLESS = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "CREATE TABLE shop_log (at timestamp NOT NULL, until timestamp NULL, "
                "shown timestamp NOT NULL)",
                "DROP TABLE shop_log",
            ),
            migrations.RunSQL("INSERT INTO shop_product (name) VALUES ('lamp'), ('desk')"),
            migrations.RunSQL("UPDATE shop_product SET name = UPPER(name)"),
        ]
"""
# One of each that is as no run may have it, where the family has it.
ODD: dict[str, dict[str, object]] = {
    "both": {
        "default_storage_engine": "'MyISAM'",
        "explicit_defaults_for_timestamp": 0,
        "sql_safe_updates": 1,
        "unique_checks": 0,
        "sql_quote_show_create": 0,
        "autocommit": 0,
    },
    "mariadb": {"check_constraint_checks": 0},
    "mysql": {"sql_generate_invisible_primary_key": 1},
}


ODD_ALIAS = """
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT', "
        "time_zone = '+05:00', foreign_key_checks = 0, innodb_lock_wait_timeout = 7"
    )
"""


@pytest.fixture
def shop(own_server: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    path = tmp_path_factory.mktemp("odd")
    project = new_project(path, own_server, "nf_odd", {"shop": {"models.py": MODELS}})
    yield project
    own_server.drop_all(project.database)


def test_what_is_recorded_and_run_is_what_a_plain_server_gives(
    own_server: PrivateServer, shop: Project
) -> None:
    """Recorded on a plain server and on an odd one, applied on both, loaded and replayed: each
    time the same schema and the same rows."""
    variables = ODD["both"] | ODD[own_server.family]
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    shop.write("shop/migrations/0002_log.py", KEYLESS)
    shop.succeeds("db_generate", "--name", "second", "--noinput")
    plain = files(shop)
    shop.succeeds("db_migrate", "--replay")
    expected = made(shop)

    with globally(own_server, **variables):
        shop.settings(ODD_ALIAS)
        assert shop.run("db_check").code == 0, str(shop.run("db_check"))
        for arguments in ((), ("--replay",)):
            shop.recreate_database()
            shop.succeeds("db_migrate", *arguments)
            assert made(shop) == expected
        for table in shop.tables():
            if table.startswith("nestflux_"):
                shop.sql(f"DROP TABLE {table}")
        shop.succeeds("db_baseline", "--yes")
        assert shop.run("db_status").code == 0
        for path in shop.history.iterdir():
            path.unlink()
        shop.remove("shop/migrations/0001_initial.py")
        shop.remove("shop/migrations/0002_log.py")
        shop.succeeds("db_generate", "--name", "first", "--noinput")
        shop.write("shop/migrations/0002_log.py", KEYLESS)
        shop.succeeds("db_generate", "--name", "second", "--noinput")

    assert files(shop) == plain


def files(shop: Project) -> dict[str, str]:
    """The history less what differs each time: the files' ids."""
    return {
        path.name: "\n".join(
            line for line in path.read_text().splitlines() if not line.startswith("-- Id:")
        )
        for path in sorted(shop.history.iterdir())
        if path.name != "journal.json"
    }


def made(shop: Project) -> dict[str, object]:
    tables = ("shop_product", "shop_log")
    return {
        # Less the quotes that sql_quote_show_create takes away.
        **{name: shop.sql(f"SHOW CREATE TABLE {name}")[0][1].replace("`", "") for name in tables},
        "rows": shop.sql("SELECT name FROM shop_product ORDER BY name"),
        "recorded": shop.applied(),
    }


def test_the_alias_s_init_command_is_said_to_its_shadows_too(
    own_server: PrivateServer, shop: Project
) -> None:
    shop.settings(
        'DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {}), '
        '"init_command": "SET div_precision_increment = 9, sql_mode = \'\'"}'
    )
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    shop.write(
        "shop/migrations/0002_third.py",
        """
        from django.db import migrations

        class Migration(migrations.Migration):
            dependencies = [("shop", "0001_initial")]
            operations = [
                migrations.RunSQL("INSERT INTO shop_product (name) SELECT CONCAT(1 / 3)", ""),
            ]
        """,
    )
    shop.succeeds("db_generate", "--name", "second", "--noinput")
    shop.succeeds("db_migrate")
    loaded = shop.sql("SELECT name FROM shop_product")
    shop.recreate_database()
    shop.succeeds("db_migrate", "--replay")

    assert loaded == shop.sql("SELECT name FROM shop_product") == [("0.333333333",)]


# ---- engines -------------------------------------------------------------------------------


ELSEWHERE = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "CREATE TABLE shop_old (id int) ENGINE=MyISAM", "DROP TABLE shop_old"
            )
        ]
"""


@pytest.fixture
def elsewhere(shop: Project) -> Project:
    """A history whose second file states an engine that this server lacks."""
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    shop.write("shop/migrations/0002_old.py", ELSEWHERE)
    shop.succeeds("db_generate", "--name", "second", "--noinput")
    shop.succeeds("db_migrate", "--replay", "--to", "0001")
    text = (shop.history / "0002_second.sql").read_text()
    has = next(sql for sql in statements_of(text) if "MyISAM" in sql)
    lacks = has.replace("MyISAM", "NoSuchEngine")
    replace_in(shop, "0002_second.sql", {has: lacks})
    replace_in(shop, "0002_second.deltas.json", {sha256(has): sha256(lacks)})
    return shop


def test_an_engine_that_the_server_lacks_is_refused_by_it(elsewhere: Project) -> None:
    failed = elsewhere.run("db_migrate")

    assert_told(failed, "The server has no engine NoSuchEngine, or it is disabled (SHOW ENGINES;)")
    assert "shop_old" not in elsewhere.tables()


def test_a_file_of_before_says_that_another_engine_was_taken(elsewhere: Project) -> None:
    replace_in(elsewhere, "0002_second.sql", {",NO_ENGINE_SUBSTITUTION": ""})

    ran = elsewhere.succeeds("db_migrate")

    assert "0002_second, statement 1: the server lacks the engine that it states" in ran.stdout
    ((_, made),) = elsewhere.sql("SHOW CREATE TABLE shop_old")
    assert "ENGINE=InnoDB" in made


def test_a_key_that_a_compact_table_does_not_take_names_its_row_format(
    own_server: PrivateServer, shop: Project
) -> None:
    shop.edit("shop/models.py", "max_length=40", "max_length=250, unique=True")
    shop.succeeds("db_generate", "--name", "first", "--noinput")

    with globally(own_server, innodb_default_row_format="'compact'"):
        failed = shop.run("db_migrate", "--replay")

    assert_told(failed, "whose ROW_FORMAT is COMPACT or REDUNDANT", "= 'DYNAMIC'")


def test_a_server_that_takes_no_table_without_a_primary_key(
    own_server: PrivateServer, shop: Project
) -> None:
    if own_server.family != "mysql":
        pytest.skip("MariaDB has no sql_require_primary_key")
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    shop.write("shop/migrations/0002_log.py", KEYLESS)
    shop.succeeds("db_generate", "--name", "second", "--noinput")

    with globally(own_server, sql_require_primary_key=1):
        failed = shop.run("db_migrate", "--replay")
        assert "0001_first" in shop.run("db_status").stdout

    assert_told(failed, "shop_log would have no primary key", "(sql_require_primary_key)")
