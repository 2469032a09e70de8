"""MySQL's and MariaDB's errors explained, one small function an error.

A function gets the failure and gives one or two sentences: which table and column, why, and what
to do. It may ask the server; where it learns nothing more than the server said, it gives "".
Numbers: MySQL "Server Error Message Reference", MariaDB KB "MariaDB Error Code Reference".
"""

from nestflux.database.explanations import (  # noqa: F401 they register
    connection,
    keys,
    limits,
    names,
    rows,
)
from nestflux.database.explanations.failure import EXPLANATIONS, Failure

__all__ = ["EXPLANATIONS", "Failure"]
