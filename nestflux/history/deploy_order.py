"""The order of a deploy: which goes first, a file or the code that comes with it.

What recording measured of it, as a value: it is kept in a file's record and, in words, in its
header. It is a measurement with gaps, which it names, and never a promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from nestflux.wording import counted

# Whatever is measured, this is not: of each only a person or a rule can tell.
NOT_MEASURED = "raw SQL, triggers, data steps, performance"
_SHOWN = 2  # lines of a kind in a header; the record holds all


class Order(StrEnum):
    """Which goes first. ``TWO_STEPS``: neither can; ``NO_DIFFERENCE``: either may, as far as it was
    measured; ``UNDECIDED``: it could not be measured."""

    MIGRATE_FIRST = "migrate first"
    CODE_FIRST = "code first"
    TWO_STEPS = "two steps"
    NO_DIFFERENCE = "no difference found"
    UNDECIDED = "undecided"


class Code(StrEnum):
    """The models before a file, or after it."""

    OLD = "old"
    NEW = "new"

    @property
    def other(self) -> Code:
        return Code.NEW if self is Code.OLD else Code.OLD


@dataclass(frozen=True)
class Failure:
    """What code could do on its own schema, and cannot on the other one.

    ``code`` ran on the schema of the other; ``structural``: it fails with every row, and not with
    some values alone; ``silent``: nothing failed, and what was saved is not what is read, as the
    ``message`` says. ``number`` is the server's, 0 where it refused nothing. ``query`` is the
    statement, its parameters left out; ``table`` and ``column`` are empty where the server does not
    say them.
    """

    code: Code
    model: str
    doing: str
    number: int
    message: str
    query: str = ""
    structural: bool = False
    table: str = ""
    column: str = ""
    silent: bool = False

    @property
    def verb(self) -> str:
        if self.silent:
            return "silently changes values"
        return "fails" if self.structural else "can fail"

    @property
    def words(self) -> str:
        number = f"{self.number} " if self.number else ""
        return f"{number}{self.message} ({self.doing})"


@dataclass(frozen=True)
class DeployOrder:
    """What was measured, on which server, in which ``sql_mode`` (``strict``, or in words), with how
    many models and queries.

    ``steps`` are the two in words, of ``TWO_STEPS``. ``defects``: what the models after the file
    cannot do on their own schema. ``cautions`` do not change the order. ``because``: why nothing
    was measured.
    """

    order: Order
    server: str = ""
    sql_mode: str = ""
    models: int = 0
    queries: int = 0
    failures: tuple[Failure, ...] = ()
    steps: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    not_tried: tuple[str, ...] = ()
    defects: tuple[Failure, ...] = ()
    because: str = ""

    @classmethod
    def undecided(cls, because: str) -> DeployOrder:
        return cls(Order.UNDECIDED, because=" ".join(because.split()))

    @property
    def headline(self) -> str:
        """``migrate first. Measured on MariaDB 10.11.19, strict: 1 model, 168 queries.``"""
        if self.because:
            return f"{self.order}. {self.because[0].upper()}{self.because[1:].rstrip('.')}."
        measured = f"{counted(self.models, 'model')}, {self.queries} queries"
        return f"{self.order}. Measured on {self.server}, {self.sql_mode}: {measured}."

    @property
    def brief(self) -> str:
        """The order, and why there is none."""
        undecided = self.order is Order.UNDECIDED
        return f"{self.order}: {self.because}" if undecided else str(self.order)

    def lines(self) -> tuple[str, ...]:
        """All that a header says, the headline first."""
        return self.headline, *self._details()

    def _details(self) -> Iterator[str]:
        yield from _few(
            f"The models do not fit what the file makes: {d.words}" for d in self.defects
        )
        for code, place in ((Code.NEW, "before"), (Code.OLD, "after")):
            yield from _few(
                f"{code.capitalize()} code {place} this file {each.verb}: {each.words}"
                for each in self.failures
                if each.code is code
            )
        yield from self.steps
        yield from _few(f"With care: {caution}" for caution in self.cautions)
        yield from _few(f"Not tried: {what}" for what in self.not_tried)
        if self.server or self.order is Order.NO_DIFFERENCE:
            yield f"Not measured: {NOT_MEASURED}"

    def to_json(self) -> dict[str, Any]:
        """The fields that say something."""
        shown: dict[str, Any] = {name: value for name, value in asdict(self).items() if value}
        for name in ("failures", "defects"):
            if name in shown:
                shown[name] = [{k: v for k, v in each.items() if v} for each in shown[name]]
        return shown

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DeployOrder:
        values: dict[str, Any] = dict(data)
        for name in ("steps", "cautions", "not_tried"):
            values[name] = tuple(data.get(name, ()))
        for name in ("failures", "defects"):
            values[name] = tuple(_failure(each) for each in data.get(name, ()))
        return cls(**{**values, "order": Order(data["order"])})


def _few(lines: Iterable[str]) -> Iterator[str]:
    """The first ones, and how many more the record holds."""
    found = list(lines)
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more, in the record"


def _failure(data: Mapping[str, Any]) -> Failure:
    return Failure(**{"number": 0, **data, "code": Code(data["code"])})


# Of the first file of a history: nothing to measure.
ONLY_NEW_TABLES = DeployOrder(Order.MIGRATE_FIRST, because="no running code knows these tables")
