"""Which two steps a change takes, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nestflux.history.deploy_order import Code, Failure
from nestflux.wording import listed

_NO_COLUMN = 1054
_NO_TABLE = 1146
# A NULL that a column refuses, a column without a default; and a key that a server which is not
# strict fills with 0.
_NOT_GIVEN = frozenset({1048, 1364, 1452})
_MOST = 6  # columns or tables that a step names


@dataclass(frozen=True)
class _Alone:
    """The columns that one code alone knows, of tables that both know, and which of them a row must
    be given. The server names one of several; code has to mind them all."""

    names: tuple[str, ...]
    required: tuple[str, ...]

    @classmethod
    def of(cls, code: Code, columns: Mapping[Code, Mapping[tuple[str, str], bool]]) -> _Alone:
        others = columns.get(code.other, {})
        tables = {table for table, _ in others}
        own = {
            key: required
            for key, required in columns.get(code, {}).items()
            if key not in others and key[0] in tables
        }
        return cls(
            tuple(dict.fromkeys(name for _, name in own)),
            tuple(dict.fromkeys(name for (_, name), required in own.items() if required)),
        )


def two_steps(
    failures: Sequence[Failure], columns: Mapping[Code, Mapping[tuple[str, str], bool]]
) -> tuple[str, ...]:
    """Two files with a deploy of code between them; each of the two can be measured again.

    Args:
        columns: see ``Runs``.
    """
    old = [each for each in failures if each.code is Code.OLD]
    new = [each for each in failures if each.code is Code.NEW]
    gone, added = _Alone.of(Code.OLD, columns), _Alone.of(Code.NEW, columns)
    found = [
        *_required(old, added),
        *_dropped(new, gone),
        *_renamed_columns(old, new, gone, added),
        *_renamed_tables(old, new),
    ]
    first, second = found[0] if found else _OTHER
    return f"Step 1: {first}", f"Step 2: {second}"


_OTHER = (
    "add what new code needs beside what old code uses, and let code write both",
    "when no old code runs and the old rows are copied, remove what old code used",
)


def _required(old: Iterable[Failure], added: _Alone) -> Iterator[tuple[str, str]]:
    """Old code does not give a column that new code asks for."""
    if any(_is_not_given(each) and each.column in added.required for each in old):
        names = listed(added.required, _MOST)
        them = _it_or_them(added.required)
        yield (
            f"add {names} with null=True or a db_default (migrate first), then deploy code that "
            f"always gives {them}",
            f"fill the rows without {them}, and make {names} required",
        )


def _dropped(new: Iterable[Failure], gone: _Alone) -> Iterator[tuple[str, str]]:
    """New code does not give a column that old code asks for."""
    if any(_is_not_given(each) and each.column in gone.required for each in new):
        names = listed(gone.required, _MOST)
        yield (
            f"give {names} null=True or a db_default (migrate first), then deploy code that does "
            f"not use {_it_or_them(gone.required)}",
            f"drop {names}",
        )


def _is_not_given(failure: Failure) -> bool:
    return failure.silent or failure.number in _NOT_GIVEN


def _renamed_columns(
    old: Iterable[Failure], new: Iterable[Failure], gone: _Alone, added: _Alone
) -> Iterator[tuple[str, str]]:
    """One is gone for old code, another is not there yet for new code."""
    if not (_names(old, _NO_COLUMN) and _names(new, _NO_COLUMN)):
        return
    before = gone.names or _names(old, _NO_COLUMN)
    after = added.names or _names(new, _NO_COLUMN)
    yield _beside("column", before, after, added.required)


def _renamed_tables(old: Iterable[Failure], new: Iterable[Failure]) -> Iterator[tuple[str, str]]:
    gone, missing = _names(old, _NO_TABLE), _names(new, _NO_TABLE)
    if gone and missing:
        yield _beside("table", gone, missing)


def _beside(
    kind: str, gone: Sequence[str], missing: Sequence[str], required: Sequence[str] = ()
) -> tuple[str, str]:
    before, after = listed(gone, _MOST), listed(missing, _MOST)
    how = f"; {listed(required, _MOST)} with null=True or a db_default" if required else ""
    return (
        f"a file that adds {after} and keeps {before} (migrate first{how}), then code that writes "
        f"both {kind}s where one replaces the other",
        f"copy what is missing, deploy code that uses {after} alone, then a file that drops "
        f"{before}",
    )


def _names(failures: Iterable[Failure], number: int) -> tuple[str, ...]:
    found = (each.column or each.table for each in failures if each.number == number)
    return tuple(dict.fromkeys(found))


def _it_or_them(names: Sequence[str]) -> str:
    return "them" if len(names) > 1 else "it"
