"""The deploy order where the project's connections are not strict: a server changes values there
that it refuses elsewhere, and says nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from nestflux.history.deploy_order import DeployOrder
from tests.conftest import ProjectFactory
from tests.recording.deploy_order.test_commands import MEASURED, record_of
from tests.scenario import Project

MODELS = """
    from django.db import models as m

    class P(m.Model):
        {}
"""
MODE = "NO_ENGINE_SUBSTITUTION"
LOOSE = f"""
{MEASURED}
DATABASES["default"]["OPTIONS"]["init_command"] = "SET sql_mode = '{MODE}'"
"""
NAME = "name = m.CharField(max_length=20)"
REFUSED_NULL = "1048"


@dataclass(frozen=True)
class Change:
    """The fields of a model before and after, and the order on a strict server and on one that is
    not. ``says``: what is said of the code that fails; ``row``: what that code saves, in which
    ``read`` is what the code of the schema reads then."""

    old: str
    new: str
    strict: str
    loose: str
    says: str = ""
    row: str = ""
    read: tuple[str, object] = ("", None)
    who: str = "old"


CHANGES = {
    "a required column": Change(
        NAME,
        f"{NAME}; f = m.IntegerField(default=7)",
        "two steps",
        "two steps",
        "Old code after this file silently changes values: its rows get f = 0, which it does not",
        "name='a'",
        ("f", 0),
    ),
    "a required column whose default is what the server puts in": Change(
        NAME,
        f"{NAME}; f = m.CharField(max_length=9, default='')",
        "two steps",
        "migrate first",
        row="name='a'",
        read=("f", ""),
    ),
    "a required column is dropped": Change(
        f"{NAME}; f = m.IntegerField(default=7)",
        NAME,
        "two steps",
        "two steps",
        "New code before this file silently changes values: its rows get f = 0, which it does not",
        "name='a'",
        ("f", 0),
        who="new",
    ),
    "a shorter text": Change(
        NAME,
        "name = m.CharField(max_length=4)",
        "code first",
        "code first",
        "Old code after this file silently changes values: 'xxxx' is read for 'xxxxx",
        "name='abcdef'",
        ("name", "abcd"),
    ),
    "a smaller number": Change(
        "name = m.IntegerField()",
        "name = m.SmallIntegerField()",
        "code first",
        "code first",
        "Old code after this file silently changes values: -32768 is read for -2147483648",
        "name=40000",
        ("name", 32767),
    ),
    "a wider text": Change(
        "name = m.CharField(max_length=4)",
        NAME,
        "migrate first",
        "migrate first",
        "New code before this file silently changes values: 'xxxx' is read for ",
        "name='abcdef'",
        ("name", "abcd"),
        who="new",
    ),
    "a NULL that is refused": Change(
        "name = m.IntegerField(null=True)",
        "name = m.IntegerField(default=0)",
        "code first",
        "code first",
        f"Old code after this file fails: {REFUSED_NULL} ",
    ),
}


def write(shop: Project, fields: str) -> None:
    shop.write("shop/models.py", MODELS.format("\n        ".join(fields.split("; "))))


def measured(shop: Project, change: Change) -> DeployOrder:
    write(shop, change.old)
    shop.succeeds("db_generate", "--name", "first")
    write(shop, change.new)
    shop.succeeds("db_generate", "--name", "changed", "--no-input")
    order = record_of(shop, "0002_changed").deploy_order
    assert order is not None
    return order


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_strict_server_refuses(change: Change, project: ProjectFactory) -> None:
    shop = project({"shop": {}}, settings=MEASURED)

    order = measured(shop, change)

    assert order.order == change.strict
    assert order.sql_mode == "strict"
    assert not any(failure.silent for failure in order.failures)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_one_that_is_not_strict_changes_values(change: Change, project: ProjectFactory) -> None:
    shop = project({"shop": {}}, settings=LOOSE)

    order = measured(shop, change)

    assert order.order == change.loose
    assert order.sql_mode == f"not strict ({MODE})"
    assert f", not strict ({MODE}): 1 model, " in order.headline
    said = [line for line in order.lines() if line.startswith(f"{change.who.capitalize()} code")]
    assert any(line.startswith(change.says) for line in said) == bool(change.says), said
    assert any(failure.silent for failure in order.failures) == ("silently" in change.says)


@pytest.mark.parametrize(
    "change", [each for each in CHANGES.values() if each.row], ids=lambda each: each.says[-30:]
)
def test_it_is_what_really_happens(change: Change, project: ProjectFactory) -> None:
    shop = project({"shop": {}}, settings=LOOSE)
    measured(shop, change)
    shop.succeeds("db_migrate", "--replay", "--to", "0002" if change.who == "old" else "0001")
    field, value = change.read

    write(shop, change.old if change.who == "old" else change.new)
    shop.python(f"from shop.models import P; P.objects.create({change.row})")
    write(shop, change.new if change.who == "old" else change.old)
    read = shop.python(f"from shop.models import P; print(repr(P.objects.get().{field}))")

    assert read.stdout.strip() == repr(value), str(read)


@pytest.mark.parametrize(
    ("options", "profiled", "sql_mode"),
    [
        ("{}", None, "strict"),
        ("{}", "", "not strict (an empty sql_mode)"),
        ("{}", "NO_ZERO_DATE", "not strict (NO_ZERO_DATE)"),
        ('{"sql_mode": "ANSI_QUOTES"}', "STRICT_ALL_TABLES", "not strict (ANSI_QUOTES)"),
        ('{"sql_mode": "STRICT_ALL_TABLES"}', "", "strict"),
        ('{"init_command": "SET SESSION SQL_MODE=\'\'"}', None, "not strict (an empty sql_mode)"),
        ('{"init_command": "SET time_zone=\'+01:00\'"}', "", "not strict (an empty sql_mode)"),
    ],
)
def test_the_settings_decide_then_the_profile_then_the_server(
    options: str, profiled: str | None, sql_mode: str, project: ProjectFactory
) -> None:
    given = f'DATABASES["default"]["OPTIONS"] = {{"charset": "utf8mb4", **{options}}}'
    shop = project({"shop": {}}, settings=f"{MEASURED}\n{given}\n")
    if profiled is not None:
        shop.succeeds("db_profile", "--write", "--seconds", "0")
        path = "migrations_sql/profile.json"
        profile = json.loads(shop.read(path))
        profile["variables"]["sql_mode"] = profiled
        shop.write(path, json.dumps(profile))

    order = measured(shop, CHANGES["a shorter text"])

    assert order.sql_mode == sql_mode
    assert order.order == "code first"
