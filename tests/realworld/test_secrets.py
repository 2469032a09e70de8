"""Secrets that a package generates while it is migrated: each database has its own, no file any."""

from __future__ import annotations

from pathlib import Path

from tests.realworld.packages import OAUTH, Stage
from tests.realworld.real_site import RealSite, recorded_site
from tests.scenario import TestServer

CONTRIB = ("django.contrib.contenttypes", "django.contrib.auth")
CLIENTS = Stage("clients", (*CONTRIB, *OAUTH.apps, "clients"))


def test_a_generated_secret_is_in_no_file_and_another_in_each_database(
    server: TestServer, tmp_path: Path
) -> None:
    with recorded_site(server, tmp_path, 2026, [CLIENTS]) as site:
        made = [_client_of_a_new_database(site, purpose) for purpose in ("one", "two")]

    assert set(made[0]).isdisjoint(made[1])
    journal = site.history.journal
    assert not journal.after_snapshot
    assert journal.replay_because[0].startswith(
        "the Python step clients.0001_mobile/0 does not run after schema.sql: "
        "oauth2_provider_application.registration_source has no default"
    )
    for path in site.history.path.iterdir():
        text = path.read_text("utf-8")
        assert "pbkdf2" not in text, path
        assert "INSERT INTO `oauth2_provider_application`" not in text, path
        assert not any(value in text for one in made for value in one), path


def _client_of_a_new_database(site: RealSite, purpose: str) -> tuple[str, str]:
    """The client's id and its secret's hash."""
    with site.on(purpose) as built:
        built.succeeds("db_migrate")
        ((identity, secret),) = built.server.sql(
            "SELECT client_id, client_secret FROM oauth2_provider_application",
            database=built.database,
        )
    assert secret.startswith("pbkdf2")
    return identity, secret
