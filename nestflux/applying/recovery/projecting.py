"""The live schema seen through a recorded delta: what of it is there, what is not. Pure.

Only the keys that a step changes when it runs can say whether it ran. Whatever else changed on the
same objects meanwhile is somebody else's, and is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nestflux.schema import equivalence
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import CONSTRAINT, INDEX, ObjectKey

_Change = tuple[str | None, str | None]


@dataclass(frozen=True)
class Projection:
    """The keys of a recorded delta, by what the live schema says of each.

    ``there``: as after the step. ``missing``: as before it. ``neither``: with the definitions
    before, recorded and live. A key that had been as after the step before it began says nothing
    and is in none of them. ``besides`` is what changed in other keys; ``doubt`` why none of this
    can be trusted (empty: it can).
    """

    there: Delta
    missing: Delta
    neither: Mapping[ObjectKey, tuple[str | None, str | None, str | None]]
    besides: Delta
    doubt: str = ""

    def parts(self) -> Iterator[str]:
        """What is there of the step and what is not, for a person."""
        if self.there:
            yield "There, as after the statement:"
            yield from (f"    {line}" for line in self.there.lines())
        if self.missing:
            yield "Not there, as before the statement:"
            yield from (f"    {line}" for line in self.missing.lines())
        for key, (before, recorded, live) in self.neither.items():
            yield f"Neither, {key}:"
            yield f"    before it:  {before or '(not there)'}"
            yield f"    after it:   {recorded or '(not there)'}"
            yield f"    live:       {live or '(not there)'}"
        if self.besides:
            yield "Changed besides, and not by the statement:"
            yield from (f"    {line}" for line in self.besides.lines())


def project(
    before: Definitions,
    live: Definitions,
    recorded: Delta,
    *,
    shapes: bool,
    failed: bool,
    collation: str = "",
) -> Projection:
    """The live schema on the keys of ``recorded``.

    Args:
        before, live: definitions of the same objects, when the step began and now.
        shapes: the server is of another version than the one that ``recorded`` was read on: an
            object that came, and reads differently, is the recorded one all the same.
        failed: the server said that the step failed.
        collation: the live schema's default; empty: not known.
    """
    tables = {**before, **live}
    wanted = telling(recorded, tables)
    seen = Delta({key: (before.get(key), live.get(key)) for key in wanted.changes})
    mine = equivalence.less_tables_own(seen, tables, collation).changes
    theirs = equivalence.less_tables_own(wanted, tables, collation).changes
    there, missing, neither = {}, {}, {}
    for key in wanted.changes:
        was, now = mine[key]
        before_it, after = theirs[key]
        if was == after == now:
            continue
        if _is_as_after(mine[key], theirs[key], shapes):
            there[key] = wanted.changes[key]
        elif now in (was, before_it):
            missing[key] = wanted.changes[key]
        else:
            neither[key] = (before.get(key), wanted.changes[key][1], live.get(key))
    besides = _besides(Delta.between(before, live), recorded, live)
    doubt = _object_gone(before, live, wanted) or _renamed_by_hand(seen, wanted, besides, failed)
    return Projection(Delta(there), Delta(missing), neither, besides, doubt)


def telling(recorded: Delta, definitions: Definitions) -> Delta:
    """The keys that say whether a step ran: where it changes anything else, not the order of
    columns, which another column shifts, and not the index that a foreign key brings along. The
    server makes that one where no other index serves, and takes it away for one that does (MySQL
    Manual, "FOREIGN KEY Constraints").

    Args:
        definitions: what the objects of the delta are like, before or after it, or both together.
    """
    ordered = recorded.without_order() or recorded
    after = {key: text for key, (was, now) in ordered.changes.items() if (text := now or was)}
    known = {**after, **definitions}
    own = {
        key: pair
        for key, pair in ordered.changes.items()
        if key.kind != INDEX or "FOREIGN KEY" not in known.get(replace(key, kind=CONSTRAINT), "")
    }
    return Delta(own) if own else ordered


def is_as_after(
    change: Delta, recorded: Delta, tables: Definitions, *, shapes: bool, collation: str = ""
) -> bool:
    """Is a live change the recorded one, object for object, as a table of its own past shows it?

    Args:
        tables: definitions that hold the lines of the tables concerned.
        shapes, collation: see ``project``.
    """
    mine, theirs = (
        equivalence.less_tables_own(d, tables, collation).changes for d in (change, recorded)
    )
    return mine.keys() == theirs.keys() and all(
        _is_as_after(mine[key], theirs[key], shapes) for key in mine
    )


def _is_as_after(live: _Change, recorded: _Change, shapes: bool) -> bool:
    (was, now), (before, after) = live, recorded
    if now == after:
        return True
    # Of a table that it changes in another way too, the partitions may be others by now.
    ranges = equivalence.same_but_for_ranges
    if ranges(now, after) and not ranges(before, after):
        return True
    if not shapes or now is None or after is None:
        return False
    if was is None and before is None:
        return True
    return was is not None and equivalence.plain(now) == equivalence.plain(after)


def _besides(change: Delta, recorded: Delta, live: Definitions) -> Delta:
    """What changed outside the recorded keys, less the parts of an object that the step drops."""
    dropped = {k for k, (_, after) in recorded.changes.items() if after is None and k not in live}
    others = Delta(
        {
            key: pair
            for key, pair in change.changes.items()
            if key not in recorded.changes and key.holder not in dropped
        }
    )
    return others.without_order() or others


def _object_gone(before: Definitions, live: Definitions, recorded: Delta) -> str:
    """Is an object gone whose part the step changes, and which it neither makes nor drops?"""
    for key in recorded.changes:
        holder = key.holder
        if holder in before and holder not in live and holder not in recorded.changes:
            return f"{holder}, whose part it changes, is not there any more"
    return ""


def _renamed_by_hand(seen: Delta, recorded: Delta, besides: Delta, failed: bool) -> str:
    """Did something come that reads like a part which is not there? Then somebody may have given
    it another name, and that it is not there says nothing."""
    came = {key: str(now) for key, (was, now) in besides.changes.items() if was is None}
    ours = {
        _nameless(key, str(after)) for key, (was, after) in recorded.changes.items() if was is None
    }
    for key, (was, now) in seen.changes.items():
        definition = was or recorded.changes[key][1]
        if now is not None or definition is None or (was is None and failed):
            continue
        like = _nameless(key, definition)
        if was is not None and like in ours:  # the step renames it itself
            continue
        for other, text in came.items():
            if _nameless(other, text) == like:
                return f"{other} came, and reads like {key}, which is not there: a new name?"
    return ""


def _nameless(key: ObjectKey, definition: str) -> tuple[ObjectKey, str]:
    """What and where a part is, and how it reads without its own name."""
    if not key.is_part:
        return key, definition
    return replace(key, name=""), definition.replace(f"`{key.name}`", "", 1)
