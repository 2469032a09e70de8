"""The ``.py`` of migrations: would they still give the SQL of the files?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nestflux.applying.plan.code_changes import CodeChange, How, next_command, undo_or_accept
from nestflux.graph.loader import undotted
from nestflux.history.folder import display_path
from nestflux.history.sqlfile import Direction
from nestflux.recording.rerecord import Again, difference, remembered
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Migrations

EDITED = FindingKind(
    "edited-migration",
    Severity.ERROR,
    "the SQL that was reviewed is of the old .py; db_migrate refuses it where it is pending",
)
STEP = FindingKind(
    "edited-python-step",
    Severity.ERROR,
    "its code is what was reviewed of it; db_migrate refuses it where it is pending",
)
FAILS = FindingKind(
    "unrecordable-migration",
    Severity.ERROR,
    "Django's own migrate would fail here, and so would the next recording of it",
)
RESPELLED = FindingKind(
    "recorded-by-another-django",
    Severity.REMARK,
    "the SQL of the file is what runs, with every Django",
)
SETTINGS = FindingKind(
    "depends-on-settings",
    Severity.REMARK,
    "the SQL of the file is what runs, with other settings too",
)
PACKAGE = FindingKind(
    "package-changed-migration",
    Severity.REMARK,
    "the SQL of the file is what runs; Python steps run as the package has them",
)
FORGOTTEN = FindingKind(
    "code-not-remembered",
    Severity.REMARK,
    "before it runs a file, db_migrate cannot see that its .py was edited",
)

NO_TABLE = FindingKind(
    "managed-without-table",
    Severity.ERROR,
    "AlterModelOptions changes no database: a fresh one gets no table for the model",
)


@rule(Migrations)
def managed_models_without_a_table(found: Migrations) -> Iterator[Finding]:
    for each in found.without_table:
        migration = found.paths.get(each.found.migration, ".".join(each.found.migration))
        if each.is_recorded:
            label = each.found.label
            then = f"python manage.py db_generate --empty {label}   (with this operation), then "
            then += "python manage.py db_generate"
        else:
            then = "take AlterModelOptions out of it, then: python manage.py db_generate"
        yield NO_TABLE.found(
            f"{each.found}.",
            where=migration,
            details=each.operation if each.is_recorded else (),
            then=then,
        )


@rule(Migrations)
def edited_migrations(found: Migrations) -> Iterator[Finding]:
    """What Django gives now decides, where it could be asked; else the fingerprints do."""
    for again in found.again or ():
        path = _path(found, again)
        before = remembered(found.records[again.entry.id], again.migration, again.direction)
        if again.failed:
            yield FAILS.found(
                f"{again.migration} cannot be recorded again ({_way(again)}): {again.failed}",
                where=path or again.migration,
                then=f"git checkout -- {display_path(path)}" if path else "restore the migration",
            )
        elif not again.agrees(before) and again not in found.respelled:
            yield EDITED.found(
                f"{again.migration} would be recorded with other SQL now ({_way(again)})"
                f"{_versions(found, again)}.",
                where=path or again.migration,
                details=("- in the file", "+ as Django gives it now", *difference(again)),
                then=undo_or_accept(path, again.entry),
            )


@rule(Migrations)
def recorded_by_another_django(found: Migrations) -> Iterator[Finding]:
    for entry in {again.entry.id: again.entry for again in found.respelled}.values():
        of_it = [again for again in found.respelled if again.entry == entry]
        other = [again for again in of_it if not again.is_the_files]
        names = ", ".join(dict.fromkeys(again.migration for again in of_it))
        record = found.records[entry.id].migration(of_it[0].migration)
        same = "" if other else " It does the same."
        yield RESPELLED.found(
            f"{entry.name} was recorded with Django {record.django if record else '?'}; "
            f"Django {found.django} writes other SQL for {names}.{same}",
            where=found.history.folder.up_path(entry.name),
            details=[line for again in other for line in difference(again)],
        )


@rule(Migrations)
def edited_code(found: Migrations) -> Iterator[Finding]:
    reported = {again.migration for again in found.again or () if _is_reported(found, again)}
    for change in found.changes:
        if not change.is_own or change.how is How.VALUES:
            continue
        if change.how is How.STEP:
            yield STEP.found(change.description, where=change.path or "", then=next_command(change))
        elif change.migration not in reported:
            same = (
                " Recorded again, it gives the same SQL."
                if change.migration in found.recorded_again
                else ""
            )
            yield EDITED.found(
                change.description + same, where=change.path or "", then=next_command(change)
            )


@rule(Migrations)
def other_values(found: Migrations) -> Iterator[Finding]:
    for change in found.changes:
        if change.how is How.VALUES:
            where = change.path or "" if change.is_own else change.migration
            yield SETTINGS.found(change.description, where=where)


@rule(Migrations)
def changed_packages(found: Migrations) -> Iterator[Finding]:
    of_packages = [change for change in found.changes if not change.is_own]
    changes = [change for change in of_packages if change.how is not How.VALUES]
    if changes:
        yield PACKAGE.found(
            "Packages changed migrations since they were recorded "
            f"({found.history.family} history).",
            where=found.history.folder.path,
            details=[_of_package(change) for change in changes],
        )


@rule(Migrations)
def files_without_memory(found: Migrations) -> Iterator[Finding]:
    journal = found.history.journal
    if journal is None:
        return
    old = [
        e.name
        for e in journal.entries
        if e.id in found.records and not (found.records[e.id].migrations or e.replaces)
    ]
    if old:
        yield FORGOTTEN.found(
            f"Recorded before the code of migrations was remembered: {', '.join(old)}.",
            where=found.history.folder.path,
            then=f"python manage.py db_generate --accept {old[0]}.sql   (its SQL stays)",
        )


def _of_package(change: CodeChange) -> str:
    return change.locator or change.migration


def _is_reported(found: Migrations, again: Again) -> bool:
    before = remembered(found.records[again.entry.id], again.migration, again.direction)
    return again not in found.respelled and (bool(again.failed) or not again.agrees(before))


def _way(again: Again) -> str:
    name = again.entry.name
    return f"{name}.sql" if again.direction is Direction.UP else f"{name}.down.sql"


def _versions(found: Migrations, again: Again) -> str:
    differing = found.versions.get(again.entry.id, "")
    return f"; {differing}" if differing else ""


def _path(found: Migrations, again: Again) -> Path | None:
    return found.paths.get(undotted(again.migration))
