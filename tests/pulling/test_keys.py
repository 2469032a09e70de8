"""Keys of every shape come back: beside another key, as AUTO_INCREMENT needs them, and as what
makes a relation one to one."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.pulling.conftest import Pulled, adopted, feed

TWICE = """
CREATE TABLE t_user (userid int NOT NULL, name varchar(9), PRIMARY KEY (userid),
  UNIQUE KEY userid (userid));
CREATE TABLE t_two (userid int NOT NULL, x int, PRIMARY KEY (userid), UNIQUE KEY userid (userid),
  UNIQUE KEY userid2 (userid), KEY userid3 (userid), UNIQUE KEY x (x), UNIQUE KEY x2 (x),
  KEY x3 (x));
CREATE TABLE t_pair (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b), UNIQUE KEY a (a),
  UNIQUE KEY ab (a, b), KEY b (b));
CREATE TABLE t_card (user_id int NOT NULL, PRIMARY KEY (user_id), UNIQUE KEY user_id (user_id),
  CONSTRAINT card_of FOREIGN KEY (user_id) REFERENCES t_user (userid));
"""
COUNTERS = """
CREATE TABLE t_plain (code char(5) NOT NULL, n int NOT NULL AUTO_INCREMENT, PRIMARY KEY (code),
  KEY n (n));
CREATE TABLE t_inline (code char(5) NOT NULL, n int NOT NULL AUTO_INCREMENT,
  x int NOT NULL DEFAULT 4, PRIMARY KEY (code), UNIQUE KEY n (n));
CREATE TABLE t_named (code char(5) NOT NULL, n int unsigned NOT NULL AUTO_INCREMENT,
  x int NOT NULL DEFAULT 4, PRIMARY KEY (code), UNIQUE KEY other (n));
CREATE TABLE t_several (code char(5) NOT NULL, n bigint NOT NULL AUTO_INCREMENT,
  x int NOT NULL DEFAULT 4, PRIMARY KEY (code, n), UNIQUE KEY other (n, x), KEY more (n));
CREATE TABLE t_down (n int NOT NULL AUTO_INCREMENT, x int NOT NULL DEFAULT 4, PRIMARY KEY (x),
  UNIQUE KEY k (n DESC));
CREATE TABLE t_parent (id bigint NOT NULL PRIMARY KEY);
CREATE TABLE t_child (id int NOT NULL PRIMARY KEY, n bigint NOT NULL AUTO_INCREMENT,
  KEY to_parent (n), CONSTRAINT to_parent FOREIGN KEY (n) REFERENCES t_parent (id));
CREATE TABLE t_grouped (code char(5) NOT NULL, n int NOT NULL AUTO_INCREMENT,
  PRIMARY KEY (code, n)) ENGINE=MyISAM;
CREATE TABLE t_within (code char(5) NOT NULL, n int NOT NULL AUTO_INCREMENT,
  PRIMARY KEY (code), KEY k (code, n)) ENGINE=MyISAM;
"""


def test_a_unique_key_on_the_primary_key_is_kept(project: ProjectFactory) -> None:
    site = feed(project({}), TWICE)

    done = site.succeeds("db_pull")

    assert "✓ Migrated to an empty schema, the models give it back: 4 tables, 0 differences" in (
        done.lines
    )
    adopted(site, "t")


def test_a_counter_that_the_primary_key_does_not_begin_with(project: ProjectFactory) -> None:
    """Error 1075, unless the statement that makes the table makes the counter's key too."""
    site = feed(project({}), COUNTERS)
    pulled = Pulled(site, site.succeeds("db_pull"))

    assert "✓ Migrated to an empty schema, the models give it back: 7 tables, 0 differences" in (
        pulled.outcome.lines
    )
    assert pulled.remarks("AUTO_INCREMENT within groups of rows") == ["t_grouped", "t_within"]
    adopted(site, "t")
    done = site.python(
        """
        from t.models import Grouped, Named

        for code in "ab":
            Named.objects.create(code=code)
        assert [row.n for row in Named.objects.order_by("code")] == [1, 2]
        assert str(Grouped._meta.pk.columns) == "('code', 'n')"
        """
    )
    assert done.code == 0, str(done)


def test_a_key_in_the_servers_words_can_be_taken_out_again(project: ProjectFactory) -> None:
    site = feed(
        project({}),
        "CREATE TABLE t_part (id int NOT NULL PRIMARY KEY, a varchar(99), b int NOT NULL"
        " DEFAULT 1, c int, UNIQUE KEY half (a(20)), CONSTRAINT positive CHECK (b > 0));",
    )
    site.succeeds("db_pull", "--app", "t=t_*")
    adopted(site, "t")
    before = site.read("t/models/part.py")
    start, end = before.index("        constraints = ["), before.index("    def __str__")
    site.write("t/models/part.py", before[:start] + "\n" + before[end:])

    site.succeeds("db_generate", "--noinput", "--name", "no_rules")
    site.succeeds("db_migrate", "--noinput")

    printed = site.sql("SHOW CREATE TABLE t_part")[0][1]
    assert "half" not in printed
    assert "CHECK" not in printed


@pytest.mark.parametrize(
    ("keys", "function"),
    [
        ("UNIQUE KEY owner_id (owner_id)", "models.OneToOneField("),
        ("UNIQUE KEY by_owner (owner_id)", "NamedOneToOneField("),
        ("UNIQUE KEY by_owner (owner_id), KEY k (owner_id)", "NamedOneToOneField("),
        ("UNIQUE KEY by_owner (owner_id, name)", "models.ForeignKey("),
        ("KEY by_owner (owner_id)", "models.ForeignKey("),
    ],
)
def test_a_unique_foreign_key_is_one_to_one(
    project: ProjectFactory, keys: str, function: str
) -> None:
    site = feed(
        project({}),
        f"""
        CREATE TABLE t_owner (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY);
        CREATE TABLE t_thing (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(9),
          owner_id bigint, {keys},
          CONSTRAINT thing_of FOREIGN KEY (owner_id) REFERENCES t_owner (id));
        """,
    )

    done = site.succeeds("db_pull")

    assert "✓ Migrated to an empty schema, the models give it back: 2 tables, 0 differences" in (
        done.lines
    )
    assert f"    owner = {function}" in site.read("t/models/thing.py")
    if function == "NamedOneToOneField(":
        adopted(site, "t")
        used = site.python(
            """
            from t.models import Owner, Thing

            owner = Owner.objects.create()
            thing = Thing.objects.create(owner=owner)
            assert Owner.objects.get().thing == thing
            """
        )
        assert used.code == 0, str(used)
