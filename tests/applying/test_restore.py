"""What a file lost comes back from its backup, together with the rollback of the file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nestflux.applying.backups.bringing_back import table_restores
from nestflux.applying.backups.restore import require_latest
from nestflux.applying.backups.scratch_tables import DumpedTable, tables_of
from nestflux.exceptions import LedgerConflict, Refused
from nestflux.history.data_loss import Lost
from nestflux.ledger.backups import BackupRow
from nestflux.ledger.rows import LedgerFile, LedgerState
from tests.applying import vault
from tests.scenario import Project


@pytest.fixture
def lost(full_vault: Project) -> Project:
    """A project whose data is gone, and lies in ``safe/``."""
    full_vault.succeeds("db_migrate", "--backup", "safe")
    return full_vault


def folder_of(project: Project) -> Path:
    (found,) = vault.backups_in(project.path / "safe")
    return found


def test_everything_is_as_it_was(full_vault: Project) -> None:
    before, schema = vault.all_rows(full_vault), full_vault.sql("SHOW CREATE TABLE vault_old")
    full_vault.succeeds("db_migrate", "--backup", "safe")
    assert vault.all_rows(full_vault) != before

    outcome = full_vault.succeeds("db_restore", "0003_loses", "--yes")

    assert vault.all_rows(full_vault) == before
    assert full_vault.sql("SHOW CREATE TABLE vault_old") == schema
    assert full_vault.applied() == ["vault.0001_initial", "vault.0002_fills"]
    assert f"✓ Restored: safe/{folder_of(full_vault).name}" in outcome.stdout
    assert "vault_old: 2 rows brought back\n" in outcome.stdout
    assert "vault_log: 2 rows brought back; 1 row there already\n" in outcome.stdout
    assert [t for t in full_vault.tables() if "restore" in t] == []
    assert full_vault.sql("SELECT COUNT(*) FROM nestflux_backup WHERE restored_at IS NULL") == [
        (0,)
    ]


def test_a_zero_as_a_key_and_the_sites_own_sql_mode_change_nothing(full_vault: Project) -> None:
    full_vault.settings(
        """
        DATABASES["default"]["OPTIONS"]["init_command"] = (
            "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+05:00'"
        )
        """
    )
    connection = full_vault.server.connect(full_vault.database)
    cursor = connection.cursor()
    cursor.execute("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    cursor.execute(
        "INSERT INTO vault_item (id, stock, name, price, seen, payload) "
        "VALUES (0, 0, '\\\\', 0.0001, '2026-01-01 00:00:00.000001', X'5c')"
    )
    connection.close()
    before = vault.all_rows(full_vault)
    full_vault.succeeds("db_migrate", "--backup", "safe")

    full_vault.succeeds("db_restore", "0003", "--yes")

    assert vault.all_rows(full_vault) == before


def test_rows_made_changed_and_deleted_since_keep_what_became_of_them(lost: Project) -> None:
    lost.sql("DELETE FROM vault_item WHERE id = 2")
    lost.sql("UPDATE vault_item SET stock = 7 WHERE id = 1")
    lost.sql("INSERT INTO vault_item (id, stock, name, price, seen) VALUES (9, 1, 'new', 2, NOW())")
    lost.sql("UPDATE vault_log SET text = 'changed' WHERE id = 1")

    outcome = lost.succeeds("db_restore", str(folder_of(lost)), "--yes")

    items = lost.sql("SELECT id, stock, name, price, payload IS NULL FROM vault_item ORDER BY id")
    assert [(row[0], row[1], row[2], str(row[3]), row[4]) for row in items] == [
        (1, 7, "", "1.2345", 0),
        (3, 0, "three", "9999.9999", 1),
        (9, 1, "new", "2.0000", 1),
    ]
    assert lost.sql("SELECT text FROM vault_log ORDER BY id") == [
        ("changed",), ("two",), ("three",),
    ]  # fmt: skip
    assert (
        "vault_item.payload, extra, name, price, seen: the values of 2 rows brought back; "
        "1 row made since left as they are; 1 row deleted since not made again" in outcome.stdout
    )
    assert "Orphans: 1 row of vault_old whose item_id is not found in vault_item" in outcome.stdout


def test_it_is_done_once(lost: Project) -> None:
    lost.succeeds("db_restore", "0003", "--yes")
    lost.sql("UPDATE vault_item SET name = 'mine'")

    again = lost.succeeds("db_restore", "0003", "--yes")

    assert "0003_loses.sql: restored already, 20" in again.stdout
    assert lost.sql("SELECT DISTINCT name FROM vault_item") == [("mine",)]


def test_a_restore_that_takes_a_backup_of_its_own_is_still_the_one_of_before(lost: Project) -> None:
    first = lost.on_a_terminal("db_restore", "0003", answers="y\n")
    again = lost.on_a_terminal("db_restore", "0003", answers="y\n")

    assert "✓ Backup: backups/" in first.stdout, str(first)
    assert "✓ Restored: safe/" in first.stdout.replace("\n", "")
    assert "0003_loses.sql: restored already" in again.stdout
    assert lost.applied() == ["vault.0001_initial", "vault.0002_fills"]


def test_after_a_rollback_only_the_data_comes_back(lost: Project) -> None:
    lost.succeeds("db_rollback", "--yes")

    outcome = lost.succeeds("db_restore", "0003", "--yes")

    assert "0003_loses.sql is rolled back already." in outcome.stdout
    assert len(vault.all_rows(lost)["vault_old"]) == 2


def test_what_a_rollback_lost_comes_back_with_the_file(full_vault: Project) -> None:
    before = vault.all_rows(full_vault)
    full_vault.succeeds("db_rollback", "--yes", "--backup", "safe")
    assert vault.all_rows(full_vault) == {}

    outcome = full_vault.succeeds("db_restore", "0001_first", "--yes")

    assert "Applies 0001_first.sql again\n" in outcome.stdout
    assert vault.all_rows(full_vault) == before
    assert full_vault.applied() == ["vault.0001_initial"]


def test_the_plan_and_the_list_change_nothing(lost: Project) -> None:
    before = vault.all_rows(lost)

    plan = lost.succeeds("db_restore", "0003", "--plan")
    document = lost.succeeds("db_restore", "0003", "--plan", "--json").json
    listed = lost.succeeds("db_restore")

    assert "Undoes 0003_loses.sql" in plan.stdout
    assert "  table vault_old: its rows that are missing, of 2 rows\n" in plan.stdout
    assert document["rolls_back"] is True
    assert "0003_loses.sql, 20" in listed.stdout
    assert f"  safe/{folder_of(lost).name}" in listed.stdout
    assert vault.all_rows(lost) == before


def test_nobody_said_yes(lost: Project) -> None:
    assert lost.run("db_restore", "0003").code == 2
    assert lost.on_a_terminal("db_restore", "0003", answers="n\n").code == 2
    assert "vault_old" not in lost.tables()


def test_what_stands_in_the_way_is_reported_and_the_next_run_goes_on(lost: Project) -> None:
    lost.sql("ALTER TABLE vault_log ADD UNIQUE (text)")
    lost.sql("INSERT INTO vault_log VALUES (9, 'two')")

    failed = lost.run("db_restore", "0003", "--yes")
    nothing_yet = vault.rows(lost, "vault_old")
    lost.sql("DELETE FROM vault_log WHERE id = 9")
    lost.succeeds("db_restore", "0003", "--yes")

    assert failed.code == 1
    assert "The data could not be brought back: vault_log would hold 'two' twice" in failed.stderr
    assert "0003_loses.sql is rolled back, and none of the data is there yet" in failed.stderr
    assert nothing_yet == []
    assert len(vault.all_rows(lost)["vault_old"]) == 2


def test_one_that_dies_at_any_write_is_finished_by_the_next(empty_vault: Project) -> None:
    empty_vault.recreate_database()

    outcome = empty_vault.python("from tests.applying import restoring; restoring.walk()")

    assert outcome.code == 0, str(outcome)
    assert outcome.json["crashes"] >= 20
    assert any(sql.startswith("INSERT INTO `vault_old`") for sql in outcome.json["last"])
    assert outcome.json["differences"] == []


class TestARefusal:
    def test_a_damaged_dump(self, lost: Project) -> None:
        dump = folder_of(lost) / "dump.sql"
        dump.write_bytes(dump.read_bytes().replace(b"two", b"TWO"))

        assert "its hash differs" in self._refused(lost, "0003")

    def test_half_a_dump(self, lost: Project) -> None:
        dump = folder_of(lost) / "dump.sql"
        dump.write_bytes(dump.read_bytes()[:-100])

        assert "dump.sql is not complete" in self._refused(lost, "0003")

    def test_no_manifest(self, lost: Project) -> None:
        (folder_of(lost) / "backup.json").unlink()

        assert "it has no backup.json" in self._refused(lost, str(folder_of(lost)))

    def test_another_databases(self, lost: Project) -> None:
        shutil.copytree(folder_of(lost), lost.path / "theirs")
        lost.sql("DELETE FROM nestflux_backup")

        assert "knows no such backup" in self._refused(lost, "theirs")

    def test_a_file_that_was_applied_again_since(self, lost: Project) -> None:
        lost.succeeds("db_rollback", "--yes")
        lost.succeeds("db_migrate", "--no-backup")

        assert "went up or down again since" in self._refused(lost, "0003")

    def test_a_file_that_cannot_be_undone(self, lost: Project) -> None:
        lost.sql(
            "UPDATE nestflux_sql_migration SET down_text = REPLACE(down_text, %s, %s)",
            ("\n\nSET NAMES", "\n-- Notes:\n--   IRREVERSIBLE: no way back\n\nSET NAMES"),
        )

        refused = self._refused(lost, "0003")

        assert "0003_loses.sql cannot be undone" in refused
        assert "mysql OTHER_DATABASE < safe/" in refused

    def test_no_backup_of_that_name(self, lost: Project) -> None:
        assert "0002 is no folder, and no file" in self._refused(lost, "0002")

    @staticmethod
    def _refused(project: Project, which: str) -> str:
        before, applied = vault.all_rows(project), project.applied()
        outcome = project.run("db_restore", which, "--yes")
        assert outcome.code == 2, str(outcome)
        assert (vault.all_rows(project), project.applied()) == (before, applied)
        return outcome.stderr


# ---- whose turn it is ------------------------------------------------------------------------

BACKUP = BackupRow(1, "id3", "0003_c", "up", 1, "/safe", "0", {"t": 1}, [], "2026-03-01")
APPLIED = LedgerFile(
    "id3", "0003_c", "applied", "up", 1, "", "", "", "mysql", (), finished_at="2026-03-01 10:00"
)
LATER = replace(APPLIED, id="id4", name="0004_d", finished_at="2026-03-01 11:00")
UNDONE = replace(APPLIED, state="rolled_back", direction="down", attempt=2)


def test_the_last_applied_file_may_be_restored() -> None:
    earlier = replace(APPLIED, id="id2", finished_at="2026-03-01 09:00")

    assert require_latest(LedgerState(files=(earlier, APPLIED)), BACKUP) == APPLIED


def test_one_that_was_rolled_back_may_too() -> None:
    assert require_latest(LedgerState(files=(UNDONE,)), BACKUP) == UNDONE


def test_a_rollback_that_died_is_gone_on_with() -> None:
    dying = replace(UNDONE, state="rolling_back", finished_at="")

    assert require_latest(LedgerState(files=(dying,)), BACKUP) == dying


@pytest.mark.parametrize("file", [APPLIED, UNDONE])
def test_files_that_came_after_it_are_named(file: LedgerFile) -> None:
    with pytest.raises(Refused, match=r"0004_d\.sql must be undone first") as refused:
        require_latest(LedgerState(files=(file, LATER)), BACKUP)

    assert "db_rollback 0004_d, then db_restore 0003_c" in refused.value.then


def test_a_file_that_is_half_applied_is_finished_first() -> None:
    half = replace(LATER, state="failed", finished_at="")

    with pytest.raises(LedgerConflict, match="0004_d is half applied"):
        require_latest(LedgerState(files=(APPLIED, half)), BACKUP)


def test_another_attempt_is_not_what_lost_the_data() -> None:
    with pytest.raises(Refused, match="up or down again since"):
        require_latest(LedgerState(files=(replace(APPLIED, attempt=3),)), BACKUP)
    with pytest.raises(Refused, match="up or down again since"):
        require_latest(LedgerState(), BACKUP)


def test_what_a_rollback_lost_can_be_brought_back_while_it_is_the_last() -> None:
    taken = replace(BACKUP, direction="down", attempt=2)
    again = replace(APPLIED, attempt=3)

    assert require_latest(LedgerState(files=(UNDONE,)), taken) == UNDONE
    assert require_latest(LedgerState(files=(again,)), taken) == again
    dying = replace(UNDONE, state="rolling_back", finished_at="")
    with pytest.raises(LedgerConflict, match="half rolled back"):
        require_latest(LedgerState(files=(dying,)), taken)


def test_scratch_tables_have_the_character_sets_of_the_dump(tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    path.write_text(
        "CREATE TABLE `t` (\n"
        "  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n"
        "  `kind` enum('a)','b') COLLATE utf8mb4_bin DEFAULT 'a)',\n"
        "  `body` text /*M!100301 COMPRESSED*/ CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,\n"
        "  `sum` int(11) GENERATED ALWAYS AS (`id` + 1) VIRTUAL,\n"
        "  PRIMARY KEY (`id`)\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin;\n"
    )

    made = tables_of(path, ["t"])["t"]

    assert made.create == (
        "CREATE TABLE {name} (\n"
        "  `id` int(10) unsigned,\n"
        "  `kind` enum('a)','b') COLLATE utf8mb4_bin NULL,\n"
        "  `body` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,\n"
        "  `sum` int(11) NULL,\n"
        "  PRIMARY KEY (`id`)\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin"
    )
    assert made.own_columns == ("id", "kind", "body")


# ---- what can be brought back ----------------------------------------------------------------


def table(key: tuple[str, ...]) -> dict[str, DumpedTable]:
    return {"t": DumpedTable("t", {"id": "int", "a": "int", "b": "int"}, key, "")}


def test_a_table_comes_back_whole_and_columns_by_their_key() -> None:
    columns = (Lost("t", "column", "a"), Lost("t", "narrowed", "b", "x"))

    (whole,) = table_restores([Lost("t", "table")], table(()))
    (part,) = table_restores(columns, table(("id",)))

    assert (whole.whole_rows, whole.columns, whole.refusal) == (True, (), "")
    assert (part.whole_rows, part.columns, part.refusal) == (False, ("a", "b"), "")


def test_values_without_a_key_to_find_their_rows_by_are_refused() -> None:
    (without,) = table_restores([Lost("t", "column", "a")], table(()))
    (of_the_key,) = table_restores([Lost("t", "column", "id")], table(("id",)))

    assert without.refusal.startswith("t has no primary key")
    assert of_the_key.refusal.startswith("t.id is of the primary key")
