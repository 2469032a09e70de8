"""Names of swappable settings, kept while states are rendered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from inspect import unwrap

from django.apps import apps
from django.apps.registry import Apps


@contextmanager
def swappable_names_kept() -> Iterator[None]:
    """While the block lasts, ask once a model string whether it names a swappable model.

    Django keeps the answers too (django/apps/registry.py, ``get_swappable_settings_name``), in one
    cache for all registries, which the rendering of any state empties: then every foreign key of
    every state asks every model of the project again.
    """
    known = vars(apps)
    name = Apps.get_swappable_settings_name.__name__
    if name in known:
        yield
        return
    # The real registry's alone; its own clear_cache() still empties it.
    known[name] = cache(partial(unwrap(Apps.get_swappable_settings_name), apps))
    try:
        yield
    finally:
        del known[name]
