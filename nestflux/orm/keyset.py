"""Pages of a large table, each found by where the last one ended.

`OFFSET 100000` reads 100,000 rows to throw them away, and rows that come in between two requests
shift every later page. A keyset page starts with an index look-up instead, however deep it is,
and neither repeats nor skips a row. The price: there is no "page 7", only the next page.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

MAX_LIMIT = 100

ModelT = TypeVar("ModelT", bound=Model)


class PaginationError(Exception):
    """A page was asked for that cannot be given."""


class InvalidCursor(PaginationError):
    """The cursor was not made by an earlier page: cut short, edited, or of another version."""


class InvalidLimit(PaginationError):
    """A page of fewer than one or more than `MAX_LIMIT` rows was asked for."""


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the moment that it is ordered by, and its key."""

    moment: datetime
    pk: int

    def encode(self) -> str:
        text = f"{self.moment.isoformat()}/{self.pk}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """:raises InvalidCursor: when `text` is not what `encode` made."""
        try:
            padded = text + "=" * (-len(text) % 4)
            moment, pk = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("/")
            cursor = cls(datetime.fromisoformat(moment), int(pk))
        except (binascii.Error, ValueError) as error:
            raise InvalidCursor(f"{text!r} is not the cursor of a page.") from error
        if cursor.moment.tzinfo is None:
            raise InvalidCursor(f"{text!r} is not the cursor of a page.")
        return cursor


@dataclass(frozen=True)
class KeysetPage(Generic[ModelT]):
    """Some rows, and the cursor to give for those after them; None when these are the last."""

    items: list[ModelT]
    next_cursor: str | None


def keyset_page(
    queryset: QuerySet[ModelT],
    *,
    moment: str,
    cursor: str | None,
    limit: int,
    oldest_first: bool = False,
) -> KeysetPage[ModelT]:
    """One page of `queryset`, newest first.

    Read related rows along with `prefetch_related`. Where `select_related` joins a small table, the
    optimizer of either server may start there, and read and sort the whole large one.

    :param moment: the date-time field to order by, never NULL in these rows. An index must end
        with it; InnoDB appends the primary key, which decides between equal moments.
    :param cursor: `next_cursor` of the page before; None for the first page.
    :param limit: rows on the page, 1 to `MAX_LIMIT`.
    :raises InvalidCursor: see there.
    :raises InvalidLimit: see there.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidLimit(f"A page has 1 to {MAX_LIMIT} rows, not {limit}.")
    beyond, sign = ("gt", "") if oldest_first else ("lt", "-")
    if cursor is not None:
        last = Cursor.decode(cursor)
        # The first condition alone bounds the index range; "a < x OR (a = x AND b < y)" would
        # not on every version of the two servers.
        queryset = queryset.filter(
            Q(**{f"{moment}__{beyond}e": last.moment}),
            Q(**{f"{moment}__{beyond}": last.moment}) | Q(**{f"pk__{beyond}": last.pk}),
        )
    rows = list(queryset.order_by(f"{sign}{moment}", f"{sign}pk")[: limit + 1])
    items = rows[:limit]
    if len(rows) <= limit:
        return KeysetPage(items, None)
    return KeysetPage(items, Cursor(getattr(items[-1], moment), items[-1].pk).encode())
