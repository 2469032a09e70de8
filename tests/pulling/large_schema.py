"""A large shop's schema, made up: some 390 tables as the big PHP shops have them.

Unsigned keys of all sizes, value tables beside each entity, composite keys of up to five columns,
foreign keys with rules and long names in capitals, enum, several unique keys a table.

    python -m tests.pulling.large_schema > large.sql
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

MODULES = (
    "catalog_product",
    "catalog_category",
    "customer_entity",
    "customer_address",
    "sales_order",
    "sales_invoice",
    "sales_shipment",
    "sales_creditmemo",
    "quote_cart",
    "quote_address",
    "cms_page",
    "cms_block",
    "review_entry",
    "gift_registry",
    "tax_rate",
)
_VALUES = {
    "int": "int",
    "varchar": "varchar(255)",
    "text": "mediumtext",
    "decimal": "decimal(20,6)",
    "datetime": "datetime",
    "gallery": "varchar(255)",
}
_INDEXES = ("price", "stock", "eav", "search", "website")
_PERIODS = ("daily", "monthly", "yearly")
_SHARED = """
CREATE TABLE store_website (
  website_id smallint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Website ID',
  code varchar(32) DEFAULT NULL,
  is_default smallint unsigned DEFAULT 0,
  PRIMARY KEY (website_id), UNIQUE KEY STORE_WEBSITE_CODE (code)
) COMMENT='Websites';
CREATE TABLE store (
  store_id smallint unsigned NOT NULL AUTO_INCREMENT,
  code varchar(32) DEFAULT NULL,
  website_id smallint unsigned NOT NULL DEFAULT 0,
  is_active smallint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (store_id), UNIQUE KEY STORE_CODE (code),
  CONSTRAINT STORE_WEBSITE_ID FOREIGN KEY (website_id) REFERENCES store_website (website_id)
    ON DELETE CASCADE
);
CREATE TABLE customer_group (
  customer_group_id int unsigned NOT NULL AUTO_INCREMENT,
  code varchar(32) NOT NULL,
  PRIMARY KEY (customer_group_id)
);
CREATE TABLE eav_entity_type (
  entity_type_id smallint unsigned NOT NULL AUTO_INCREMENT,
  entity_type_code varchar(50) NOT NULL,
  PRIMARY KEY (entity_type_id), KEY EAV_ENTITY_TYPE_CODE (entity_type_code)
);
CREATE TABLE eav_attribute (
  attribute_id smallint unsigned NOT NULL AUTO_INCREMENT,
  entity_type_id smallint unsigned NOT NULL DEFAULT 0,
  attribute_code varchar(190) NOT NULL,
  backend_type enum('static','int','varchar','text','decimal') NOT NULL DEFAULT 'static',
  note text,
  PRIMARY KEY (attribute_id),
  UNIQUE KEY EAV_ATTRIBUTE_TYPE_CODE (entity_type_id, attribute_code),
  CONSTRAINT EAV_ATTRIBUTE_TYPE FOREIGN KEY (entity_type_id)
    REFERENCES eav_entity_type (entity_type_id) ON DELETE CASCADE
);
"""


def large_schema(modules: int = len(MODULES)) -> str:
    """The statements; 5 tables and 26 a module."""
    tables = [table for module in MODULES[:modules] for table in _tables_of(module)]
    return _SHARED + "\n".join(tables)


def _tables_of(module: str) -> Iterator[str]:
    yield _entity(module)
    yield from (_value(module, kind, type_) for kind, type_ in _VALUES.items())
    yield from (_index(module, name) for name in _INDEXES)
    yield from (_index(module, f"{name}_tmp") for name in _INDEXES)
    yield from (_aggregate(module, period) for period in _PERIODS)
    yield from (_part(module, name) for name in ("item", "option", "grid", "payment"))
    yield _status(module)
    yield _label(module)


def _entity(module: str) -> str:
    columns = ", ".join(
        f"{name} decimal(20,4) DEFAULT NULL COMMENT '{name}'"
        for name in ("subtotal", "base_subtotal", "discount", "tax", "shipping", "total", "weight")
    )
    return f"""
CREATE TABLE {module} (
  entity_id int unsigned NOT NULL AUTO_INCREMENT COMMENT 'Entity ID',
  increment_id varchar(50) DEFAULT NULL,
  sku varchar(64) NOT NULL,
  type_id enum('simple','bundle','virtual') NOT NULL DEFAULT 'simple',
  store_id smallint unsigned DEFAULT NULL,
  group_id int unsigned DEFAULT NULL,
  parent_id int unsigned DEFAULT NULL,
  is_active tinyint(1) NOT NULL DEFAULT 1,
  {columns},
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (entity_id),
  {_unique(module, "increment_id", "store_id")},
  {_unique(module, "sku")},
  {_key(module, "created_at")},
  {_foreign(module, "store_id", "store", "store_id", "SET NULL")},
  {_foreign(module, "group_id", "customer_group", "customer_group_id", "SET NULL")},
  {_foreign(module, "parent_id", module, "entity_id", "CASCADE")}
) COMMENT='{module}';"""


def _value(module: str, kind: str, type_: str) -> str:
    table = f"{module}_{kind}"
    return f"""
CREATE TABLE {table} (
  value_id int unsigned NOT NULL AUTO_INCREMENT,
  attribute_id smallint unsigned NOT NULL DEFAULT 0,
  store_id smallint unsigned NOT NULL DEFAULT 0,
  entity_id int unsigned NOT NULL DEFAULT 0,
  value {type_} DEFAULT NULL COMMENT 'Value',
  PRIMARY KEY (value_id),
  {_unique(table, "entity_id", "attribute_id", "store_id")},
  {_foreign(table, "attribute_id", "eav_attribute", "attribute_id", "CASCADE")},
  {_foreign(table, "store_id", "store", "store_id", "CASCADE")},
  {_foreign(table, "entity_id", module, "entity_id", "CASCADE")}
);"""


def _index(module: str, name: str) -> str:
    table = f"{module}_index_{name}"
    return f"""
CREATE TABLE {table} (
  entity_id int unsigned NOT NULL,
  attribute_id smallint unsigned NOT NULL,
  group_id int unsigned NOT NULL,
  website_id smallint unsigned NOT NULL,
  position int unsigned NOT NULL DEFAULT 0,
  min_price decimal(20,6) DEFAULT NULL,
  max_price decimal(20,6) DEFAULT NULL,
  PRIMARY KEY (entity_id, attribute_id, group_id, website_id, position),
  {_key(table, "website_id")}, {_key(table, "min_price", "max_price")},
  {_foreign(table, "entity_id", module, "entity_id", "CASCADE")}
);"""


def _aggregate(module: str, period: str) -> str:
    table = f"{module}_aggregated_{period}"
    return f"""
CREATE TABLE {table} (
  id int unsigned NOT NULL AUTO_INCREMENT,
  period date DEFAULT NULL,
  store_id smallint unsigned DEFAULT NULL,
  product_id int unsigned DEFAULT NULL,
  name varchar(255) DEFAULT NULL,
  rating_pos smallint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  {_unique(table, "period", "store_id", "product_id")},
  {_foreign(table, "store_id", "store", "store_id", "CASCADE")},
  {_foreign(table, "product_id", "catalog_product", "entity_id", "CASCADE")}
);"""


def _part(module: str, name: str) -> str:
    table = f"{module}_{name}"
    columns = "\n  ".join(
        f"{column} {type_} DEFAULT NULL,"
        for column, type_ in (
            ("name", "varchar(255)"),
            ("description", "text"),
            ("additional", "mediumblob"),
            ("qty", "decimal(12,4)"),
            ("price", "decimal(20,4)"),
            ("base_price", "decimal(20,4)"),
            ("row_total", "decimal(20,4)"),
            ("free", "smallint unsigned"),
        )
    )
    return f"""
CREATE TABLE {table} (
  {name}_id int unsigned NOT NULL AUTO_INCREMENT,
  parent_id int unsigned NOT NULL DEFAULT 0,
  product_id int unsigned DEFAULT NULL,
  {columns}
  PRIMARY KEY ({name}_id),
  {_unique(table, "parent_id", "product_id")}, {_key(table, "name")},
  FULLTEXT KEY FTI_{sha256(table.encode()).hexdigest()[:20].upper()} (name, description),
  {_foreign(table, "parent_id", module, "entity_id", "CASCADE")},
  {_foreign(table, "product_id", "catalog_product", "entity_id", "SET NULL")}
);"""


def _status(module: str) -> str:
    return f"""
CREATE TABLE {module}_status (
  status varchar(32) NOT NULL,
  state enum('new','open','closed') NOT NULL DEFAULT 'new',
  is_default smallint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (status, state), {_unique(f"{module}_status", "state", "is_default", "status")}
);"""


def _label(module: str) -> str:
    table = f"{module}_status_label"
    return f"""
CREATE TABLE {table} (
  status varchar(32) NOT NULL,
  store_id smallint unsigned NOT NULL,
  label varchar(128) NOT NULL,
  PRIMARY KEY (status, store_id),
  {_foreign(table, "store_id", "store", "store_id", "CASCADE")}
);"""


def _name(*parts: str) -> str:
    """In capitals; a digest where it would be longer than a server takes."""
    name = "_".join(parts).upper()
    digest = sha256(name.encode()).hexdigest()[:32].upper()
    return name if len(name) <= 56 else f"FK_{digest}"


def _unique(table: str, *columns: str) -> str:
    return f"UNIQUE KEY {_name(table, *columns)} ({', '.join(columns)})"


def _key(table: str, *columns: str) -> str:
    return f"KEY {_name(table, *columns)} ({', '.join(columns)})"


def _foreign(table: str, column: str, to: str, referenced: str, rule: str) -> str:
    name = _name("fk", table, column, to)
    return (
        f"CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {to} ({referenced}) ON DELETE {rule}"
    )


if __name__ == "__main__":
    print(large_schema())
