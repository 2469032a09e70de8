"""Models, migrations and files: does each have the next?"""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.server import FAMILY_NAMES
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Project

BROKEN = FindingKind(
    "broken-migrations",
    Severity.ERROR,
    "neither models nor files can be compared with migrations that do not load",
)
MODELS = FindingKind(
    "models-changed",
    Severity.ERROR,
    "the code expects a schema that no migration makes",
)
WITHOUT_SQL = FindingKind(
    "migration-without-sql",
    Severity.ERROR,
    "db_migrate refuses every database until a file holds it",
)


@rule(Project)
def migrations_that_do_not_load(project: Project) -> Iterator[Finding]:
    if project.broken is not None:
        yield BROKEN.from_error(project.broken)


@rule(Project)
def models_without_a_migration(project: Project) -> Iterator[Finding]:
    if project.undecided is not None:
        yield MODELS.from_error(project.undecided)
    for migration in project.pending.migrations if project.pending else ():
        yield MODELS.found(
            f"The models of {migration.app_label} changed without a migration.",
            where=migration.app_label,
            details=[each.formatted_description() for each in migration.operations],
            then="python manage.py db_generate",
        )


@rule(Project)
def migrations_without_sql(project: Project) -> Iterator[Finding]:
    """Those that no family has; what one family has and another lacks is reported with the
    files."""
    if project.pending is None or not project.pending.missing:
        return
    new = {f"{m.app_label}.{m.name}" for m in project.pending.migrations}
    missing = [set(names) for names in project.pending.missing.values()]
    lacking = sorted(set.intersection(*missing) - new)
    if not lacking:
        return
    families = " and ".join(FAMILY_NAMES[family] for family in project.families)
    count = f"{len(lacking)} migrations have" if len(lacking) > 1 else f"{lacking[0]} has"
    yield WITHOUT_SQL.found(
        f"{count} no SQL for {families}: no file of the history holds "
        f"{'them' if len(lacking) > 1 else 'it'}.",
        details=lacking if len(lacking) > 1 else (),
        then="python manage.py db_generate",
    )
