"""The database that these very tests run in, and the one of ``manage.py test``, are loaded from
the shipped history."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from identity.models import User
from nestflux.conf import history_folder
from tests.conftest import ProjectFactory
from tests.scenarios.site import make_site

LEDGER = "SELECT name, state, origin FROM nestflux_sql_migration ORDER BY number"


def ledger() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(LEDGER)
        return list(cursor.fetchall())


@pytest.fixture
def shipped(family: str) -> list[tuple[str, str, str]]:
    return [
        (entry.name, "applied", "snapshot")
        for entry in history_folder("default", family).journal.entries
    ]


@pytest.mark.django_db
def test_it_was_loaded_in_one_go(shipped: list[tuple[str, str, str]]) -> None:
    assert ledger() == shipped


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_flush_takes_the_rows_and_leaves_the_ledger(
    shipped: list[tuple[str, str, str]], time: str
) -> None:
    assert not User.objects.exists()
    assert ledger() == shipped

    User.objects.create(email=f"{time}@example.com", name=time)


def test_manage_py_test_on_the_sites_own_apps(project: ProjectFactory) -> None:
    site = make_site(project, history=True)
    site.write(
        "identity/tests.py",
        f"""
        import json
        from django.db import connection
        from django.test import TransactionTestCase
        from identity.models import User

        class Flushed(TransactionTestCase):
            def check(self):
                with connection.cursor() as cursor:
                    cursor.execute({LEDGER!r})
                    print(json.dumps(cursor.fetchall()))
                self.assertFalse(User.objects.exists())
                User.objects.create(email="a@example.com", name="a")

            test_once = check
            test_twice = check
        """,
    )

    outcome = site.succeeds("test", "--noinput", "identity")

    names = [entry["name"] for entry in journal_of(site.history / "journal.json")]
    expected = [[name, "applied", "snapshot"] for name in names]
    shown = [json.loads(line) for line in outcome.lines if line.startswith("[[")]
    assert shown == [expected, expected]


def journal_of(path: object) -> list[dict[str, str]]:
    with open(str(path), encoding="utf-8") as file:
        files: list[dict[str, str]] = json.load(file)["files"]
    return files
