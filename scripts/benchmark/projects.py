"""Invented projects: N tables over some apps, grown in M migrations of the kinds that real ones
have. The same shape gives the same project, to the letter."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scripts.benchmark import domain
from scripts.benchmark.domain import Change, Kind, Table

TABLES_AN_APP = 10
MOST_APPS = 100
MOST_FILES = 50
MIGRATIONS_A_FILE = 5

# Of a hundred migrations after the first ones.
_OFTEN = (
    (domain.column_added, 38),
    (domain.column_changed, 14),
    (domain.index_added, 13),
    (domain.constraint_added, 8),
    (domain.column_removed, 6),
    (domain.column_renamed, 5),
    (domain.index_removed, 3),
)
_REFERENCES = 8
_DATA = 5


@dataclass(frozen=True)
class Shape:
    """What a project is made of.

    ``steps``: with RunPython, which nothing but Django can run. Without it each data step is SQL,
    and Django's own apps are left out, whose migrations have some.
    ``related``: tables that hang together, and nothing but first migrations (``related.py``).
    """

    tables: int
    migrations: int
    steps: bool = True
    related: bool = False

    @property
    def kind(self) -> str:
        if self.related:
            return "related"
        return "generated" if self.steps else "plain"

    @property
    def contrib(self) -> tuple[str, ...]:
        """Django's own apps that come along."""
        names = ("contenttypes", "auth", "sessions") if self.steps else ()
        return tuple(f"django.contrib.{name}" for name in names)

    @property
    def name(self) -> str:
        if self.related:
            return f"{self.tables}-related-tables"
        return f"{self.tables}-tables-{self.migrations}-migrations{'' if self.steps else '-sql'}"

    @property
    def title(self) -> str:
        if self.related:
            return f"{self.tables:,} related tables"
        only = "" if self.steps else ", SQL only"
        return f"{self.tables:,} tables, {self.migrations:,} migrations{only}"


@dataclass(frozen=True)
class Batch:
    """The files of a project that change together: what one SQL migration is recorded from."""

    files: dict[str, str]


@dataclass(frozen=True)
class Invented:
    """A project: what it grew by, batch after batch, and one more column for its models."""

    shape: Shape
    apps: tuple[str, ...]
    tables: tuple[Table, ...]
    batches: tuple[Batch, ...]
    one_more_column: dict[str, str]


@dataclass
class _App:
    label: str
    tables: list[Table] = field(default_factory=list)
    later: list[Table] = field(default_factory=list)  # tables of a migration of their own
    written: int = 0
    last: str = ""

    def models(self) -> str:
        return models_text(self.label, self.tables)


def models_text(label: str, tables: Sequence[Table]) -> str:
    """An app's models.py."""
    head = f'"""The tables of {label}."""\n\nfrom django.db import models\n'
    return "\n\n".join((head, *(table.as_model() for table in tables)))


def invent(shape: Shape) -> Invented:
    """Raises ValueError where the shape has too few migrations for its tables to come in."""
    if shape.tables < 1 or shape.migrations < 1:
        raise ValueError("a project has a table and a migration at least")
    chance = random.Random(f"{shape.tables} {shape.migrations}")
    apps = _apps(shape)
    core = apps[0].tables[0]
    to_core = (core.app, "0001_initial")
    changed: dict[str, str] = {}
    batches = []
    for app in apps:
        changed |= _initial(app, shape)
    batches.append(_batch(changed, apps))
    left = shape.migrations - len(apps)
    files = min(MOST_FILES, -(-left // MIGRATIONS_A_FILE))
    for number in range(files):
        changed = {}
        for done in range(left * number // files, left * (number + 1) // files):
            app = _next_app(apps, left - done, chance)
            changed |= _written(
                app, _change(app, core, shape, chance), to_core if app is not apps[0] else None
            )
        batches.append(_batch(changed, apps))
    table = apps[-1].tables[-1]
    table.columns["one_more"] = "models.IntegerField(default=0)"
    more = {f"{apps[-1].label}/models.py": apps[-1].models()}
    del table.columns["one_more"]
    return Invented(
        shape,
        tuple(app.label for app in apps),
        tuple(table for app in apps for table in app.tables),
        tuple(batches),
        more,
    )


def _apps(shape: Shape) -> list[_App]:
    """The apps with the tables that each begins with and those that come later."""
    count = max(1, min(shape.tables // TABLES_AN_APP, shape.migrations // 2, MOST_APPS))
    apps = [_App("core" if n == 0 else f"domain{n}") for n in range(count)]
    later = min(shape.tables // 5, (shape.migrations - count) // 10)
    for number in range(shape.tables):
        app = apps[number % count]
        table = Table(app.label, f"Thing{number // count + 1}", dict(domain.FIRST_COLUMNS))
        if shape.steps and number % 4 == 1:
            table.columns["owner"] = domain.reference(None)
        if app.tables:
            parent = app.tables[number % len(app.tables)]
            table.columns["parent"] = domain.reference(parent)
        (app.later if number >= shape.tables - later else app.tables).append(table)
    return apps


def _initial(app: _App, shape: Shape) -> dict[str, str]:
    change = Change("initial", tuple(table.as_creation() for table in app.tables))
    return _written(app, change, ("auth", "0001_initial") if shape.steps else None)


def _next_app(apps: list[_App], left: int, chance: random.Random) -> _App:
    """Now and then one with a table to come, so that every shape ends with all its tables."""
    waiting = [app for app in apps if app.later]
    due = chance.random() < 0.2 or sum(len(app.later) for app in waiting) >= left
    return chance.choice(waiting if waiting and due else apps)


def _change(app: _App, core: Table, shape: Shape, chance: random.Random) -> Change:
    number = app.written + 1
    if app.later:
        table = app.later.pop(0)
        app.tables.append(table)
        return Change(table.model.lower(), (table.as_creation(),))
    kinds: list[Kind] = [kind for kind, _ in _OFTEN]
    weights = [often for _, often in _OFTEN]
    kinds += [domain.reference_added(core), domain.rows_updated]
    weights += [_REFERENCES, _DATA]
    while True:
        kind = chance.choices(kinds, weights)[0]
        if kind is domain.rows_updated and shape.steps and number % 2:
            kind = domain.rows_made
        table = chance.choice(app.tables)
        if change := kind(table, number, chance):
            return change


def _written(app: _App, change: Change, other: tuple[str, str] | None) -> dict[str, str]:
    """The migration's file. ``other``: another app's migration that it needs."""
    app.written += 1
    name = f"{app.written:04d}_{change.name}"[:100]
    needs = [(app.label, app.last)] if app.last else []
    needs += [other] if other else []
    app.last = name
    operations = "".join(f"        {text},\n" for text in change.operations)
    functions = f"{change.functions}\n\n" if change.functions else ""
    text = (
        f"from django.db import migrations, models\n\n\n{functions}"
        f"class Migration(migrations.Migration):\n"
        f"    initial = {app.written == 1}\n"
        f"    dependencies = {needs!r}\n"
        f"    operations = [\n{operations}    ]\n"
    )
    return {f"{app.label}/migrations/{name}.py": text}


def _batch(migrations: dict[str, str], apps: list[_App]) -> Batch:
    labels = {path.split("/")[0] for path in migrations}
    models = {f"{app.label}/models.py": app.models() for app in apps if app.label in labels}
    return Batch({**models, **migrations})


def packages(invented: Invented) -> Iterator[str]:
    """The empty files that make its apps importable."""
    for label in invented.apps:
        yield f"{label}/__init__.py"
        yield f"{label}/migrations/__init__.py"
