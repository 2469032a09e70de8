"""Running a story: a copy of this repository in a folder, with a database of its own.

States in which a story starts:

========  ======================================================================================
fresh     the repository after the guide's worked example, and before that of production.md, which
          the stories of the other documents leave out; the database exists and is empty
migrated  the same, after ``db_migrate``
stock     the same; Django's own executor migrated the database, there is no ledger
at-0001   before ``avatar_url`` and ``phone_number`` were added to ``identity.User``: neither in
          the model nor in a migration, a history of one file, and that one applied
legacy    a project that has no apps but ``nestflux``; the database exists and is empty
adopting  another project: an app ``shop``, no ``nestflux``, and a database that ``migrate`` made
========  ======================================================================================
"""

from __future__ import annotations

import compileall
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs import changes
from tests.docs.documents import REPOSITORY, Block, Story, Typed, agrees, stories, typed
from tests.scenario import MYSQL_PROGRAMS, TestServer

# What a clone holds and a reader's commands need.
_COPIED = (
    ".gitignore",
    "manage.py",
    "pyproject.toml",
    "nestflux",
    "identity",
    "blog",
    "migrations_sql",
    "scripts",
)
_GENERATED = re.compile(r"✓ Generated migration file: (\w+)\.sql")


@dataclass
class Reader:
    """Somebody who types what a document shows."""

    path: Path
    server: TestServer
    database: str
    names: dict[str, str] = field(default_factory=dict)  # a codename: printed → drawn
    code: int = 0

    def follow(self, block: Block) -> None:
        """Do what a block says; an assertion fails where something else comes out."""
        if block.language == "console":
            if len(block.info) == 1 or self.server.family in block.info[1:]:
                for each in typed(block):
                    self._type(each, block.line)
        elif block.info[:2] == ("diff", "apply"):
            changes.apply(self._drawn(block.text), self.path)
        elif path := block.value("write"):
            target = self.path / self._drawn(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"{self._drawn(block.text)}\n", encoding="utf-8")
        elif path := block.value("file"):
            text = self._printed((self.path / self._drawn(path)).read_text(encoding="utf-8"))
            _require(block.text, text, f"line {block.line}: {path}")

    def run(self, command: str) -> str:
        """A shell command's output, both streams as a terminal shows them."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.path,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.code = done.returncode
        return done.stdout

    def succeeds(self, command: str) -> None:
        output = self.run(command)
        assert self.code == 0, f"$ {command}\n{output}"

    def _type(self, each: Typed, line: int) -> None:
        if each.command == "echo $?":
            assert each.expected == (str(self.code),), f"line {line}: exit code {self.code}"
            self.code = 0
            return
        assert self.code == 0, f"before line {line}: exit code {self.code}, and no `echo $?`"
        output = self.run(self._drawn(each.command))
        expected = "\n".join(each.expected)
        self._learn_names(expected, output)
        _require(expected, self._printed(output), f"line {line}: $ {each.command}")

    def _learn_names(self, expected: str, output: str) -> None:
        for printed, drawn in zip(
            _GENERATED.findall(expected), _GENERATED.findall(output), strict=False
        ):
            self.names[printed] = drawn

    def _drawn(self, text: str) -> str:
        """A document's text with the names that were drawn in this run."""
        for printed, drawn in self.names.items():
            text = text.replace(printed, drawn)
        return text

    def _printed(self, text: str) -> str:
        """The other way round, and without this run's folder."""
        for printed, drawn in self.names.items():
            text = text.replace(drawn, printed)
        return text.replace(str(self.path), "/srv/nestflux").replace(self.database, "nestflux")

    def _environment(self) -> dict[str, str]:
        path = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        if self.server.family == "mysql" and MYSQL_PROGRAMS.is_dir():
            path.insert(0, str(MYSQL_PROGRAMS))
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in ("HOME", "LANG", "SHADOW_MARIADB_URL", "SHADOW_MYSQL_URL")
        }
        return {
            **kept,
            "PATH": os.pathsep.join(path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DEBUG": "true",
            "SECRET_KEY": "only-for-tests",
            "DATABASE_URL": self.server.database_url(self.database),
            # git, where a document shows it, asks neither a person nor this machine's settings.
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{
                f"GIT_{who}_{what}": value
                for who in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
            },
        }


def _require(expected: str, actual: str, place: str) -> None:
    assert agrees(expected, actual), f"{place}\n--- expected\n{expected}\n--- actual\n{actual}"


def copy_of_the_repository(path: Path) -> None:
    """What a clone holds, as it is in the working folder."""
    path.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, path / name, ignore=ignored, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, path / name)
    _compile(path)


_MANAGE = """\
import os

from nestflux.management.start import main

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
main()
"""
_SETTINGS = """\
import os
from pathlib import Path

from nestflux.environment import database_from_url

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"], variable="DATABASE_URL")}
INSTALLED_APPS = ["nestflux"]
"""


def a_project_without_apps(path: Path) -> None:
    """What a person begins with who has a database and no models."""
    path.mkdir(parents=True)
    (path / "manage.py").write_text(_MANAGE, encoding="utf-8")
    (path / "settings.py").write_text(_SETTINGS, encoding="utf-8")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "nestflux", path / "nestflux", ignore=ignored)
    _compile(path)


_STOCK_MANAGE = """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
"""
_STOCK_SETTINGS = """\
import os
from pathlib import Path

from nestflux.environment import database_from_url

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"], variable="DATABASE_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

INSTALLED_APPS = [
    "shop",
    "django.contrib.auth",
    "django.contrib.contenttypes",
]
"""
_SHOP_MODELS = """\
from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=40)
    price = models.DecimalField(max_digits=8, decimal_places=2)


class Sale(models.Model):
    product = models.ForeignKey(Product, models.PROTECT)
    sold_at = models.DateTimeField()
    channel = models.CharField(max_length=8, choices=[("web", "Web"), ("store", "Store")])
"""
_SHOP_INITIAL = """\
import django.db.models.deletion
from django.db import migrations, models

ID = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", ID.clone()),
                ("name", models.CharField(max_length=40)),
                ("price", models.DecimalField(decimal_places=2, max_digits=8)),
            ],
        ),
        migrations.CreateModel(
            name="Sale",
            fields=[
                ("id", ID.clone()),
                ("sold_at", models.DateTimeField()),
                ("channel", models.CharField(choices=[("web", "Web")], max_length=8)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="shop.product"
                    ),
                ),
            ],
        ),
    ]
"""


def a_project_of_stock_django(path: Path) -> None:
    """A project that never heard of NestFlux. A model has a choice that no migration has: makers of
    migrations forget those first."""
    files = {
        "manage.py": _STOCK_MANAGE,
        "settings.py": _STOCK_SETTINGS,
        "shop/__init__.py": "",
        "shop/models.py": _SHOP_MODELS,
        "shop/migrations/__init__.py": "",
        "shop/migrations/0001_initial.py": _SHOP_INITIAL,
    }
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "nestflux", path / "nestflux", ignore=ignored)
    _compile(path)


def _compile(path: Path) -> None:
    """A reader's commands write no bytecode, since two edits within a second would meet a stale
    one; and to compile everything at each start is half of what a command costs."""
    assert compileall.compile_dir(path, quiet=1)


def before_the_worked_examples(path: Path) -> None:
    """Take back the change that the guide's worked example makes, and before it that of
    production.md."""
    changes.apply(_change_of("production.md", "partitions"), path, backwards=True)
    changes.apply(_change_of(*_WORKED), path, backwards=True)
    for number in (2, 3):
        for module in (path / "identity" / "migrations").glob(f"{number:04}_*.py"):
            module.unlink()
    shutil.rmtree(path / "migrations_sql", ignore_errors=True)


def make_the_worked_example(reader: Reader) -> None:
    """The guide's, recorded under the name that this repository's file has."""
    changes.apply(_change_of(*_WORKED), reader.path)
    reader.succeeds("python manage.py db_generate --name amazing_spiderman")


_WORKED = ("database-development.md", "add two columns to user")


def _change_of(document: str, name: str) -> str:
    """The first diff of a story."""
    story = next(s for s in stories(REPOSITORY / "docs" / document) if s.name == name)
    return next(block.text for block in story.blocks if block.info[:2] == ("diff", "apply"))


# ``migrate`` as it is without NestFlux.
_STOCK = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
executor.migrate(executor.loader.graph.leaf_nodes())
"""


def bring(reader: Reader, state: str) -> None:
    """Bring the reader's empty database into the state in which a story starts."""
    if state == "stock":
        reader.succeeds(f"python manage.py shell -v 0 -c {shlex.quote(_STOCK)}")
    elif state == "adopting":
        reader.succeeds("python manage.py migrate")
    elif state not in ("fresh", "legacy"):
        reader.succeeds("python manage.py db_migrate")


def tell(story: Story, reader: Reader) -> None:
    """Run a whole story."""
    for block in story.blocks:
        reader.follow(block)
    assert reader.code == 0, f"the last command ended with {reader.code}, and no `echo $?`"
