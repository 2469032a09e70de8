"""A key holds the beginning of a TEXT or BLOB."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import UNBOUNDED, keys_of
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "text-as-key",
    Severity.ADVICE,
    "it holds a beginning only: it sorts nothing, covers no query, and a unique one refuses two "
    "texts that begin alike",
    group=Group.QUALITY,
    summary="A key holds the beginning of a TEXT or BLOB.",
    source="MySQL Manual 10.3.5, Column Indexes: index prefixes",
    bad="""\
CREATE UNIQUE INDEX blog_page_url ON blog_page (url(191));  -- url is longtext
""",
    good="""\
ALTER TABLE blog_page ADD COLUMN url_hash binary(32) AS (UNHEX(SHA2(url, 256))) VIRTUAL;
CREATE UNIQUE INDEX blog_page_url ON blog_page (url_hash);
""",
)


@rule(ReviewedSchema)
def keys_on_texts(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for key in keys_of(table):
            # MariaDB makes a unique key of a whole text by its hash.
            if key.kind == "FULLTEXT" or key.columns:
                continue
            for column in key.named:
                kind = column_parts(table.columns[column]).type_name
                if kind in UNBOUNDED:
                    yield RULE.speaks(
                        f"The key {key.name or 'PRIMARY'} of {table.name} holds the beginning of "
                        f"{column}, which is {kind}.",
                        about=f"{table.name}.{key.name}" if key.name else table.name,
                        fix="make the column a varchar, or index a generated column with its hash",
                    )
