"""Invented projects whose tables hang together: keys within an app and to others, tables in
between, inheritance, indexes and rules. Of their past there is nothing: Django's autodetector
writes the first migration of each app. The same number gives the same project, to the letter."""

from __future__ import annotations

import random

from scripts.benchmark import domain
from scripts.benchmark.domain import Table
from scripts.benchmark.projects import Batch, Invented, Shape, models_text

TABLES_AN_APP = 50
_KEY = 'models.ForeignKey({to!r}, models.CASCADE, null=True, related_name="+")'
_MANY = 'models.ManyToManyField({to!r}, related_name="+")'


def shape_of(tables: int) -> Shape:
    """A migration for each app."""
    return Shape(tables, -(-tables // TABLES_AN_APP), related=True)


def invent(shape: Shape) -> Invented:
    chance = random.Random(shape.name)
    apps: list[list[Table]] = [[] for _ in range(shape.migrations)]
    for at in (number // TABLES_AN_APP for number in range(shape.tables)):
        _add(apps[at], f"area{at}", [table for app in apps[:at] for table in app], chance)
    middle = apps[len(apps) // 2]
    everything = {f"{app[0].app}/models.py": models_text(app[0].app, app) for app in apps}
    table = middle[len(middle) // 2]
    table.columns["one_more"] = "models.IntegerField(default=0)"
    more = {f"{table.app}/models.py": models_text(table.app, middle)}
    del table.columns["one_more"]
    return Invented(
        shape,
        tuple(app[0].app for app in apps),
        tuple(table for app in apps for table in app),
        (Batch(everything),),
        more,
    )


def _add(app: list[Table], label: str, others: list[Table], chance: random.Random) -> None:
    """One more table. Every tenth inherits from the one before it, every fifth has a table in
    between, every third leads to another app."""
    number = len(app)
    table = Table(label, f"Thing{number}")
    columns = table.columns
    if number % 10 == 9:
        table.base = app[-1].model
    else:
        columns.update(domain.FIRST_COLUMNS)
        columns["code"] = "models.CharField(max_length=20, null=True, unique=True)"
        rule = "models.UniqueConstraint(fields=['name', 'amount'], name={!r})"
        table.constraints["u"] = rule.format(f"{label}_u{number}")
    columns[f"size{number}"] = "models.IntegerField(default=0)"
    table.indexes["i"] = f"models.Index(fields=['size{number}'], name='{label}_i{number}')"
    near = [chance.choice(app), chance.choice(app)] if app else []
    far = [chance.choice(others)] if others and number % 3 == 0 else []
    for count, to in enumerate((*near, *far)):  # a name of its own: a child has its parent's
        columns[f"key{number}_{count}"] = _KEY.format(to=f"{to.app}.{to.model}")
    if app and number % 5 == 4:
        to = chance.choice(app)
        columns[f"many{number}"] = _MANY.format(to=f"{to.app}.{to.model}")
    app.append(table)
