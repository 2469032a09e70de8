"""Where files go: refused where they would be lost, cannot be written, or are another project's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nestflux.exceptions import HistoryError
from nestflux.history.folder import Folder
from tests.conftest import ProjectFactory
from tests.errors.test_bad_input import EVERY, refused
from tests.scenario import Project

MODELS = """
    from django.db import models

    class {name}(models.Model):
        name = models.CharField(max_length=40)
"""


def installed(project: Project, more: str = "NESTFLUX = {}") -> None:
    """As a product that pip installed whole: BASE_DIR lies among the packages."""
    project.settings(f"BASE_DIR = Path('/opt/site/lib/python3/site-packages')\n{more}")


class TestAmongThePackagesOfAnEnvironment:
    @EVERY
    def test_nothing_is_kept_there_by_default(self, shop: Project, command: str) -> None:
        installed(shop)

        outcome = refused(shop, command)

        assert 'NESTFLUX["DIRECTORY"]' in outcome.stderr
        assert "BASE_DIR = /opt/site/lib/python3/site-packages, environment " in outcome.stderr
        assert '"BACKUPS"' in outcome.stderr
        assert "Now:   nothing was changed" in outcome.stderr

    def test_check_says_so(self, shop: Project) -> None:
        installed(shop)

        outcome = shop.run("check")

        assert outcome.code == 1
        assert "nestflux.E003" in outcome.stderr

    def test_the_setting_is_the_cure(self, shop: Project) -> None:
        installed(shop, f'NESTFLUX = {{"DIRECTORY": "{shop.path}/migrations_sql"}}')

        shop.succeeds("db_generate")
        shop.succeeds("db_migrate")

    def test_backups_do_not_go_there_either(self, recorded: Project) -> None:
        recorded.succeeds("migrate")
        recorded.sql("INSERT INTO shop_product (name) VALUES ('first')")
        recorded.edit("shop/models.py", "name = models.CharField(max_length=40)", "pass")
        recorded.succeeds("db_generate", "--name", "less")
        installed(recorded, f'NESTFLUX = {{"DIRECTORY": "{recorded.path}/migrations_sql"}}')

        outcome = recorded.on_a_terminal("db_migrate", answers="y\n")

        assert outcome.code == 2
        assert 'NESTFLUX["BACKUPS"]' in outcome.stdout
        assert recorded.columns("shop_product") == ["id", "name"]


class TestAFolderThatCannotBeWritten:
    def test_a_file_stands_in_its_place(self, tmp_path: Path) -> None:
        tmp_path.joinpath("histories").write_text("a file")

        with pytest.raises(HistoryError, match="histories cannot be written: it is not a folder"):
            Folder(tmp_path / "histories" / "mysql", "mysql").require_writable()

    def test_a_missing_parent_is_made(self, tmp_path: Path) -> None:
        Folder(tmp_path / "a" / "b" / "mysql", "mysql").require_writable()

    def test_a_folder_of_somebody_elses(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.access", lambda path, mode: False)

        with pytest.raises(HistoryError) as raised:
            Folder(tmp_path / "mysql", "mysql").require_writable()

        assert raised.value.what == f"{tmp_path} cannot be written: Permission denied."
        assert raised.value.then

    def test_a_file_system_that_is_read_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.access", lambda path, mode: False)

        class ReadOnly:
            f_flag = 1

        monkeypatch.setattr("os.statvfs", lambda path: ReadOnly)

        with pytest.raises(HistoryError, match="Read-only file system"):
            Folder(Path("/srv"), "mysql").require_writable()

    def test_nothing_is_recorded_for_it(self, shop: Project) -> None:
        shop.settings('NESTFLUX["DIRECTORY"] = BASE_DIR / "manage.py" / "histories"')

        outcome = refused(shop, "db_generate")

        assert "manage.py" in outcome.stderr
        assert "Next:" in outcome.stderr


class TestTwoProjectsInOneFolder:
    @pytest.fixture
    def pair(self, project: ProjectFactory) -> tuple[Project, Project]:
        """Both with contrib apps; the second finds the history of the first in its folder."""
        contrib = ("django.contrib.contenttypes",)
        first = project({"shop": {"models.py": MODELS.format(name="Product")}}, contrib=contrib)
        second = project({"blog": {"models.py": MODELS.format(name="Post")}}, contrib=contrib)
        first.succeeds("db_generate")
        shutil.copytree(first.path / "migrations_sql", second.path / "migrations_sql")
        return first, second

    @pytest.mark.parametrize(
        "command",
        ["db_generate", "db_generate --check", "db_migrate", "db_status", "migrate", "db_check"],
    )
    def test_the_other_one_is_refused(self, pair: tuple[Project, Project], command: str) -> None:
        outcome = refused(pair[1], *command.split())

        assert "The history is another project's: it holds migrations of 'shop'" in outcome.stderr
        assert "none of 'blog'" in outcome.stderr
        assert str(pair[1].history) in outcome.stderr
        assert 'NESTFLUX["DIRECTORY"]' in outcome.stderr

    def test_an_app_that_was_removed_is_no_other_project(self, pair: tuple[Project, ...]) -> None:
        first, second = pair
        first.take_over(second.path, "blog")
        first.settings(apps=("django.contrib.contenttypes", "shop", "blog"))
        first.succeeds("db_generate", "--name", "blog")
        first.settings(apps=("django.contrib.contenttypes", "blog"))

        first.succeeds("db_migrate")
        assert "No changes detected" in first.succeeds("db_generate").stdout

    def test_a_process_with_packages_alone_applies_it(self, pair: tuple[Project, ...]) -> None:
        first, _ = pair
        first.settings(apps=("django.contrib.contenttypes",))

        first.succeeds("db_migrate")
