"""Live rows, written to several databases of one schema alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import MySQLdb

from tests.scenario import Project

_KEPT = ("tally_tally", "django_content_type", "django_migrations")
# By the type of a column: a value of row number k, another one for each k.
_VALUES = {
    "smallint": "{k}",
    "int": "{k}",
    "bigint": "{k}",
    "tinyint": "{k} % 2",
    "decimal": "{k}.25",
    "varchar": "'v{k}'",
    "char": "LPAD({k}, 32, '0')",  # a UUID on MySQL
    "uuid": "'00000000-0000-4000-8000-{k:012d}'",
    "longtext": "'{{\"k\": {k}}}'",  # JSON on MariaDB, and text
    "json": "'{{\"k\": {k}}}'",
    "datetime": "'2026-01-02 03:04:05.{k:06d}'",
    "longblob": "X'00FF{k:06x}'",
}


@dataclass
class Rows:
    """The first project's database says what there is; each statement runs in all of them."""

    projects: Sequence[Project]

    def tables(self) -> list[str]:
        """The tables whose rows are a site's: not the books, nor those of migrations."""
        return sorted(
            name
            for name in self.projects[0].tables()
            if name not in _KEPT and not name.startswith("nestflux_")
        )

    def insert(self, table: str, number: int) -> str:
        """A row of values that no other row has; the statement, or "" where a key would dangle
        or be there twice."""
        columns, values = ["id"], [str(number)]
        targets = self._targets(table)
        for name, kind, nullable in self._columns(table):
            value = _VALUES[kind].format(k=number)
            if name in targets:
                rows = self.projects[0].sql(f"SELECT MAX(id) FROM `{targets[name]}`")
                if rows[0][0] is None and not nullable:
                    return ""
                value = "NULL" if rows[0][0] is None else str(rows[0][0])
            columns.append(f"`{name}`")
            values.append(value)
        sql = f"INSERT INTO `{table}` ({', '.join(columns)}) VALUES ({', '.join(values)})"
        return sql if self._everywhere(sql) else ""

    def delete(self, table: str) -> str:
        """The table's oldest row; "" where it has none, or another row refers to that."""
        rows = self.projects[0].sql(f"SELECT MIN(id) FROM `{table}`")
        if rows[0][0] is None:
            return ""
        sql = f"DELETE FROM `{table}` WHERE id = {rows[0][0]}"
        return sql if self._everywhere(sql) else ""

    def delete_all(self) -> None:
        """Every live row: the cause of a failure that lay in them. A database may stand between
        two files, so that each is asked for its own tables."""
        for project in self.projects:
            connection = project.server.connect(project.database)
            cursor = connection.cursor()
            cursor.execute("SET foreign_key_checks = 0")
            for table in Rows([project]).tables():
                cursor.execute(f"DELETE FROM `{table}`")
            connection.close()

    def _everywhere(self, sql: str) -> bool:
        """False where the first refuses it for its constraints; then none gets it."""
        first, *others = self.projects
        try:
            first.sql(sql)
        except MySQLdb.IntegrityError:
            return False
        for project in others:
            project.sql(sql)
        return True

    def _columns(self, table: str) -> list[tuple[str, str, bool]]:
        rows = self.projects[0].sql(
            "SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE = 'YES' FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND COLUMN_NAME <> 'id' "
            "ORDER BY ORDINAL_POSITION",
            [table],
        )
        return [(name, kind, bool(nullable)) for name, kind, nullable in rows]

    def _targets(self, table: str) -> dict[str, str]:
        rows: list[Any] = self.projects[0].sql(
            "SELECT COLUMN_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s "
            "AND REFERENCED_TABLE_NAME IS NOT NULL",
            [table],
        )
        return dict(rows)
