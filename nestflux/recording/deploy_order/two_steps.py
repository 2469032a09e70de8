"""Which two steps a change takes, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nestflux.history.deploy_order import Code, Failure

_NO_COLUMN = 1054
_NO_TABLE = 1146
_NOT_GIVEN = frozenset({1048, 1364})


def two_steps(failures: Sequence[Failure]) -> tuple[str, ...]:
    """Two files with a deploy of code between them; each of the two can be measured again."""
    old = [each for each in failures if each.code is Code.OLD]
    new = [each for each in failures if each.code is Code.NEW]
    found = [
        *_required(old, new),
        *_dropped(old, new),
        *_renamed(old, new),
    ]
    first, second = found[0] if found else _OTHER
    return f"Step 1: {first}", f"Step 2: {second}"


_OTHER = (
    "add what new code needs beside what old code uses, and let code write both",
    "when no old code runs and the old rows are copied, remove what old code used",
)


def _required(old: Iterable[Failure], new: Iterable[Failure]) -> Iterable[tuple[str, str]]:
    """Old code does not give a column that new code asks for."""
    asked = {each.column for each in new if each.number == _NO_COLUMN}
    for each in old:
        if each.number in _NOT_GIVEN and each.column in asked:
            yield (
                f"add {each.column} with null=True or a db_default (migrate first), then deploy "
                "code that always gives it",
                f"fill the rows without it, and make {each.column} required",
            )


def _dropped(old: Iterable[Failure], new: Iterable[Failure]) -> Iterable[tuple[str, str]]:
    """New code does not give a column that old code asks for."""
    asked = {each.column for each in old if each.number == _NO_COLUMN}
    for each in new:
        if each.number in _NOT_GIVEN and each.column in asked:
            yield (
                f"give {each.column} null=True or a db_default (migrate first), then deploy code "
                "that does not use it",
                f"drop {each.column}",
            )


def _renamed(old: Sequence[Failure], new: Sequence[Failure]) -> Iterable[tuple[str, str]]:
    """One is gone for old code, another is not there yet for new code."""
    for number, kind in ((_NO_COLUMN, "column"), (_NO_TABLE, "table")):
        gone = _names(old, number)
        missing = _names(new, number)
        if gone and missing:
            yield (
                f"a file that adds {', '.join(missing)} and keeps {', '.join(gone)} (migrate "
                f"first), then code that writes both {kind}s where one replaces the other",
                f"copy what is missing, deploy code that uses {', '.join(missing)} alone, then a "
                f"file that drops {', '.join(gone)}",
            )


def _names(failures: Iterable[Failure], number: int) -> list[str]:
    found = (each.column or each.table for each in failures if each.number == number)
    return list(dict.fromkeys(found))
