"""A live schema against the one that the files make: what differs, and what is only worth a
remark. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from nestflux.schema.diff import Delta, Reading
from nestflux.schema.equivalence import same_check
from nestflux.schema.objects import ORDER, ObjectKey


@dataclass(frozen=True)
class Comparison:
    """Lines for a person. ``differences`` are those on which a later file could break, or that
    the models do not know; ``remarks`` block nothing."""

    differences: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def compare(files: Reading, live: Reading, known: Collection[ObjectKey]) -> Comparison:
    """Compare what the files make with what is there; by the same server's words.

    Args:
        known: the tables, views… that any file of the history makes or touches, those after the
            compared part too. Others are not the history's business.
    """
    differences: list[str] = []
    remarks: list[str] = []
    for key, wanted, found in differing(files, live, known):
        if found is None:
            differences.append(f"missing: {key}: {wanted}")
        elif wanted is None:
            differences.append(f"not in the files: {key}: {found}")
        else:
            differences.append(f"differs: {key}: {found}, and in the files: {wanted}")
    for key, (_, found) in Delta.between(files, live).changes.items():
        whole = key.holder
        if whole not in files and whole not in known:
            if key == whole:
                remarks.append(f"{whole} is in no file of the history; it is left alone")
        elif key.kind == ORDER and _columns(files, whole) == _columns(live, whole):
            remarks.append(f"{whole} has its columns in another order: {found}")
    return Comparison(tuple(differences), tuple(remarks))


def differing(
    files: Reading, live: Reading, known: Collection[ObjectKey]
) -> Iterator[tuple[ObjectKey, str | None, str | None]]:
    """Each difference: the object, what the files make of it, what is there. A table that is
    missing or besides is one difference. Arguments as of ``compare``."""
    for key, (wanted, found) in Delta.between(files, live).changes.items():
        whole = key.holder
        if key.kind == ORDER or (whole not in files and whole not in known):
            continue
        if wanted and found and same_check(wanted, found):
            continue
        if key == whole or (whole in files and whole in live):
            yield key, wanted, found


def _columns(reading: Reading, table: ObjectKey) -> set[str]:
    return {key.name for key in reading if key.is_column and key.holder == table}
