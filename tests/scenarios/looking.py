"""What a database holds, asked of the server itself: information_schema and plain SELECTs.

NestFlux has a reader of its own, on which recording and recovery stand. A test that used only
that reader would share its blind spots; this one shares nothing with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.scenario import Project

OWN_TABLES = (
    "django_migrations",
    "nestflux_backup",
    "nestflux_run",
    "nestflux_sql_migration",
    "nestflux_statement",
    "nestflux_version",
)

# View of information_schema → what says which schema a row is of, and columns that differ from
# database to database or from hour to hour: counters, sizes, times, statistics, definers. The
# sql_mode of triggers and routines is the session's that made them: a file's own, not a site's.
_VIEWS = {
    "TABLES": (
        "TABLE_SCHEMA",
        "VERSION TABLE_ROWS AVG_ROW_LENGTH DATA_LENGTH MAX_DATA_LENGTH INDEX_LENGTH DATA_FREE "
        "AUTO_INCREMENT CREATE_TIME UPDATE_TIME CHECK_TIME CHECKSUM MAX_INDEX_LENGTH",
    ),
    "COLUMNS": ("TABLE_SCHEMA", "PRIVILEGES"),
    "STATISTICS": ("TABLE_SCHEMA", "INDEX_SCHEMA CARDINALITY"),
    "TABLE_CONSTRAINTS": ("TABLE_SCHEMA", ""),
    "KEY_COLUMN_USAGE": ("TABLE_SCHEMA", "REFERENCED_TABLE_SCHEMA"),
    "REFERENTIAL_CONSTRAINTS": ("CONSTRAINT_SCHEMA", "UNIQUE_CONSTRAINT_SCHEMA"),
    "CHECK_CONSTRAINTS": ("CONSTRAINT_SCHEMA", ""),
    "PARTITIONS": (
        "TABLE_SCHEMA",
        "TABLE_ROWS AVG_ROW_LENGTH DATA_LENGTH MAX_DATA_LENGTH INDEX_LENGTH DATA_FREE CREATE_TIME "
        "UPDATE_TIME CHECK_TIME CHECKSUM",
    ),
    "VIEWS": ("TABLE_SCHEMA", "DEFINER"),
    "TRIGGERS": ("TRIGGER_SCHEMA", "EVENT_OBJECT_SCHEMA DEFINER CREATED SQL_MODE"),
    "ROUTINES": ("ROUTINE_SCHEMA", "DEFINER CREATED LAST_ALTERED SQL_MODE"),
    "PARAMETERS": ("SPECIFIC_SCHEMA", ""),
}

Ask = Callable[..., list[tuple[Any, ...]]]
Facts = dict[str, tuple[tuple[Any, ...], ...]]


def schema_of(project: Project) -> Facts:
    """Everything that information_schema says of the project's tables, indexes, constraints,
    partitions, views, triggers and routines. The books of Django and NestFlux are left out."""
    facts: Facts = {}
    with _asking(project) as ask:
        for view, (of_schema, volatile) in _VIEWS.items():
            left_out = {of_schema, *volatile.split()}
            names = [name for name in _columns(ask, view) if name not in left_out]
            rows = ask(
                f"SELECT {', '.join(f'`{name}`' for name in names)} "
                f"FROM information_schema.{view} WHERE {of_schema} = DATABASE()"
            )
            shown = [tuple(_anonymous(value, project.database) for value in row) for row in rows]
            facts[view] = tuple(sorted((r for r in shown if not _is_of_a_book(r)), key=repr))
    return facts


@contextmanager
def _asking(project: Project) -> Iterator[Ask]:
    """Several questions over one connection."""
    connection = project.server.connect(project.database)
    cursor = connection.cursor()

    def ask(query: str, *params: str) -> list[tuple[Any, ...]]:
        cursor.execute(query, params or None)
        return list(cursor.fetchall())

    try:
        yield ask
    finally:
        connection.close()


def _columns(ask: Ask, view: str) -> list[str]:
    rows = ask(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
        "'information_schema' AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
        view,
    )
    names = [str(name).upper() for (name,) in rows]
    return [name for name in names if not name.endswith("_CATALOG")]


def _anonymous(value: Any, database: str) -> Any:
    if not isinstance(value, str):
        return value
    # MySQL prints '' of a CHECK as _utf8mb4'' after CREATE TABLE and, in a latin1 database, as
    # _latin1'' after any later ALTER TABLE: the past of a table, not its definition.
    return re.sub(r"_(?:utf8mb4|latin1)(?=\\?')", "", value.replace(database, "DATABASE"))


def _is_of_a_book(row: tuple[Any, ...]) -> bool:
    return any(value in OWN_TABLES for value in row if isinstance(value, str))


def rows_of(
    project: Project, *, but: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[str]]:
    """The rows of every table, a line a row.

    Args:
        but: volatile columns to leave out, by table; a table's ``*`` leaves out its rows.
    """
    found = {}
    with _asking(project) as ask:
        tables = [name for name, kind in ask("SHOW FULL TABLES") if kind == "BASE TABLE"]
        for table in tables:
            left_out = (but or {}).get(table, ())
            if "*" in left_out or table in OWN_TABLES:
                continue
            columns = [row[0] for row in ask(f"SHOW COLUMNS FROM `{table}`")]
            names = ", ".join(f"`{name}`" for name in columns if name not in left_out)
            found[table] = sorted(repr(row) for row in ask(f"SELECT {names} FROM `{table}`"))
        if "django_migrations" in tables:
            recorded = ask("SELECT app, name FROM django_migrations")
            found["django_migrations"] = sorted(f"{app}.{name}" for app, name in recorded)
    return found


def everything_in(project: Project) -> dict[str, Any]:
    """Schema, rows, ledger and files: equal before and after where nothing was changed."""
    with _asking(project) as ask:
        tables = {name for name, _ in ask("SHOW FULL TABLES")}
        own_rows = {
            table: ask(f"SELECT * FROM `{table}` ORDER BY 1") for table in tables & set(OWN_TABLES)
        }
    files = {
        str(path.relative_to(project.path)): path.read_text(encoding="utf-8")
        for path in sorted(project.path.glob("**/*"))
        if path.is_file()
    }
    return {
        "schema": schema_of(project),
        "rows": rows_of(project),
        "books": own_rows,
        "files": files,
    }


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two of the mappings above do not have in common, a line each, for a person to read."""
    lines = []
    for key in sorted(one.keys() | other.keys()):
        here, there = one.get(key), other.get(key)
        if here == there:
            continue
        if isinstance(here, tuple | list) and isinstance(there, tuple | list):
            lines += [f"{key}: only the first: {row}" for row in here if row not in there]
            lines += [f"{key}: only the second: {row}" for row in there if row not in here]
        else:
            lines.append(f"{key}: {here!r} and {there!r}")
    return lines
