"""What else is held back when a server refuses one of the statements that were tried. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nestflux.schema.transform.changes import Change, ChangeKey, Phase

# What is dropped earlier among the statements and must not be gone for good.
_COMES_BACK = {Phase.ADD_FOREIGN_KEY, Phase.ADD_CHECK, Phase.ROUTINE, Phase.VIEW, Phase.TRIGGER}


def refused(tried: Collection[Change], change: Change) -> Iterator[ChangeKey]:
    """The changes to hold back when a server refuses one of those that were tried: a foreign key
    that does not come back leaves its columns alone, and what does not come is not dropped."""
    partner = ChangeKey(change.key.object, "drop")
    dropped = [
        other.key
        for other in tried
        if other.key == partner
        or (other.phase is Phase.DROP_FOREIGN_KEY and other.column_refs == change.column_refs)
    ]
    touching = [
        other.key
        for other in tried
        if other.column_refs & change.column_refs
        and other.phase not in (Phase.DROP_FOREIGN_KEY, Phase.ADD_FOREIGN_KEY)
    ]
    if change.phase is Phase.ADD_FOREIGN_KEY and dropped and touching:
        yield from touching
    else:
        yield change.key
        yield from dropped if change.phase in _COMES_BACK else ()
