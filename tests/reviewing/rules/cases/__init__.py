"""The cases of all rules, a module a group or a part of one."""

from __future__ import annotations

import importlib
import pkgutil

from tests.reviewing.rules.case import Case

CASES: tuple[Case, ...] = tuple(
    case
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
    for case in importlib.import_module(f"{__name__}.{module.name}").CASES
)
