"""Which operations are Python steps, how they are named, and when one is another."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from nestflux.graph.fingerprints import fingerprint
from nestflux.graph.loader import dotted, load, undotted
from nestflux.graph.python_steps import PythonOperation, StepRunner, is_python, operations_of


def python_operations(migration: Migration) -> list[PythonOperation]:
    return [found for found in operations_of(migration) if is_python(found.operation)]


def fill(apps: Any, schema_editor: Any) -> None:
    """Fill it."""
    apps.get_model("shop", "Product").objects.create(name="one")


def migration_of(*operations: Any, atomic: bool = True) -> Migration:
    made = Migration("0002_fill", "shop")
    vars(made).update(operations=list(operations), atomic=atomic)
    return made


def step(**given: Any) -> migrations.RunPython:
    return migrations.RunPython(fill, migrations.RunPython.noop, **given)


def test_steps_are_known_by_their_place() -> None:
    add = migrations.AddField("product", "slug", models.CharField(max_length=9))
    nested = migrations.SeparateDatabaseAndState([add, step()], [step()])

    found = python_operations(migration_of(step(), add, nested))

    assert [one.locator for one in found] == ["shop.0002_fill/0", "shop.0002_fill/2.1"]
    assert [one.path for one in found] == [(0,), (2, 1)]
    assert found[0].note == "RunPython(fill), atomic"


def test_an_injected_operation_is_known_by_what_it_is_and_shifts_no_index() -> None:
    class RenameContentType(migrations.RunPython):
        old_model, new_model = "post", "article"

    injected = RenameContentType(fill)

    found = python_operations(migration_of(step(), injected, step()))

    assert [one.locator for one in found] == [
        "shop.0002_fill/0",
        "shop.0002_fill/rename-content-type:post:article",
        "shop.0002_fill/1",
    ]


def test_atomic_is_the_operations_word_before_the_migrations() -> None:
    def atomic(migration: Migration) -> list[bool]:
        return [one.atomic for one in python_operations(migration)]

    steps = (step(), step(atomic=True), step(atomic=False))
    assert atomic(migration_of(*steps)) == [True, True, False]
    assert atomic(migration_of(*steps, atomic=False)) == [False, True, False]


def test_a_fingerprint_ignores_where_code_stands_and_what_its_docstring_says() -> None:
    def code(body: str) -> str:
        space: dict[str, Any] = {"__name__": "shop.migrations.0002_fill"}
        source = f"def fill(apps, schema_editor):\n{body}"
        import linecache

        name = f"<step {hash(source)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        exec(compile(source, name, "exec"), space)
        return fingerprint(migrations.RunPython(space["fill"]), "shop.migrations.0002_fill")

    plain = code("    return 1\n")

    assert plain
    assert code('    """A remark."""\n    # another\n\n    return 1\n') == plain
    assert code("    return 2\n") != plain


def test_code_that_cannot_be_seen_has_no_fingerprint() -> None:
    built_in: Any = len

    assert fingerprint(migrations.RunPython(built_in), "builtins") == ""


def test_names_with_dots_and_without() -> None:
    assert dotted(("blog", "0001_initial")) == "blog.0001_initial"
    assert undotted("blog.0001_initial") == ("blog", "0001_initial")


def test_states_are_made_again_from_one_nearby_when_a_history_is_gone_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"shop.{number:04}_more" for number in range(1, 401)]
    table = migrations.CreateModel("Shelf", [("id", models.AutoField(primary_key=True))])
    loader = load()
    monkeypatch.setattr(loader, "disk_migrations", {})
    for number, name in enumerate(names):
        migration = Migration(name.removeprefix("shop."), "shop")
        column = migrations.AddField("shelf", f"n{number}", models.IntegerField(null=True))
        vars(migration)["operations"] = [column] if number else [table]
        loader.disk_migrations[undotted(name)] = migration
    mutated: list[str] = []
    mutate = Migration.mutate_state

    def counted(self: Migration, state: ProjectState, preserve: bool = True) -> ProjectState:
        mutated.append(self.name)
        return mutate(self, state, preserve)

    monkeypatch.setattr(Migration, "mutate_state", counted)
    runner = StepRunner(loader, names)

    for number in (399, *reversed(range(1, 399)), 250):
        fields = runner.state_before(names[number]).models["shop", "shelf"].fields
        assert list(fields) == ["id", *(f"n{n}" for n in range(1, number))]
    assert ("shop", "shelf") not in runner.state_before(names[0]).models

    assert len(mutated) < 400 * 40  # from the beginning each time: 400 * 200
