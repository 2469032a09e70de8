"""Applies the schema rules to a history: to the steps of the files that are reviewed, to each of
these files, and to the schema that all files make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.migrations.state import ProjectState
from django.db.models import Model

from nestflux.applying.plan.tasks import Task, work_of
from nestflux.exceptions import HistoryError
from nestflux.graph.loader import ExtendedLoader, Key, undotted
from nestflux.graph.operation_places import migration_path, operation_line
from nestflux.graph.python_steps import PythonOperation, operations_of
from nestflux.graph.source import is_own
from nestflux.history.folder import display_path
from nestflux.reviewing.exemptions import EXEMPTIONS, Exempted, Exemption
from nestflux.reviewing.findings import Finding, Severity, worst_first
from nestflux.reviewing.reviewed import (
    OperationPlace,
    ReviewedFile,
    ReviewedSchema,
    ReviewedStep,
    RowCount,
    rows_unknown,
)
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.rules.exemptions import UNUSED
from nestflux.reviewing.rules.sizes import BY_SIZE
from nestflux.reviewing.schema_fold import SchemaFold
from nestflux.reviewing.scope import Scope
from nestflux.reviewing.subjects import EntryFiles, History
from nestflux.schema.diff import Delta
from nestflux.schema.objects import ObjectKey

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

_STEP_LINE = re.compile(r"^-- \[(\d+)\]", re.MULTILINE)
# The key of the settings that stands for all rules that are not named.
EVERY_RULE = "*"


@dataclass(frozen=True)
class ReviewSettings:
    """How findings are weighed.

    ``severities`` are by the name of a rule, None for a rule that is off; ``*`` stands for all
    rules that are not named. ``rows`` tells how large a live table is.
    """

    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    rows: RowCount = rows_unknown

    def weighed(self, finding: Finding) -> Finding | None:
        """The finding with the severity that the settings give it; None where its rule is off."""
        given: Severity | None = finding.severity
        if finding.code in self.severities:
            given = self.severities[finding.code]
        elif EVERY_RULE in self.severities and finding.code not in BY_SIZE:
            given = self.severities[EVERY_RULE]
        return replace(finding, severity=given) if given else None

    @property
    def is_off(self) -> bool:
        """Is no rule left on?"""
        return not any(self.severities.values()) and EVERY_RULE in self.severities


@dataclass(frozen=True)
class SchemaFindings:
    """What the rules found, and what of it is exempted."""

    findings: tuple[Finding, ...] = ()
    exempted: tuple[Exempted, ...] = ()

    @property
    def by_severity(self) -> tuple[Finding, ...]:
        """The worst first."""
        return worst_first(self.findings)


def review_schema(
    histories: Iterable[History],
    scope: Scope,
    settings: ReviewSettings,
    loader: ExtendedLoader | None = None,
    by_size: Iterable[Finding] = (),
) -> SchemaFindings:
    """Apply the rules to some files of sound histories. What two families share is said once.

    Args:
        scope: the files; the others only lead to the schema.
        loader: the project's migrations; without it no operation is looked at.
        by_size: what was found of large tables, to be weighed and exempted as well.
    """
    found = [(Path(each.where).stem, each) for each in by_size]
    if not settings.is_off:
        found += (
            pair for history in histories for pair in _of_history(history, scope, settings, loader)
        )
    used: set[Exemption] = set()
    kept: dict[object, Finding] = {}
    exempted: dict[object, Exempted] = {}
    for file, finding in found:
        same = (finding.code, file, finding.about, finding.what)
        covering = [each for each in settings.exemptions if each.covers(finding, file)]
        used.update(covering)
        if covering:
            exempted.setdefault(same, Exempted(finding, covering[0]))
        elif weighed := settings.weighed(finding):
            kept.setdefault(same, weighed)
    unused = [
        UNUSED.found(
            f"The exemption {exemption} exempts nothing.",
            where=EXEMPTIONS,
            then=f"remove entry {exemption.number}",
        )
        for exemption in settings.exemptions
        if exemption not in used and (exemption.file in scope.files or scope.is_everything)
    ]
    return SchemaFindings((*kept.values(), *unused), tuple(exempted.values()))


def _of_history(
    history: History,
    scope: Scope,
    settings: ReviewSettings,
    loader: ExtendedLoader | None,
) -> Iterator[tuple[str, Finding]]:
    fold = SchemaFold()
    made_by: dict[str, str] = {}
    places: dict[str, tuple[Path, int | None]] = {}
    new: set[str] = set()
    changed: set[str] = set()
    for each in history.files:
        new = new if scope.together else set()
        if each.entry.name not in scope.files:
            for task in _tasks(each):
                fold.follow(task)
            continue
        before = fold.tables
        steps = list(_steps(history.family, each, fold, frozenset(new), settings.rows, loader))
        for step in steps:
            new |= step.made
            about = _parts_changed(step.delta)
            changed |= {part.partition(".")[0] for part in about}
            for part in about:
                made_by[part] = each.entry.name
                places[part] = (each.up.path, step.line)
            for finding in look_at(step):
                yield each.entry.name, placed(finding, each.up.path, step)
        whole = ReviewedFile(
            history.family,
            each.entry.name,
            each.up.path,
            tuple(steps),
            before,
            fold.tables,
            settings.rows,
            each.texts.up.notes,
            tuple(_operations(each, loader)),
        )
        for finding in look_at(whole):
            first = _step_about(finding, steps)
            yield each.entry.name, placed(finding, each.up.path, first)
    if not changed:
        return
    schema = ReviewedSchema(
        history.family,
        fold.tables,
        own_models(),
        frozenset(changed & fold.tables.keys()),
        settings.rows,
        tables_of_packages(),
        own_admins(),
    )
    for finding in look_at(schema):
        part = finding.about if finding.about in places else finding.about.partition(".")[0]
        path, line = places.get(part, (None, None))
        where = finding.where or (display_path(path) if path else "")
        yield made_by.get(part, ""), replace(finding, where=where, line=finding.line or line)


def _steps(
    family: str,
    files: EntryFiles,
    fold: SchemaFold,
    new: frozenset[str],
    rows: RowCount,
    loader: ExtendedLoader | None,
) -> Iterator[ReviewedStep]:
    lines = _lines_of_steps(files.texts.up_text)
    made = set(new)
    for task in _tasks(files):
        programs = fold.programs
        before, after = fold.follow(task)
        step = ReviewedStep(
            family=family,
            ordinal=task.ordinal,
            sql="" if task.kind == "python" else task.text,
            record=task.record,
            before=before,
            after=after,
            new=frozenset(made),
            line=lines.get(task.ordinal),
            source=_source(task, loader) if loader else None,
            rows=rows,
            programs=programs,
            session=task.session,
        )
        made |= step.made
        yield step


def _tasks(files: EntryFiles) -> tuple[Task, ...]:
    try:
        return work_of(files.texts.up, files.texts.record).tasks
    except HistoryError:  # reported by the rules for files
        return ()


def _lines_of_steps(text: str) -> dict[int, int]:
    return {
        int(match.group(1)): text.count("\n", 0, match.start()) + 1
        for match in _STEP_LINE.finditer(text)
    }


def _source(task: Task, loader: ExtendedLoader) -> OperationPlace | None:
    migration = loader.disk_migrations.get(undotted(task.migration))
    wanted = task.record.operation.rpartition("/")[2]
    if migration is None or not wanted:
        return None
    for each in operations_of(migration):
        if each.locator.rpartition("/")[2] == wanted:
            return _place(each, loader)
    return None


def _place(found: PythonOperation, loader: ExtendedLoader) -> OperationPlace:
    migration = found.migration
    path = migration_path(migration)
    line = operation_line(path, found.path) if path else None
    state = partial(_state_before, loader, (migration.app_label, migration.name))
    return OperationPlace(migration, found.operation, path, line, state)


def _operations(files: EntryFiles, loader: ExtendedLoader | None) -> Iterator[OperationPlace]:
    """Those of the project's own migrations in a file, whether or not they have a statement."""
    for name in files.entry.migrations if loader else ():
        migration = loader.disk_migrations.get(undotted(name)) if loader else None
        if loader and migration and is_own(type(migration).__module__):
            yield from (_place(each, loader) for each in operations_of(migration))


@lru_cache(maxsize=1)  # the steps of a migration follow one another
def _state_before(loader: ExtendedLoader, key: Key) -> ProjectState | None:
    try:
        return loader.project_state(key, at_end=False)
    except Exception:  # migrations that do not fit together are another finding
        return None


def _step_about(finding: Finding, steps: Iterable[ReviewedStep]) -> ReviewedStep | None:
    """The first step that touches what a finding is about; else the first one of its table, or of
    its migration."""
    table = finding.about.partition(".")[0]
    of_table = None
    for step in steps:
        touched = {name for key in step.delta.changes for name in _names_of(key)}
        named = step.source.name if step.source else ""
        if finding.about in (*touched, named):
            return step
        if of_table is None and table in touched:
            of_table = step
    return of_table


def placed(finding: Finding, path: Path, step: ReviewedStep | None) -> Finding:
    """The finding with where it stands, in the file and in the code that asked for it."""
    source = step.source if step else None
    code = ""
    if source and source.path and not finding.code_place:
        code = display_path(source.path)
        code = f"{code}, line {source.line}" if source.line else code
    if source and not source.is_own:
        finding = _of_a_package(finding, source.migration.app_label)
    return replace(
        finding,
        where=finding.where or display_path(path),
        line=finding.line or (step.line if step else None),
        code_place=finding.code_place or code,
    )


def _of_a_package(finding: Finding, label: str) -> Finding:
    """What a package's migration does can be prepared for, and not be changed: it is no error that
    stops a check until the package is fixed."""
    if finding.severity is not Severity.ERROR:
        return finding
    fix = f"the migration is a package's ({label}): run it while none of its old code runs"
    return replace(finding, severity=Severity.WARNING, fix=fix)


def _parts_changed(delta: Delta) -> Iterable[str]:
    """``table`` and ``table.part`` of what a step makes or changes."""
    found: dict[str, None] = {}
    for key, (_, after) in delta.changes.items():
        if after is not None:
            found |= dict.fromkeys(_names_of(key))
    return found


def _names_of(key: ObjectKey) -> tuple[str, ...]:
    if not key.is_of_table:
        return ()
    own = (f"{key.table}.{key.name}",) if key.is_part and key.name else ()
    return (key.holder_name, *own)


def own_models() -> dict[str, type[Model]]:
    """The project's own models, by their table."""
    return {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and is_own(model.__module__)
    }


def tables_of_packages() -> frozenset[str]:
    return frozenset(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if not is_own(model.__module__)
    )


def own_admins() -> tuple[ModelAdmin[Any], ...]:
    """The admin's classes of the project's own models; none where the admin is not installed."""
    if not apps.is_installed("django.contrib.admin"):
        return ()
    from django.contrib.admin.sites import all_sites

    return tuple(
        admin
        for site in all_sites
        for model, admin in site._registry.items()
        if is_own(model.__module__)
    )
