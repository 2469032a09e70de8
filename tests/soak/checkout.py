"""A folder with a project in it: models that are edited, files that are generated, a merge."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.scenario import Project
from tests.soak import steps
from tests.soak.description import Field, Model, Site
from tests.soak.edits import Edit
from tests.soak.stand import Entry

CONTRIB = ("django.contrib.contenttypes",)
APPS = ("tally", "depot", "shop")
FIRST = Site(
    (
        Model(
            "shop",
            "Box",
            (
                Field("code", "char", null=False, default="new", length=20),
                Field("amount", "integer", null=False, default=7),
            ),
        ),
        Model(
            "depot",
            "Shelf",
            (
                Field("note", "text"),
                Field("owner", "key", target="shop.Box"),
            ),
        ),
    )
)


@dataclass
class Checkout:
    """``site``: the models as they are written. Since it branched off: the edits, and the
    migrations that were written (``shop.0003_…``)."""

    path: Path
    family: str
    site: Site = FIRST
    edits: list[Edit] = field(default_factory=list)
    began_with: frozenset[str] = frozenset()  # ids of files

    @property
    def history(self) -> Path:
        return self.path / "migrations_sql" / self.family

    @property
    def entries(self) -> tuple[Entry, ...]:
        journal = self.history / "journal.json"
        if not journal.exists():
            return ()
        return Entry.of_journal(json.loads(journal.read_text(encoding="utf-8")))

    @property
    def own(self) -> tuple[Entry, ...]:
        """The files that were generated since it branched off."""
        return tuple(entry for entry in self.entries if entry.id not in self.began_with)

    def text(self, entry: Entry, ending: str) -> str:
        return (self.history / f"{entry.name}{ending}").read_text(encoding="utf-8")

    def is_irreversible(self, entry: Entry) -> bool:
        return "IRREVERSIBLE" in self.text(entry, ".down.sql").partition("\n\n")[0]

    def is_inexact(self, entry: Entry) -> bool:
        return "INEXACT" in self.text(entry, ".down.sql").partition("\n\n")[0]

    # ---- writing ---------------------------------------------------------------------------

    def write_models(self) -> None:
        for app in ("depot", "shop"):
            (self.path / app / "models.py").write_text(self.site.render(app), encoding="utf-8")

    def modules(self) -> dict[str, Path]:
        """Every migration of the project's own apps, ``shop.0001_initial``, with its file."""
        return {
            f"{app}.{path.stem}": path
            for app in APPS
            for path in sorted((self.path / app / "migrations").glob("0*.py"))
        }

    def fill(self, migration: str, kind: str) -> None:
        """Put a data step into an empty migration."""
        path = self.modules()[migration]
        text = steps.filled(path.read_text(encoding="utf-8"), kind, migration, self.site)
        path.write_text(text, encoding="utf-8")

    # ---- branches --------------------------------------------------------------------------

    def branched(self, path: Path) -> Checkout:
        """Another checkout of the same commit; both remember where they parted."""
        shutil.copytree(self.path, path)
        self.edits, self.began_with = [], frozenset(entry.id for entry in self.entries)
        return Checkout(path, self.family, self.site, [], self.began_with)

    def merges_with(self, theirs: Checkout) -> bool:
        """Can a person merge them without thought: no model is touched on both sides, and no
        migration has the same name."""
        here, there = self.new_modules(), theirs.new_modules()
        return not (self.touched() & theirs.touched()) and not (here.keys() & there.keys())

    def touched(self) -> frozenset[str]:
        """The models that its edits since it branched off depend on."""
        return frozenset(path for edit in self.edits for path in edit.touches if path)

    def new_modules(self) -> dict[str, Path]:
        """Migrations that no file held when it branched off."""
        before = {m for e in self.entries if e.id in self.began_with for m in e.migrations}
        return {name: path for name, path in self.modules().items() if name not in before}

    def take_over(self, theirs: Checkout) -> None:
        """What git leaves once the conflict in journal.json is resolved as the guide says: their
        files, both sides' models and modules, and one's own SQL files gone."""
        own = {name: path.read_text(encoding="utf-8") for name, path in self.new_modules().items()}
        shutil.rmtree(self.path)
        shutil.copytree(theirs.path, self.path)
        site = theirs.site
        for edit in self.edits:
            site = edit.apply(site)
        self.site = site
        self.write_models()
        for name, text in own.items():
            app, _, module = name.partition(".")
            (self.path / app / "migrations" / f"{module}.py").write_text(text, encoding="utf-8")

    def with_conflict(self, theirs: Checkout) -> tuple[str, str]:
        """journal.json as git leaves it, with its marks; and as they have it."""
        mine, others = (
            (one.history / "journal.json").read_text(encoding="utf-8") for one in (self, theirs)
        )
        return f"<<<<<<< HEAD\n{others}=======\n{mine}>>>>>>> ours\n", others


def projects_apps() -> dict[str, dict[str, str]]:
    """The apps of a new project, as new_project takes them."""
    return {
        "tally": {"models.py": steps.MODELS},
        "depot": {"models.py": FIRST.render("depot")},
        "shop": {"models.py": FIRST.render("shop")},
    }


def project_of(checkout: Checkout, project: Project) -> Project:
    """The project of a database, in the folder of a checkout."""
    made = Project(**vars(project))
    made.path = checkout.path
    return made


def rename_flags(edits: Sequence[Edit]) -> tuple[str, ...]:
    """What db_generate must be told, in the order of the edits."""
    return tuple(part for edit in edits if edit.rename for part in ("--rename", edit.rename))
