"""Databases that nobody made with Django: what ``db_pull`` is to write models for.

``RICH`` is reproduced to the letter on each family; ``ODD`` holds names that Python or Django does
not take, and what no model can say.
"""

from __future__ import annotations

_RICH = """
SET NAMES utf8mb4;
CREATE TABLE shop_customer (
  id int unsigned NOT NULL AUTO_INCREMENT COMMENT 'Number on the card',
  email varchar(190) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  full_name varchar(100) NOT NULL,
  status enum('new','it''s','gone') NOT NULL DEFAULT 'new',
  flags set('a','b') DEFAULT NULL,
  born year DEFAULT NULL,
  visits mediumint unsigned NOT NULL DEFAULT 0,
  level int NOT NULL DEFAULT 3,
  rate decimal(8,3) NOT NULL DEFAULT 1.500,
  weight float NOT NULL DEFAULT 0,
  height double(10,2) DEFAULT NULL,
  exact double DEFAULT NULL,
  is_vip tinyint(1) NOT NULL DEFAULT 0,
  small tinyint DEFAULT 7,
  padded int(8) unsigned zerofill DEFAULT NULL,
  code char(3) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT NULL,
  token binary(16) DEFAULT NULL,
  raw varbinary(40) DEFAULT NULL,
  bits bit(5) NOT NULL DEFAULT b'101',
  note tinytext, bio mediumtext, story text COMMENT 'as told', essay longtext,
  photo blob, film longblob,
  place geometry DEFAULT NULL,
  opened time DEFAULT NULL, closed time(6) DEFAULT NULL,
  day date DEFAULT '2020-02-29',
  seen datetime(3) DEFAULT NULL, left_at datetime(6) DEFAULT NULL,
  made timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  changed timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  hidden int INVISIBLE DEFAULT 4,
  name_length int GENERATED ALWAYS AS (char_length(full_name)) VIRTUAL,
  upper_name varchar(100) GENERATED ALWAYS AS (upper(full_name)) STORED COMMENT 'for search',
  {COLUMNS}
  PRIMARY KEY (id),
  UNIQUE KEY email (email),
  UNIQUE KEY name_day (full_name, day),
  UNIQUE KEY half_code (raw(10)),
  KEY made (made),
  KEY story_start (story(20)),
  FULLTEXT KEY words (bio),
  KEY changed_first (changed, visits),
  {KEYS}
  CONSTRAINT sane CHECK (visits < 1000000)
) ENGINE=InnoDB COMMENT='Who buys: it''s "them"';

CREATE TABLE shop_orders (
  id bigint NOT NULL AUTO_INCREMENT,
  customer_id int unsigned NOT NULL COMMENT 'Who pays',
  parent bigint DEFAULT NULL,
  billed_by int unsigned DEFAULT NULL,
  made datetime(6) NOT NULL,
  position int unsigned NOT NULL DEFAULT 1 CHECK (position >= 0),
  PRIMARY KEY (id),
  KEY made (made),
  KEY customer_id (customer_id, made),
  CONSTRAINT shop_orders_ibfk_1 FOREIGN KEY (customer_id) REFERENCES shop_customer (id)
    ON DELETE CASCADE,
  CONSTRAINT billed FOREIGN KEY (billed_by) REFERENCES shop_customer (id) ON DELETE SET NULL,
  CONSTRAINT part_of FOREIGN KEY (parent) REFERENCES shop_orders (id)
) ENGINE=InnoDB ROW_FORMAT=COMPRESSED;

CREATE TABLE shop_order_lines (
  order_id bigint NOT NULL,
  line int NOT NULL,
  sku varchar(20) NOT NULL,
  PRIMARY KEY (order_id, line),
  CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES shop_orders (id)
) DEFAULT CHARSET=latin1;

CREATE TABLE shop_line_notes (
  id int NOT NULL AUTO_INCREMENT,
  order_id bigint NOT NULL,
  line int NOT NULL,
  percent varchar(10) NOT NULL DEFAULT '100%' COMMENT '50% of 5',
  plain int NOT NULL DEFAULT 5,
  PRIMARY KEY (id) USING BTREE,
  CONSTRAINT of_line FOREIGN KEY (order_id, line) REFERENCES shop_order_lines (order_id, line)
) COMMENT='100%';

CREATE TABLE shop_card (
  customer_id int unsigned NOT NULL,
  name varchar(30) NOT NULL,
  PRIMARY KEY (customer_id),
  CONSTRAINT card_of FOREIGN KEY (customer_id) REFERENCES shop_customer (id)
);

CREATE TABLE geo_country (
  code char(2) CHARACTER SET latin1 NOT NULL,
  name varchar(80) NOT NULL DEFAULT 'nowhere',
  capital varchar(10) DEFAULT NULL,
  iso varchar(40) CHARACTER SET latin1 NOT NULL,
  PRIMARY KEY (code),
  UNIQUE KEY by_iso (iso)
);
CREATE TABLE geo_city (
  id smallint NOT NULL AUTO_INCREMENT,
  country char(2) CHARACTER SET latin1 NOT NULL,
  iso varchar(20) CHARACTER SET latin1 DEFAULT NULL,
  mayor_id int unsigned DEFAULT NULL,
  tag varchar(10) NOT NULL DEFAULT 'none',
  PRIMARY KEY (id),
  UNIQUE KEY by_tag (tag),
  UNIQUE KEY mayor_id (mayor_id),
  KEY name_of_an_index_that_is_longer_than_django_takes (iso, country),
  CONSTRAINT in_country FOREIGN KEY (country) REFERENCES geo_country (code) ON UPDATE CASCADE,
  CONSTRAINT iso_of FOREIGN KEY (iso) REFERENCES geo_country (iso),
  CONSTRAINT mayor_is FOREIGN KEY (mayor_id) REFERENCES shop_customer (id)
);
ALTER TABLE geo_country ADD CONSTRAINT capital_is FOREIGN KEY (capital) REFERENCES geo_city (tag);

CREATE TABLE visits_by_day (
  day date NOT NULL,
  id bigint NOT NULL AUTO_INCREMENT,
  PRIMARY KEY (id, day)
) PARTITION BY RANGE (to_days(day)) (
  PARTITION p0 VALUES LESS THAN (737000),
  PARTITION p1 VALUES LESS THAN MAXVALUE
);
"""

RICH = {
    "mariadb": _RICH.replace(
        "{COLUMNS}",
        """
        doc json DEFAULT NULL,
        other_doc longtext COLLATE utf8mb4_unicode_ci CHECK (json_valid(other_doc)),
        uid uuid DEFAULT uuid(),
        address inet6 DEFAULT NULL,
        packed text COMPRESSED DEFAULT NULL,
        odd int(5) NOT NULL DEFAULT 3,
        qty int NOT NULL DEFAULT 1 CHECK (qty > 0),
        due datetime DEFAULT (current_timestamp() + interval 1 day),
        """,
    ).replace("{KEYS}", ""),
    "mysql": _RICH.replace(
        "{COLUMNS}",
        """
        doc json DEFAULT (json_array()),
        uid binary(16) DEFAULT (uuid_to_bin(uuid())),
        intro text DEFAULT ('a%'),
        spot point NOT NULL SRID 4326,
        lower_name varchar(100) GENERATED ALWAYS AS (lower(full_name)) STORED NOT NULL,
        qty int NOT NULL DEFAULT 1,
        due datetime DEFAULT (now() + interval 1 day),
        """,
    ).replace(
        "{KEYS}",
        """
        KEY newest (made DESC, qty),
        KEY lowered ((lower(full_name))),
        KEY shy (day) INVISIBLE,
        SPATIAL KEY spot (spot),
        CHECK (qty > 0),
        CONSTRAINT lax CHECK (qty < 9) NOT ENFORCED,
        """,
    ),
}

_ODD = """
SET NAMES utf8mb4;
CREATE TABLE `class` (id int NOT NULL PRIMARY KEY, `object` int, `other` int);
CREATE TABLE `2 odd-words` (
  id int NOT NULL PRIMARY KEY, `select` int, `Mixed Case` int, `ünï` int, `a__b` int, `a_b` int,
  `_x` int, `1st` int, save int, objects int, `check` int, pk int, `per%cent` int DEFAULT 5,
  class_id int, `class` int,
  KEY `weird-name` (objects),
  CONSTRAINT odd_class FOREIGN KEY (class_id) REFERENCES `class` (id)
);
CREATE TABLE status (id int NOT NULL PRIMARY KEY);
CREATE TABLE statu (id int NOT NULL PRIMARY KEY);
CREATE TABLE boxes (id int NOT NULL PRIMARY KEY);
CREATE TABLE box (id int NOT NULL PRIMARY KEY);
CREATE TABLE stories (id int NOT NULL PRIMARY KEY, r int,
  CONSTRAINT one FOREIGN KEY (r) REFERENCES status (id),
  CONSTRAINT two FOREIGN KEY (r) REFERENCES box (id)
);
CREATE TABLE archive (id int NOT NULL PRIMARY KEY, t text, FULLTEXT KEY t (t)) ENGINE=MyISAM;
CREATE TABLE numbered (code char(5) NOT NULL PRIMARY KEY, n int NOT NULL AUTO_INCREMENT,
  UNIQUE KEY n (n));
CREATE TABLE backquoted (id int NOT NULL PRIMARY KEY, `back``tick` int);
CREATE TABLE keyless (id int NOT NULL, `day` date, UNIQUE KEY id (id));
CREATE TABLE partly (name text NOT NULL, PRIMARY KEY (name(20)));
CREATE TABLE lonely (id int NOT NULL PRIMARY KEY, k int,
  CONSTRAINT to_keyless FOREIGN KEY (k) REFERENCES keyless (id));
CREATE TABLE other_parent (a int NOT NULL, b int NOT NULL, c int, PRIMARY KEY (a, b), KEY c (c));
CREATE TABLE other_thing (id int NOT NULL PRIMARY KEY);
CREATE TABLE paired (id int NOT NULL PRIMARY KEY, a int, b int, c int,
  CONSTRAINT to_pair FOREIGN KEY (a, b) REFERENCES other_parent (a, b));
{NO_KEY}
SET sql_mode = '';
CREATE TABLE zeros (id int NOT NULL PRIMARY KEY, d date NOT NULL DEFAULT '0000-00-00',
  upd timestamp NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP);
CREATE VIEW thing_view AS SELECT id FROM other_thing;
CREATE TRIGGER stamps BEFORE INSERT ON zeros FOR EACH ROW SET NEW.d = '2020-01-01';
"""

_NO_KEY = "ALTER TABLE paired ADD CONSTRAINT to_no_key FOREIGN KEY (c) REFERENCES other_parent (c);"
ODD = {
    "mariadb": _ODD.replace("{NO_KEY}", _NO_KEY)
    + """
CREATE SEQUENCE numbers;
CREATE TABLE versioned (id int NOT NULL PRIMARY KEY, x int) WITH SYSTEM VERSIONING;
""",
    "mysql": _ODD.replace("{NO_KEY}", f"SET restrict_fk_on_non_standard_key = OFF;\n{_NO_KEY}"),
}
