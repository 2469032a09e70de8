"""Counts, lists and commands in words."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def in_bytes(number: int) -> str:
    """``16 kB``, ``3.4 GB``: powers of ten, two digits of what is below ten."""
    shown, unit = float(number), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if shown < 1000:
            break
        shown, unit = shown / 1000, larger
    digits = 1 if shown < 10 and unit != "bytes" and not shown.is_integer() else 0
    return f"{shown:,.{digits}f} {unit}"


def in_time(seconds: float) -> str:
    """``less than 1 s``, ``about 12 min``: of a guess, no more than two digits."""
    if seconds < 1:
        return "less than 1 s"
    if seconds < 100:
        return f"about {round(seconds)} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 100 else f"about {round(seconds / 3600)} h"


def for_database(alias: str) -> str:
    """What a command that is to be typed ends with: `` --database ALIAS``; empty for the default
    one."""
    return "" if alias == DEFAULT_DB_ALIAS else f" --database {shlex.quote(alias)}"
