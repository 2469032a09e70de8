"""The guide's worked example on this repository's own identity app: two columns for a user."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.docs.stories import before_the_worked_examples
from tests.scenario import Project
from tests.scenarios.looking import schema_of
from tests.scenarios.site import make_site

NEW = ["avatar_url", "phone_number"]


@pytest.fixture
def site(project: ProjectFactory) -> Project:
    """The site as it was before: its first file is recorded and applied."""
    site = make_site(project, history=False)
    model = site.read("identity/models/user.py")
    before_the_worked_examples(site.path)
    assert site.read("identity/models/user.py") != model
    site.succeeds("db_generate")
    site.succeeds("db_migrate")
    site.write("identity/models/user.py", model)
    return site


def test_two_columns_from_the_model_to_the_database_and_back(site: Project) -> None:
    before = schema_of(site)
    assert not set(NEW) & set(site.columns("identity_user"))

    # The changes by app, the module, and the file.
    generated = site.succeeds("db_generate")
    (name,) = re.findall(r"^✓ Generated migration file: (0002_\w+)\.sql$", generated.stdout, re.M)
    assert "identity:" in generated.lines
    assert "  + Add field avatar_url to user" in generated.lines
    assert "  identity/migrations/0002_user_avatar_url_user_phone_number.py" in generated.lines

    # What a reviewer reads.
    statements = re.findall(r"^-- \[\d+\] (.*)\n(ALTER TABLE.*);$", up(site, name), re.M)
    assert [verdict for verdict, _ in statements] == ["instant", "instant"]
    assert [sql.split("`")[3] for _, sql in statements] == NEW
    assert "DROP COLUMN `avatar_url`" in (site.history / f"{name}.down.sql").read_text()
    assert "`avatar_url` varchar(500)" in (site.history / "schema.sql").read_text()
    assert site.succeeds("db_generate", "--check").lines == [
        "No changes detected: models, migrations and SQL files agree."
    ]

    # Pending until it is applied.
    assert site.succeeds("db_status").lines[-1] == "1 pending. Next: python manage.py db_migrate"
    migrated = site.succeeds("db_migrate")
    assert re.fullmatch(
        rf"✓ Applied migration: {name}\.sql  \(2 statements, \d+\.\d s\)\n"
        r"Database is up to date!\n",
        migrated.stdout,
    )
    assert site.columns("identity_user")[-2:] == NEW
    status = site.succeeds("db_status")
    assert status.lines[-1] == "Database is up to date!"
    assert any(re.match(rf"{name} +applied +\d{{4}}-", line) for line in status.lines)

    # Undone, with what that loses said first.
    site.sql(
        "INSERT INTO identity_user (password, is_superuser, email, name, avatar_url) "
        "VALUES ('!', 0, 'ann@example.com', 'Ann', 'https://example.com/ann.png')"
    )
    asked = site.run("db_rollback")
    assert asked.code == 2
    assert site.columns("identity_user")[-2:] == NEW
    undone = site.succeeds("db_rollback", "--yes")
    assert "  column identity_user.avatar_url (1 row)" in undone.lines
    assert undone.lines[-1].startswith(f"✓ Rolled back migration: {name}.sql  (2 statements")
    assert schema_of(site) == before
    assert "identity.0002_user_avatar_url_user_phone_number" not in site.applied()

    # And done again, the person still there.
    again = site.succeeds("db_migrate")
    assert again.lines[0].startswith(f"✓ Applied migration: {name}.sql")
    assert again.lines[-1] == "Database is up to date!"
    assert site.sql("SELECT email, avatar_url FROM identity_user") == [("ann@example.com", "")]
    assert site.succeeds("db_migrate").stdout == "Database is up to date!\n"


def up(site: Project, name: str) -> str:
    return Path(site.history / f"{name}.sql").read_text(encoding="utf-8")
