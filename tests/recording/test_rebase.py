"""Two branches each added a file, and git merges them: one command makes it one history."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import require_fidelity, statements, up_file
from tests.recording.test_families import BOTH, NOBODY, other_server
from tests.scenario import Outcome, Project

ITEM = """
    from django.db import models

    class {model}(models.Model):
        code = models.CharField(max_length=20)
"""
NAME = "        name = models.CharField(max_length={length}, default='', db_default='')\n"


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """In git, with one file."""
    return in_git(project)


def in_git(project: ProjectFactory, settings: str = "") -> Project:
    made = project(
        {
            "shop": {"models.py": ITEM.format(model="Item")},
            "depot": {"models.py": ITEM.format(model="Shelf")},
        },
        settings=settings,
    )
    made.write(".gitignore", "__pycache__/\n")
    made.succeeds("db_generate", "--name", "initial")
    git(made, "init", "-q", "-b", "main")
    git(made, "config", "user.email", "ann@example.com")
    git(made, "config", "user.name", "Ann")
    commit(made)
    return made


def git(shop: Project, *args: str, code: int = 0) -> Outcome:
    done = shop.run_program("git", *args)
    assert done.code == code, str(done)
    return done


def commit(shop: Project) -> None:
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "…")


def branch_with(shop: Project, name: str, app: str, model: str, length: int = 10) -> None:
    """A branch of main on which a model gets a field, with its file."""
    git(shop, "switch", "-q", "main")
    git(shop, "switch", "-qc", name)
    shop.write(f"{app}/models.py", ITEM.format(model=model) + NAME.format(length=length))
    shop.succeeds("db_generate", "--name", name)
    commit(shop)


def merged(shop: Project, *names: str) -> None:
    """Into main, the last of them with a conflict."""
    git(shop, "switch", "-q", "main")
    for name in names[:-1]:
        git(shop, "merge", "-q", name)
    git(shop, "merge", "-q", names[-1], code=1)


def in_conflict(shop: Project) -> None:
    """Two branches, each with the second file of an app of its own, and main before the merge of
    the later one is settled."""
    branch_with(shop, "shelves", "depot", "Shelf")
    branch_with(shop, "names", "shop", "Item")
    merged(shop, "shelves", "names")


def test_a_merge_conflict_is_one_command(shop: Project) -> None:
    in_conflict(shop)
    refused = shop.run("db_generate")

    done = shop.succeeds("db_generate", "--rebase", "0002_names")

    assert "db_generate --rebase FILE" in refused.stderr
    assert "✓ Recorded again: 0003_names.sql (was 0002_names.sql)" in done.lines
    assert f"  {shop.server.family}: the same statements" in done.lines
    assert sorted(path.name for path in shop.history.glob("0*[a-z].sql")) == [
        "0001_initial.down.sql",
        "0001_initial.sql",
        "0002_shelves.down.sql",
        "0002_shelves.sql",
        "0003_names.down.sql",
        "0003_names.sql",
    ]
    commit(shop)
    assert shop.run("db_generate", "--check").code == 0
    assert shop.run("db_check").code == 0
    require_fidelity(shop)


def test_the_other_branch_may_be_the_one_that_follows(shop: Project) -> None:
    in_conflict(shop)

    shop.succeeds("db_generate", "--rebase", "0002_shelves.sql")

    assert [path.stem for path in sorted(shop.history.glob("000[23]_*[!n].sql"))] == [
        "0002_names",
        "0003_shelves",
    ]
    assert shop.run("db_check").code == 0


def test_a_database_that_ran_the_old_file_knows_it_again(shop: Project) -> None:
    branch_with(shop, "shelves", "depot", "Shelf")
    branch_with(shop, "names", "shop", "Item")
    shop.succeeds("db_migrate")
    merged(shop, "shelves", "names")

    shop.succeeds("db_generate", "--rebase", "0002_names")
    applied = shop.succeeds("db_migrate")

    assert "0002_names ran already as 0003_names: the same statements" in applied.stdout
    assert "✓ Applied migration: 0002_shelves.sql" in applied.stdout
    assert shop.columns("shop_item") == ["id", "code", "name"]
    assert shop.columns("depot_shelf") == ["id", "code", "name"]


def test_on_top_of_the_others_it_may_be_other_sql(shop: Project) -> None:
    """A MODIFY says all of a column: also what the other branch made of it."""
    shop.write("shop/models.py", ITEM.format(model="Item") + NAME.format(length=10))
    shop.succeeds("db_generate", "--name", "names")
    commit(shop)
    git(shop, "switch", "-qc", "longer")
    shop.edit("shop/models.py", "max_length=10", "max_length=30")
    shop.succeeds("db_generate", "--name", "longer")
    commit(shop)
    git(shop, "switch", "-q", "main")
    git(shop, "switch", "-qc", "table")
    shop.edit("shop/models.py", "name = ", "title = ")
    shop.succeeds("db_generate", "--name", "title", "--rename", "shop.Item.name=title")
    commit(shop)
    git(shop, "switch", "-q", "main")
    git(shop, "merge", "-q", "table")
    git(shop, "merge", "-q", "longer", code=1)
    git(shop, "checkout", "--ours", "shop/models.py")
    shop.edit("shop/models.py", "max_length=10", "max_length=30")
    # As a person settles Django's own conflict: the later one follows the other.
    (longer,) = (shop.path / "shop/migrations").glob("0003_alter_*.py")
    text = longer.read_text(encoding="utf-8").replace(
        "0002_item_name", "0003_rename_name_item_title"
    )
    renamed = longer.with_name("0004_alter_item_title.py")
    renamed.write_text(text.replace("name='name'", "name='title'"), encoding="utf-8")
    longer.unlink()

    done = shop.succeeds("db_generate", "--rebase", "0003_longer")

    assert f"  {shop.server.family}: other SQL than before:" in done.lines
    assert any(line.startswith("    - ALTER TABLE") and "`name`" in line for line in done.lines)
    assert any(line.startswith("    + ALTER TABLE") and "`title`" in line for line in done.lines)
    assert "`title` varchar(30)" in statements(up_file(shop, "0004_longer"))[0]
    assert shop.run("db_check").code == 0


def test_what_merges_two_migrations_of_an_app_goes_into_the_last_file(shop: Project) -> None:
    branch_with(shop, "names", "shop", "Item")
    git(shop, "switch", "-q", "main")
    git(shop, "switch", "-qc", "counts")
    count = "        count = models.IntegerField(default=0)\n"
    shop.write("shop/models.py", ITEM.format(model="Item") + count)
    shop.succeeds("db_generate", "--name", "counts")
    commit(shop)
    merged(shop, "names", "counts")
    shop.write("shop/models.py", ITEM.format(model="Item") + NAME.format(length=10) + count)
    refused = shop.run("db_generate", "--rebase", "0002_counts")
    shop.succeeds("makemigrations", "--merge", "--noinput")

    shop.succeeds("db_generate", "--rebase", "0002_counts")

    assert refused.code == 2
    assert "makemigrations --merge" in refused.stderr
    sections = [section.migration for section in up_file(shop, "0003_counts").sections]
    assert [name.split("_")[0] for name in sections] == ["shop.0002", "shop.0003"]
    assert shop.run("db_check").code == 0
    require_fidelity(shop)


def test_two_files_of_a_branch_stay_two(shop: Project) -> None:
    branch_with(shop, "shelves", "depot", "Shelf")
    branch_with(shop, "names", "shop", "Item")
    shop.edit("shop/models.py", "max_length=10", "max_length=30")
    shop.succeeds("db_generate", "--name", "longer")
    commit(shop)
    merged(shop, "shelves", "names")

    done = shop.succeeds("db_generate", "--rebase", "0002_names", "0003_longer")

    assert [line for line in done.lines if line.startswith("✓")] == [
        "✓ Recorded again: 0003_names.sql (was 0002_names.sql)",
        "✓ Recorded again: 0004_longer.sql (was 0003_longer.sql)",
    ]
    assert len(statements(up_file(shop, "0003_names"))) == 1
    assert len(statements(up_file(shop, "0004_longer"))) == 1
    assert not (shop.history / "0003_longer.sql").exists()
    assert shop.run("db_check").code == 0
    require_fidelity(shop)


def test_a_schema_that_git_merged_by_itself_is_made_anew(shop: Project) -> None:
    in_conflict(shop)
    snapshot = shop.history / "schema.sql"
    snapshot.write_text("-- neither side's\n", encoding="utf-8")

    shop.succeeds("db_generate", "--rebase", "0002_names")

    assert shop.run("db_check").code == 0
    require_fidelity(shop)


def test_whatever_fails_changes_nothing(shop: Project) -> None:
    in_conflict(shop)
    (module,) = (shop.path / "shop/migrations").glob("0002_*.py")
    module.write_text(module.read_text(encoding="utf-8").replace("'name'", "'code'"))
    before = {path.name: path.read_bytes() for path in shop.history.iterdir()}

    failed = shop.run("db_generate", "--rebase", "0002_names")

    assert failed.code == 1, str(failed)
    assert "Traceback" not in failed.stderr
    assert {path.name: path.read_bytes() for path in shop.history.iterdir()} == before


def test_a_file_that_the_merge_did_not_bring_is_asked_for(shop: Project) -> None:
    in_conflict(shop)
    (shop.history / "0002_shelves.sql").unlink()

    failed = shop.run("db_generate", "--rebase", "0002_names")

    assert failed.code == 2
    assert "0002_shelves.sql is not in the folder" in failed.stderr


def test_without_its_old_text_every_statement_is_new(shop: Project) -> None:
    in_conflict(shop)
    (shop.history / "0002_names.sql").unlink()

    done = shop.succeeds("db_generate", "--rebase", "0002_names")

    assert any(line.startswith("    + ALTER TABLE `shop_item`") for line in done.lines)
    assert shop.run("db_check").code == 0


def test_git_is_not_needed(shop: Project) -> None:
    """The markers in the files say all: as where somebody merged with another tool."""
    in_conflict(shop)
    shutil.rmtree(shop.path / ".git")

    shop.succeeds("db_generate", "--rebase", "0002_names")

    assert shop.run("db_check").code == 0


def test_a_family_that_is_behind_holds_none_of_it_and_stays_behind(
    project: ProjectFactory, family: str
) -> None:
    other, url = other_server(family)
    shop = in_git(project, BOTH.format(other=other, url=url))
    shop.edit("settings.py", url, NOBODY)
    commit(shop)
    in_conflict(shop)

    done = shop.succeeds("db_generate", "--rebase", "0002_names")

    assert "✓ Recorded again: 0003_names.sql (was 0002_names.sql)" in done.lines
    assert f"python manage.py db_generate --family {other}" in done.stdout
    shop.edit("settings.py", NOBODY, url)
    shop.succeeds("db_generate", "--family", other)
    assert shop.run("db_check").code == 0


def test_a_family_that_holds_it_and_cannot_be_reached_falls_behind(
    project: ProjectFactory, family: str
) -> None:
    other, url = other_server(family)
    shop = in_git(project, BOTH.format(other=other, url=url))
    in_conflict(shop)
    shop.edit("settings.py", url, NOBODY)
    refused = shop.run("db_generate", "--rebase", "0002_names")
    snapshot = f"migrations_sql/{other}/schema.sql"

    git(shop, "checkout", "-q", "HEAD", "--", snapshot)
    done = shop.succeeds("db_generate", "--rebase", "0002_names")

    assert f"git checkout HEAD -- {snapshot}" in refused.stderr
    files = sorted(path.name for path in (shop.path / "migrations_sql" / other).glob("0*"))
    assert files
    assert not [name for name in files if "names" in name]
    assert "is behind since 0003_names.sql" in done.stdout
    shop.edit("settings.py", NOBODY, url)
    shop.succeeds("db_generate", "--family", other)
    assert shop.run("db_check").code == 0


def test_where_no_family_can_be_reached_the_merge_stays_open(
    project: ProjectFactory, family: str
) -> None:
    other, url = other_server(family)
    shop = in_git(project, BOTH.format(other=other, url=url))
    in_conflict(shop)
    shop.write("settings.py", shop.read("settings.py").replace(url, NOBODY))
    before = everything(shop)

    refused = shop.run("db_generate", "--rebase", "0002_names", env={"DATABASE_URL": NOBODY})

    assert refused.code == 1, str(refused)
    assert "nothing was written" in refused.stderr
    assert everything(shop) == before


def everything(shop: Project) -> dict[str, bytes]:
    paths = (shop.path / "migrations_sql").rglob("*")
    return {str(path): path.read_bytes() for path in paths if path.is_file()}
