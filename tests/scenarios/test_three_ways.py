"""A database that loads the snapshot, one that runs the files and one that Django migrates itself
hold the same: columns, indexes, constraints, comments, keys, programs, rows. Whatever the
database's default collation is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django.plugin import DjangoDbBlocker

from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import to_texts
from tests.conftest import ProjectFactory
from tests.scenario import Project
from tests.scenarios.databases import migrate_as_django, opened, stages_of, twin
from tests.scenarios.hard import VOLATILE
from tests.scenarios.looking import difference, rows_of, schema_of
from tests.scenarios.site import make_site

# The third is the server's own default for utf8mb4, of either family.
COLLATIONS = [
    pytest.param("utf8mb4", "utf8mb4_general_ci", id="general_ci"),
    pytest.param("utf8mb4", "utf8mb4_bin", id="bin"),
    pytest.param("utf8mb4", "", id="server-default"),
    pytest.param("latin1", "latin1_swedish_ci", id="latin1"),
]


@pytest.mark.parametrize(("charset", "collation"), COLLATIONS)
def test_this_repositorys_history(
    project: ProjectFactory, django_db_blocker: DjangoDbBlocker, charset: str, collation: str
) -> None:
    site = make_site(project, history=True)

    _require_three_equal_ways(site, django_db_blocker, charset, collation)


@pytest.mark.parametrize(("charset", "collation"), COLLATIONS)
def test_a_project_that_is_hard_to_migrate(
    recorded_hard_project: Project,
    django_db_blocker: DjangoDbBlocker,
    charset: str,
    collation: str,
) -> None:
    _require_three_equal_ways(recorded_hard_project, django_db_blocker, charset, collation)


def _require_three_equal_ways(
    project: Project, blocker: DjangoDbBlocker, charset: str, collation: str
) -> None:
    fresh, replayed, django = (
        twin(project, name, charset=charset, collation=collation)
        for name in ("fresh", "replayed", "django")
    )
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(fresh.succeeds, "db_migrate")
        replaying = pool.submit(replayed.succeeds, "db_migrate", "--replay")
        migrating = pool.submit(migrate_as_django, django, stages=stages_of(project))
    assert loading.result().lines[0].startswith("✓ Loaded schema.sql: 0001_")
    assert replaying.result().lines[0].startswith("✓ Applied migration: 0001_")
    assert migrating.result().code == 0

    expected = schema_of(django), _reading(django, blocker), rows_of(django, but=VOLATILE)
    for one in (fresh, replayed):
        schema, definitions, rows = expected
        assert difference(schema_of(one), schema) == []
        assert difference(_reading(one, blocker), definitions) == []
        assert difference(rows_of(one, but=VOLATILE), rows) == []
        assert one.succeeds("db_status").lines[-1] == "Database is up to date!"
    _require_values_of_its_own(fresh, replayed)


def _reading(project: Project, blocker: DjangoDbBlocker) -> dict[str, str]:
    with opened(project, blocker) as connection:
        return to_texts(read_schema(connection).definitions)


def _require_values_of_its_own(one: Project, other: Project) -> None:
    """What chance and the clock made is there, and another value in each database."""
    for table, columns in VOLATILE.items():
        if table not in one.tables():
            continue
        query = f"SELECT {', '.join(columns)} FROM `{table}`"
        assert not set(one.sql(query)) & set(other.sql(query))
        assert all(value for row in one.sql(query) for value in row)
