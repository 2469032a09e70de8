"""What a person says of a field, in a plan file or in code, made into what the column needs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import Field, ForeignKey, Model

from nestflux.exceptions import CannotSeed
from nestflux.seeding import factories, registry
from nestflux.seeding import generators as make
from nestflux.seeding.fields import Known, Texts, generator_for
from nestflux.seeding.generators import Generator
from nestflux.seeding.providers import in_language, provided
from nestflux.seeding.request import Refinement, Request
from nestflux.seeding.spreading import Pick, Spread
from nestflux.seeding.texts import KIND_NAMES, text

# What may be said of a field.
Said = Generator | Spread | Refinement


@dataclass(frozen=True)
class Refining:
    """The refinements of a request: its plan file over the apps' ``seeds.py``."""

    request: Request
    models: Set[type[Model]]

    def __post_init__(self) -> None:
        known = {model._meta.label for model in self.models}
        for label in [*self.request.fields, *self.request.factories]:
            if label not in known:
                raise CannotSeed(
                    f"The plan says how {label} is made, and no rows of it are made.",
                    where=self.request.source,
                    then="name a model as its label is written, app.Model, and give it rows",
                )

    @property
    def texts(self) -> Texts:
        return partial(_in_language, self.request.locale) if self.request.locale else text

    def of_model(self, model: type[Model]) -> Mapping[str, Said]:
        """What is said of a model's fields, the plan file last. Raises CannotSeed."""
        label = model._meta.label
        found: dict[str, Said] = {}
        if label in self.request.factories:
            path = self.request.factories[label]
            found.update(factories.named(path, label, self.request.source))
        found.update(registry.of_model(model))
        known = {field.name for field in model._meta.local_concrete_fields}
        for name, said in self.request.fields.get(label, {}).items():
            if name not in known:
                raise CannotSeed(
                    f"The plan names a field {name!r} that {label} does not have.",
                    where=self.request.source,
                    then=f"name one of: {', '.join(sorted(known))}",
                )
            found[name] = said
        return found

    def of_reference(
        self, field: ForeignKey[Any, Any], said: Said | None
    ) -> tuple[Spread | None, float | None]:
        """How the rows of a foreign key are spread over its parents, and the share of NULLs. Raises
        CannotSeed for what a foreign key cannot be."""
        match said:
            case None:
                return None, None
            case Spread():
                return _skewed(said), None
            case Refinement(generator=None | Spread(), kind="", provider="", low=None, high=None):
                return _skewed(said.generator), said.nulls
        raise CannotSeed(
            f"{field.model._meta.label}.{field.name} is a foreign key: its values are the keys of "
            "rows, and can only be spread over them.",
            where=self.request.source,
            then="use zipf or nulls, or leave it out",
        )

    def apply(
        self,
        field: Field[Any, Any],
        said: Said | None,
        known: Known,
    ) -> tuple[Generator, Pick | None]:
        """The generator of a field, and how its choices are picked. Raises CannotSeed."""
        if said is None:
            return generator_for(field, known), None
        if isinstance(said, Generator):
            return said, None
        key = f"{field.model._meta.label}.{field.name}"
        if isinstance(said, Spread):
            return self._spread(generator_for(field, known), said, key)
        if isinstance(said.generator, Spread):
            generator, pick = self._spread(generator_for(field, known), said.generator, key)
        else:
            generator, pick = said.generator or self._named(field, said, known), None
        return (generator if said.nulls is None else generator.with_nulls(said.nulls)), pick

    def _spread(self, usual: Generator, spread: Spread, key: str) -> tuple[Generator, Pick | None]:
        if usual.size is None or usual.distinct is None or usual.size > 10**6:
            raise CannotSeed(
                f"{key} has no list of choices that could be spread.",
                where=self.request.source,
                then="use zipf for foreign keys and fields with choices, or give values",
            )
        pick = spread.over(usual.size, key) if spread.exponent else None
        return (usual.spread(spread, key) if pick else usual), pick

    def _named(
        self,
        field: Field[Any, Any],
        said: Refinement,
        known: Known,
    ) -> Generator:
        if said.kind:
            if said.kind not in KIND_NAMES:
                raise CannotSeed(
                    f"There is no kind of text {said.kind!r}.",
                    where=self.request.source,
                    then=f"name one of: {', '.join(sorted(KIND_NAMES))}",
                )
            return self.texts(said.kind, field.max_length, 0)
        if said.provider:
            return provided(said.provider, self.request.locale, field.max_length)
        if isinstance(said.low or said.high, date):
            return self._between(field, said)
        bounds = known.bounds.within(said.low, said.high)
        return generator_for(field, replace(known, bounds=bounds))

    def _between(self, field: Field[Any, Any], said: Refinement) -> Generator:
        low, high = _moment(said.low), _moment(said.high)
        if low is None or high is None or low >= high:
            raise CannotSeed(
                f"{field.model._meta.label}.{field.name} needs a min and a later max.",
                where=self.request.source,
                then="{ min = 2025-01-01, max = 2025-12-31 }",
            )
        count = max(1, (high - low).days)
        if field.get_internal_type() == "DateField":
            return make.days(high.date(), count)
        return make.moments(high, count)


def _skewed(spread: Generator | Spread | None) -> Spread | None:
    """A spread that is not the usual one."""
    return spread if isinstance(spread, Spread) and spread.exponent else None


def _in_language(
    locale: str, kind: str, longest: int | None = None, shortest: int = 0
) -> Generator:
    return in_language(kind, locale, longest, shortest) or text(kind, longest, shortest)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return None
