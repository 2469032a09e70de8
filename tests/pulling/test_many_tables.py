"""A schema of many tables that hang together: its first migration is arranged in one pass."""

from __future__ import annotations

import re

from nestflux.graph.initial_operations import MANY
from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed
from tests.pulling.large_schema import large_schema

COUNT = 40


def _table(number: int) -> str:
    """A table with relations back, ahead, in a circle and to itself."""
    leads = {(number * 7) % COUNT, (number + 1) % COUNT, number}
    columns = "".join(f"r{to}_id int DEFAULT NULL, " for to in leads)
    keys = "".join(
        f", CONSTRAINT r_{number}_{to} FOREIGN KEY (r{to}_id) REFERENCES m_t{to} (id)"
        for to in leads
    )
    return (
        f"CREATE TABLE m_t{number} (id int NOT NULL AUTO_INCREMENT, {columns}n int NOT NULL "
        f"DEFAULT 1, PRIMARY KEY (id), KEY n (n), KEY both_of (n, r{number}_id){keys});"
    )


def test_they_come_back_and_few_relations_are_added_later(project: ProjectFactory) -> None:
    site = feed(project({}), "SET foreign_key_checks = 0;" + "".join(map(_table, range(COUNT))))

    done = site.succeeds("db_pull")

    assert (
        f"✓ Migrated to an empty schema, the models give it back: {COUNT} tables, 0 differences"
        in done.lines
    )
    adopted(site, "m")
    migration = site.read("m/migrations/0001_initial.py")
    assert migration.count("migrations.CreateModel(") == COUNT
    assert len(re.findall(r"migrations\.AddField", migration)) < COUNT
    assert migration.count("ForeignKey(") > MANY


def test_a_large_shop_comes_back(project: ProjectFactory) -> None:
    """Some modules of it; ``python -m tests.pulling.large_schema`` prints them all, to measure."""
    site = feed(project({}), large_schema(modules=2))

    done = site.succeeds("db_pull")

    assert (
        "✓ Migrated to an empty schema, the models give it back: 57 tables, 0 differences"
        in done.lines
    )
