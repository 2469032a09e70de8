"""A history on disk: nothing is read that was not accepted, nothing is written by halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from nestflux.exceptions import HistoryError
from nestflux.history.folder import JOURNAL, SNAPSHOT, Folder
from nestflux.history.journal import Entry, Journal
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, Section, SqlFile, Statement, render
from nestflux.sql.statements import sha256

NAME = "0001_initial"
RECORD = FileRecord((), ()).dumps()


def sql_file(direction: Direction, sql: str) -> SqlFile:
    sections = (Section("blog.0001_initial", items=(Statement(sql),)),)
    return SqlFile(NAME, direction, "7f3c", "MariaDB 10.11.19", sections=sections)


UP = sql_file(Direction.UP, "CREATE TABLE t (a varchar(9) DEFAULT 'é')")
DOWN = sql_file(Direction.DOWN, "DROP TABLE t")
TEXTS = {
    f"{NAME}.sql": render(UP),
    f"{NAME}.down.sql": render(DOWN),
    f"{NAME}.deltas.json": RECORD,
    SNAPSHOT: "-- the schema\n",
}
ENTRY = Entry(
    name=NAME,
    id="7f3c",
    up=sha256(render(UP)),
    down=sha256(render(DOWN)),
    record=sha256(RECORD),
    migrations=("blog.0001_initial",),
    recorded_migrations=("blog.0001_initial",),
)
WHOLE = Journal("mariadb", entries=(ENTRY,), snapshot=sha256(TEXTS[SNAPSHOT]))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    written = Folder(tmp_path / "mariadb", "mariadb")
    written.stage(TEXTS, WHOLE).write()
    return written


def test_what_was_written_is_read_back(folder: Folder) -> None:
    assert folder.exists
    assert folder.journal == WHOLE
    assert folder.file(ENTRY) == UP
    assert folder.file(ENTRY, Direction.DOWN) == DOWN
    assert folder.record(ENTRY) == FileRecord((), ())
    assert folder.snapshot() == "-- the schema\n"
    assert folder.edited(ENTRY, Direction.UP) is None
    assert folder.unlisted() == []
    assert sorted(path.name for path in folder.path.iterdir()) == sorted([*TEXTS, JOURNAL])


def test_a_history_that_has_not_begun(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "mysql", "mysql")

    assert not folder.exists
    assert folder.journal == Journal("mysql")
    assert folder.unlisted() == []


@pytest.mark.parametrize("name", list(TEXTS))
def test_an_edited_file_is_refused_by_name(folder: Folder, name: str) -> None:
    path = folder.path / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    with pytest.raises(HistoryError) as caught:
        _read_all(folder)

    assert name in str(caught.value)


@pytest.mark.parametrize("name", list(TEXTS))
def test_a_missing_file_is_refused_with_the_way_to_get_it_back(folder: Folder, name: str) -> None:
    (folder.path / name).unlink()

    with pytest.raises(HistoryError) as caught:
        _read_all(folder)

    assert f"{name} is listed in journal.json and is not in the folder" in str(caught.value)
    assert f"git checkout -- {folder.path / name}" in str(caught.value)


@pytest.mark.parametrize("name", [*TEXTS, JOURNAL])
def test_a_file_that_is_not_utf_8_is_refused_by_name(folder: Folder, name: str) -> None:
    (folder.path / name).write_bytes(b"-- caf\xe9\n")

    with pytest.raises(HistoryError, match=name):
        _read_all(Folder(folder.path, "mariadb"))


def test_line_endings_changed_by_git_are_an_edit(folder: Folder) -> None:
    path = folder.path / f"{NAME}.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    with pytest.raises(HistoryError, match=NAME):
        folder.text(ENTRY, Direction.UP)


def test_an_edit_is_seen_as_a_value(folder: Folder) -> None:
    path = folder.up_path(NAME)
    path.write_text(path.read_text(encoding="utf-8").replace("varchar(9)", "varchar(10)"))

    edited = folder.edited(ENTRY, Direction.UP)

    assert edited is not None
    assert "varchar(10)" in edited.sections[0].steps[0].sql  # type: ignore[union-attr]


def test_an_edit_that_breaks_the_grammar_names_file_and_line(folder: Folder) -> None:
    folder.up_path(NAME).write_text(TEXTS[f"{NAME}.sql"] + "DROP TABLE u\n", encoding="utf-8")

    with pytest.raises(HistoryError) as caught:
        folder.edited(ENTRY, Direction.UP)

    assert "the last statement has no ';'" in str(caught.value)
    assert caught.value.where == str(folder.up_path(NAME))


def test_a_file_that_the_journal_does_not_list_is_unlisted(folder: Folder) -> None:
    (folder.path / "0002_late.sql").write_text("")
    (folder.path / "notes.sql").write_text("")

    assert folder.unlisted() == ["0002_late.sql"]


def test_files_without_a_journal_are_not_an_empty_history(folder: Folder) -> None:
    (folder.path / JOURNAL).unlink()

    with pytest.raises(HistoryError, match=r"holds SQL migrations and no journal\.json"):
        Folder(folder.path, "mariadb").journal  # noqa: B018


def test_a_history_of_the_other_family_is_refused(folder: Folder) -> None:
    with pytest.raises(HistoryError, match="recorded for mariadb, and the folder is mysql's"):
        Folder(folder.path, "mysql").journal  # noqa: B018


def test_a_folder_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "migrations_sql").write_text("a file in the folder's place")
    folder = Folder(tmp_path / "migrations_sql" / "mariadb", "mariadb")

    with pytest.raises(HistoryError, match="cannot be written") as caught:
        folder.stage(TEXTS, WHOLE)

    assert "nothing was changed" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["migrations_sql"]


def test_what_was_prepared_can_be_taken_back(tmp_path: Path) -> None:
    staged = Folder(tmp_path / "migrations_sql" / "mariadb", "mariadb").stage(TEXTS, WHOLE)

    staged.discard()

    assert list(tmp_path.iterdir()) == []


def test_nothing_counts_before_the_journal_is_written(folder: Folder) -> None:
    changed = {**TEXTS, SNAPSHOT: "-- another\n"}

    folder.stage(changed, Journal("mariadb"))

    assert folder.snapshot() == "-- the schema\n"
    assert len(folder.journal.entries) == 1


def _read_all(folder: Folder) -> None:
    entry = folder.journal.entries[0]
    folder.file(entry)
    folder.file(entry, Direction.DOWN)
    folder.record(entry)
    folder.snapshot()
