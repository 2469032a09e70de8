"""``db_resolve``: what nobody but a person can decide, through the real commands."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.scenario import Outcome, Project, kill

UP_TO_DATE = "Database is up to date!"
# Adds up, so that a step that ran twice shows; hangs where a test wants to kill it.
SUMS = """
    import os
    import time
    from pathlib import Path
    from django.db import migrations


    def add(apps, editor):
        with editor.connection.cursor() as cursor:
            cursor.execute("UPDATE shop_product SET price = price + 100")
        pause()


    def take(apps, editor):
        with editor.connection.cursor() as cursor:
            cursor.execute("UPDATE shop_product SET price = price - 100")
        pause()


    def pause():
        if "HANGS" in os.environ:
            Path(os.environ["HANGS"]).touch()
            time.sleep(60)
        if "RAISES" in os.environ:
            raise RuntimeError("the data is not what it should be")


    class Migration(migrations.Migration):
        atomic = False
        dependencies = [("shop", "0003_titles")]
        operations = [migrations.RunPython(add, take), *MORE]
"""
MORE = """
MORE = [migrations.RunSQL("UPDATE shop_product SET price = price + 1000",
                          "UPDATE shop_product SET price = price - 1000"),
        migrations.RunPython(add, take)]
"""
RESOLVE = ("db_resolve", "0003_sums.sql", "1")


@pytest.fixture
def sums(shop: Project) -> Project:
    """A project whose third file has one step, outside any transaction."""
    return _with_sums(shop, "MORE = []\n")


@pytest.fixture
def longer(shop: Project) -> Project:
    """A project whose third file has such a step at its beginning and at its end."""
    return _with_sums(shop, MORE.lstrip("\n"))


def _with_sums(shop: Project, more: str) -> Project:
    shop.succeeds("db_migrate")
    path = shop.write("shop/migrations/0004_sums.py", SUMS)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("class Migration", f"{more}\n\nclass Migration"), encoding="utf-8")
    shop.succeeds("db_generate", "--name", "sums", "--noinput")
    return shop


def _killed(shop: Project, *command: str) -> None:
    """Kill a command in the middle of its Python step."""
    reached = shop.path / "reached"
    reached.unlink(missing_ok=True)
    process = shop.start(*command, env={"HANGS": str(reached)})
    _wait_for(reached)
    kill(process)
    _wait_until_free(shop)


def _wait_for(path: Path) -> None:
    for _ in range(300):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the step was not reached")


def _wait_until_free(shop: Project) -> None:
    """The server notices within moments that a killed client is gone."""
    for _ in range(300):
        if shop.sql("SELECT IS_FREE_LOCK(%s)", [f"nestflux:{shop.database}"]) == [(1,)]:
            return
        time.sleep(0.1)
    raise AssertionError("the lock was not given back")


def _prices(shop: Project) -> list[int]:
    return [row[0] for row in shop.sql("SELECT price FROM shop_product ORDER BY id")]


def _rows_of(shop: Project) -> list[tuple[object, ...]]:
    return shop.sql(
        "SELECT ordinal, s.state, note FROM nestflux_statement s "
        "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
        "WHERE m.name = '0003_sums' ORDER BY s.attempt, s.direction DESC, ordinal"
    )


def test_a_killed_step_is_left_to_db_resolve_and_recorded_as_done(sums: Project) -> None:
    _killed(sums, "db_migrate")

    asked = sums.run("db_migrate")
    resolved = sums.succeeds(*RESOLVE, "--ran", "--yes")

    assert asked.code == 1
    assert "db_resolve 0003_sums.sql 1 --ran | --did-not-run" in asked.stderr
    assert resolved.lines[-1] == (
        "✓ Marked as done: 0003_sums.sql, statement 1. 0003_sums.sql is applied."
    )
    assert sums.applied()[-1] == "shop.0004_sums"
    assert _rows_of(sums) == [(1, "done", "a person said that it ran")]
    assert sums.succeeds("db_status", "--json").json["up_to_date"]
    assert sums.succeeds("db_migrate").lines == [UP_TO_DATE]
    assert _prices(sums) == [111, 111]


def test_a_killed_step_that_did_not_run_is_run_by_the_next_db_migrate(sums: Project) -> None:
    _killed(sums, "db_migrate")
    sums.sql("UPDATE shop_product SET price = price - 100")

    resolved = sums.succeeds(*RESOLVE, "--did-not-run", "--yes")
    found = (_rows_of(sums), sums.applied()[-1])
    sums.succeeds("db_migrate")

    assert resolved.lines[-1] == (
        "✓ Put back: 0003_sums.sql, statement 1, will be run. Next: python manage.py db_migrate"
    )
    assert found == ([(1, "pending", "a person said that it did not run")], "shop.0003_titles")
    assert sums.applied()[-1] == "shop.0004_sums"
    assert _prices(sums) == [111, 111]


def test_the_next_step_is_not_begun_by_an_answer(longer: Project) -> None:
    _killed(longer, "db_migrate")

    resolved = longer.succeeds(*RESOLVE, "--ran", "--yes")
    states = [row[1] for row in _rows_of(longer)]
    finished = longer.succeeds("db_migrate")

    assert "Next: python manage.py db_migrate" in resolved.lines[-1]
    assert states == ["done", "pending", "pending"]
    assert finished.lines[-1] == UP_TO_DATE
    assert _prices(longer) == [1211, 1211]


def test_without_an_answer_the_evidence_is_shown(longer: Project) -> None:
    failed = longer.run("db_migrate", env={"RAISES": "1"})

    shown = longer.run(*RESOLVE)

    assert failed.code == 1
    assert shown.code == 1
    assert shown.lines == [
        "0003_sums.sql, statement 1 of 3, was begun and not finished:",
        "    python step shop.0004_sums/0",
        "It is unknown whether it ran: a Python step that is not atomic.",
        "It had failed with: RuntimeError: the data is not what it should be",
        "Nothing was changed. Look at the database, then run one of:",
        "    python manage.py db_resolve 0003_sums.sql 1 --ran           marks it as done",
        "    python manage.py db_resolve 0003_sums.sql 1 --did-not-run   "
        "the next db_migrate runs it",
    ]
    assert longer.run("db_status").code == 1


def test_a_terminal_is_asked(sums: Project) -> None:
    _killed(sums, "db_migrate")

    no = sums.on_a_terminal(*RESOLVE, "--ran", answers="n\n")
    nobody = sums.run(*RESOLVE, "--ran")
    still = _rows_of(sums)
    yes = sums.on_a_terminal(*RESOLVE, "--ran", answers="y\n")

    assert (no.code, nobody.code, yes.code) == (2, 2, 0)
    assert "Mark it as done? [y/N]" in no.stdout
    assert "db_resolve 0003_sums.sql 1 --ran --yes" in nobody.stderr
    assert [row[1] for row in still] == ["started"]
    assert sums.applied()[-1] == "shop.0004_sums"


@pytest.mark.parametrize("ran", [True, False])
def test_a_rollback_is_resolved_and_finished(sums: Project, ran: bool) -> None:
    sums.succeeds("db_migrate")
    sums.sql("DELETE FROM heard")
    _killed(sums, "db_rollback", "--yes")
    asked = sums.run("db_rollback", "--yes")

    if ran:
        resolved = sums.succeeds(*RESOLVE, "--ran", "--yes")
    else:
        sums.sql("UPDATE shop_product SET price = price + 100")
        resolved = sums.succeeds(*RESOLVE, "--did-not-run", "--yes")
        assert "Next: python manage.py db_rollback" in resolved.lines[-1]
        sums.succeeds("db_rollback", "--yes")

    assert asked.code == 1
    assert "0003_sums.down.sql, statement 1" in resolved.stdout
    assert sums.applied()[-1] == "shop.0003_titles"
    assert _prices(sums) == [11, 11]
    assert sums.sql("SELECT * FROM heard") == [("post_migrate",)]
    status = sums.succeeds("db_status", "--json").json
    assert (status["files"][-1]["state"], status["post_migrate_pending"]) == ("pending", False)


def test_ddl_that_leaves_no_trace_shows_both_readings(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.write(
        "shop/migrations/0004_emptied.py",
        """
        from django.db import migrations
        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_titles")]
            operations = [migrations.RunSQL("TRUNCATE TABLE shop_product", migrations.RunSQL.noop)]
        """,
    )
    shop.succeeds("db_generate", "--name", "emptied", "--noinput")
    _interrupted(shop, "0003_emptied")

    shown = shop.run("db_resolve", "3", "1")
    resolved = shop.succeeds("db_resolve", "3", "1", "--did-not-run", "--yes")
    shop.succeeds("db_migrate", "--no-backup")

    assert shown.code == 1
    assert "    TRUNCATE TABLE shop_product" in shown.lines
    assert "It is unknown whether it ran: TRUNCATE leaves no trace in the schema." in (shown.lines)
    assert any("table shop_product / column price: int" in line for line in shown.lines)
    assert shown.lines[-4] == "    (nothing)"
    assert "✓ Put back" in resolved.stdout
    assert _prices(shop) == []


def _interrupted(shop: Project, name: str) -> None:
    """Leave a file as a deploy leaves it that dies when its first statement was just begun."""
    outcome = shop.python(
        f"""
        from nestflux.applying.run.context import Options
        from nestflux.applying.run.migrate import migrate
        from nestflux.applying.target import open_target
        from nestflux.applying.run.attempt import Attempt
        from nestflux.applying.backups.choice import NOT_ASKED

        class Died(BaseException):
            pass

        def die(self, task):
            self.context.outbox.send()
            raise Died

        Attempt._step = die
        try:
            migrate(open_target("default"), options=Options(backup=NOT_ASKED))
        except Died:
            print("died in {name}")
        """
    )
    assert outcome.stdout == f"died in {name}\n", str(outcome)


def _refused(outcome: Outcome) -> str:
    assert outcome.code == 2, str(outcome)
    assert "Now:   nothing was changed" in outcome.stderr
    return outcome.stderr.splitlines()[0]


def test_where_nothing_is_in_flight_it_is_refused(shop: Project) -> None:
    before = _refused(shop.run("db_resolve", "0001", "1", "--ran", "--yes"))
    shop.succeeds("db_migrate")
    after = _refused(shop.run("db_resolve", "0001", "1", "--ran", "--yes"))

    assert before == after == "No file is half applied: there is nothing to resolve."


def test_another_step_than_the_one_in_flight_is_refused(longer: Project) -> None:
    longer.run("db_migrate", env={"RAISES": "1"})

    another_file = _refused(longer.run("db_resolve", "0002_second", "1", "--ran", "--yes"))
    another_step = _refused(longer.run("db_resolve", "0003_sums.sql", "2", "--ran", "--yes"))

    assert another_file == (
        "In flight is 0003_sums.sql, statement 1, and not 0002_second, statement 1."
    )
    assert another_step.endswith("and not 0003_sums.sql, statement 2.")
    assert [row[1] for row in _rows_of(longer)] == ["failed", "pending", "pending"]


def test_what_a_reading_decides_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.write(
        "shop/migrations/0004_wider.py",
        """
        from django.db import migrations
        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_titles")]
            operations = [migrations.RunSQL("ALTER TABLE shop_product ADD COLUMN wide int",
                                            "ALTER TABLE shop_product DROP COLUMN wide")]
        """,
    )
    shop.succeeds("db_generate", "--name", "wider", "--noinput")
    _interrupted(shop, "0003_wider")

    refused = shop.run("db_resolve", "0003_wider.sql", "1", "--ran", "--yes")

    assert "Nobody needs to be asked" in _refused(refused)
    assert "the schema shows that it did not run" in refused.stderr
    assert shop.succeeds("db_migrate").lines[-1] == UP_TO_DATE


def test_while_a_deploy_is_at_work_it_is_refused(sums: Project) -> None:
    reached = sums.path / "reached"
    process = sums.start("db_migrate", env={"HANGS": str(reached)})
    try:
        _wait_for(reached)
        refused = _refused(sums.run(*RESOLVE, "--ran", "--yes"))
    finally:
        kill(process)
        process.communicate()

    assert "Another deploy holds the lock" in refused


def test_ran_and_did_not_run_exclude_each_other(shop: Project) -> None:
    outcome = shop.run(*RESOLVE, "--ran", "--did-not-run")

    assert outcome.code == 2
    assert "not allowed with" in outcome.stderr
