"""What counts as the code of a migration, and what does not."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import django
import pytest
from django.db import migrations, models
from django.db.migrations.migration import Migration

from nestflux.graph import reach, source
from nestflux.graph.fingerprints import fingerprint, prints_of
from nestflux.graph.source import dump_tree

needs_6_1 = pytest.mark.skipif(django.VERSION < (6, 1), reason="needs Django 6.1")
Fill = Callable[..., str]
STEP = """
    from django.db import migrations
    from depot import words
    from depot.words import clean
    from depot.numbers import *

    LIMIT = 10
    SOURCE = __import__("os").environ.get("SOURCE", "none")


    def fill(apps, schema_editor):
        {body}


    class Migration(migrations.Migration):
        operations = [migrations.RunPython({code})]
"""
WORDS = """
    import re

    PATTERN = re.compile("[a-z]+")


    def clean(text):
        return inner(text)


    def inner(text):
        return clean(text) if PATTERN.match(text) else text


    def other(text):
        return text


    class Tool:
        def use(self):
            return other("x")
"""


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fill]:
    """The fingerprint of a step with a body, in a project of its own: ``step("return 1")``."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(
        body: str = "return 1",
        code: str = "fill",
        packages: tuple[str, ...] | None = None,
        **files: str,
    ) -> str:
        for name in [name for name in sys.modules if name.partition(".")[0] == "depot"]:
            del sys.modules[name]
        for cached in (source.text_of, source.is_own, reach._is_module):
            cached.cache_clear()
        importlib.invalidate_caches()
        texts = {"words": WORDS, "numbers": "def two():\n    return 2\n", **files}
        texts["step"] = STEP.replace("{body}", body).replace("{code}", code)
        (tmp_path / "depot").mkdir(exist_ok=True)
        for name, text in {"__init__": "", **texts}.items():
            (tmp_path / "depot" / f"{name}.py").write_text(dedent(text))
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        import linecache

        linecache.checkcache()
        module = importlib.import_module("depot.step")
        (operation,) = module.Migration.operations
        return fingerprint(operation, "depot.step", packages)

    yield made
    for name in [name for name in sys.modules if name.partition(".")[0] == "depot"]:
        del sys.modules[name]


def changed(old: str, new: str) -> str:
    assert WORDS.count(old) == 1
    return WORDS.replace(old, new)


@pytest.mark.parametrize(
    "body",
    [
        "return clean('x')",
        "return words.clean('x')",
        "from depot.words import clean as c; return c('x')",
        "import depot.words; return depot.words.clean('x')",
        "return [clean(each) for each in 'abc']",
        "return (lambda text: clean(text))('x')",
    ],
)
def test_helpers_are_followed_wherever_they_are_imported(step: Fill, body: str) -> None:
    plain = step(body)

    assert plain
    assert step(body, words=changed("else text", "else ''")) != plain
    assert step(body, words=changed('"[a-z]+"', '"[A-Z]+"')) != plain, "a constant of a helper"
    assert (
        step(
            body,
            words=changed(
                "def other(text):\n        return text", "def other(text):\n        return 1"
            ),
        )
        == plain
    )


def test_what_a_star_brings_is_followed(step: Fill) -> None:
    numbers = "TWO = 2\n\n\ndef two():\n    return TWO\n"

    assert step("return two()", numbers=numbers) != step(
        "return two()", numbers=numbers.replace("= 2", "= 3")
    )
    assert step("return TWO", numbers=numbers) != step(
        "return TWO", numbers=numbers.replace("= 2", "= 3")
    )


def test_modules_that_import_one_another_come_to_an_end(step: Fill) -> None:
    words = WORDS + "\n    from depot.numbers import *\n    from depot.numbers import back\n"
    numbers = "def back():\n    from depot.words import clean, nothing\n    return clean, nothing\n"

    assert step("return words.back()", words=words, numbers=numbers)


def test_a_class_is_followed_with_what_its_methods_use(step: Fill) -> None:
    body = "return words.Tool().use()"

    assert step(body) != step(body, words=changed('other("x")', 'other("y")'))
    assert step(body) != step(
        body, words=changed("return text\n\n\n    class", "return 1\n\n\n    class")
    )


def test_constants_are_known_by_what_is_written(
    step: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = step("return SOURCE")
    monkeypatch.setenv("SOURCE", "production")

    assert step("return SOURCE") == here
    assert step("return LIMIT") != here


def test_models_are_not_followed(step: Fill) -> None:
    """They change all the time, and a step gets its own from ``apps``."""
    model = """
    from django.db import models


    class Thing(models.Model):
        size = models.IntegerField()

        class Meta:
            abstract = True
"""
    body = "return words.Thing"

    assert step(body, words=WORDS + model) == step(
        body, words=WORDS + model.replace("IntegerField()", "BigIntegerField()")
    )


def test_a_local_name_hides_a_global_one(step: Fill) -> None:
    body = "other = 1; clean = len; return clean(other)"

    assert step(body) == step(body, words=changed("else text", "else ''"))


def test_lambdas_partials_and_closures(step: Fill) -> None:
    assert step(code="lambda apps, editor: 1") != step(code="lambda apps, editor: 2")
    partial = "__import__('functools').partial(fill, {})"
    assert step(code=partial.format("1")) != step(code=partial.format("2"))
    made = "(lambda n: (lambda apps, editor: clean(n)))({})"
    assert step(code=made.format("1")) != step(code=made.format("2"))


def test_nothing_depends_on_where_the_project_lies(
    step: Fill, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Installed, its code lies where packages do: then those count that counted before."""
    body = "return clean('x')"
    here = step(body)

    monkeypatch.setattr(source, "libraries", lambda: (f"{tmp_path}/",))

    assert step(body) != here
    assert step(body, packages=("depot",)) == here


def test_a_librarys_code_is_known_by_its_name(step: Fill) -> None:
    assert step(code="__import__('shutil').rmtree") == step(code="__import__('shutil').rmtree")
    assert step(code="__import__('shutil').rmtree") != step(code="__import__('shutil').move")


def test_syntax_that_versions_of_python_tell_in_other_ways() -> None:
    """Fields that only some have, and the parts of an f-string."""
    one = ast.parse("def f(a: int) -> str:\n    return f'a{1}'").body[0]
    other = ast.parse("def f(a):\n    return f'a{1}'").body[0]
    assert isinstance(other, ast.FunctionDef)
    value = other.body[0].value  # type: ignore[attr-defined]
    value.values[0:1] = [ast.Constant(""), ast.Constant("a")]
    vars(other)["type_params"] = []

    assert dump_tree(source.without_docstrings(one)) == dump_tree(other)


# ---- operations ----------------------------------------------------------------------------


def operations(*given: Any) -> str:
    made = Migration("0002_x", "shop")
    vars(made)["operations"] = list(given)
    return prints_of(made).operations


def do_nothing(apps: Any, schema_editor: Any) -> None: ...


def do_more(apps: Any, schema_editor: Any) -> None: ...


def field(**given: Any) -> Any:
    return migrations.AddField("product", "slug", models.CharField(**{"max_length": 9, **given}))


@pytest.mark.parametrize(
    "silent",
    [
        {"help_text": "x"},
        {"verbose_name": "x"},
        {"choices": [("a", "b")]},
        {"validators": [len]},
        {"error_messages": {"blank": "x"}},
        {"editable": False},
    ],
    ids=lambda given: next(iter(given)),
)
def test_attributes_that_make_no_sql_do_not_count(silent: dict[str, Any]) -> None:
    assert operations(field(**silent)) == operations(field())


@pytest.mark.parametrize(
    "telling",
    [
        {"max_length": 10},
        {"null": True},
        {"blank": True},  # of which a new column's default depends
        {"db_column": "x"},
        {"default": "x"},
        {"unique": True},
        {"db_comment": "x"},
    ],
    ids=lambda given: next(iter(given)),
)
def test_attributes_that_make_sql_count(telling: dict[str, Any]) -> None:
    assert operations(field(**telling)) != operations(field())


def test_operations_that_make_no_sql_do_not_count() -> None:
    options = migrations.AlterModelOptions("product", {"ordering": ["slug"]})
    managers = migrations.AlterModelManagers("product", [])

    assert operations(options, field(), managers) == operations(field())


@needs_6_1
def test_another_constraint_message_makes_no_sql() -> None:
    constraint = models.CheckConstraint(condition=models.Q(price__gte=0), name="price")
    alter = migrations.AlterConstraint("product", "price", constraint)

    assert operations(alter, field()) == operations(field())


def reference(on_delete: str) -> Any:
    key = models.ForeignKey("shop.Maker", getattr(models, on_delete), null=True)
    return migrations.AddField("product", "maker", key)


def test_an_on_delete_that_django_carries_out_does_not_count() -> None:
    assert operations(reference("CASCADE")) == operations(reference("PROTECT"))


@needs_6_1
def test_an_on_delete_that_the_server_carries_out_counts() -> None:
    rules = ("CASCADE", "DB_CASCADE", "DB_SET_NULL", "DB_SET_DEFAULT")

    assert len({operations(reference(rule)) for rule in rules}) == len(rules)


def test_sql_counts_as_it_stands_and_the_way_back_too() -> None:
    plain = operations(migrations.RunSQL("SELECT 1", "SELECT 2"))

    assert operations(migrations.RunSQL("SELECT 1", "SELECT 3")) != plain
    assert operations(migrations.RunSQL("SELECT 1", "SELECT 2", hints={"a": 1})) == plain


def test_the_code_of_a_step_counts_apart() -> None:
    one, other = migrations.RunPython(do_nothing), migrations.RunPython(do_more)

    assert operations(one) == operations(other)
    assert operations(one) != operations()
