"""Columns and tables that are called like what a file of models needs, or have no length."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed

TABLES = """
CREATE TABLE t_user (id int NOT NULL PRIMARY KEY, models int, settings char(3), migrations int,
  `self` int, cls int, `str` int, `property` int, `Sql` int, `Meta` int, `async` int, `print` int,
  clean int, `objects` int, `None` int, db int, `_state` int);
CREATE TABLE t_models (id int NOT NULL PRIMARY KEY, models_id int, settings_id int DEFAULT 4,
  self_id int,
  CONSTRAINT a FOREIGN KEY (models_id) REFERENCES t_models (id),
  CONSTRAINT b FOREIGN KEY (settings_id) REFERENCES t_user (id),
  CONSTRAINT c FOREIGN KEY (self_id) REFERENCES t_models (id));
CREATE TABLE t_sql (id int NOT NULL PRIMARY KEY, e enum('a') NOT NULL DEFAULT 'a');
CREATE TABLE t_sql_index (id int NOT NULL PRIMARY KEY, e text, KEY e (e(10)));
CREATE TABLE t_lengths (id int NOT NULL PRIMARY KEY, a varchar(0) NOT NULL DEFAULT '', b char(0),
  c varbinary(0), d binary(0), e enum(''), f set(''), g char, h varchar(0) NOT NULL);
"""


def test_names_of_the_file_itself_and_texts_without_length(project: ProjectFactory) -> None:
    site = feed(project({}), TABLES)

    done = site.succeeds("db_pull")

    assert "✓ Migrated to an empty schema, the models give it back: 5 tables, 0 differences" in (
        done.lines
    )
    assert '    models_field = models.IntegerField(db_column="models"' in (
        site.read("t/models/user.py")
    )
    assert "class SqlTable(models.Model):" in site.read("t/models/sql.py")
    assert "class SqlIndexTable(models.Model):" in site.read("t/models/sql_index.py")
    adopted(site, "t")
    used = site.python(
        """
        from t.models import Length, Model, User

        user = User.objects.create(id=1, models_field=3, settings_field="abc")
        assert Model.objects.create(id=1, settings_field=user).settings_field.models_field == 3
        Length.objects.create(id=1, a="", h="")
        assert Length.objects.get(a="").h == ""
        """
    )
    assert used.code == 0, str(used)
