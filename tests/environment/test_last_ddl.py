"""Who changed a table last, where the server remembers it: performance_schema's own tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import MySQLdb
import pytest

from tests.environment.conftest import another_server
from tests.scenario import Project, TestServer, new_project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
# MySQL has these by default.
OPTIONS = (
    "--performance-schema=ON",
    "--performance-schema-consumer-events-statements-current=ON",
    "--performance-schema-consumer-events-statements-history=ON",
)
SECOND = timedelta(seconds=1)  # both clocks are read to the second


@pytest.fixture
def shop(tmp_path: Path, server: TestServer) -> Iterator[Project]:
    """A project whose file is applied, on a server that remembers statements."""
    with another_server(server, tmp_path / "server", *OPTIONS) as made:
        project = new_project(tmp_path, made, "nf_shop", {"shop": {"models.py": MODELS}})
        project.succeeds("db_generate", "--name", "products")
        project.succeeds("db_migrate")
        yield project


def connected(shop: Project, user: str, password: str) -> Any:
    host = shop.server.settings["HOST"]
    given = {"user": user, "passwd": password, "unix_socket": host, "db": shop.database}
    return MySQLdb.connect(**given, autocommit=True)


def last_of(project: Project, **env: str) -> dict[str, str] | None:
    outcome = project.run("db_status", "--drift", "--json", env=env or None)
    (difference,) = outcome.json["drift"]["differences"]
    found: dict[str, str] | None = difference["last_ddl"]
    return found


def test_who_when_and_what_is_told_while_the_connection_is_there(shop: Project) -> None:
    sql = "ALTER TABLE shop_product ADD COLUMN note int"
    with shop.server.a_user("ann", "secret", f"ALL ON `{shop.database}`.*"):
        (before,) = shop.sql("SELECT NOW()")[0]
        with closing(connected(shop, "ann", "secret")) as ann:
            ann.cursor().execute(sql)
            ann.cursor().execute("SELECT 1")
            (after,) = shop.sql("SELECT NOW()")[0]

            last = last_of(shop)
            text = shop.run("db_status", "--drift").stdout

        gone = last_of(shop)

    assert last is not None
    assert (last["by"], last["sql"]) == ("ann@localhost", sql)
    told = re.search(r"    The last change that the server remembers: ann@localhost, (.*)\n", text)
    assert told is not None, text
    # Each look reckons it anew, from two clocks.
    for moment in (last["at"], told[1]):
        assert before - SECOND <= datetime.fromisoformat(moment) <= after + SECOND
    assert f"      {sql};\n" in text
    assert gone is None


def test_a_statement_that_failed_or_is_of_another_schema_is_none(shop: Project) -> None:
    shop.sql("CREATE DATABASE other")
    own = "ALTER TABLE nf_shop.shop_product ADD COLUMN note int"
    with closing(shop.server.connect("other")) as person:
        cursor = person.cursor()
        cursor.execute("CREATE TABLE shop_product (id int)")
        cursor.execute(own)
        cursor.execute("ALTER TABLE shop_product ADD COLUMN note bigint")
        with pytest.raises(Exception, match="note"):
            cursor.execute(own)

        last = last_of(shop)

    assert last is not None
    assert last["sql"] == own


def test_who_may_not_ask_is_told_nothing(shop: Project) -> None:
    grants = f"ALL ON `{shop.database}`.*"
    url = shop.server.database_url(shop.database, user="reader", password="secret")
    with (
        shop.server.a_user("reader", "secret", grants),
        closing(shop.server.connect(shop.database)) as person,
    ):
        person.cursor().execute("ALTER TABLE shop_product ADD COLUMN note int")

        assert last_of(shop) is not None
        assert last_of(shop, DATABASE_URL=url) is None
