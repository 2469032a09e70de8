"""A live schema against the one that the files make: what differs, and what is only worth a
remark. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.equivalence import same_but_for_ranges, same_but_for_sets, same_check
from nestflux.schema.objects import ORDER, ObjectKey


@dataclass(frozen=True)
class Comparison:
    """Lines for a person. ``differences`` are those on which a later file could break, or that
    the models do not know; ``remarks`` block nothing."""

    differences: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def compare(files: Definitions, live: Definitions, known: Collection[ObjectKey]) -> Comparison:
    """Compare what the files make with what is there; by the same server's words.

    Args:
        known: the tables, views… that any file of the history makes or touches, those after the
            compared part too. Others are not the history's business.
    """
    differences: list[str] = []
    remarks: list[str] = []
    for key, wanted, found in differing(files, live, known):
        differences.append(difference_line(key, wanted, found, "in the files"))
    for key, (_, found) in Delta.between(files, live).changes.items():
        whole = key.holder
        if whole not in files and whole not in known:
            if key == whole:
                remarks.append(f"{whole} is in no file of the history; it is left alone")
        elif key.kind == ORDER and same_columns(files.get(key), found):
            remarks.append(order_line(key, found))
    return Comparison(tuple(differences), tuple(remarks))


def differing(
    files: Definitions, live: Definitions, known: Collection[ObjectKey]
) -> Iterator[tuple[ObjectKey, str | None, str | None]]:
    """Each difference: the object, what the files make of it, what is there. A table that is
    missing or besides is one difference. Arguments as of ``compare``."""
    for key, (wanted, found) in Delta.between(files, live).changes.items():
        whole = key.holder
        if key.kind == ORDER or (whole not in files and whole not in known):
            continue
        if wanted and found and (same_check(wanted, found) or same_but_for_sets(wanted, found)):
            continue
        if key == whole and same_but_for_ranges(wanted, found):
            continue
        if key == whole or (whole in files and whole in live):
            yield key, wanted, found


def difference_line(key: ObjectKey, wanted: str | None, found: str | None, where: str) -> str:
    """A difference for a person.

    Args:
        wanted: the definition that the object is to have, ``found`` the one that it has; None where
            it is not to be, or is not there.
        where: what wants it: ``in the files``.
    """
    if found is None:
        return f"missing: {key}: {wanted}"
    if wanted is None:
        return f"not {where}: {key}: {found}"
    return f"differs: {key}: {found}, and {where}: {wanted}"


def order_line(key: ObjectKey, found: str | None) -> str:
    """A remark for a person: the columns of a table stand in another order, ``found``."""
    return f"{key.holder} has its columns in another order: {found}"


def same_columns(one: str | None, other: str | None) -> bool:
    """Are both an order of columns, and of the same ones?"""
    if one is None or other is None:
        return False
    return sorted(one.split(", ")) == sorted(other.split(", "))
