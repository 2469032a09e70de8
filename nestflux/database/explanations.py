"""MySQL's and MariaDB's errors explained, one small function an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Failure:
    """A refused statement. ``connection`` may be asked, ``sql`` may be empty."""

    number: int
    message: str
    sql: str = ""
    connection: BaseDatabaseWrapper | None = None


Explanation = Callable[[Failure], str]
EXPLANATIONS: Mapping[int, Explanation] = {}
