"""Two branches' journals in one: which files stay, and which are to follow them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nestflux.exceptions import HistoryError, Refused
from nestflux.history import journal as journal_file
from nestflux.history.journal import Entry, Journal


@dataclass(frozen=True)
class Rebase:
    """``moved`` are recorded again on top of ``kept``, in their order."""

    kept: Journal
    moved: tuple[Entry, ...]


def sides(text: str) -> tuple[str, str]:
    """The two texts that git's conflict markers are made of; twice the same without any.

    The common ancestor, which ``merge.conflictStyle=diff3`` shows too, is left out.
    """
    found: tuple[list[str], list[str]] = ([], [])
    where: tuple[int, ...] = (0, 1)
    for line in text.splitlines(keepends=True):
        if line.startswith("<<<<<<< "):
            where = (0,)
        elif line.startswith("||||||| "):
            where = ()
        elif line.rstrip() == "=======":
            where = (1,)
        elif line.startswith(">>>>>>> "):
            where = (0, 1)
        else:
            for side in where:
                found[side].append(line)
    return "".join(found[0]), "".join(found[1])


def rebase(text: str, names: Iterable[str]) -> Rebase:
    """What recording these files again is to begin with.

    Args:
        text: of ``journal.json``, with conflict markers or without.
        names: the files, as ``Journal.entry`` knows them.

    Raises HistoryError where a side is no journal, Refused where a file is not there or is a
    squash, or another one that stays was recorded after it.
    """
    one, other = map(journal_file.read, sides(text))
    moved = _found((one, other), names)
    ids = {entry.id for entry in moved}
    if squash := next((entry for entry in moved if entry.replaces), None):
        raise Refused(
            f"{squash.name} is a squash, and no file is recorded again in its place.",
            stands="nothing was changed",
            then="name the files of the other side, which follow it; or take the other side whole, "
            "and squash again",
        )
    untouched = [side for side in (one, other) if not ids & {entry.id for entry in side.entries}]
    kept = untouched[0] if untouched else _without(one, ids)
    known = {entry.id for entry in kept.entries} | ids
    known |= {identity for entry in kept.entries for identity in entry.replaced_ids}
    for side in (one, other):
        if left := [entry for entry in side.entries if entry.id not in known]:
            raise Refused(
                f"{left[0].name} is on that side of the conflict too.",
                stands="nothing was changed",
                then="name all files of one branch: python manage.py db_generate --rebase "
                + " ".join(entry.name for entry in (*moved, *left)),
            )
    for error in journal_file.contradictions(kept):
        raise error
    return Rebase(kept, moved)


def holds(text: str, names: Iterable[str]) -> bool:
    """Whether a side of ``journal.json`` lists any of these files. Raises as ``rebase`` does."""
    journals = [journal_file.read(side) for side in sides(text)]
    return any(_is_in(journal, name) for journal in journals for name in names)


def _is_in(journal: Journal, name: str) -> bool:
    try:
        journal.entry(name)
    except HistoryError:
        return False
    return True


def _found(journals: Sequence[Journal], names: Iterable[str]) -> tuple[Entry, ...]:
    moved: dict[str, Entry] = {}
    for name in names:
        for journal in journals:
            try:
                entry = journal.entry(name)
            except HistoryError as error:
                last = error
                continue
            moved[entry.id] = entry
            break
        else:
            raise Refused(last.what, stands="nothing was changed", then=last.then)
    return tuple(sorted(moved.values(), key=lambda entry: entry.number))


def _without(journal: Journal, ids: set[str]) -> Journal:
    """The journal before these files, which must be its last ones."""
    places = [place for place, entry in enumerate(journal.entries) if entry.id in ids]
    first = places[0] if places else len(journal.entries)
    for entry in journal.entries[first:]:
        if entry.id not in ids:
            raise Refused(
                f"{entry.name} was recorded after {journal.entries[first].name}.",
                stands="nothing was changed",
                then=f"name it too: python manage.py db_generate --rebase {entry.name} …",
            )
    return replace(journal, entries=journal.entries[:first], snapshot="")
