"""Names of swappable settings, kept while states are rendered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from nestflux.django_compat import swappable_settings_name_through


@contextmanager
def swappable_names_kept() -> Iterator[None]:
    """While the block lasts, ask once a model string whether it names a swappable model.

    Django keeps the answers too (django/apps/registry.py, ``get_swappable_settings_name``), in one
    cache for all registries, which the rendering of any state empties: then every foreign key of
    every state asks every model of the project again.
    """
    # The real registry's alone; its own clear_cache() still empties it.
    with swappable_settings_name_through(cache):
        yield
