"""The queries that show which rows are at stake."""

from __future__ import annotations

from nestflux.schema.transform import queries


def test_duplicates_are_looked_for_as_the_index_compares() -> None:
    key = "UNIQUE KEY `k` (`a`(3),`b` DESC,(lower(`c`)))"

    assert queries.duplicates("t", key) == (
        "SELECT LEFT(`a`, 3), `b`, (lower(`c`)), COUNT(*) FROM `t` WHERE LEFT(`a`, 3) IS NOT NULL "
        "AND `b` IS NOT NULL AND (lower(`c`)) IS NOT NULL "
        "GROUP BY LEFT(`a`, 3), `b`, (lower(`c`)) HAVING COUNT(*) > 1"
    )
