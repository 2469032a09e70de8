"""Histories of several server families: which one lacks what another holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from nestflux.families import FAMILY_NAMES
from nestflux.history.journal import Entry, Journal
from nestflux.history.naming import numbered


@dataclass(frozen=True)
class Behind:
    """A family whose history lacks migrations that another family's history holds.

    ``ahead`` is that other family, ``files`` are its files that hold them, in their order.
    """

    family: str
    ahead: str
    files: tuple[str, ...]
    migrations: tuple[str, ...]

    @property
    def command(self) -> str:
        """What catches the family up, on a machine that reaches a server of it."""
        return f"python manage.py db_generate --family {self.family}"

    def __str__(self) -> str:
        more = len(self.migrations) - 1
        others = f" and {more} more" if more else ""
        return (
            f"The {FAMILY_NAMES[self.family]} history is behind since {self.files[0]}.sql of "
            f"{FAMILY_NAMES[self.ahead]}: it lacks {self.migrations[0]}{others}."
        )


def behind(journals: Mapping[str, Journal]) -> tuple[Behind, ...]:
    """Each family that lacks something, against the family that holds most of it."""
    found = []
    for family, journal in journals.items():
        lacks = [
            Behind(family, other, tuple(entry.name for entry in files), migrations)
            for other, theirs in journals.items()
            if (lacking := list(_lacking(journal, theirs)))
            for files, migrations in [_unzipped(lacking)]
        ]
        if lacks:
            found.append(max(lacks, key=lambda one: len(one.migrations)))
    return tuple(found)


def _unzipped(lacking: list[tuple[Entry, str]]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    return tuple(dict.fromkeys(entry for entry, _ in lacking)), tuple(name for _, name in lacking)


def _lacking(journal: Journal, theirs: Journal) -> Iterator[tuple[Entry, str]]:
    """The migrations of another family's files that no file of ``journal`` stands for."""
    held = set(journal.recorded_migrations)
    for entry in theirs.entries:
        if not _squashes(entry, held):
            yield from ((entry, name) for name in entry.migrations if name not in held)


def _squashes(entry: Entry, held: Collection[str]) -> bool:
    """Does a file hold a squash of migrations that the other history has one by one?"""
    replaced = set(entry.recorded_migrations) - set(entry.migrations)
    return bool(replaced) and replaced <= set(held)


@dataclass(frozen=True)
class PlannedFile:
    """A file to record: its name, number included, and the migrations that it is to hold."""

    name: str
    migrations: tuple[str, ...]


def plan_files(
    journal: Journal,
    others: Collection[Journal],
    missing: Collection[str],
    new_name: str,
    past: Collection[str] = (),
) -> tuple[PlannedFile, ...]:
    """The next files of a history, in their order.

    What a file of another family holds already is put into a file of the same name: a family that
    was behind catches up file by file. The rest is one file; of a history that begins, two where
    the project is older than it: what exists, and what is new.

    Args:
        others: the journals of the other families.
        missing: the migrations that the history lacks, in the order in which they are applied.
        new_name: the name, without its number, of what no family holds yet.
        past: the migrations that exist in a project that is older than its history.
    """
    left = list(missing)
    number = journal.next_number
    planned: list[PlannedFile] = []

    def take(name: str, wanted: Collection[str], at_least: int = 0) -> None:
        nonlocal number
        taken = tuple(migration for migration in left if migration in wanted)
        if taken:
            number = max(number, at_least)
            planned.append(PlannedFile(numbered(number, name), taken))
            left[:] = [migration for migration in left if migration not in taken]
            number += 1

    for other in sorted(others, key=lambda one: -len(set(one.migrations) & set(missing))):
        for entry in other.entries:
            take(entry.name.split("_", 1)[1], entry.migrations, entry.number)
    if not journal.entries and not planned and past and set(left) - set(past):
        take("initial", past)
    take(new_name, left.copy())
    return tuple(planned)
