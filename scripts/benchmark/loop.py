"""A bare loop of mysqlclient: sends each statement of a file, and does nothing else.

    python loop.py STATEMENTS.json '{"unix_socket": "…", "user": "…", "database": "…"}' [ERROR …]

The statements are a list. The password is MYSQL_PWD of the environment. ERROR: a number with which
a statement may fail.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing

import MySQLdb


def main(path: str, connect: str, *tolerated: str) -> None:
    with open(path, encoding="utf-8") as file:
        statements = json.load(file)
    password = os.environ.get("MYSQL_PWD", "")
    connection = MySQLdb.connect(**json.loads(connect), password=password, autocommit=True)
    with closing(connection):
        cursor = connection.cursor()
        for statement in statements:
            try:
                cursor.execute(statement)
            except MySQLdb.Error as error:
                if str(error.args[0]) not in tolerated:
                    raise


if __name__ == "__main__":
    main(*sys.argv[1:])
