"""What the database refused, in the words of the domain.

A service asks the database, and not itself, whether a value is taken: a look before the insert
can be overtaken by another request, the unique key cannot.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

# Server error numbers, the same on MySQL and MariaDB:
# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
DUPLICATE_ENTRY = 1062
NO_REFERENCED_ROW = 1452

# MySQL names the key `table.key`, MariaDB `key`. The value before it may hold quotes; the key
# comes last.
_DUPLICATE_KEY = re.compile(r"for key '(?:[^'.]+\.)?(?P<key>[^'.]+)'\Z")
_FOREIGN_KEY_COLUMN = re.compile(r"FOREIGN KEY \(`(?P<column>[^`]+)`\)")


def broken_unique_key(error: IntegrityError) -> str | None:
    """The name of the unique key that already holds the value, or None for another error."""
    return _find(_DUPLICATE_KEY, "key", DUPLICATE_ENTRY, error)


def broken_foreign_key(error: IntegrityError) -> str | None:
    """The column whose parent row does not exist, or None for another error."""
    return _find(_FOREIGN_KEY_COLUMN, "column", NO_REFERENCED_ROW, error)


@contextmanager
def integrity_errors_as(
    *,
    taken: Mapping[str, Exception] | None = None,
    missing: Mapping[str, Exception] | None = None,
) -> Iterator[None]:
    """Runs its block in a transaction (a savepoint inside another) and raises, for the unique key
    in `taken` or the foreign key column in `missing` that the database says is broken, the error
    given for it. Any other IntegrityError is a mistake in the code and passes through."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = (taken or {}).get(broken_unique_key(error) or "")
        refusal = refusal or (missing or {}).get(broken_foreign_key(error) or "")
        if refusal is None:
            raise
        raise refusal from error


def _find(pattern: re.Pattern[str], group: str, number: int, error: IntegrityError) -> str | None:
    if len(error.args) < 2 or error.args[0] != number:
        return None
    match = pattern.search(str(error.args[1]))
    return match[group] if match else None
