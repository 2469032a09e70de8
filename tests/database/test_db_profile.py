"""``db_profile``: the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40, db_index=True)
"""
QUICK = ("--seconds", "0")


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A project with a table of two rows; no history is needed."""
    made = project({"shop": {"models.py": MODELS}})
    made.sql(
        "CREATE TABLE shop_product (id bigint AUTO_INCREMENT PRIMARY KEY, "
        "name varchar(40) NOT NULL, KEY by_name (name))"
    )
    made.sql("INSERT INTO shop_product (name) VALUES ('lamp'), ('chair')")
    made.sql("ANALYZE TABLE shop_product")
    return made


def profile_of(shop: Project) -> Path:
    return shop.path / "migrations_sql" / "profile.json"


def test_it_prints_a_table_and_writes_nothing(shop: Project) -> None:
    outcome = shop.succeeds("db_profile", *QUICK)

    head, columns, product, *rest = outcome.lines
    assert head.endswith(", database 'default', no replicas")
    assert columns.split() == ["table", "rows", "data", "indexes", "auto-increment", "writes/min"]
    assert product.split()[:6] == ["shop_product", "2", "16", "kB", "16", "kB"]
    assert rest[-1] == "Not read: left out: --seconds 0"
    assert not profile_of(shop).exists()


def test_it_writes_the_file_once(shop: Project) -> None:
    first = shop.succeeds("db_profile", "--write", *QUICK)
    text = profile_of(shop).read_text(encoding="utf-8")
    again = shop.succeeds("db_profile", "--write", *QUICK)

    assert first.lines[-2:] == ["✓ Wrote migrations_sql/profile.json", "Review it and commit it."]
    assert again.lines[-1] == "migrations_sql/profile.json says all of it already."
    assert profile_of(shop).read_text(encoding="utf-8") == text
    assert json.loads(text)["tables"]["shop_product"]["rows"] == 2


def test_the_file_holds_no_host_account_password_path_or_row(shop: Project) -> None:
    rights = f"SELECT ON `{shop.database}`.*"
    with shop.a_user("nf_profiler", "s3cret", rights) as url:
        shop.succeeds("db_profile", "--write", *QUICK, env={"DATABASE_URL": url})

    text = profile_of(shop).read_text(encoding="utf-8")
    assert "shop_product" in text
    for word in ("nf_profiler", "s3cret", shop.database, "lamp", "localhost", "127.0.0.1", "/"):
        assert word not in text


def test_json_is_the_files_document(shop: Project) -> None:
    shown = shop.succeeds("db_profile", "--write", "--json", *QUICK).json

    assert shown.pop("written") is True
    assert shown.pop("file") == str(profile_of(shop))
    assert shown == json.loads(profile_of(shop).read_text(encoding="utf-8"))


def test_another_alias_has_its_own(shop: Project) -> None:
    shop.settings('DATABASES["reports"] = DATABASES["default"]')

    outcome = shop.succeeds("db_profile", "--write", "--database", "reports", *QUICK)

    assert "✓ Wrote migrations_sql/reports/profile.json" in outcome.lines
    assert not profile_of(shop).exists()


def test_a_file_of_another_family_is_not_overwritten(shop: Project) -> None:
    shop.succeeds("db_profile", "--write", *QUICK)
    ours, other = sorted(("mariadb", "mysql"), key=lambda name: name != shop.server.family)
    text = profile_of(shop).read_text(encoding="utf-8").replace(f'"{ours}"', f'"{other}"')
    profile_of(shop).write_text(text, encoding="utf-8")

    outcome = shop.run("db_profile", "--write", *QUICK)

    assert outcome.code == 2
    assert "it is another one than the file describes" in outcome.stderr
    assert profile_of(shop).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--seconds", "soon"), "'soon' is not a number of seconds up to an hour"),
        (("--seconds", "-1"), "'-1' is not a number of seconds up to an hour"),
        (("--database", "nowhere"), "There is no database alias 'nowhere'"),
    ],
)
def test_wrong_use(shop: Project, options: tuple[str, ...], said: str) -> None:
    outcome = shop.run("db_profile", *options)

    assert outcome.code == 2
    assert said in outcome.stderr


def test_a_file_that_cannot_be_read_is_said(shop: Project) -> None:
    shop.write("migrations_sql/profile.json", "{")

    outcome = shop.run("db_profile")

    assert outcome.code == 2
    assert outcome.stderr.startswith("profile.json is not JSON (line ")
    assert "Traceback" not in outcome.stderr
