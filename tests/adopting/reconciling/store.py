"""A history with each kind of object, and a live schema that differs from it in each way."""

from __future__ import annotations

from tests.scenario import Project

SECRET = "hunter2"

MODELS = """
    from django.db import models


    class Category(models.Model):
        name = models.CharField(max_length=40, unique=True)
        slug = models.CharField(max_length=40, db_index=True)


    class Product(models.Model):
        name = models.CharField(max_length=40, db_index=True)
        price = models.IntegerField()
        category = models.ForeignKey(Category, models.PROTECT)
        note = models.CharField(max_length=90, null=True, db_comment="what people ask")
        state = models.CharField(max_length=9)
        code = models.CharField(max_length=9, db_default="new")
        label = models.CharField(max_length=20, null=True, db_collation="utf8mb4_bin")
        sku = models.CharField(max_length=9, unique=True)
        maker = models.CharField(max_length=20)
        weight = models.IntegerField(null=True)
        summary = models.CharField(max_length=70, null=True)
        double = models.GeneratedField(
            expression=models.F("price") * 2, output_field=models.IntegerField(), db_persist=False
        )

        class Meta:
            db_table_comment = "what is sold"
            constraints = [
                models.CheckConstraint(condition=models.Q(price__gte=0), name="not_negative"),
                models.CheckConstraint(condition=models.Q(weight__gte=1), name="heavy"),
            ]
            indexes = [models.Index(fields=["double"], name="by_double")]


    class Review(models.Model):
        product = models.ForeignKey(Product, models.CASCADE)
        text = models.CharField(max_length=90)
        by = models.CharField(max_length=20, unique=True)
"""

PROGRAMS = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("store", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "CREATE VIEW store_cheap AS SELECT id, sku FROM store_product WHERE price < 5",
                "DROP VIEW store_cheap",
            ),
            migrations.RunSQL(
                "CREATE TRIGGER store_stamp BEFORE INSERT ON store_product FOR EACH ROW "
                "BEGIN SET NEW.maker = UPPER(NEW.maker); SET NEW.state = 'in'; END",
                "DROP TRIGGER store_stamp",
            ),
        ]
"""

LATER = """


    class Later(models.Model):
        title = models.CharField(max_length=30)
"""

# The live schema, as people left it over the years.
BY_HAND = f"""
ALTER TABLE store_product RENAME INDEX {{name_index}} TO by_hand_name;
ALTER TABLE store_product DROP FOREIGN KEY {{category_key}};
ALTER TABLE store_product MODIFY category_id int NOT NULL;
ALTER TABLE store_category MODIFY id int NOT NULL AUTO_INCREMENT;
ALTER TABLE store_product ADD CONSTRAINT by_hand_key FOREIGN KEY (category_id)
  REFERENCES store_category (id);
ALTER TABLE store_category DROP INDEX {{slug_index}};
CREATE INDEX by_hand_price ON store_product (price);
ALTER TABLE store_product MODIFY name varchar(60) NOT NULL;
ALTER TABLE store_product MODIFY weight smallint NULL;
ALTER TABLE store_product RENAME COLUMN weight TO Weight;
ALTER TABLE store_product DROP COLUMN state;
ALTER TABLE store_product ADD COLUMN legacy varchar(7) NULL;
ALTER TABLE store_product RENAME COLUMN summary TO abstract;
ALTER TABLE store_product MODIFY note varchar(90) NULL COMMENT 'anything', COMMENT='goods';
ALTER TABLE store_product MODIFY code varchar(9) NOT NULL DEFAULT 'old';
ALTER TABLE store_product MODIFY label varchar(20) COLLATE utf8mb4_unicode_ci NULL;
ALTER TABLE store_product MODIFY maker varchar(20) NULL;
ALTER TABLE store_product DROP CONSTRAINT not_negative;
ALTER TABLE store_product DROP INDEX sku;
ALTER TABLE store_product DROP INDEX by_double, DROP COLUMN `double`,
  ADD COLUMN `double` int GENERATED ALWAYS AS (price * 2) STORED, ADD INDEX by_double (price);
DROP TABLE store_review;
CREATE TABLE store_later (id int PRIMARY KEY, product_id bigint,
  CONSTRAINT later_key FOREIGN KEY (product_id) REFERENCES store_product (id));
CREATE OR REPLACE VIEW store_cheap AS SELECT id FROM store_product WHERE sku = '{SECRET}';
DROP TRIGGER store_stamp;
CREATE TRIGGER store_stamp BEFORE INSERT ON store_product FOR EACH ROW
  SET NEW.maker = '{SECRET}';
"""


def record(project: Project) -> None:
    """Two files: everything, and a table that comes later."""
    project.app("store", {"models.py": MODELS})
    project.succeeds("makemigrations", "store")
    project.write("store/migrations/0002_programs.py", PROGRAMS)
    project.succeeds("db_generate", "--name", "all", "--noinput")
    project.app("store", {"models.py": MODELS + LATER})
    project.succeeds("db_generate", "--name", "later", "--noinput")


def fill(project: Project) -> None:
    """Rows that every statement has to leave as they are."""
    project.sql("INSERT INTO store_category (id, name, slug) VALUES (1, 'tools', 't')")
    project.sql(
        "INSERT INTO store_product (id, name, price, category_id, maker, sku, code, weight, state)"
        " VALUES (1, 'saw', 3, 1, 'ann', 'a', 'x', 2, ''), (2, 'axe', 4, 1, 'bob', 'b', 'y', 3, '')"
    )


def alter_by_hand(project: Project) -> None:
    found = project.sql(
        "SELECT TABLE_NAME, COLUMN_NAME, INDEX_NAME FROM information_schema.STATISTICS "
        "WHERE TABLE_SCHEMA = DATABASE()"
    )
    index = {(table, column): name for table, column, name in found}
    ((key,),) = project.sql(
        "SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
        "WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'store_product'"
    )
    project.feed_to_the_client(
        BY_HAND.format(
            name_index=index["store_product", "name"],
            slug_index=index["store_category", "slug"],
            category_key=key,
        )
    )
