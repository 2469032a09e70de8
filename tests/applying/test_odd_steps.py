"""Steps that do not behave: they raise, close their connection, commit, or are irreversible."""

from __future__ import annotations

from tests.scenario import Project

UP_TO_DATE = "Database is up to date!"
ODD = """
    import os
    from django.db import migrations


    def odd(apps, editor):
        connection = editor.connection
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shop_product SET price = price + 100")
        mode = os.environ.get("ODD", "")
        if mode == "closes":
            connection.close()
        if mode == "loses":
            global thief
            thief = connection.copy()
            connection.close()
            with thief.cursor() as cursor:
                cursor.execute("SELECT GET_LOCK(CONCAT('nestflux:', DATABASE()), 60)")
        if mode == "commits":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE TABLE shop_product")
        if mode in ("raises", "commits"):
            raise RuntimeError("the data is not what it should be")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_titles")]
        operations = [
            migrations.RunPython(odd, migrations.RunPython.noop, atomic={atomic}),
            migrations.RunSQL("UPDATE shop_product SET price = price + 1000",
                              migrations.RunSQL.noop),
        ]
"""
PRICES = "SELECT price FROM shop_product"


def _with_odd_step(shop: Project, *, atomic: bool) -> None:
    shop.succeeds("db_migrate")
    shop.write("shop/migrations/0004_odd.py", ODD.format(atomic=atomic))
    shop.succeeds("db_generate", "--name", "odd", "--noinput")


def test_an_atomic_step_that_raises_is_undone_and_runs_again(shop: Project) -> None:
    _with_odd_step(shop, atomic=True)

    failed = shop.run("db_migrate", env={"ODD": "raises"})
    after_failure = shop.sql(PRICES)
    shop.succeeds("db_migrate")

    assert failed.code == 1
    assert "0003_odd.sql, step 1 of 2 failed: RuntimeError" in failed.stderr
    assert "0004_odd.py, line" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert after_failure == [(11,), (11,)]
    assert shop.sql(PRICES) == [(1111,), (1111,)]


def test_a_step_outside_a_transaction_that_raises_is_left_to_a_person(shop: Project) -> None:
    _with_odd_step(shop, atomic=False)

    shop.run("db_migrate", env={"ODD": "raises"})
    stopped = shop.run("db_migrate")

    assert stopped.code == 1
    assert "is unknown whether it ran" in stopped.stderr
    assert "db_resolve 0003_odd.sql 1 --ran | --did-not-run" in stopped.stderr
    assert shop.sql(PRICES) == [(111,), (111,)]


def test_a_step_that_commits_by_itself_and_raises_is_left_to_a_person(shop: Project) -> None:
    _with_odd_step(shop, atomic=True)

    shop.run("db_migrate", env={"ODD": "commits"})
    stopped = shop.run("db_migrate")

    assert stopped.code == 1
    assert "it committed a part of its work by itself, and then failed" in stopped.stderr
    assert shop.sql(PRICES) == [(111,), (111,)]


def test_a_step_that_closes_its_connection_gets_the_lock_again(shop: Project) -> None:
    _with_odd_step(shop, atomic=False)

    shop.succeeds("db_migrate", env={"ODD": "closes"})

    assert shop.sql(PRICES) == [(1111,), (1111,)]
    assert shop.succeeds("db_status", "--json").json["up_to_date"]


def test_a_step_that_loses_the_lock_to_another_deploy_is_the_last_that_runs(
    shop: Project,
) -> None:
    _with_odd_step(shop, atomic=False)

    stopped = shop.run("db_migrate", env={"ODD": "loses"})

    assert stopped.code == 1
    assert "nothing more was run" in stopped.stderr
    assert shop.sql(PRICES) == [(111,), (111,)]
    assert "is unknown whether it ran" in shop.run("db_migrate").stderr


def test_data_in_a_table_without_transactions_is_named_undecidable(shop: Project) -> None:
    _with_odd_step(shop, atomic=True)
    shop.sql("ALTER TABLE shop_product DROP FOREIGN KEY " + _foreign_key(shop))
    shop.sql("ALTER TABLE shop_product ENGINE = MyISAM")

    shop.succeeds("db_migrate")

    rows = shop.sql(
        "SELECT undecidable FROM nestflux_statement s JOIN nestflux_sql_migration m "
        "ON m.id = s.sql_migration_id WHERE m.name = '0003_odd' AND s.kind = 'data'"
    )
    assert rows == [("the table shop_product is MyISAM, which knows no transactions",)]


def test_the_unapplied_rest_of_a_failed_file_may_be_edited_and_accepted(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.write(
        "shop/migrations/0004_sums.py",
        """
        from django.db import migrations
        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_titles")]
            operations = [
                migrations.RunSQL("UPDATE shop_product SET price = price + 100",
                                  migrations.RunSQL.noop),
                migrations.RunSQL("UPDATE shop_product SET name = 'same'",
                                  migrations.RunSQL.noop),
            ]
        """,
    )
    shop.succeeds("db_generate", "--name", "sums", "--noinput")
    shop.sql("UPDATE shop_product SET price = 5")
    shop.sql("UPDATE shop_product SET name = 'other' WHERE id = 2")
    shop.sql("ALTER TABLE shop_product ADD CONSTRAINT theirs UNIQUE (name, price)")

    failed = shop.run("db_migrate")
    shop.edit(
        f"migrations_sql/{shop.server.family}/0003_sums.sql",
        "SET name = 'same'",
        "SET name = CONCAT('same', id)",
    )
    shop.succeeds("db_generate", "--accept", "0003_sums.sql")
    finished = shop.succeeds("db_migrate")

    assert "statement 2 of 2 failed" in failed.stderr
    assert "statement 1 of this file is applied" in failed.stderr
    assert finished.lines[-1] == UP_TO_DATE
    assert shop.sql("SELECT name, price FROM shop_product ORDER BY id") == [
        ("same1", 105),
        ("same2", 105),
    ]
    assert shop.succeeds("db_migrate").lines == [UP_TO_DATE]


def test_a_statement_that_ran_may_not_be_edited(shop: Project) -> None:
    _with_odd_step(shop, atomic=True)
    shop.run("db_migrate", "--to", "0003", env={"ODD": "raises"})
    shop.sql("UPDATE nestflux_statement SET state = 'done' WHERE state = 'failed'")
    shop.sql(
        "UPDATE nestflux_statement SET sha256 = REPEAT('0', 64) WHERE sql_migration_id = "
        "(SELECT id FROM nestflux_sql_migration WHERE name = '0003_odd') AND ordinal = 1"
    )

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "was changed while it is half applied: statement 1 ran" in refused.stderr


def test_an_irreversible_file_is_refused_before_anything_is_undone(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.write(
        "shop/migrations/0004_no_way_back.py",
        """
        from django.db import migrations
        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_titles")]
            operations = [migrations.RunSQL("UPDATE shop_product SET price = 0")]
        """,
    )
    shop.succeeds("db_generate", "--name", "no_way_back", "--noinput")
    shop.succeeds("db_migrate")

    refused = shop.run("db_rollback", "--to", "zero", "--yes")

    assert refused.code == 2
    assert "0003_no_way_back cannot be undone" in refused.stderr
    assert len(shop.applied()) == 4


def _foreign_key(shop: Project) -> str:
    return str(
        shop.sql(
            "SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
            "WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'shop_product'"
        )[0][0]
    )
