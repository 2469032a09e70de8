"""What a person asks for: rows by model, a seed, refinements; from options and from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nestflux.exceptions import CannotSeed
from nestflux.seeding import generators as make
from nestflux.seeding.draws import GENERATOR
from nestflux.seeding.generators import Generator
from nestflux.seeding.spreading import Spread

_ROWS = re.compile(r"(?P<model>\w+\.\w+)=(?P<count>[0-9][0-9_,]*)(?:/(?P<parent>\w+))?")
_AMOUNT = re.compile(r"(?P<count>[0-9][0-9_,]*)(?:/(?P<parent>\w+))?")
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Amount:
    """How many rows: ``count``, or that many for each row of the model that the field ``parent``
    refers to."""

    count: int
    parent: str = ""

    def __str__(self) -> str:
        return f"{self.count:,}" + (f"/{self.parent}" if self.parent else "")


@dataclass(frozen=True)
class Refinement:
    """What a plan file says of one field. ``kind`` of text and ``provider`` of Mimesis need the
    field's length to become a generator."""

    generator: Generator | Spread | None = None
    kind: str = ""
    provider: str = ""
    nulls: float | None = None
    low: Any = None
    high: Any = None


@dataclass(frozen=True)
class Request:
    """What is to be made.

    Args:
        rows: a model's label as it was given → how many; empty: all models of the project.
        seed: the same one gives the same rows.
        fields: label → field → what the plan file says of it.
        factories: label → the import path of a factory_boy factory.
        locale: of Mimesis, for texts in another language; empty: English ones of our own.
        append: may the tables hold rows that were not made here?
    """

    rows: Mapping[str, Amount] = field(default_factory=dict)
    seed: int = 0
    fields: Mapping[str, Mapping[str, Refinement]] = field(default_factory=dict)
    factories: Mapping[str, str] = field(default_factory=dict)
    locale: str = ""
    append: bool = False
    source: str = ""


def rows_of(texts: Sequence[str]) -> dict[str, Amount]:
    """``--rows`` options: ``identity.User=1_000_000``, ``blog.Post=5/author``. Raises
    CannotSeed."""
    found: dict[str, Amount] = {}
    for text in texts:
        match = _ROWS.fullmatch(text)
        if match is None:
            raise CannotSeed(
                f"--rows {text} is not understood.",
                then="write app.Model=NUMBER, or app.Model=NUMBER/field for so many rows for each "
                "row that the field refers to: --rows blog.Post=1_000 --rows blog.Comment=3/post",
            )
        if match["model"].lower() in map(str.lower, found):
            raise CannotSeed(
                f"--rows names {match['model']} twice.", then="leave one of the two out"
            )
        found[match["model"]] = _amount(match)
    return found


def _amount(match: re.Match[str]) -> Amount:
    return Amount(int(match["count"].replace(",", "").replace("_", "")), match["parent"] or "")


def read_file(path: Path) -> Request:
    """A saved plan. Raises CannotSeed, naming the file and the key."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise CannotSeed(
            f"The plan cannot be read: {reason}.", where=str(path), then="name a file that is there"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise CannotSeed(
            f"The plan is no TOML: {error}.", where=str(path), then="correct that line"
        ) from None
    return _File(path).request(given)


@dataclass(frozen=True)
class _File:
    """A plan file that is read; errors name it."""

    path: Path

    def request(self, given: Mapping[str, Any]) -> Request:
        known = {"seed", "generator", "locale", "rows", "fields", "factories"}
        self._known(given, known, "the plan")
        version = given.get("generator", GENERATOR)
        if version != GENERATOR:
            raise self._refused(
                f"The plan is for generator {version!r}, and this NestFlux has generator "
                f"{GENERATOR}: the same seed gives other rows.",
                f"set generator = {GENERATOR} where other rows do no harm",
            )
        return Request(
            rows=self._rows(self._table(given, "rows")),
            seed=self._seed(given.get("seed", 0)),
            fields={
                label: {
                    name: self._field(f"{label}.{name}", said)
                    for name, said in self._table(tables, label).items()
                }
                for tables in [self._table(given, "fields")]
                for label in tables
            },
            factories={
                label: self._text(f"factories.{label}", path)
                for label, path in self._table(given, "factories").items()
            },
            locale=self._text("locale", given.get("locale", "")),
            source=str(self.path),
        )

    def _refused(self, what: str, then: str) -> CannotSeed:
        return CannotSeed(what, where=str(self.path), then=then)

    def _known(self, given: Mapping[str, Any], known: set[str], place: str) -> None:
        if unknown := sorted(set(given) - known):
            raise self._refused(
                f"{place[0].upper()}{place[1:]} has an unknown key {unknown[0]!r}.",
                f"use one of: {', '.join(sorted(known))}",
            )

    def _table(self, given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = given.get(key, {})
        if not isinstance(found, dict):
            raise self._refused(f"{key!r} is {found!r}.", f"make it a table: [{key}]")
        return found

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self._refused(f"{key!r} is {value!r}, and is to be a text.", "put it in quotes")
        return value

    def _seed(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SEED:
            raise self._refused(f"The seed is {value!r}.", "give a whole number from 0 on")
        return value

    def _rows(self, given: Mapping[str, Any]) -> dict[str, Amount]:
        found = {}
        for label, value in given.items():
            match = _AMOUNT.fullmatch(str(value))
            if match is None or isinstance(value, bool):
                raise self._refused(
                    f"The rows of {label} are {value!r}.", 'give a number, or "5/author"'
                )
            found[label] = _amount(match)
        return found

    def _field(self, place: str, said: Any) -> Refinement:
        if not isinstance(said, dict) or not said:
            raise self._refused(
                f"{place} is {said!r}.", "give a table: { values = [1, 2] }, { zipf = 1.0 }"
            )
        known = set(_MAKERS) | {"text", "mimesis", "nulls", "min", "max"}
        self._known(said, known, place)
        makers = [key for key in said if key in {*_MAKERS, "text", "mimesis"}]
        if len(makers) > 1:
            raise self._refused(
                f"{place} is made in two ways: {' and '.join(makers)}.", "leave one of them out"
            )
        try:
            generator = next((_MAKERS[key](said[key]) for key in makers if key in _MAKERS), None)
            nulls = None if "nulls" not in said else _share(said["nulls"])
        except (TypeError, ValueError) as error:
            raise self._refused(f"{place}: {error}.", "see docs/seeding.md") from None
        return Refinement(
            generator,
            self._text(f"{place}.text", said.get("text", "")),
            self._text(f"{place}.mimesis", said.get("mimesis", "")),
            nulls,
            said.get("min"),
            said.get("max"),
        )


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is not a share from 0 to 1")
    return float(value)


def _values(value: Any) -> Generator:
    if not isinstance(value, list) or not value:
        raise ValueError(f"values is {value!r}, and is to be a list")
    return make.choose(value)


def _shares(value: Any) -> Generator:
    if not isinstance(value, dict) or not value:
        raise ValueError(f"shares is {value!r}, and is to be a table of values and weights")
    if not all(isinstance(w, int | float) and w >= 0 for w in value.values()):
        raise ValueError("each weight of shares is to be a number from 0 on")
    if not sum(value.values()):
        raise ValueError("one weight of shares is to be above 0")
    return make.shares(value)


def _zipf(value: Any) -> Spread:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 10:
        raise ValueError(f"zipf is {value!r}, and is to be an exponent above 0, such as 1.0")
    return Spread(value)


_MAKERS: dict[str, Callable[[Any], Generator | Spread]] = {
    "value": make.constant,
    "values": _values,
    "shares": _shares,
    "zipf": _zipf,
}


def combined(plan: Request, options: Request, has_seed: bool) -> Request:
    """A plan file with what the command line says: options come first. ``has_seed``: is a seed
    among them?"""
    return replace(
        plan,
        rows={**plan.rows, **options.rows},
        seed=options.seed if has_seed else plan.seed,
        locale=options.locale or plan.locale,
        append=options.append,
    )
