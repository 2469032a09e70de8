"""Of the tables of installed packages nothing is said that the project cannot change."""

from __future__ import annotations

from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.schema_rules.quality.reserved_word import reserved_names
from nestflux.schema.transform.tables import TableSchema

TABLES = {name: TableSchema(name, columns={"order": "int"}) for name in ("menu", "note", "view_1")}


def test_a_schema_is_judged_by_the_projects_own_tables_that_were_changed() -> None:
    schema = ReviewedSchema(
        "mysql", TABLES, judged=frozenset({"menu", "note"}), packages=frozenset({"menu"})
    )

    assert [finding.about for finding in reserved_names(schema)] == ["note.order"]
