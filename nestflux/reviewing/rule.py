"""Rules: functions from a subject to what they find in it.

A rule is written in a module of ``rules/``, or of ``schema_rules/`` where it judges what a change
does, and is found there by itself:

    @rule(History)
    def stray_files(history: History) -> Iterator[Finding]: ...

The subjects are in ``subjects``. A rule asks no server and reads no file: its subject has all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from nestflux.reviewing import rules, schema_rules, server_rules
from nestflux.reviewing.findings import Finding

Subject = TypeVar("Subject")
Rule = Callable[[Subject], Iterable[Finding]]

_RULES: list[tuple[type, Rule[Any]]] = []


def rule(subject: type[Subject]) -> Callable[[Rule[Subject]], Rule[Subject]]:
    """Register a rule for a kind of subject."""

    def register(function: Rule[Subject]) -> Rule[Subject]:
        _RULES.append((subject, function))
        return function

    return register


def look_at(subject: object) -> list[Finding]:
    """What all rules for its kind find in a subject."""
    load_rules()
    return [
        finding
        for kind, function in _RULES
        if isinstance(subject, kind)
        for finding in function(subject)
    ]


@cache
def load_rules() -> None:
    """Import every module of the three packages of rules, in the order of their names."""
    for package in (rules, schema_rules, server_rules):
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        for name in sorted(module.name for module in found):
            importlib.import_module(name)
