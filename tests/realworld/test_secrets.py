"""Secrets that a package generates while it is migrated: each database has its own, no file any."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.realworld.clean_room import python_of
from tests.realworld.packages import OAUTH, Stage
from tests.realworld.real_site import RealSite
from tests.scenario import TestServer

AUTH = Stage("auth", ("django.contrib.contenttypes", "django.contrib.auth"))
CLIENTS = Stage("clients", ("clients",))


def test_a_generated_secret_is_in_no_file_and_another_in_each_database(
    server: TestServer, tmp_path: Path
) -> None:
    name = f"nf_{secrets.token_hex(5)}"
    stages = (AUTH, OAUTH, CLIENTS)
    site = RealSite.made(tmp_path / "site", server, python_of(2026), name, stages)
    try:
        with site.on("models") as generating:
            generating.succeeds("db_generate", "--noinput")
        made = [_client_of_a_new_database(site, purpose) for purpose in ("one", "two")]
    finally:
        server.drop_all(name)

    assert set(made[0]).isdisjoint(made[1])
    reasons = "; ".join(site.history.journal.replay_because)
    for column in ("client_id", "client_secret"):
        assert f"oauth2_provider_application.{column}" in reasons
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
