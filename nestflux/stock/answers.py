"""``migrate [app_label] [migration_name]`` in terms of whole files. Pure.

SQL migrations are applied and undone whole, in their order; a request for one Django migration is
answered where that means the same, and refused, naming the files, where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nestflux.exceptions import Refused
from nestflux.history.journal import Entry, Journal
from nestflux.ledger.ledger import LedgerFile
from nestflux.wording import listed


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    app_label: str = ""
    migration_name: str = ""
    fake: bool = False
    fake_initial: bool = False
    prune: bool = False


@dataclass(frozen=True)
class Forward:
    """Apply what is pending, up to the file ``to`` (None: all). ``besides`` are migrations of
    other apps that come with it."""

    to: Entry | None = None
    besides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Backward:
    """Undo these applied files, the newest first."""

    files: tuple[LedgerFile, ...]


@dataclass(frozen=True)
class Nothing:
    """What was asked for is so already."""


Answer = Forward | Backward | Nothing
# (app, migration or None for all of the app) → what Django would unapply, dotted.
Undone = Callable[[str, str | None], frozenset[str]]


def answer(
    request: Request, journal: Journal, applied: tuple[LedgerFile, ...], undone: Undone
) -> Answer:
    """What to do.

    Args:
        applied: the applied files, in the order in which they were applied.
        undone: asked only where a target is applied already.

    Raises Refused, with the command to give instead.
    """
    refuse_options(request)
    if not request.app_label:
        return Forward()
    if not request.migration_name:
        return _whole_app(request.app_label, journal)
    if request.migration_name == "zero":
        return _backward(
            f"{request.app_label} zero", undone(request.app_label, None), journal, applied
        )
    migration = find(request.app_label, request.migration_name, journal)
    entry = entry_of(migration, journal)
    if any(file.id == entry.id for file in applied):
        app, _, name = migration.partition(".")
        return _backward(f"{app} {name}", undone(app, name), journal, applied)
    return _forward(migration, entry, journal)


def refuse_options(request: Request) -> None:
    """Options that would make the ledger say what is not so. Raises Refused."""
    if request.fake:
        raise Refused(
            "--fake would write that a migration ran which did not; the ledger says what ran.",
            stands="nothing was changed",
            then="python manage.py db_baseline   (takes over a database that has the schema "
            "already)",
        )
    if request.fake_initial:
        raise Refused(
            "--fake-initial looks only at the names of tables; whether the schema is the "
            "history's would stay unknown.",
            stands="nothing was changed",
            then="python manage.py db_baseline   (compares the whole schema, then takes it over)",
        )
    if request.prune:
        raise Refused(
            "--prune removes rows of django_migrations, which here is kept in step with the "
            "ledger: a SQL migration that ran keeps its rows.",
            stands="nothing was changed",
            then="leave the rows; they cost nothing and tell what ran",
        )


def find(app_label: str, prefix: str, journal: Journal) -> str:
    """The one migration of the history that an app's prefix means: exact first, then the only
    one that begins so. Raises Refused."""
    names = {migration: migration for migration in journal.migrations}
    # A squash's replaced migrations are recorded by its file; they lead to the squash.
    for entry in journal.entries:
        if len(entry.migrations) == 1:
            names |= (
                dict.fromkeys((row for row in entry.recorded_migrations), entry.migrations[0])
                | names
            )
    wanted = f"{app_label}.{prefix}"
    if wanted in names:
        return names[wanted]
    begun = sorted({found for name, found in names.items() if name.startswith(wanted)})
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise Refused(
            f"{prefix!r} is the beginning of several migrations of {app_label}: {listed(begun)}.",
            stands="nothing was changed",
            then="give more of the name",
        )
    raise Refused(
        f"No file of this history holds a migration {wanted}.",
        stands="nothing was changed",
        then="python manage.py db_generate   (if the migration is new: records its SQL)",
    )


def entry_of(migration: str, journal: Journal) -> Entry:
    """The file that holds a migration of the history."""
    return next(entry for entry in journal.entries if migration in entry.migrations)


def _whole_app(app_label: str, journal: Journal) -> Forward:
    own = f"{app_label}."
    holding = [e for e in journal.entries if any(m.startswith(own) for m in e.migrations)]
    if not holding:
        raise Refused(
            f"No file of this history holds a migration of {app_label}.",
            stands="nothing was changed",
            then="python manage.py db_generate   (if its migrations are new: records their SQL)",
        )
    last = holding[-1]
    upto = journal.entries[: journal.entries.index(last) + 1]
    besides = tuple(m for e in upto for m in e.migrations if not m.startswith(own))
    return Forward(last, besides)


def _forward(migration: str, entry: Entry, journal: Journal) -> Forward:
    after = entry.migrations[entry.migrations.index(migration) + 1 :]
    if after:
        position = journal.entries.index(entry)
        before = journal.entries[position - 1].name if position else ""
        otherwise = f"   (or, to stop before it: --to {before})" if before else ""
        raise Refused(
            f"{migration} stands in {entry.name}.sql, which goes on with {listed(after)}: "
            "files are applied whole.",
            stands="nothing was changed",
            then=f"python manage.py db_migrate --to {entry.name}{otherwise}",
        )
    own = migration.split(".", 1)[0] + "."
    upto = journal.entries[: journal.entries.index(entry) + 1]
    return Forward(entry, tuple(m for e in upto for m in e.migrations if not m.startswith(own)))


def _backward(
    asked: str, undone: frozenset[str], journal: Journal, applied: tuple[LedgerFile, ...]
) -> Answer:
    if not undone:
        return Nothing()
    held = {entry.id: entry.migrations for entry in journal.entries}
    contents = [(file, held.get(file.id, file.recorded_migrations)) for file in applied]
    touched = [i for i, (_, migrations) in enumerate(contents) if undone & set(migrations)]
    if not touched:
        return Nothing()
    last = contents[touched[0] :]
    kept = [m for _, migrations in last for m in migrations if m not in undone]
    if kept:
        names = ", ".join(f"{file.name}.sql" for file, _ in last)
        stays = contents[touched[0] - 1][0].name if touched[0] else "zero"
        raise Refused(
            f"`migrate {asked}` would undo {listed(sorted(undone))}, and keep {listed(kept)}; "
            f"files are undone whole, the last first, and all of that stands in {names}.",
            stands="nothing was changed",
            then=f"python manage.py db_rollback --to {stays}   (undoes all of it)",
        )
    return Backward(tuple(file for file, _ in reversed(last)))
