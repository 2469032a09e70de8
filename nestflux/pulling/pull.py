"""``db_pull``: models for a database that has none, and the proof that they give it back."""

from __future__ import annotations

import importlib.util
import keyword
import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from django.apps import apps

from nestflux.conf import configuration
from nestflux.database.server import connection_for, server_of
from nestflux.exceptions import Refused
from nestflux.history.folder import Staged, display_path, write_all
from nestflux.pulling import remarks as said
from nestflux.pulling.describing import Live, describe
from nestflux.pulling.grouping import REST, GroupingRule, groups, patterns_of, unused, without
from nestflux.pulling.modelling import AppPlan, Modelling
from nestflux.pulling.project import base_folder, installed_targets, layout_of_project
from nestflux.pulling.proving import Request, migrated_elsewhere
from nestflux.pulling.remarks import Remark
from nestflux.pulling.round_trip import Difference, compare
from nestflux.pulling.rows import with_rows_seen
from nestflux.pulling.writing import files_of
from nestflux.wording import counted, listed

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PullOptions:
    """What a person says of it. ``into`` is the folder that the apps' folders are made in; None:
    the project's."""

    rules: tuple[GroupingRule, ...] = ()
    exclude: tuple[str, ...] = ()
    into: Path | None = None


@dataclass(frozen=True)
class PullPlan:
    """What ``pull`` would write: apps with their models, files by path, and what is to be said."""

    apps: tuple[AppPlan, ...]
    remarks: tuple[Remark, ...]
    root: Path
    files: Mapping[Path, str]
    live: Live = field(repr=False)
    server: str = ""

    def files_of(self, app: AppPlan) -> Mapping[Path, str]:
        """The files of one app, by their place in its folder."""
        folder = self.root / app.label
        return {
            path.relative_to(folder): text
            for path, text in self.files.items()
            if path.is_relative_to(folder)
        }

    @property
    def migrated(self) -> tuple[str, ...]:
        """The tables that migrations will make."""
        return tuple(m.table for app in self.apps for m in app.models if not m.why_unmanaged)


@dataclass(frozen=True)
class Pulled:
    """What ``pull`` wrote. ``differences`` are those that no remark excuses, ``excused`` the
    others; ``built_on`` is the server of the round trip, where it is another version than the
    database's."""

    plan: PullPlan
    differences: tuple[Difference, ...]
    excused: tuple[Difference, ...] = ()
    built_on: str = ""


def plan_pull(alias: str, options: PullOptions) -> PullPlan:
    """What would be written; reads the schema, and of rows what ``rows.py`` asks. Writes nothing.

    Raises Refused for patterns that match nothing, names that no app can have, and a database
    without tables.
    """
    connection = connection_for(alias)
    server = server_of(connection)
    logger.info("Reading the schema of %s", alias)
    recorded_in = configuration().shadow_collation or "utf8mb4"
    live = describe(connection, server.family, recorded_in.split("_")[0])
    installed = installed_targets(connection)
    free = [table for table in live.tables if table not in installed]
    patterns = (*options.exclude, *(rule.pattern for rule in options.rules))
    if idle := unused(free, patterns):
        raise Refused(
            f"No table matches {idle[0]!r}.",
            where="tables of installed apps are not pulled" if free else "",
            stands="nothing was written",
            then="python manage.py db_pull --plan   (lists the tables)",
        )
    tables = without(free, options.exclude)
    if not tables:
        raise Refused(
            "There is no table to pull: the database has none, or only those of installed apps.",
            stands="nothing was written",
            then="python manage.py db_pull --database ALIAS   (another database)",
        )
    found = groups(tables, options.rules)
    root, prefix = _place(options.into)
    _refuse_labels(found, options, root, prefix)
    live, unread = with_rows_seen(connection, live, tables)
    modelling = Modelling(connection, live, found, installed)
    planned = modelling.apps(prefix)
    layout = layout_of_project()
    others = [Remark(said.NOT_A_TABLE, str(key)) for key in live.others]
    others += [Remark(said.ROWS_UNREAD, table) for table in unread]
    return PullPlan(
        apps=planned,
        remarks=(*modelling.remarks, *others),
        root=root,
        files={
            root / app.label / name: text
            for app in planned
            for name, text in files_of(app, layout).items()
        },
        live=live,
        server=server.name,
    )


def pull(alias: str, plan: PullPlan) -> Pulled:
    """Prove the planned files on a shadow, and write them, all or none.

    Raises Refused where one of them is there already, ServerUnavailable where no shadow can be
    made, NotReproduced where they cannot be loaded or migrated; then nothing is written.
    """
    _refuse_existing(plan)
    logger.info("Migrating %s to an empty schema", counted(len(plan.migrated), "table"))
    answer = migrated_elsewhere(_request(alias, plan), _by_place(plan))
    definitions = {
        k: v for table in plan.live.tables.values() for k, v in table.definitions.items()
    }
    proof = compare(definitions, answer.definitions, plan.migrated, plan.remarks)
    write_all([Staged.prepare(plan.files)])
    built_on = answer.server if answer.server != plan.server else ""
    with_remarks = replace(plan, remarks=(*plan.remarks, *proof.remarks))
    return Pulled(with_remarks, proof.differences, proof.excused, built_on)


def _request(alias: str, plan: PullPlan) -> Request:
    return Request(
        alias=alias,
        family=plan.live.family,
        collation=plan.live.collation,
        apps=tuple(app.name for app in plan.apps),
        labels=tuple(app.label for app in plan.apps),
        tables=plan.migrated,
    )


def _by_place(plan: PullPlan) -> dict[Path, str]:
    """The files by their place among a project's."""
    return {
        Path(*app.name.split(".")) / name: text
        for app in plan.apps
        for name, text in plan.files_of(app).items()
    }


# ---- what is there -------------------------------------------------------------------------


def _place(into: Path | None) -> tuple[Path, str]:
    """The folder of the apps' folders, and the package that it is, seen from the project's."""
    base = base_folder()
    root = (into or base).resolve()
    if not root.is_relative_to(base):
        return root, ""
    parts = root.relative_to(base).parts
    if bad := next((part for part in parts if not part.isidentifier()), None):
        raise Refused(
            f"--into {into}: {bad!r} cannot be a Python package.",
            stands="nothing was written",
            then="use letters, digits and underscores, a letter first",
        )
    return root, ".".join(parts)


# ---- refusals ------------------------------------------------------------------------------


def _refuse_labels(
    found: Mapping[str, Sequence[str]], options: PullOptions, root: Path, prefix: str
) -> None:
    """All labels that no app can have are named at once, with the command that gives others."""
    why_not = {label: why for label in found if (why := _why_no_label(label, root, prefix))}
    if not why_not:
        return
    free = {}
    for label in why_not:
        tried = (f"{REST}_{label}{n or ''}" for n in count())
        free[label] = next(
            new for new in tried if new not in found and not _why_no_label(new, root, prefix)
        )
    first, why = next(iter(why_not.items()))
    what = f"{first!r} cannot be the name of an app: {why}."
    if len(why_not) > 1:
        what = f"{', '.join(map(repr, why_not))} cannot be the names of apps."
    raise Refused(
        what,
        where="\n         ".join(
            f"{label}: {why_not[label]}; tables {listed(found[label])}" for label in why_not
        ),
        stands="nothing was written",
        then=" ".join(["python manage.py db_pull", *_arguments(found, options, free)]),
    )


def _why_no_label(label: str, root: Path, prefix: str) -> str:
    """Why no app can be called so; empty where one can."""
    if label in {config.label for config in apps.get_app_configs()}:
        return "an installed app has that label"
    if keyword.iskeyword(label):
        return "it is a word of Python's"
    if not prefix and _is_elsewhere(label, root / label):
        return "Python has a module of that name"
    return ""


def _arguments(
    found: Mapping[str, Sequence[str]], options: PullOptions, free: Mapping[str, str]
) -> Iterator[str]:
    """The options as they were given, with other labels; for groups that came by themselves the
    patterns that make them."""
    rules = [(free.get(rule.label, rule.label), rule.pattern) for rule in options.rules]
    for label, other in free.items():
        unruled = [t for t in found[label] if not any(rule.matches(t) for rule in options.rules)]
        rules += [(other, pattern) for pattern in patterns_of(label, unruled)]
    yield from (f"--app {shlex.quote(f'{label}={pattern}')}" for label, pattern in rules)
    yield from (f"--exclude {shlex.quote(pattern)}" for pattern in options.exclude)
    if options.into is not None:
        yield f"--into {shlex.quote(str(options.into))}"


def _is_elsewhere(label: str, folder: Path) -> bool:
    """Is there a module of this name in another place than the folder that will be written?"""
    spec = importlib.util.find_spec(label)
    if spec is None:
        return False
    places = {Path(place).resolve() for place in spec.submodule_search_locations or ()}
    return folder not in places


def _refuse_existing(plan: PullPlan) -> None:
    rivals = [
        path.parent.parent / "models.py" for path in plan.files if path.parent.name == "models"
    ]
    there = next((path for path in (*plan.files, *rivals) if path.exists()), None)
    if there is not None:
        raise Refused(
            f"{display_path(there)} is there already, and db_pull writes over nothing.",
            stands="nothing was written",
            then="move it away, give the tables another app (--app NAME=PATTERN), or another "
            "folder (--into FOLDER)",
        )
