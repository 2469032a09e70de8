"""A history of raw SQL with the odder objects, and a live schema that differs from it."""

from __future__ import annotations

from tests.scenario import Project

_MADE = """
CREATE TABLE odd_pk (code varchar(9) NOT NULL, n int NOT NULL, PRIMARY KEY (code));
CREATE TABLE odd_two (id int PRIMARY KEY, a int, b int, KEY x (a), KEY y (b), KEY small (a, b));
CREATE TABLE odd_counter (id int NOT NULL AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE odd_child (id int PRIMARY KEY, counter_id int,
  CONSTRAINT odd_child_key FOREIGN KEY (counter_id) REFERENCES odd_counter (id));
CREATE TABLE odd_charset (id int PRIMARY KEY, a varchar(9) CHARACTER SET utf8mb4, b varchar(9))
  DEFAULT CHARSET=latin1;
CREATE TABLE odd_part (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
CREATE TABLE odd_form (id int PRIMARY KEY, n int) ROW_FORMAT=DYNAMIC;
CREATE TABLE odd_hidden (id int PRIMARY KEY, seen int, hidden int INVISIBLE, KEY h (seen) %s);
CREATE TABLE odd_doc (id int PRIMARY KEY, doc json, text longtext, day date NOT NULL,
  UNIQUE KEY begins (text(5)));
CREATE TABLE odd_kept (id int PRIMARY KEY, n int NOT NULL);
CREATE TABLE odd_table (id int PRIMARY KEY, kept_id int,
  CONSTRAINT odd_table_key FOREIGN KEY (kept_id) REFERENCES odd_kept (id));
CREATE TABLE odd_self (id bigint PRIMARY KEY, up_id bigint,
  CONSTRAINT odd_self_key FOREIGN KEY (up_id) REFERENCES odd_self (id) ON DELETE CASCADE);
CREATE VIEW odd_first AS SELECT id, seen FROM odd_hidden;
CREATE VIEW odd_second AS SELECT id FROM odd_first;
CREATE VIEW odd_view AS SELECT id FROM odd_two;
CREATE PROCEDURE odd_count() SELECT COUNT(*) FROM odd_two;
"""
_TRIGGER = (
    "CREATE TRIGGER odd_step BEFORE INSERT ON odd_kept FOR EACH ROW\nBEGIN\n  SET NEW.n = 1;\nEND"
)

BY_HAND = """
ALTER TABLE odd_pk DROP PRIMARY KEY, ADD COLUMN id int NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST;
ALTER TABLE odd_two RENAME INDEX x TO y, RENAME INDEX y TO x, RENAME INDEX small TO SMALL;
SET foreign_key_checks = 0;
ALTER TABLE odd_counter MODIFY id int NOT NULL;
SET foreign_key_checks = 1;
ALTER TABLE odd_charset DROP COLUMN a;
ALTER TABLE odd_part REMOVE PARTITIONING;
ALTER TABLE odd_form ROW_FORMAT=REDUNDANT, COMMENT='anything', ENGINE=MyISAM;
ALTER TABLE odd_hidden DROP INDEX h, ADD INDEX h (seen), MODIFY hidden int;
ALTER TABLE odd_doc DROP INDEX begins, DROP COLUMN day, MODIFY doc longtext;
DROP TRIGGER odd_step;
DROP TABLE odd_table;
RENAME TABLE odd_kept TO odd_kept_old;
CREATE VIEW odd_table AS SELECT id FROM odd_two;
ALTER TABLE odd_self DROP FOREIGN KEY odd_self_key;
ALTER TABLE odd_self MODIFY id int, MODIFY up_id int;
ALTER TABLE odd_self ADD CONSTRAINT odd_self_key FOREIGN KEY (up_id) REFERENCES odd_self (id);
CREATE TABLE nobodys (self_id int, CONSTRAINT nobodys_key FOREIGN KEY (self_id)
  REFERENCES odd_self (id));
DROP VIEW odd_view;
CREATE TABLE odd_view (id int);
CREATE TABLE gone (id int);
CREATE OR REPLACE VIEW odd_second AS SELECT id FROM gone;
DROP TABLE gone;
DROP PROCEDURE odd_count;
"""

LEFT_TO_A_PERSON = """
ALTER TABLE odd_part PARTITION BY HASH (id) PARTITIONS 2;
DROP TABLE nobodys;
ALTER TABLE odd_self MODIFY id bigint NOT NULL;
ALTER TABLE odd_self ADD CONSTRAINT odd_self_key FOREIGN KEY (up_id) REFERENCES odd_self (id)
  ON DELETE CASCADE;
"""


def record(project: Project) -> None:
    hidden = "INVISIBLE" if project.server.family == "mysql" else "IGNORED"
    made = [sql.strip() for sql in (_MADE % hidden).split(";\n") if sql.strip()]
    project.app(
        "odd",
        {
            "migrations/0001_initial.py": f"""
    from django.db import migrations


    class Migration(migrations.Migration):
        operations = [
            migrations.RunSQL({[*made, _TRIGGER]!r}, migrations.RunSQL.noop),
        ]
""",
        },
    )
    project.succeeds("db_generate", "--name", "odd", "--noinput")
