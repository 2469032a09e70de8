"""The grammar against the real client: what ``mysql < file.sql`` sends, and what we read.

Each script is fed to the family's own client; the server's general log says what arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nestflux.sql.lexer import fragments, same_text, significant
from tests.conftest import ProjectFactory
from tests.scenario import TestServer
from tests.sql.client import client_program, sent_by_the_client

Sent = Callable[..., list[str]]


@pytest.fixture(scope="module")
def program(family: str) -> Path:
    found = client_program(family)
    if found is None:
        pytest.skip(f"there is no command-line client of {family} on this machine")
    return found


def statements(script: str) -> list[str]:
    return [found.text for found in fragments(script) if found.kind == "statement"]


def same(ours: list[str], sent: list[str]) -> bool:
    """Statement for statement. MySQL's client sends comments along, and alone before a DELIMITER:
    those do nothing."""
    acting = [sql for sql in sent if significant(sql)]
    return len(ours) == len(acting) and all(map(same_text, ours, acting))


MODELS = """
    from django.db import models

    class Café(models.Model):
        name = models.CharField(max_length=40, db_comment="it's; a \\"name\\" -- `é` \\\\ # /* */")
        data = models.JSONField(default=dict)

        class Meta:
            constraints = [models.CheckConstraint(condition=~models.Q(name="a;b'"), name="no_semi")]
"""
TRIGGER = """
    from django.db import migrations

    TRIGGER = '''CREATE TRIGGER shout BEFORE INSERT ON shop_café FOR EACH ROW
    BEGIN
      -- a comment; with a semicolon
      SET NEW.name = CONCAT(NEW.name, ';', "it''s", '--');
    END'''

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL([TRIGGER], "DROP TRIGGER shout"),
            migrations.RunSQL(
                [("INSERT INTO shop_café (name, data) VALUES (%s, %s)",
                  ["a;b\\n'c' \\\\ -- \\u2028 #", '{"x": "\\u00e9;"}'])],
                "DELETE FROM shop_café",
            ),
        ]
"""


def test_the_client_sends_the_very_statements_of_recorded_files(
    project: ProjectFactory, server: TestServer, program: Path
) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_shout.py", TRIGGER)
    shop.succeeds("db_generate", "--name", "shout")

    for name in ("0001_initial.sql", "0002_shout.sql", "0002_shout.down.sql", "schema.sql"):
        if name == "schema.sql":
            shop.recreate_database()
        script = (shop.history / name).read_text(encoding="utf-8")
        sent = sent_by_the_client(program, server, shop.database, script)
        assert same(statements(script), sent), name
        assert len(sent) > 3


SYNTHETIC = {
    "semicolons in strings": "SELECT 'a;b', \"c;d\", `e;f` ;\nSELECT 2;",
    "doubled quotes": 'SELECT \'it\'\'s;\', "say ""x;""";SELECT `a``;b`;',
    "backslashes": r"SELECT 'a\';b', 'c\\'; SELECT 'd\\\';e';" + "\n",
    "a string over lines": "SELECT 'one\n;\n-- two\n# three\n/* four';\nSELECT 5;",
    "minus minus": "SELECT 5--1; SELECT 6--+1; SELECT 7 -- ; no\n; SELECT 8 --\n;",
    "hash": "SELECT 1 # ; it's no\n + 1;# and 'no\nSELECT 2;",
    "comments": "/* ; ' */ SELECT 1 /* ; \" */ + 1; -- it's\nSELECT /* a\n;b */ 2;",
    "executable comments": "SELECT 1 /*! + 1 */; /*!40101 SET NAMES utf8mb4 */;\n"
    "SELECT /*!80000 'it''s', */ 2;",
    "MariaDB's executable comments": "SELECT 1 /*M! + 1 */;\nSELECT 2;",
    "optimizer hints": "SELECT /*+ NO_MERGE(t) */ 1;\nSELECT 2;",
    "prefixed strings": "SELECT x'3b', b'101', N'é;', _utf8mb4';', _binary \";\";",
    "delimiters": "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT ';$$'; END $$\n"
    "SELECT ';' $$\nDELIMITER ;\nSELECT 3;",
    "a delimiter in a word": "delimiter $$\nCREATE PROCEDURE q() BEGIN SELECT 1; END$$\n"
    "SELECT 1 AS END$$\n  DELIMITER //\nSELECT 2 //\nDELIMITER ;\nSELECT 3;",
    "a delimiter in a string": "DELIMITER //\nSELECT 'http://x'//\nSELECT 4 //\nDELIMITER ;\n",
    "the word delimiter": "SELECT 1 AS\ndelimiter;\nSELECT 2 AS delimiter ;",
    "several on a line": "SELECT 1;SELECT 2; SELECT 3;\n\n;;\nSELECT 4;",
    "line endings of Windows": "SELECT 1;\r\n-- it's\r\nDELIMITER $$\r\nCREATE PROCEDURE p()\r\n"
    "BEGIN\r\n  SELECT 2;\r\nEND$$\r\nDELIMITER ;\r\nSELECT 4;\r\n",
    "no blank before a string": "SELECT'a;'AS`b;`,\"c\";SELECT(1);",
}


@pytest.mark.parametrize("script", list(SYNTHETIC.values()), ids=list(SYNTHETIC))
def test_the_client_splits_where_we_split(
    project: ProjectFactory, server: TestServer, program: Path, script: str
) -> None:
    shop = project({})

    sent = sent_by_the_client(program, server, shop.database, script, goes_on=True)

    assert same(statements(script), sent), f"ours: {statements(script)}\nsent: {sent}"
