"""``db_migrate`` through the real command: what it applies, refuses, and says."""

from __future__ import annotations

import hashlib
import json
import signal
from typing import Any

import pytest
from django.core.management import load_command_class
from django.core.management.base import CommandError

from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.checks import the_setting_is_right
from nestflux.conf import LOCK_SETTINGS
from nestflux.ledger.lock_times import LockTimes
from nestflux.management.progress import Progress
from tests.scenario import Project, kill

UP_TO_DATE = "Database is up to date!"


def test_a_fresh_database_loads_the_snapshot_and_equals_a_replayed_one(shop: Project) -> None:
    loaded = shop.succeeds("db_migrate")
    after_load = _state(shop)
    shop.recreate_database()
    replayed = shop.succeeds("db_migrate", "--replay")

    assert loaded.lines[0].startswith("✓ Loaded schema.sql: 0001_first … 0002_second  (2 files, ")
    assert loaded.lines[-1] == UP_TO_DATE
    assert [line.split("  ")[0] for line in replayed.lines] == [
        "✓ Applied migration: 0001_first.sql",
        "✓ Applied migration: 0002_second.sql",
        UP_TO_DATE,
    ]
    assert _state(shop) == after_load


def test_files_are_applied_and_rolled_back_one_at_a_time(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    applied = shop.succeeds("db_migrate")
    columns_up = shop.columns("shop_product")
    undone = shop.succeeds("db_rollback", "--yes")

    assert applied.lines[0].startswith("✓ Applied migration: 0002_second.sql  (")
    assert applied.lines[-1] == UP_TO_DATE
    assert columns_up == ["id", "name", "category_id", "price"]
    assert "  column shop_product.price (2 rows)" in undone.lines
    assert undone.lines[-1].startswith("✓ Rolled back migration: 0002_second.sql  (")
    assert shop.columns("shop_product") == ["id", "name", "category_id"]
    assert shop.applied() == ["shop.0001_initial"]


def test_with_nothing_pending_one_query_runs_and_no_migration_is_imported(shop: Project) -> None:
    shop.succeeds("db_migrate")

    outcome = shop.python(
        """
        import json, sys
        from django.db import connection
        from nestflux.applying.run.migrate import migrate
        from nestflux.applying.target import open_target
        connection.ensure_connection()
        seen = []
        def note(execute, sql, params, many, context):
            seen.append(sql)
            return execute(sql, params, many, context)
        with connection.execute_wrapper(note):
            outcome = migrate(open_target("default"))
        print(json.dumps({
            "queries": len(seen),
            "imported": [name for name in sys.modules if ".migrations.0" in name],
            "nothing_done": outcome.nothing_done,
        }))
        """
    )

    assert outcome.json == {"queries": 1, "imported": [], "nothing_done": True}


def test_a_plan_shows_sql_and_verdicts_and_changes_nothing(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    before = _state(shop)

    text = shop.succeeds("db_migrate", "--plan").stdout
    document = shop.succeeds("db_migrate", "--plan", "--json").json

    assert "RENAME COLUMN `name` TO `title`" in text
    assert "python step" not in text
    assert "UPDATE shop_product SET price = price + 1" in text
    assert [file["name"] for file in document["files"]] == ["0002_second"]
    assert all(step["verdict"] for step in document["files"][0]["steps"] if step["kind"] == "ddl")
    assert _state(shop) == before


def test_a_failing_statement_is_reported_and_resumed_when_the_cause_is_fixed(
    shop: Project,
) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    shop.sql("INSERT INTO shop_category (id, name) VALUES (9, 'tools')")  # not unique

    failed = shop.run("db_migrate")
    status = shop.run("db_status")
    shop.sql("DELETE FROM shop_product WHERE category_id = 9")
    shop.sql("DELETE FROM shop_category WHERE id = 9")
    fixed = shop.succeeds("db_migrate")

    assert failed.code == 1
    assert "0002_second.sql, statement" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "changed nothing" in failed.stderr
    assert "Next:  fix the cause" in failed.stderr
    assert status.code == 1
    assert "failed, statement" in status.stdout
    assert "failed in an earlier run; running it again: it changed nothing" in fixed.stdout
    assert shop.sql("SELECT price FROM shop_product") == [(11,), (11,)]
    assert shop.succeeds("db_status", "--json").json["up_to_date"]


def test_a_waiter_names_the_holder_and_gives_up_with_exit_1(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    holder = shop.server.connect(shop.database)
    holder.cursor().execute("SELECT GET_LOCK(%s, 0)", [f"nestflux:{shop.database}"])

    waited = shop.run("db_migrate", "--lock", "TIMEOUT=0.5")

    assert waited.code == 1
    assert f"Waiting for another deploy: connection {holder.thread_id()}" in waited.stdout
    assert "Another deploy holds the lock" in waited.stderr
    holder.close()
    shop.succeeds("db_migrate")


def test_a_killed_run_is_finished_by_the_next(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    other = shop.server.connect(shop.database)
    other.cursor().execute("LOCK TABLES shop_product WRITE")

    process = shop.start("db_migrate", "--lock", "DDL_TIMEOUT=60")
    while not shop.sql("SELECT 1 FROM nestflux_statement WHERE state = 'started'"):
        assert process.poll() is None, process.communicate()
    kill(process)
    other.close()
    finished = shop.succeeds("db_migrate")

    assert "0002_second.sql, statement 1 was in flight" in finished.stdout
    assert shop.sql("SELECT price FROM shop_product") == [(11,), (11,)]
    assert shop.sql("SELECT outcome FROM nestflux_run ORDER BY id DESC LIMIT 2") == [
        ("done",),
        ("failed",),
    ]


def test_a_frozen_deploy_is_ended_and_finished_by_the_one_that_waits(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    other = shop.server.connect(shop.database)
    other.cursor().execute("LOCK TABLES shop_product READ")
    frozen = shop.start("db_migrate", "--lock", "DDL_TIMEOUT=60", "--lock", "HEARTBEAT=0.2")
    while not shop.sql(
        "SELECT 1 FROM nestflux_statement, nestflux_run WHERE nestflux_statement.state = 'started' "
        "AND nestflux_run.id = run_id AND heartbeat_at IS NOT NULL"
    ):
        assert frozen.poll() is None, frozen.communicate()

    frozen.send_signal(signal.SIGSTOP)
    waiting = shop.start("db_migrate", "--lock", "STALE_AFTER=1", "--lock", "HEARTBEAT=0.2")
    assert waiting.stdout is not None
    said = [waiting.stdout.readline(), waiting.stdout.readline()]
    other.close()
    waiting.communicate()
    frozen.send_signal(signal.SIGCONT)
    _, told = frozen.communicate()

    assert said[0].startswith("Waiting for another deploy: connection ")
    assert said[1].startswith("Ended a deploy without a heartbeat: connection ")
    assert waiting.returncode == 0
    assert frozen.returncode == 1
    assert "the next run finds out" in told
    assert shop.sql("SELECT price FROM shop_product") == [(11,), (11,)]


def test_a_table_that_others_use_is_tried_again_instead_of_waited_for(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    other = shop.server.connect(shop.database)
    other.cursor().execute("LOCK TABLES shop_product READ")

    process = shop.start("db_migrate", "--lock", "DDL_TIMEOUT=1")
    assert process.stdout is not None
    first = process.stdout.readline()
    other.close()
    rest, _ = process.communicate()

    assert "statement 1: locked by another connection; trying again in 1 s" in first
    assert process.returncode == 0
    assert rest.splitlines()[-1] == UP_TO_DATE


def test_another_branchs_file_is_left_alone(shop: Project) -> None:
    shop.succeeds("db_migrate")
    _check_out_the_branch_before(shop)
    for name in ("0002_prices", "0003_titles"):
        shop.remove(f"shop/migrations/{name}.py")

    status = shop.succeeds("db_status")
    left_alone = shop.succeeds("db_migrate")
    undone = shop.run("db_rollback", "--yes")

    assert "applied (another branch's)" in status.stdout
    assert left_alone.lines == [UP_TO_DATE]
    # The code of its Python step has gone with the branch: refused before anything runs.
    assert undone.code == 2
    assert "is not in the project any more" in undone.stderr
    assert shop.columns("shop_product") == ["id", "name", "category_id", "price"]


def test_another_branchs_file_is_rolled_back_from_the_text_in_the_ledger(shop: Project) -> None:
    shop.succeeds("db_migrate")
    _check_out_the_branch_before(shop)

    shop.succeeds("db_rollback", "--yes")

    assert shop.columns("shop_product") == ["id", "name", "category_id"]
    assert shop.applied() == ["shop.0001_initial"]


def _check_out_the_branch_before(shop: Project) -> None:
    """The second SQL migration's files are gone, and the journal does not know it."""
    journal = json.loads((shop.history / "journal.json").read_text())
    gone = journal["files"].pop()
    (shop.history / "journal.json").write_text(json.dumps(journal))
    for end in (".sql", ".down.sql", ".deltas.json"):
        (shop.history / f"{gone['name']}{end}").unlink()


def test_a_rebased_file_is_known_by_its_statements(shop: Project) -> None:
    shop.succeeds("db_migrate")
    _rebase(shop)

    migrated = shop.succeeds("db_migrate")

    assert migrated.lines == [
        "0002_second ran already as 0003_later: the same statements",
        UP_TO_DATE,
    ]
    assert shop.sql("SELECT name FROM nestflux_sql_migration ORDER BY 1") == [
        ("0001_first",),
        ("0003_later",),
    ]
    assert shop.succeeds("db_migrate").lines == [UP_TO_DATE]


def test_a_rebased_file_with_another_session_is_another_file(shop: Project) -> None:
    shop.succeeds("db_migrate")
    _rebase(shop, "SET foreign_key_checks = 1", "SET foreign_key_checks = 0")

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "shop.0002_prices, which 0003_later holds, ran here in 0002_second" in refused.stderr


def _rebase(shop: Project, old: str = "", new: str = "") -> None:
    """The second SQL migration under another number and id, with one text for another."""
    path = shop.history / "journal.json"
    journal = json.loads(path.read_text())
    entry = journal["files"][1]
    for end, kind in ((".sql", "up"), (".down.sql", "down"), (".deltas.json", "record")):
        before = shop.history / f"0002_second{end}"
        text = before.read_text().replace("0002_second", "0003_later")
        text = text.replace(entry["id"], "other").replace(old or "\0", new)
        (shop.history / f"0003_later{end}").write_text(text)
        before.unlink()
        entry[kind] = hashlib.sha256(text.encode()).hexdigest()
    entry.update(name="0003_later", id="other")
    path.write_text(json.dumps(journal))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *((name, ["0", "-1", "nan", "inf", "soon", ""]) for name in LOCK_SETTINGS),
        ("DDL_TIMEOUT", ["1.5"]),
        ("DDL_TRIES", ["1.5", "one"]),
        ("PATIENCE", ["1"]),
        ("timeout", ["1"]),
    ],
)
def test_wrong_lock_settings_are_refused_by_name(name: str, values: list[str]) -> None:
    for command in ("db_migrate", "db_rollback", "db_restore", "db_mark_applied"):
        parser = load_command_class("nestflux", command).create_parser("manage.py", command)
        for value in values:
            with pytest.raises(CommandError, match=name):
                parser.parse_args(["--lock", f"{name}={value}", "file"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"PATIENCE": 1}, "NESTFLUX[\"LOCK\"] has an unknown key 'PATIENCE'; known: ['TIMEOUT'"),
        ({"DDL_TRIES": 0}, 'NESTFLUX["LOCK"]["DDL_TRIES"]: 0 is not a whole number from 1 on'),
        ({"HEARTBEAT": "soon"}, "'soon' is not a number of seconds"),
        ({"STALE_AFTER": True}, "True is not a number of seconds"),
        ({"DDL_TIMEOUT": None}, "None is not a number of seconds"),
    ],
)
def test_wrong_lock_settings_are_found_by_the_checks(
    given: dict[str, object], says: str, settings: Any
) -> None:
    settings.NESTFLUX = {**settings.NESTFLUX, "LOCK": given}

    (message,) = the_setting_is_right()

    assert message.id == "nestflux.E003"
    assert says in message.msg


def test_the_setting_counts_and_the_option_counts_more(settings: Any) -> None:
    settings.NESTFLUX = {**settings.NESTFLUX, "LOCK": {"TIMEOUT": 30, "DDL_TRIES": 60}}
    command: Any = load_command_class("nestflux", "db_migrate")
    parser = command.create_parser("manage.py", "db_migrate")

    options = vars(parser.parse_args(["--lock", "DDL_TRIES=3", "--lock", "DDL_PAUSE=0.5"]))

    given = command.run_options(Progress(command.console()), options)

    assert given.lock == LockTimes(wait=30)
    assert given.retry == RetryPolicy(tries=3, first_pause=0.5)
    assert given.command == "db_migrate"


@pytest.mark.parametrize(
    ("old", "now"),
    [
        (("--lock-timeout", "5"), "--lock-timeout is gone: --lock TIMEOUT=VALUE, or NESTFLUX["),
        (("--ddl-lock-tries=5",), "--ddl-lock-tries is gone: --lock DDL_TRIES=VALUE"),
        (("--book", "0002"), "--book is gone: python manage.py db_mark_applied FILE"),
        (("--turn",), "--turn is gone: --to FILE, with the file whose rollback was begun"),
    ],
)
def test_an_option_of_before_is_answered_with_what_is_used_now(
    old: tuple[str, ...], now: str, shop: Project
) -> None:
    ended = shop.run("db_migrate", *old)

    assert (ended.code, now in ended.stderr) == (2, True), str(ended)
    assert old[0].partition("=")[0] not in shop.run("db_migrate", "--help").stdout.split()


def test_a_file_that_was_edited_is_refused(shop: Project) -> None:
    path = shop.history / "0002_second.sql"
    path.write_text(path.read_text().replace("price + 1", "price + 2"))

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "0002_second.sql is not the file that journal.json records" in refused.stderr
    assert shop.tables() == []


def test_a_server_with_other_features_is_refused_naming_them(shop: Project) -> None:
    path = shop.history / "journal.json"
    journal = json.loads(path.read_text())
    flag = "supports_table_check_constraints"
    journal["features"][flag] = not journal["features"][flag]
    path.write_text(json.dumps(journal))

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert f"{flag}: recorded no, here yes" in refused.stderr
    assert shop.tables() == []


def test_tables_without_a_ledger_are_refused_naming_db_baseline(shop: Project) -> None:
    shop.sql("CREATE TABLE theirs (id int)")

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "holds tables and no ledger" in refused.stderr
    assert "db_baseline" in refused.stderr
    assert shop.tables() == ["theirs"]


def test_what_another_executor_recorded_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    shop.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_prices', NOW())"
    )

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "shop.0002_prices is applied" in refused.stderr


def test_a_row_missing_from_django_migrations_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.sql("DELETE FROM django_migrations WHERE name = '0003_titles'")

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "django_migrations does not hold shop.0003_titles" in refused.stderr


def test_a_migration_without_sql_is_refused(shop: Project) -> None:
    shop.write(
        "shop/migrations/0004_more.py",
        """
        from django.db import migrations
        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_titles")]
        """,
    )

    refused = shop.run("db_migrate")

    assert refused.code == 2
    assert "shop.0004_more has no SQL" in refused.stderr
    assert "db_generate" in refused.stderr


def test_post_migrate_is_sent_again_when_a_permission_was_added(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.sql("DELETE FROM heard")

    shop.succeeds("db_migrate")
    same_models = shop.sql("SELECT * FROM heard")
    shop.edit(
        "shop/models.py",
        "    title = ",
        "    class Meta:\n        permissions = [('sell', 'May sell')]\n\n    title = ",
    )
    shop.succeeds("db_migrate")

    assert same_models == []
    assert shop.sql("SELECT * FROM heard") == [("post_migrate",)]


def _state(project: Project) -> dict[str, object]:
    """Schema and rows, with what stock Django and the ledger say is applied."""
    tables = [name for name in project.tables() if not name.startswith("nestflux_")]
    found: dict[str, object] = {
        name: (
            _definition(project, name),
            project.sql(f"SELECT * FROM `{name}`"),
        )
        for name in tables
        if name != "django_migrations"
    }
    found["applied"] = project.applied()
    if "nestflux_sql_migration" in project.tables():
        found["files"] = project.sql("SELECT name, state FROM nestflux_sql_migration ORDER BY name")
    return found


def _definition(project: Project, table: str) -> list[str]:
    """The lines of SHOW CREATE TABLE; the order of indexes is no difference."""
    ((_, text),) = project.sql(f"SHOW CREATE TABLE `{table}`")
    return sorted(line.strip().rstrip(",") for line in str(text).splitlines())
