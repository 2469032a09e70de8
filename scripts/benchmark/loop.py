"""A bare loop of mysqlclient: sends each statement of a file, and does nothing else.

    python loop.py STATEMENTS.json     {"connect": {…}, "statements": ["…", …]}

The password is MYSQL_PWD of the environment.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing

import MySQLdb


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        given = json.load(file)
    password = os.environ.get("MYSQL_PWD", "")
    connection = MySQLdb.connect(**given["connect"], password=password, autocommit=True)
    with closing(connection):
        cursor = connection.cursor()
        for statement in given["statements"]:
            cursor.execute(statement)


if __name__ == "__main__":
    main(sys.argv[1])
