"""What Django takes from sets, in one order: recorded twice, a migration gives one text.

The order of a set is that of the hashes of its strings, another one in each process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Lookup, expressions, query_utils

from nestflux.django_compat import method_replaced, relations_through

_Fields = tuple[str, ...]


@contextmanager
def sets_in_one_order() -> Iterator[None]:
    """While the block lasts, everything is sorted that Django takes from a set and writes: what
    refers to a model, ``unique_together`` and ``index_together``, and ``Q(status__in={…})``; and
    two of the latter are equal where their sets are."""
    editor = BaseDatabaseSchemaEditor
    with ExitStack() as stack:
        stack.enter_context(relations_through(lambda found: found.sort(key=_place_of_relation)))
        for owner, name, ordered in (
            (editor, "create_model", _created),
            (editor, "alter_unique_together", _altered),
            (editor, "alter_index_together", _altered),
            (Lookup, "__init__", _looked_up),
            (query_utils, "make_hashable", _hashable),
            (expressions, "make_hashable", _hashable),
        ):
            stack.enter_context(method_replaced(owner, name, ordered(getattr(owner, name))))
        yield


def _place_of_relation(field: Any) -> tuple[str, str]:
    """By model and field.

    Models whose key changes are made anew in the order of a set, and what refers to a model stands
    in the order in which models were made (``_reload`` of django/db/migrations/state.py). Where a
    model is renamed, Django goes through them. Where the type of a key changes, it goes through
    those of the state before and those of the state after side by side, each sorted by name; all
    that have no way back (``related_name="+"``) are called ``+``. A column may so get the NULL or
    NOT NULL of another, with Django's own ``migrate`` too. (``RenameModel`` of
    django/db/migrations/operations/models.py; ``_related_non_m2m_objects`` of
    django/db/backends/base/schema.py.)
    """
    return field.model._meta.label_lower, field.name


def _created(of_django: Callable[..., None]) -> Callable[..., None]:
    def create_model(editor: Any, model: Any) -> None:
        model._meta.unique_together = tuple(sorted(model._meta.unique_together))
        of_django(editor, model)

    return create_model


def _altered(of_django: Callable[..., None]) -> Callable[..., None]:
    """Django drops what is not there any more and then makes what is new: so does this, each by
    itself."""

    def alter_together(editor: Any, model: Any, before: Any, after: Any) -> None:
        olds, news = _together(before), _together(after)
        for fields in sorted(olds - news):
            of_django(editor, model, [fields], [])
        for fields in sorted(news - olds):
            of_django(editor, model, [], [fields])

    return alter_together


def _together(option: Any) -> set[_Fields]:
    return {tuple(fields) for fields in option}


def _looked_up(of_django: Callable[..., None]) -> Callable[..., None]:
    def init(lookup: Any, lhs: Any, rhs: Any) -> None:
        of_django(lookup, lhs, _sorted(rhs) if isinstance(rhs, set | frozenset) else rhs)

    return init


def _sorted(values: set[Any] | frozenset[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # None among them, or expressions
        return sorted(values, key=repr)


def _hashable(of_django: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django compares a set as a tuple, in whatever order it has: a model's constraint may differ
    from the equal one of its migration, and makemigrations removes and makes it for nothing.
    (``identity`` of ``Q`` and of ``BaseExpression``; django/utils/hashable.py.)"""

    def make_hashable(value: Any) -> Any:
        if isinstance(value, set | frozenset):
            return frozenset(map(make_hashable, value))
        if isinstance(value, dict):
            return tuple((key, make_hashable(value[key])) for key in sorted(value))
        if isinstance(value, list | tuple):
            return tuple(map(make_hashable, value))
        return of_django(value)

    return make_hashable
