"""The remarks on a pulled schema, and the one difference that each remark excuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nestflux.schema.objects import ObjectKey

NO_IDENTITY = (
    "Nothing tells one row from another (no primary key, no unique one without NULL): the model "
    "refuses to save, update and delete, and no migration makes the table"
)
NO_PRIMARY_KEY = "No primary key, and Django needs one: no migration makes the table"
VERSIONED = "System versioning is not for models: no migration makes the table"
BACKQUOTE = "Django quotes no backquote in a name: no migration makes the table"
COUNTER = (
    "AUTO_INCREMENT within groups of rows, which only MyISAM has: no migration makes the table"
)
ROWS_UNREAD = "Its tinyint(1) are booleans in the models; whether rows hold more could not be seen"
PERCENT = (
    "Every query that Django makes of it fails: it takes the % in a name for a parameter. Rename it"
)
VIEW = "A view: its model only reads, and no migration makes it"
NOT_A_TABLE = "No model is written for it; it stays as it is"
ELSEWHERE = "It leads to a table that no migration makes: a column without foreign key"
NO_KEY = "The foreign key leads to columns that are no key: columns without it"
ZERO_DATE = (
    "A zero date is no default in a strict session: a column without one, in the database too once "
    "db_baseline --reconcile has written the script and you have run it"
)
PARTIAL_KEY = "The primary key holds parts of columns: no migration makes the table"
ORDER = "Django puts foreign keys last: another order of columns"
TYPE = "Django has no field of this type; a class in sql.py keeps it"
RULES = "The server itself acts (ON DELETE, ON UPDATE); on_delete is DO_NOTHING"
OPTIONS = "Options that Django has no words for; a class in sql.py keeps them"

# What a person must act on first, what is only worth knowing last.
_ORDER = (
    NO_IDENTITY,
    PERCENT,
    NO_PRIMARY_KEY,
    PARTIAL_KEY,
    VERSIONED,
    BACKQUOTE,
    COUNTER,
    ELSEWHERE,
    NO_KEY,
    ZERO_DATE,
    ROWS_UNREAD,
    VIEW,
    NOT_A_TABLE,
    ORDER,
    RULES,
    OPTIONS,
    TYPE,
)


@dataclass(frozen=True)
class Excuse:
    """One difference: the attribute of an object that the database has, ``live``, and
    that the models do not make."""

    key: ObjectKey
    attribute: str
    live: str


@dataclass(frozen=True)
class Remark:
    """``text`` is one of the sentences above; ``about`` the object. Without an ``excuse`` nothing
    differs."""

    text: str
    about: str
    excuse: Excuse | None = None

    @property
    def table(self) -> str:
        """The table that it is about; of a name with a point in it, what is before the first."""
        return self.about.partition(" ")[0].partition(".")[0]


def by_text(remarks: Iterable[Remark]) -> Mapping[str, tuple[str, ...]]:
    """The remarks as they are shown: a sentence, and all that it is about."""
    found: dict[str, list[str]] = {}
    for remark in remarks:
        found.setdefault(remark.text, []).append(remark.about)
    return {text: tuple(found[text]) for text in _ORDER if text in found}
