"""A server whose DDL is not atomic, or whose CHECK constraints do nothing, is refused by name."""

from __future__ import annotations

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.database.server import server_of
from nestflux.exceptions import ServerUnsupported
from tests.conftest import ProjectFactory

OLD = {"mysql": (8, 0, 15), "mariadb": (10, 5, 29)}
NEEDED = {"mysql": "MySQL 8.0.16", "mariadb": "MariaDB 10.6"}


def test_an_old_server_is_refused(scratch: BaseDatabaseWrapper, family: str) -> None:
    vars(scratch)["mysql_version"] = OLD[family]

    with pytest.raises(ServerUnsupported) as caught:
        server_of(scratch)

    assert f"needs {NEEDED[family]} or later" in str(caught.value)


@pytest.mark.parametrize("command", ["db_generate", "db_migrate", "db_status", "migrate"])
def test_the_commands_refuse_it(project: ProjectFactory, family: str, command: str) -> None:
    shop = project(
        {
            "shop": {
                "models.py": """
                from django.db import models

                class Product(models.Model):
                    name = models.CharField(max_length=40)
                """
            }
        }
    )
    shop.succeeds("db_generate")
    shop.edit("shop/models.py", "40", "50")
    shop.write("oldserver/__init__.py", "")
    shop.write(
        "oldserver/base.py",
        f"""
        from django.db.backends.mysql import base

        class DatabaseWrapper(base.DatabaseWrapper):
            mysql_version = {OLD[family]}
        """,
    )
    shop.settings('DATABASES["default"]["ENGINE"] = "oldserver"')

    outcome = shop.run(command)

    assert outcome.code == 2, str(outcome)
    assert "is too old" in outcome.stderr
    assert "Traceback" not in outcome.stderr
