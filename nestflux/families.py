"""The server families: each has a folder of its own below ``migrations_sql/``."""

from __future__ import annotations

FAMILIES = ("mariadb", "mysql")
FAMILY_NAMES = {"mysql": "MySQL", "mariadb": "MariaDB"}
