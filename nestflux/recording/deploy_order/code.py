"""The models before a file and after it: which the file touches, and which are related to those.

They are made as Django makes the models of a state, less what a project adds by itself: managers,
an ordering, receivers of signals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import signals

from nestflux.django_compat import receivers_muted
from nestflux.graph.receivers import classes_are_watched
from nestflux.history.deploy_order import Code
from nestflux.recording.deploy_order.values import (
    is_required,
    is_required_by_the_server,
    named_in,
)
from nestflux.recording.model_outlines import Key, has_outline, needed_by, targets_of
from nestflux.recording.model_subset import reached, referrers
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import Schema
from nestflux.schema.objects import ORDER
from nestflux.sql.lexer import identifiers
from nestflux.wording import counted

if TYPE_CHECKING:
    from django.db.models import Model

# Not of a model's rows: whatever it says, the same queries run.
_APART = frozenset({"base_manager_name", "default_manager_name", "ordering"})
# More are not tried: an app that is new as a whole, a model to which half the project refers.
_MOST_ALONE = 20
_MOST_NEIGHBOURS = 20
_MUTED = (
    signals.pre_init,
    signals.post_init,
    signals.pre_save,
    signals.post_save,
    signals.pre_delete,
    signals.post_delete,
    signals.m2m_changed,
)


@dataclass(frozen=True)
class Change:
    """What a file does, as states and as schemas, before and after it. ``left_out`` is the CREATE
    of each table that is in both and was not loaded."""

    before: Schema
    after: Schema
    old: ProjectState
    new: ProjectState
    left_out: Mapping[str, str] = field(default_factory=dict)

    def creates(self, code: Code) -> dict[str, str]:
        """The CREATE of each table on the schema of one code."""
        schema = self.before if code is Code.OLD else self.after
        own = {key.name: sql for key, sql in schema.create.items() if key.is_table}
        return {**self.left_out, **own}

    def state(self, code: Code) -> ProjectState:
        return self.old if code is Code.OLD else self.new


@dataclass(frozen=True)
class Touched:
    """A model that a file touches; ``fields`` are the names of those that it changes."""

    model: type[Model]
    fields: frozenset[str]


@dataclass(frozen=True)
class Models:
    """What of one code is run: models that are touched, and their ``neighbours``, to which they
    refer or which refer to them. ``tables`` are all that these need. ``literals`` are what the
    checks of both codes name, by model label and field. ``not_tried``: what there was too much
    of, in words."""

    code: Code
    touched: tuple[Touched, ...]
    neighbours: tuple[type[Model], ...]
    tables: frozenset[str]
    literals: Mapping[str, Mapping[str, list[Any]]]
    not_tried: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """The foreign keys that the code knows: table and column."""
        made = self.all[0]._meta.apps.get_models(include_auto_created=True) if self.all else ()
        return frozenset(
            (model._meta.db_table, str(field.column))
            for model in made
            for field in model._meta.local_concrete_fields
            if field.is_relation
        )

    @property
    def columns(self) -> dict[tuple[str, str], bool]:
        """The columns of what is touched, by table and column: must code that writes a row give
        it a value?"""
        return {
            (each.model._meta.db_table, str(field.column)): is_required_by_the_server(field)
            for each in self.touched
            for field in each.model._meta.local_concrete_fields
        }

    @property
    def all(self) -> tuple[type[Model], ...]:
        return (*(each.model for each in self.touched), *self.neighbours)


@contextmanager
def signals_muted() -> Iterator[None]:
    """Nothing hears of what is written here: a receiver would meet a class that it does not
    know, or work for a row that is rolled back."""
    with ExitStack() as muted:
        for signal in _MUTED:
            muted.enter_context(receivers_muted(signal))
        yield


def touched_keys(change: Change) -> set[Key]:
    """The models whose state differs, and those whose table does."""
    old, new = change.old.models, change.new.models
    keys = old.keys() | new.keys()
    found = {key for key in keys if _differs(old.get(key), new.get(key))}
    tables = {key.holder_name for key in changed_tables(change).changes}
    for models in (old, new):
        found |= {key for key, model in models.items() if table_of(model) in tables}
    return found


def changed_tables(change: Change) -> Delta:
    delta = Delta.between(change.before.definitions, change.after.definitions)
    return Delta({key: pair for key, pair in delta.changes.items() if key.is_of_table})


def table_of(model: ModelState) -> str:
    return str(model.options.get("db_table") or f"{model.app_label}_{model.name_lower}")


def _differs(one: ModelState | None, other: ModelState | None) -> bool:
    """As ``ModelState.__eq__``, but for a field that is the very same."""
    if one is None or other is None:
        return True
    if one is other:
        return False
    return (
        one.options != other.options
        or one.bases != other.bases
        or one.fields.keys() != other.fields.keys()
        or any(_fields_differ(field, other.fields[name]) for name, field in one.fields.items())
    )


def _fields_differ(one: Any, other: Any) -> bool:
    return one is not other and bool(one.deconstruct()[1:] != other.deconstruct()[1:])


def models_of(code: Code, change: Change, touched: Collection[Key]) -> Models:
    """Make the models of one code that are to be run. Raises what Django raises where the state
    does not hold together."""
    state = change.state(code)
    refers_to_it = referrers(state)
    own = [key for key in state.models if key in touched and _has_table(state, key)]
    alone = [key for key in own if key not in change.state(code.other).models]
    own = [key for key in own if key not in alone[_MOST_ALONE:]]
    near = {found for key in own for found in (*needed_by(state.models[key]), *refers_to_it(key))}
    others = [key for key in sorted(near - set(own)) if _has_table(state, key)]
    others, more = others[:_MOST_NEIGHBOURS], others[_MOST_NEIGHBOURS:]
    wanted = _with_what_rows_need(state, {*own, *others})
    apps = _made(state, wanted)
    literals: dict[str, dict[str, list[Any]]] = {}
    for each in Code:
        for key in wanted & change.state(each).models.keys():
            constraints = change.state(each).models[key].options.get("constraints", ())
            for name, values in named_in(constraints).items():
                literals.setdefault(".".join(key), {}).setdefault(name, []).extend(values)
    made = apps.get_models(include_auto_created=True, include_swapped=True)
    return Models(
        code,
        tuple(
            Touched(apps.get_model(*key), _changed_fields(change, code, key))
            for key in own
            if not apps.get_model(*key)._meta.swapped
        ),
        tuple(model for key in others if not (model := apps.get_model(*key))._meta.swapped),
        frozenset(model._meta.db_table for model in made if not model._meta.proxy),
        literals,
        tuple(_left_out(code, len(alone) - _MOST_ALONE, len(more))),
    )


def _left_out(code: Code, alone: int, related: int) -> Iterator[str]:
    if alone > 0:
        yield f"{counted(alone, 'more model')} that only {code} code has"
    if related > 0:
        yield f"{counted(related, 'more model')} of {code} code that are related to these"


def _has_table(state: ProjectState, key: Key) -> bool:
    model = state.models.get(key)
    return (
        model is not None and not model.options.get("proxy") and model.options.get("managed", True)
    )


def _with_what_rows_need(state: ProjectState, whole: Set[Key]) -> set[Key]:
    """The models and those that they point at, and behind these only what a row cannot do without.

    Of a model that is only pointed at, rows are made for others to refer to, with as little in
    them as possible (``Rows.parent``). What its optional relations lead to is, in a project whose
    tables hang together, most of it.
    """
    watched = classes_are_watched()

    def following(key: Key) -> Iterator[Key]:
        model = state.models.get(key)
        if model is None:
            return iter(())
        if key in whole or watched or not has_outline(model):
            return needed_by(model)
        return _needed_by_a_row(model)

    return reached(whole, following)


def _needed_by_a_row(model: ModelState) -> Iterator[Key]:
    """The models that a row with as little in it as possible cannot be made without."""
    own = model.app_label, model.name_lower
    for base in model.bases:
        if isinstance(base, str):
            yield resolve_relation(base, model.app_label)
    for name, each in model.fields.items():
        is_order = model.options.get("order_with_respect_to") == name
        if is_order or (is_required(each) and not each.many_to_many):
            yield from targets_of(each, own)


def _made(state: ProjectState, wanted: Set[Key]) -> Any:
    """The apps with these models, each without the relations that lead to others."""
    models = {}
    for key in wanted & state.models.keys():
        models[key] = state.models[key].clone()
        models[key].managers = []
        for name, each in state.models[key].fields.items():
            if any(to in state.models and to not in wanted for to in targets_of(each, key)):
                del models[key].fields[name]
        for name in _APART:
            models[key].options.pop(name, None)
    real = state.real_apps & {label for label, _ in wanted - state.models.keys()}
    return ProjectState(models, real).apps


def _changed_fields(change: Change, code: Code, key: Key) -> frozenset[str]:
    """The fields that differ, and those whose column, or a key or check over it, does."""
    own = change.state(code).models[key]
    other = change.state(code.other).models.get(key)
    if other is None:
        return frozenset()  # a whole table: nothing of it need be tried by values
    differing = {
        name
        for name, field in own.fields.items()
        if name not in other.fields or _fields_differ(field, other.fields[name])
    }
    table = table_of(own)
    columns: set[str] = set()
    for part, pair in changed_tables(change).changes.items():
        if part.is_column and part.table == table:
            columns.add(part.name)
        elif part.table == table and part.kind != ORDER:  # a key, or a check
            columns = columns.union(*(identifiers(text) for text in pair if text))
    of_columns = {
        name
        for name, field in own.fields.items()
        if not columns.isdisjoint((field.db_column, name, f"{name}_id"))
    }
    return frozenset(differing | of_columns)
