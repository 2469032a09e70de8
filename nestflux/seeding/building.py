"""From a request and the models to a plan: one table after the other, parents first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from django.db.models import AutoField, Field, ForeignKey, Model, Q

from nestflux.exceptions import CannotSeed
from nestflux.seeding import columns as make
from nestflux.seeding.checks import Check, bounds_of, checks_of
from nestflux.seeding.choosing import Wanted, foreign_keys, target_of, wanted
from nestflux.seeding.columns import Keys, Made
from nestflux.seeding.draws import BLOCK
from nestflux.seeding.facts import Facts
from nestflux.seeding.fields import Bounds, Known
from nestflux.seeding.keys import unique_keys
from nestflux.seeding.limits import limit_of, models_read
from nestflux.seeding.ordering import Need, Order, ordered
from nestflux.seeding.periods import in_periods, period_keys, periods_of
from nestflux.seeding.plan import Column, NoRowPasses, Plan, Table
from nestflux.seeding.refining import Refining
from nestflux.seeding.request import Request
from nestflux.seeding.uniqueness import Indexes, TooFew, assigned


def build(
    request: Request,
    facts: Facts,
    alias: str,
    first_rows: Mapping[str, int],
) -> Plan:
    """The plan for a request.

    Args:
        facts: what the tables hold.
        alias: the database, for its routers.
        first_rows: label → the number of the first row; those before it were made earlier.

    Raises CannotSeed where the models allow no such rows.
    """
    chosen = wanted(request, alias, facts.has_rows)
    order = ordered(list(chosen), _needs(chosen))
    order = replace(order, later=order.later | set(_limited_to_itself(chosen)))
    building = _Building(request, facts, chosen, order, first_rows)
    for label in order.labels:
        building.add(label)
    tables = tuple(building.tables[label] for label in order.labels if building.tables[label].rows)
    return Plan(alias, request.seed, tables)


def _limited_to_itself(chosen: Mapping[str, Wanted]) -> Iterator[tuple[str, str]]:
    """Keys to rows of the same table that are not any earlier ones: the server is asked which, when
    they are there."""
    for label, one in chosen.items():
        for key in foreign_keys(one.model):
            if target_of(key) is one.model and key.null and limit_of(key) is not None:
                yield label, key.name


def _needs(chosen: Mapping[str, Wanted]) -> Iterator[Need]:
    for label, one in chosen.items():
        for key in foreign_keys(one.model):
            required = not key.null or bool(key.remote_field.parent_link)
            # A key may refer to a column that stands in a table further up (inheritance).
            for parent in {target_of(key), key.target_field.model}:
                yield Need(label, key.name, parent._meta.label, required)
            if (limit := limit_of(key)) is not None:
                for read in dict.fromkeys(models_read(limit, target_of(key))):
                    yield Need(label, "", read._meta.label, required=False)
        if make.generic_fields(one.model):
            # No key of the server's: only so that the keys of the others are known by then.
            for other in chosen:
                yield Need(label, "", other, required=False)


@dataclass
class _Building:
    request: Request
    facts: Facts
    chosen: Mapping[str, Wanted]
    order: Order
    first_rows: Mapping[str, int]
    tables: dict[str, Table] = field(default_factory=dict)
    # Rows of a table, where fewer are possible than are usual.
    fewer: dict[str, int] = field(default_factory=dict)
    keys: dict[tuple[str, str], Sequence[Any]] = field(default_factory=dict)
    # Tables that are planned once more when those before them are filled.
    waiting: set[str] = field(default_factory=set)
    # What the server said of the keys of a table that is planned once more.
    answers: dict[tuple[str, str], Sequence[Any]] = field(default_factory=dict)
    are_parents_there: bool = False

    @cached_property
    def refining(self) -> Refining:
        return Refining(self.request, {one.model for one in self.chosen.values()})

    # ---- how many rows ---------------------------------------------------------------------

    def total(self, label: str) -> int:
        """The rows of a table: its own, and one for each row of a model that inherits from it."""
        return self.own(label) + sum(self.total(child) for child in self._children(label))

    def own(self, label: str) -> int:
        if label in self.fewer:
            return self.fewer[label]
        one = self.chosen[label]
        amount = one.amount
        if not amount.parent:
            return amount.count
        key = next(key for key in foreign_keys(one.model) if key.name == amount.parent)
        parent = target_of(key)._meta.label
        if parent == label:
            raise CannotSeed(
                f"{label}.{key.name} refers to {label} itself: so many rows a row never end.",
                where=f"{label}={amount}",
                then=f"give a plain number: --rows {label}=100",
            )
        if parent not in self.chosen or limit_of(key) is not None:
            return amount.count * len(self._keys(key))
        return amount.count * self.total(parent)

    def _children(self, label: str) -> list[str]:
        return [
            child
            for child, one in self.chosen.items()
            for key in foreign_keys(one.model)
            if key.remote_field.parent_link and target_of(key)._meta.label == label
        ]

    # ---- a table ---------------------------------------------------------------------------

    def add(self, label: str) -> None:
        """Plan a table, whose parents are planned. Where no number is asked for, there are as
        many as its keys allow."""
        self.facts.has_rows(self.chosen[label].model)  # is the table there?
        if self._has_to_wait(label):
            self.waiting.add(label)
        self._plan_as_many(label)

    def add_again(self, label: str) -> Table:
        """The same once the tables before it are filled: the server says which of their rows a key
        may refer to."""
        self.are_parents_there = True
        self.fewer.pop(label, None)
        self._forget_keys(label)
        self._plan_as_many(label)
        return self.tables[label]

    def _has_to_wait(self, label: str) -> bool:
        """Does it depend on which rows of this run a key may refer to?"""
        model = self.chosen[label].model
        keys = [key for key in foreign_keys(model) if (label, key.name) not in self.order.later]
        return (
            any(self._is_asked(key) or target_of(key)._meta.label in self.waiting for key in keys)
            # A generic foreign key refers to rows of any table.
            or bool(self.waiting and make.generic_fields(model))
        )

    def _is_asked(self, key: ForeignKey[Any, Any]) -> bool:
        """Is the server asked which rows of this run a key may refer to?"""
        return limit_of(key) is not None and target_of(key)._meta.label in self.chosen

    def _plan_as_many(self, label: str) -> None:
        while True:
            try:
                self._plan(label)
                return
            except TooFew as error:
                self._take_fewer(label, error)

    def _take_fewer(self, label: str, error: TooFew) -> None:
        one = self.chosen[label]
        inherits = any(key.remote_field.parent_link for key in foreign_keys(one.model))
        if one.asked or inherits or self._children(label) or error.most >= self.own(label):
            raise _too_few(label, self.own(label), error) from None
        self.fewer[label] = error.most
        self._forget_keys(label)

    def _forget_keys(self, label: str) -> None:
        self.keys = {place: keys for place, keys in self.keys.items() if place[0] != label}

    def _plan(self, label: str) -> None:
        one = self.chosen[label]
        start = self.first_rows.get(label, 0)
        rows = range(start, start + self.total(label))
        made = {own.field.name: own for own in self._made(one.model, rows)}
        later = {name for child, name in self.order.later if child == label}
        indexes = self._indexes(one, rows, made)
        columns = [
            Column(
                own.field,
                own.generator,
                self.request.seed,
                own.key or f"{label}.{name}",
                indexes.get(own.follows or name),
                fixed=_is_referred_to(own.field),
            )
            for name, own in made.items()
        ]
        table = Table(
            one.model,
            rows,
            tuple(column for column in columns if column.name not in later),
            tuple(column for column in columns if column.name in later),
            _testable(checks_of(one.model), {column.name for column in columns} - later),
            any(
                target_of(key) is one.model and key.name not in later
                for key in foreign_keys(one.model)
            ),
            partial(self.add_again, label) if label in self.waiting else None,
        )
        self.tables[label] = table  # rows that refer to the table itself look it up
        _try_rows(table)

    def _indexes(self, one: Wanted, rows: range, made: Mapping[str, Made]) -> dict[str, Indexes]:
        """Which choice each row has, in the columns that cannot be drawn freely."""
        keys = [
            frozenset(made[name].follows or name for name in key)
            for key in self._unique_keys(one.model)
            if key <= made.keys()
        ]
        choices = {
            name: replace(own.choices, per_parent=one.amount.count)
            if name == one.amount.parent
            else own.choices
            for name, own in made.items()
        }
        found = assigned(keys, choices, rows, seed=self.request.seed, label=one.label)
        fixed = {name: own.indexes for name, own in made.items() if own.indexes is not None}
        return {**found, **fixed}

    # ---- its columns -----------------------------------------------------------------------

    def _made(self, model: type[Model], rows: range) -> Iterator[Made]:
        said = self.refining.of_model(model)
        generic = (
            make.generic_columns(model, self._targets(model), self._content_types(model))
            if make.generic_fields(model)
            else {}
        )
        bounds = bounds_of(model)
        unique = {name for key in self._unique_keys(model) for name in key}
        periods = periods_of(model, unique_keys(model, self.facts.has_expression_indexes))
        for one in model._meta.local_concrete_fields:
            if getattr(one, "generated", False):
                continue
            if one.name in generic and one.name not in said:
                yield generic[one.name]
            elif isinstance(one, ForeignKey):
                yield self._reference(one, rows, said.get(one.name))
            elif one.name not in said and isinstance(one, AutoField):
                yield make.counted(one, self.facts.next_key(one), rows)
            else:
                known = Known(
                    self.facts.ops,
                    bounds.get(one.name, Bounds()),
                    rows.stop if one.name in unique else 0,
                    self.refining.texts,
                )
                generator, pick = self.refining.apply(one, said.get(one.name), known)
                if one.name in periods:
                    generator = in_periods(generator, periods[one.name])
                yield make.plain(one, generator, pick, wanted=known.wanted)

    def _unique_keys(self, model: type[Model]) -> list[frozenset[str]]:
        keys = unique_keys(model, self.facts.has_expression_indexes)
        return [*keys, *period_keys(model, keys)]

    def _reference(self, key: ForeignKey[Any, Any], rows: range, said: Any) -> Made:
        """A foreign key's column."""
        label = key.model._meta.label
        parent = target_of(key)
        if key.remote_field.parent_link:
            return make.inherited(key, self._keys(key), rows, self._offset(key))
        is_later = parent._meta.label in self.chosen and (label, key.name) in self.order.later
        if parent is key.model and not is_later:
            return make.to_itself(key, lambda: self._keys_of(key.target_field), rows)
        spread, nulls = self.refining.of_reference(key, said)
        if self.chosen[label].amount.parent == key.name:
            nulls = 0  # each parent has as many rows as were asked for
        if is_later and limit_of(key) is not None:
            return make.asked_later(key, partial(self._keys_then, key), spread, nulls, rows)
        if is_later:
            size = self.total(parent._meta.label)
            return make.reference(key, Keys(size, lambda: self._keys(key)), spread, nulls)
        found = self._keys(key)
        if not len(found) and not key.null:
            raise _no_parent(key)
        return make.reference(key, Keys(len(found), lambda: found), spread, nulls)

    def _offset(self, link: ForeignKey[Any, Any]) -> int:
        """Where the rows of a child begin among those of the table that it inherits from."""
        parent, child = target_of(link)._meta.label, link.model._meta.label
        children = self._children(parent)
        before = children[: children.index(child)]
        return self.own(parent) + sum(self.total(one) for one in before)

    def _keys(self, key: ForeignKey[Any, Any]) -> Sequence[Any]:
        """What a foreign key can refer to: rows of this run, where its parent has some."""
        limit = limit_of(key)
        if limit is not None:
            place = (key.model._meta.label, key.name)
            if not self.are_parents_there:
                return self._keys_so_far(key, limit)
            if place not in self.answers:
                self.answers[place] = self._keys_within(key, limit)
            return self.answers[place]
        if target_of(key)._meta.label in self.chosen:
            found = self._keys_of(key.target_field)
            if len(found):
                return found
        return self.facts.keys(key)

    def _keys_so_far(self, key: ForeignKey[Any, Any], limit: Q) -> Sequence[Any]:
        """While the rows of this run are not there: all of them, unless it is clear by now that
        none of them meets the condition."""
        table = self.tables.get(target_of(key)._meta.label)
        if table is not None and self._may_match(table, limit):
            return self._keys_of(key.target_field)
        return self.facts.keys_within(key, limit, None)

    def _may_match(self, table: Table, limit: Q) -> bool:
        """Could one of the rows that are planned meet a condition? A few of many say nothing."""
        if len(table.rows) > BLOCK:
            return True
        values = zip(*table.values(table.rows), strict=True) if table.rows else ()
        fields = [column.field for column in table.columns]
        return any(
            self.facts.may_match(limit, dict(zip(fields, row, strict=True))) for row in values
        )

    def _keys_within(self, key: ForeignKey[Any, Any], limit: Q) -> Sequence[Any]:
        """What the server answers: rows of this run, others where none of them will do."""
        if target_of(key)._meta.label in self.chosen:
            of_run = self._keys_of(key.target_field)
            found = self.facts.keys_within(key, limit, of_run) if len(of_run) else ()
            if found:
                return found
        return self.facts.keys_within(key, limit, None)

    def _keys_then(self, key: ForeignKey[Any, Any]) -> Sequence[Any]:
        """What a key can refer to that waits until all tables are filled.

        A condition on rows of the table itself may read this very key ("has no parent"): so rows
        refer to those alone that keep their NULL, which no second pass changes.
        """
        limit = limit_of(key)
        assert limit is not None
        found = self._keys_within(key, limit)
        if target_of(key) is not key.model:
            return found
        table = self.tables[key.model._meta.label]
        column = next(one for one in table.later if one.name == key.name)
        keys, stay = self._keys_of(key.target_field), column.are_null(table.rows)
        staying = {one for one, is_null in zip(keys, stay, strict=True) if is_null}
        return [one for one in found if one in staying]

    def _content_types(self, model: type[Model]) -> Mapping[str, Mapping[str, int]]:
        """By the field of a generic foreign key's content type: which it may be."""
        found = {}
        for name, _ in make.generic_fields(model):
            ids = self.facts.content_types()
            key: Any = model._meta.get_field(name)
            if (limit := limit_of(key)) is not None:
                allowed = set(self.facts.keys_within(key, limit, None))
                ids = {label: one for label, one in ids.items() if one in allowed}
            found[name] = ids
        return found

    def _keys_of(self, target: Any) -> Sequence[Any]:
        table = self.tables[target.model._meta.label]
        place = (table.label, target.name)
        if place not in self.keys:
            self.keys[place] = make.keys_of(table, target.name)
        return self.keys[place]

    def _targets(self, model: type[Model]) -> Mapping[str, Sequence[Any]]:
        """The tables that a generic foreign key of a model may refer to: those that are planned by
        now and have one key, without the tables between two models."""
        return {
            label: self._keys_of(table.model._meta.pk)
            for label, table in self.tables.items()
            if table.model is not model
            and not table.model._meta.auto_created
            and len(table.key_columns) == 1
        }


def _no_parent(key: ForeignKey[Any, Any]) -> CannotSeed:
    label, parent = key.model._meta.label, target_of(key)._meta.label
    if limit_of(key) is None:
        return CannotSeed(
            f"{label}.{key.name} needs a row of {parent}, and there is none.",
            where=f"{label}.{key.name}",
            then=f"make some, too: --rows {parent}=10",
        )
    return CannotSeed(
        f"{label}.{key.name} needs a row of {parent} that its limit_choices_to allows, and there "
        "is none.",
        where=f"{label}.{key.name}",
        then=f'say how such rows are made: [fields."{parent}"] in a plan file, or '
        f"{target_of(key)._meta.app_label}/seeds.py",
    )


def _is_referred_to(field: Field[Any, Any]) -> bool:
    """Is it a part of the primary key, or what a foreign key with ``to_field`` refers to?"""
    meta = field.model._meta
    if field.name in {one.name for one in meta.pk_fields}:
        return True
    keys = (related.field for related in meta.related_objects if not related.many_to_many)
    return any(getattr(key, "target_field", None) is field for key in keys)


def _testable(checks: Sequence[Check], columns: set[str]) -> tuple[Check, ...]:
    return tuple(check for check in checks if columns.issuperset(check.fields))


def _try_rows(table: Table) -> None:
    """The first rows, made once before any is written. Raises CannotSeed."""
    try:
        table.values(range(table.rows.start, min(table.rows.stop, table.rows.start + BLOCK)))
    except NoRowPasses as error:
        raise no_row_passes(table, error) from None


def no_row_passes(table: Table, error: NoRowPasses) -> CannotSeed:
    """Nothing keeps a check constraint; to be raised."""
    fields = ", ".join(f"{table.label}.{name}" for name in error.check.fields)
    return CannotSeed(
        f"No values were found that keep the constraint {error.check.name} of {table.label}.",
        where=fields,
        then=f"say in {table.model._meta.app_label}/seeds.py how these fields are made",
    )


def _too_few(label: str, rows: int, error: TooFew) -> CannotSeed:
    names = ", ".join(f"{label}.{name}" for name in error.fields)
    one = len(error.fields) == 1
    if not error.most and one:
        return CannotSeed(
            f"{names} must be unique, and what makes its values cannot promise that.",
            where=names,
            then=f"give it values that differ in {label.partition('.')[0].lower()}/seeds.py",
        )
    return CannotSeed(
        f"{label} cannot have {rows:,} rows: {names} must be unique"
        f"{'' if one else ' together'}, and only {error.most:,} different values are possible.",
        where=names,
        then=f"ask for at most {error.most:,}: --rows {label}={error.most}"
        + ("" if one else ", or for more rows of what they refer to"),
    )
