"""What refers to a key, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nestflux.django_compat import related_fields_through


@contextmanager
def relations_in_one_order() -> Iterator[None]:
    """While the block lasts, relations of one name are sorted by model and field.

    Where the type of a key changes, Django goes through the relations that lead to it side by side,
    those of the state before and those of the state after, each sorted by name. All that have no
    way back (``related_name="+"``) are called ``+``, and stay in the order in which their models
    were made: that of a set, another in each process. A column may so get the NULL or NOT NULL of
    another, with Django's own ``migrate`` too.
    Source: ``_all_related_fields`` and ``_related_non_m2m_objects`` of
    django/db/backends/base/schema.py; ``_reload`` of django/db/migrations/state.py.
    """
    with related_fields_through(lambda found: sorted(found, key=_order)):
        yield


def _order(relation: Any) -> tuple[str, str, str]:
    return relation.name, relation.related_model._meta.label_lower, relation.field.name
