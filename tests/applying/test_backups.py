"""No file takes data away before a dump of it was taken, or was declined."""

from __future__ import annotations

import json
import os
import secrets
import signal
import stat
from pathlib import Path

import pytest

from tests.applying import vault
from tests.scenario import Project, kill


def test_without_a_choice_nothing_runs_where_nobody_can_be_asked(full_vault: Project) -> None:
    outcome = full_vault.run("db_migrate")

    assert outcome.code == 2
    assert outcome.stderr.startswith(
        "0003_loses.sql loses data:\n"
        "    column vault_item.payload (3 rows)\n"
        "    column vault_item.extra (3 rows)\n"
        "    column vault_item.name, varchar(40) -> varchar(20) (3 rows)\n"
        "    column vault_item.price, decimal(10,4) -> decimal(10,2) (3 rows)\n"
        "    column vault_item.seen, datetime(6) -> datetime (3 rows)\n"
        "    column vault_pair.value (3 rows)\n"
        "    table vault_old (2 rows)\n"
        "    rows of vault_log (it holds 3 rows)\n"
        "  Now:   nothing was run\n"
    )
    assert "--backup DIR" in outcome.stderr
    assert "--no-backup" in outcome.stderr
    assert full_vault.applied() == ["vault.0001_initial"]


def test_empty_tables_need_no_backup(empty_vault: Project) -> None:
    outcome = empty_vault.succeeds("db_migrate")

    assert "ackup" not in outcome.stdout + outcome.stderr


def test_a_fresh_database_needs_none(empty_vault: Project) -> None:
    empty_vault.recreate_database()

    empty_vault.succeeds("db_migrate", "--replay")


def test_the_plan_says_what_is_lost_and_that_a_backup_is_due(full_vault: Project) -> None:
    shown = full_vault.succeeds("db_migrate", "--plan").stdout
    document = full_vault.succeeds("db_migrate", "--plan", "--json").json

    assert "  Loses data, so a backup is taken first (--backup DIR, or --no-backup):" in shown
    assert "    table vault_old (2 rows)" in shown
    assert [file["backup_due"] for file in document["files"]] == [False, True]
    assert {"table": "vault_old", "column": "", "rows": 2, "kind": "table", "how": ""} in document[
        "files"
    ][1]["losses"]


def test_a_backup_is_a_dump_and_a_manifest_that_only_its_owner_reads(full_vault: Project) -> None:
    outcome = full_vault.succeeds("db_migrate", "--backup", "safe/dumps")

    (folder,) = vault.backups_in(full_vault.path / "safe" / "dumps")
    manifest = json.loads((folder / "backup.json").read_text())
    assert folder.name.startswith(f"{full_vault.database}-0003_loses-20")
    assert f"✓ Backup: safe/dumps/{folder.name}  (4 tables, 11 rows, " in outcome.stdout
    assert manifest["tables"] == {
        "vault_item": 3, "vault_pair": 3, "vault_old": 2, "vault_log": 3,
    }  # fmt: skip
    assert manifest["file"]["name"] == "0003_loses"
    assert (manifest["direction"], manifest["attempt"]) == ("up", 1)
    assert "0x00FF0A0D5C27" in (folder / "dump.sql").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["backup.json", "dump.sql"]
    assert _mode(folder) == 0o700
    assert {_mode(path) for path in folder.iterdir()} == {0o600}
    assert full_vault.sql("SELECT path, sha256 FROM nestflux_backup") == [
        (str(folder), manifest["dump"]["sha256"])
    ]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_status_shows_it(full_vault: Project) -> None:
    full_vault.succeeds("db_migrate", "--backup", "safe")
    (folder,) = vault.backups_in(full_vault.path / "safe")

    shown = full_vault.succeeds("db_status").stdout
    files = full_vault.succeeds("db_status", "--json").json["files"]

    assert f"  safe/{folder.name}" in shown
    assert [file["backup"] for file in files] == ["", "", str(folder)]


def test_it_can_be_declined(full_vault: Project) -> None:
    outcome = full_vault.succeeds("db_migrate", "--no-backup")

    assert "No backup is taken before 0003_loses.sql, which loses:\n    column vault_item" in (
        outcome.stdout
    )
    assert full_vault.sql("SELECT COUNT(*) FROM nestflux_backup") == [(0,)]


def test_on_a_terminal_it_is_taken_by_default(full_vault: Project) -> None:
    outcome = full_vault.on_a_terminal("db_migrate")

    assert outcome.code == 0, str(outcome)
    (folder,) = vault.backups_in(full_vault.path / "backups")
    assert f"✓ Backup: backups/{folder.name}" in outcome.stdout.replace("\n", "")


def test_a_person_who_is_not_to_be_asked_must_choose(full_vault: Project) -> None:
    assert full_vault.on_a_terminal("db_migrate", "--noinput").code == 2


def test_stock_migrate_follows_the_same_rule(full_vault: Project) -> None:
    refused = full_vault.run("migrate", "--noinput")
    taken = full_vault.succeeds("migrate", "--backup", "safe")

    assert refused.code == 2
    assert "python manage.py migrate --backup DIR" in refused.stderr
    assert "✓ Backup: safe/" in taken.stdout


def test_a_test_database_is_neither_backed_up_nor_refused(full_vault: Project) -> None:
    full_vault.write(
        "vault/tests.py",
        """
        from django.core.management import call_command
        from django.db import connection
        from django.test import TransactionTestCase

        class Losing(TransactionTestCase):
            def test_a_losing_file_is_applied_to_rows(self):
                call_command("migrate", "vault", "0002", verbosity=0)
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO vault_log (id, text) VALUES (1, 'a'), (2, 'b')")
                call_command("migrate", verbosity=0, interactive=False)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT id FROM vault_log")
                    self.assertEqual(cursor.fetchall(), ((1,),))
        """,
    )

    outcome = full_vault.run("test", "--noinput")

    assert outcome.code == 0, str(outcome)
    assert "Ran 1 test" in outcome.stderr
    assert not (full_vault.path / "backups").exists()


def test_a_table_that_an_earlier_file_of_the_run_fills_stops_before_its_loss(
    empty_vault: Project,
) -> None:
    empty_vault.sql("INSERT INTO vault_source VALUES (1, 'x')")

    stopped = empty_vault.run("db_migrate")

    assert stopped.code == 1
    assert "✓ Applied migration: 0002_fills.sql" in stopped.stdout
    assert "0003_loses.sql loses data: column vault_late.text (1 row)." in stopped.stderr
    assert "this file was not begun" in stopped.stderr
    empty_vault.succeeds("db_migrate", "--no-backup")


class TestTheTool:
    def test_a_missing_one_is_reported_before_anything_runs(
        self, full_vault: Project, tmp_path: Path
    ) -> None:
        outcome = full_vault.run("db_migrate", "--backup", "safe", env={"PATH": str(tmp_path)})

        assert outcome.code == 2
        assert "No backup can be taken: PATH has no m" in outcome.stderr
        assert full_vault.applied() == ["vault.0001_initial"]

    def test_one_of_the_other_family_is_reported(self, full_vault: Project) -> None:
        other = (
            "mysqldump  Ver 9.7.4 for Linux" if full_vault.server.family == "mariadb" else "MariaDB"
        )
        env = vault.a_tool(full_vault, "exit 1")
        tool = next((full_vault.path / "tools").iterdir())
        tool.write_text(f"#!/bin/sh\necho '{other}'\n")

        outcome = full_vault.run("db_migrate", "--backup", "safe", env=env)

        assert outcome.code == 2
        assert f"({other}), and the server is M" in outcome.stderr

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("$REAL \"$@\" | head -c 300; echo 'Got errno 28 on write' >&2; exit 5", "errno 28"),
            ('$REAL "$@" | head -c 300', "ended before the dump was complete"),
            ('$REAL "$@" | grep -v two', "the dump holds 2 rows of vault_"),
        ],
    )
    def test_one_that_fails_stops_before_the_file(
        self, full_vault: Project, script: str, said: str
    ) -> None:
        before = vault.all_rows(full_vault)

        outcome = full_vault.run(
            "db_migrate", "--backup", "safe", env=vault.a_tool(full_vault, script)
        )

        assert outcome.code == 1
        assert "No backup could be taken before 0003_loses.sql: " in outcome.stderr
        assert said in outcome.stderr
        assert vault.all_rows(full_vault) == before
        assert list((full_vault.path / "safe").iterdir()) == []

    def test_it_gets_the_password_by_its_environment_only(self, full_vault: Project) -> None:
        password = "s3cret-of-the-vault"
        env = vault.a_tool(full_vault, 'echo "$@" > arguments; exec $REAL "$@"')
        grant = f"ALL PRIVILEGES ON `{full_vault.database}`.*"

        with full_vault.a_user(f"u{secrets.token_hex(4)}", password, grant) as url:
            outcome = full_vault.succeeds(
                "db_migrate", "--backup", "safe", env={**env, "DATABASE_URL": url}
            )

        (folder,) = vault.backups_in(full_vault.path / "safe")
        told = outcome.stdout + outcome.stderr + (folder / "backup.json").read_text()
        assert "--single-transaction" in full_vault.read("arguments")
        assert password not in full_vault.read("arguments")
        assert password not in told

    def test_a_run_that_dies_while_it_dumps_leaves_no_backup(self, full_vault: Project) -> None:
        begun = full_vault.path / "begun"
        script = '$REAL "$@" | head -c 300; echo $$ > pid; mv pid begun; exec sleep 300'
        process = full_vault.start(
            "db_migrate", "--backup", "safe", env=vault.a_tool(full_vault, script)
        )
        while not begun.exists():
            assert process.poll() is None, process.communicate()
        kill(process)
        os.kill(int(begun.read_text()), signal.SIGKILL)

        assert vault.backups_in(full_vault.path / "safe") == []
        assert full_vault.sql("SELECT COUNT(*) FROM nestflux_backup") == [(0,)]
        full_vault.succeeds("db_migrate", "--backup", "safe")
        assert len(vault.backups_in(full_vault.path / "safe")) == 1


def test_a_file_that_died_after_its_backup_is_not_backed_up_again(full_vault: Project) -> None:
    full_vault.sql(
        "CREATE TABLE in_the_way (code varchar(10) PRIMARY KEY, "
        "FOREIGN KEY (code) REFERENCES vault_old (code))"
    )
    failed = full_vault.run("db_migrate", "--backup", "safe")
    full_vault.sql("DROP TABLE in_the_way")

    finished = full_vault.succeeds("db_migrate")

    assert failed.code == 1
    assert "Backup" not in finished.stdout
    assert len(vault.backups_in(full_vault.path / "safe")) == 1


def test_a_rollback_takes_one_where_it_is_asked_to(full_vault: Project) -> None:
    full_vault.succeeds("db_rollback", "--yes", "--backup", "safe")  # drops every table

    (folder,) = vault.backups_in(full_vault.path / "safe")
    assert json.loads((folder / "backup.json").read_text())["direction"] == "down"


def test_a_rollback_with_yes_takes_none_by_itself(full_vault: Project) -> None:
    outcome = full_vault.succeeds("db_rollback", "--yes")

    assert "ackup" not in outcome.stdout
