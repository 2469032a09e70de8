"""Python's garbage collector, where a short-lived process makes much that stays to its end.

Modules, migrations and models stand in cycles and stay: looking through them for garbage, again and
again while they grow, took a tenth of a command's time.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_resting() -> Iterator[None]:
    """While the block lasts nothing is collected. For what makes a bounded number of objects that
    stay; not for a run of Python steps, each of which leaves its models behind."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def spare_what_stays() -> None:
    """In a process that ends with its command: what its start made is looked through no more, and
    at its end nothing is, for the memory goes back as a whole. (Python promises no ``__del__`` at
    the end: Language Reference 3.3.1, "object.__del__".)"""
    gc.freeze()
    atexit.register(gc.freeze)
