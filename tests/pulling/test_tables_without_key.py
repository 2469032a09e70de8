"""Tables without a primary key: a model of one never writes to rows that it cannot tell apart."""

from __future__ import annotations

import pytest

from nestflux.pulling.describing import DescribedColumn, DescribedTable
from nestflux.pulling.identity import identity
from nestflux.sql.definitions import column_parts, key_parts
from nestflux.sql.table_options import OptionParts
from tests.conftest import ProjectFactory
from tests.pulling.conftest import Pulled, adopted, feed
from tests.scenario import Project

TABLES = """
CREATE TABLE web_links (a int NOT NULL, b int NOT NULL, note varchar(9), UNIQUE KEY ab (a, b));
CREATE TABLE web_names (name varchar(9) NOT NULL, n int, UNIQUE KEY name (name));
CREATE TABLE web_user (id int NOT NULL PRIMARY KEY);
CREATE TABLE web_member (
  user_id int NOT NULL, team varchar(9) NOT NULL, since date, UNIQUE KEY pair (user_id, team),
  CONSTRAINT member_is FOREIGN KEY (user_id) REFERENCES web_user (id)
);
CREATE TABLE web_visit (user_id int NOT NULL, by_id int,
  CONSTRAINT visit_of FOREIGN KEY (user_id) REFERENCES web_user (id),
  CONSTRAINT visit_by FOREIGN KEY (by_id) REFERENCES web_user (id));
CREATE TABLE web_maybe (a int, b int, UNIQUE KEY a (a));
CREATE TABLE web_log (user_id int NOT NULL, what varchar(20),
  CONSTRAINT log_of FOREIGN KEY (user_id) REFERENCES web_user (id));
INSERT INTO web_links VALUES (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z');
INSERT INTO web_names VALUES ('ann', 1), ('bob', 2);
INSERT INTO web_user VALUES (1), (2);
INSERT INTO web_member VALUES (1, 'red', NULL), (1, 'blue', NULL), (2, 'red', NULL);
INSERT INTO web_maybe VALUES (NULL, 1), (NULL, 2), (3, 3);
INSERT INTO web_visit VALUES (1, 2), (1, 2), (2, NULL);
INSERT INTO web_log VALUES (1, 'in'), (1, 'out'), (1, 'out'), (2, 'in');
"""


@pytest.fixture
def web(project: ProjectFactory) -> Pulled:
    site = feed(project({}), TABLES)
    pulled = Pulled(site, site.succeeds("db_pull"))
    site.settings(apps=("web",))
    return pulled


def test_what_tells_the_rows_apart_is_the_key(web: Pulled) -> None:
    site = web.project

    done = site.python(
        """
        from web.models import Link, Member, Name

        Link.objects.get(a=1, b=1).delete()
        link = Link.objects.get(pk=(1, 2))
        link.note = "new"
        link.save()
        Name.objects.get(name="ann").delete()
        member = Member.objects.get(user_id=1, team="red")
        assert member.user.pk == 1
        member.delete()
        """
    )

    assert done.code == 0, str(done)
    assert site.sql("SELECT a, b, note FROM web_links ORDER BY a") == [(1, 2, "new"), (2, 1, "z")]
    assert site.sql("SELECT name FROM web_names") == [("bob",)]
    assert site.sql("SELECT user_id, team FROM web_member ORDER BY 1") == [(1, "blue"), (2, "red")]
    assert web.remarks("No primary key") == ["web_links", "web_member", "web_names"]


def test_a_model_without_anything_that_does_refuses_to_write(web: Pulled) -> None:
    site = web.project
    before = _rows(site)

    done = site.python(
        """
        from django.core import serializers
        from web.models import Log, Maybe, User, Visit

        user = User.objects.get(pk=1)
        for model in (Log, Maybe):
            row = model.objects.first()
            objects = model.objects
            fixture = serializers.serialize("json", [row])
            for attempt in (
                row.save, row.delete, row.refresh_from_db, objects.all().delete,
                lambda: objects.create(pk=5),
                lambda: objects.update(pk=5),
                lambda: objects.filter(pk=1).update(pk=6),
                lambda: objects.bulk_create([model(pk=7)]),
                lambda: objects.bulk_update([row], [model._meta.fields[1].name]),
                lambda: objects.get_or_create(pk=8),
                lambda: objects.update_or_create(pk=2, defaults={"pk": 9}),
                lambda: [each.save() for each in serializers.deserialize("json", fixture)],
                lambda: model._base_manager.filter(pk=1).update(pk=6),
                lambda: user.log_set.add(Log.objects.filter(user_id=2).first()),
                lambda: user.log_set.all().delete(),
            ):
                try:
                    attempt()
                except TypeError as error:
                    assert str(error).endswith(" only reads."), error
                else:
                    raise AssertionError(f"{model.__name__} wrote")
        assert len(set(Log.objects.all())) == Log.objects.count() == 4
        assert [row.what for row in Log.objects.filter(user=1)] == ["in", "out", "out"]
        assert user.web_visit_user_set.count() == 2
        assert {visit.user.pk for visit in Visit.objects.filter(by=2)} == {1}
        """
    )

    assert done.code == 0, str(done)
    assert _rows(site) == before


def _rows(site: Project) -> list[list[tuple[object, ...]]]:
    return [sorted(site.sql(f"SELECT * FROM {t}"), key=str) for t in ("web_log", "web_maybe")]


def test_and_that_is_said_where_nobody_misses_it(web: Pulled) -> None:
    assert web.remarks("Nothing tells one row from another") == [
        "web_log",
        "web_maybe",
        "web_visit",
    ]
    assert "  web_log     Log  (reads only)" in web.outcome.lines
    text = web.project.read("web/models/log.py")
    assert "class Log(ReadOnlyModel):" in text
    assert '    """READS ONLY: saving, updating and deleting raise an error.' in text
    assert "        managed = False" in text


def test_such_an_app_is_generated_and_checked(web: Pulled) -> None:
    adopted(web.project, "web")

    assert web.project.succeeds("check").code == 0


@pytest.mark.parametrize(
    ("keys", "columns"),
    [
        (["UNIQUE KEY `k` (`a`,`b`)"], ("a", "b")),
        (["UNIQUE KEY `k` (`a`,`b`)", "UNIQUE KEY `l` (`b`)"], ("b",)),
        (["UNIQUE KEY `k` (`a`,`n`)"], ()),
        (["UNIQUE KEY `k` (`a`,`made`)"], ()),
        (["UNIQUE KEY `k` (`b`(10))"], ("b",)),
        (["UNIQUE KEY `k` (`a` DESC,`b`(3)) USING HASH"], ("a", "b")),
        (["UNIQUE KEY `k` ((lower(`b`)))"], ()),
        (["UNIQUE KEY `k` (`a`,(lower(`b`)))"], ()),
        (["PRIMARY KEY (`b`(10))"], ("b",)),
        (["PRIMARY KEY (`a`,`p` WITHOUT OVERLAPS)"], ()),
        (["UNIQUE KEY `k` (`b`)", "PRIMARY KEY (`a`,`b`)"], ("a", "b")),
        (["KEY `k` (`a`)", "FULLTEXT KEY `t` (`b`)"], ()),
    ],
)
def test_what_a_row_is_known_by(keys: list[str], columns: tuple[str, ...]) -> None:
    definitions = {
        "a": "int NOT NULL",
        "b": "varchar(20) NOT NULL",
        "n": "int DEFAULT NULL",
        "made": "int GENERATED ALWAYS AS (`a` + 1) STORED NOT NULL",
    }
    table = DescribedTable(
        "t",
        tuple(DescribedColumn(n, "x", column_parts(text)) for n, text in definitions.items()),
        tuple(map(key_parts, keys)),
        (),
        (),
        OptionParts(engine="InnoDB"),
        {},
    )

    assert identity(table) == columns
