"""What is found of one file alone, as the admin shows it: what ``db_check`` finds of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import check
from tests.reviewing.test_exemptions import exempt
from tests.reviewing.test_scope import COLOR, MODELS, SLUG
from tests.scenario import Project

OF_ONE = """
    import json
    from django.db import connection
    from nestflux.conf import history_folder
    from nestflux.reviewing.one_file import findings_of_file

    entry = history_folder("default", "{family}").journal.entry("{name}")
    found = findings_of_file("default", "{family}", entry.id)
    print(json.dumps({{
        "findings": [each.to_json() for each in found.findings],
        "exempted": [[e.finding.code, e.exemption.reason] for e in found.exempted],
        "not_checked": [each.what for each in found.not_checked],
    }}))
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """Three files, all applied: a table with two columns; one is dropped; the other is dropped."""
    made = project({"shop": {"models.py": MODELS.format(fields=SLUG + COLOR)}})
    made.settings('NESTFLUX["RULES"] = {}')
    for name, fields in (("products", SLUG + COLOR), ("colorless", SLUG), ("slugless", "")):
        made.write("shop/models.py", MODELS.format(fields=fields))
        made.succeeds("db_generate", "--name", name)
    made.succeeds("db_migrate", "--replay", "--no-backup")
    return made


def of(shop: Project, name: str) -> dict[str, Any]:
    """What is found of one file."""
    outcome = shop.python(OF_ONE.format(family=shop.server.family, name=name))
    assert outcome.code == 0, str(outcome)
    found: dict[str, Any] = outcome.json
    return found


def test_of_the_newest_file_it_is_what_a_check_finds(shop: Project) -> None:
    checked = check(shop, "--no-shadow").json["findings"]

    found = of(shop, "0003_slugless")

    assert [each["code"] for each in found["findings"]] == ["drop-column"]
    assert found["findings"] == checked


def test_of_an_older_file_it_is_what_a_check_of_all_finds_of_it(shop: Project) -> None:
    checked = check(shop, "--no-shadow", "--all-files").json["findings"]
    expected = [each for each in checked if each["where"].endswith("/0002_colorless.sql")]

    found = of(shop, "0002_colorless")

    assert [each["about"] for each in found["findings"]] == ["shop_product.color"]
    assert found["findings"] == expected


def test_what_is_exempted_is_told_with_its_reason(shop: Project) -> None:
    exempt(shop, rule="drop-column", file="0003_slugless", reason="nothing reads it")

    found = of(shop, "0003_slugless")

    assert found["findings"] == []
    assert found["exempted"] == [["drop-column", "nothing reads it"]]


def test_edits_are_found_of_the_file_that_they_are_about(shop: Project) -> None:
    migration = next(shop.path.glob("shop/migrations/0003_*.py"))
    of_nothing = "operations = [\n        migrations.RunSQL('SELECT 1'),"
    shop.edit(f"shop/migrations/{migration.name}", "operations = [", of_nothing)
    file = shop.history / "0002_colorless.sql"
    recorded = file.read_text()
    file.write_text(f"{recorded}\n")
    checked = check(shop, "--no-shadow").json["findings"]

    unsound = of(shop, "0002_colorless")
    later = of(shop, "0003_slugless")
    file.write_text(recorded)
    edited = of(shop, "0003_slugless")

    assert [f for f in checked if f["where"].endswith("0002_colorless.sql")] == unsound["findings"]
    assert [each["code"] for each in unsound["findings"]] == ["edited-file"]
    assert "what it changes" in unsound["not_checked"]
    assert later["findings"] == []
    assert "what it changes" in later["not_checked"]
    assert "edited-migration" in [each["code"] for each in edited["findings"]]


def test_a_file_that_is_not_here_is_not_judged(shop: Project) -> None:
    asked = OF_ONE.format(family=shop.server.family, name="0003_slugless")

    outcome = shop.python(asked.replace("entry.id)", "'gone')"))

    assert outcome.json == {"findings": [], "exempted": [], "not_checked": ["the file"]}
