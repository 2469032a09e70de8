"""Histories of several server families: do they hold the same?"""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.server import FAMILY_NAMES
from nestflux.history.journal import Entry
from nestflux.reviewing.findings import Finding, Kind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Histories

OUT_OF_STEP = Kind(
    "families-out-of-step",
    Severity.WARNING,
    "until it has that change, db_migrate refuses every database of the other family",
)


@rule(Histories)
def files_of_one_family_only(histories: Histories) -> Iterator[Finding]:
    for family, journal in histories.by_family.items():
        for other, theirs in histories.by_family.items():
            held = set(theirs.books)
            lacking = [m for e in journal.entries if not _squashes(e, held) for m in e.migrations]
            lacking = [migration for migration in lacking if migration not in held]
            files = [e.name for e in journal.entries if set(e.migrations) & set(lacking)]
            if not lacking:
                continue
            first, more = lacking[0], len(lacking) - 1
            yield OUT_OF_STEP.found(
                f"{first}{f' and {more} more' if more else ''}: in the history of "
                f"{FAMILY_NAMES[family]} ({', '.join(files)}) and not in that of "
                f"{FAMILY_NAMES[other]}.",
                where=histories.root / other,
                then="python manage.py db_generate",
            )


def _squashes(entry: Entry, held: set[str]) -> bool:
    """Does a file hold a squash of migrations that the other history has one by one?"""
    replaced = set(entry.books) - set(entry.migrations)
    return bool(replaced) and replaced <= held
