"""The models of apps that are installed, against the schema that is there now: what differs, and
the models as they would be without a difference."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps

from nestflux.conf import configuration
from nestflux.database.server import connection_for, server_of
from nestflux.exceptions import NotReproduced, Refused
from nestflux.history.folder import Staged, display_path
from nestflux.pulling.describing import Live, describe
from nestflux.pulling.file_edits import Change
from nestflux.pulling.following import ByHand, key_of_entry, wanted
from nestflux.pulling.grouping import GroupingRule, without
from nestflux.pulling.keys import Taken
from nestflux.pulling.modelling import AppPlan, Modelling
from nestflux.pulling.project import (
    InstalledModel,
    installed_models,
    installed_targets,
    layout_of_project,
)
from nestflux.pulling.proving import Request, migrated_elsewhere
from nestflux.pulling.remarks import Remark
from nestflux.pulling.rewriting import Rewrite, Rewriter, left_whole
from nestflux.pulling.round_trip import Difference, compare
from nestflux.pulling.rows import with_rows_seen
from nestflux.schema.objects import ObjectKey
from nestflux.wording import listed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

GONE = "the database has no such table; its model is left"
_BY_HAND = "change these models by hand; to see what: python manage.py db_pull --compare APP --plan"


@dataclass(frozen=True)
class Comparison:
    """What the database has otherwise than the models of some apps make it, and what would be
    written so that nothing differs. ``new_tables`` by the label of the app that they belong to."""

    alias: str
    labels: tuple[str, ...]
    differences: tuple[Difference, ...]
    new_tables: Mapping[str, tuple[str, ...]]
    changes: tuple[Change, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    files: Mapping[Path, bytes] = field(default_factory=dict, repr=False)
    remarks: tuple[Remark, ...] = field(default=(), repr=False)
    live: Live | None = field(default=None, repr=False)
    tables: tuple[str, ...] = field(default=(), repr=False)

    @property
    def agrees(self) -> bool:
        return not self.differences and not any(self.new_tables.values())

    @property
    def remarks_of_new(self) -> tuple[Remark, ...]:
        """What is to be said of tables that had no model."""
        new = {table for tables in self.new_tables.values() for table in tables}
        return tuple(each for each in self.remarks if each.table in new)


def compare_again(
    alias: str,
    labels: Sequence[str],
    rules: Sequence[GroupingRule] = (),
    exclude: Sequence[str] = (),
) -> Comparison:
    """Compare, and find what would be written. Nothing is written.

    Args:
        rules: which tables without a model belong to which of the apps; those that begin as the
            tables of an app, up to the first underscore, do so anyway.
        exclude: patterns of tables without a model that are left alone.

    Raises Refused for an app that is not installed; ServerUnavailable and NotReproduced as
    ``pull``.
    """
    _refuse_unknown(labels)
    connection = connection_for(alias)
    server = server_of(connection)
    logger.info("Reading the schema of %s", alias)
    charset = (configuration().shadow_collation or "utf8mb4").split("_")[0]
    live = describe(connection, server.family, charset)
    models = {label: installed_models(label) for label in labels}
    tables = tuple(table for found in models.values() for table in found)
    logger.info("Making the models of %s on an empty schema", ", ".join(labels))
    differences = _differences(alias, labels, live, tables, ())
    installed = installed_targets(connection)
    free = without((t for t in live.tables if t not in installed), exclude)
    new = {label: _belonging(label, models[label], free, rules) for label in labels}
    found = Comparison(alias, tuple(labels), differences, new, live=live, tables=tables)
    return found if found.agrees else _with_changes(connection, found, models)


def _refuse_unknown(labels: Sequence[str]) -> None:
    known = {config.label for config in apps.get_app_configs()}
    if unknown := [label for label in labels if label not in known]:
        raise Refused(
            f"No app has the label {unknown[0]!r}.",
            where="settings.INSTALLED_APPS",
            stands="nothing was written",
            then="name the label of an installed app: python manage.py db_pull --compare LABEL",
        )


def _differences(
    alias: str,
    labels: Sequence[str],
    live: Live,
    tables: tuple[str, ...],
    remarks: Sequence[Remark],
) -> tuple[Difference, ...]:
    """Those of these tables that no remark excuses; the models are loaded by another process."""
    request = Request(
        alias=alias,
        family=live.family,
        collation=live.collation,
        apps=(),
        labels=tuple(labels),
        tables=tables,
        as_they_are=True,
    )
    made = migrated_elsewhere(request, {}).definitions
    there = {key: text for t in live.tables.values() for key, text in t.definitions.items()}
    return compare(there, made, tables, remarks).differences


def _belonging(
    label: str,
    models: Mapping[str, InstalledModel],
    free: Sequence[str],
    rules: Sequence[GroupingRule],
) -> tuple[str, ...]:
    """The tables without a model that are this app's."""
    begins = {label, *(table.partition("_")[0].lower() for table in models if "_" in table)}
    found = []
    for table in free:
        rule = next((rule for rule in rules if rule.matches(table)), None)
        prefix, underscore, _ = table.partition("_")
        if rule.label == label if rule else underscore and prefix.lower() in begins:
            found.append(table)
    return tuple(sorted(found))


# ---- what would be written -----------------------------------------------------------------


def _with_changes(
    connection: BaseDatabaseWrapper,
    found: Comparison,
    models: Mapping[str, Mapping[str, InstalledModel]],
) -> Comparison:
    """The comparison with the new texts of files."""
    assert found.live is not None, "a comparison that differs has read the schema"
    by_table: dict[str, list[Difference]] = {}
    for difference in found.differences:
        by_table.setdefault(difference.key.holder_name, []).append(difference)
    changed = {
        label: tuple(table for table in of_app if table in by_table and table in found.live.tables)
        for label, of_app in models.items()
    }
    groups = {label: (*changed[label], *found.new_tables[label]) for label in models}
    modelled = [table for tables in groups.values() for table in tables]
    live, _ = with_rows_seen(connection, found.live, modelled)
    modelling = Modelling(
        connection,
        live,
        {label: tables for label, tables in groups.items() if tables},
        installed_targets(connection),
        {table: each.known for of_app in models.values() for table, each in of_app.items()},
        _taken_by_others(modelled),
    )
    plans = {
        app.label: replace(app, name=apps.get_app_config(app.label).name)
        for app in modelling.apps("")
    }
    excuses = {remark.excuse.key: remark.text for remark in modelling.remarks if remark.excuse}
    rewrites = [
        _rewrite(connection, app, models[label], live, by_table, excuses)
        for label, app in plans.items()
    ]
    gone = [left_whole(t, GONE) for of_app in models.values() for t in of_app if t in by_table]
    by_hand = (
        *(each for each in gone if each.about.name not in live.tables),
        *(left for each in rewrites for left in each.by_hand),
    )
    by_hand = tuple(sorted(by_hand, key=lambda each: str(each.about)))
    whole = {each.about.name for each in by_hand if each.whole}
    new = [m for app in plans.values() for m in app.models if m.table not in found.tables]
    made = [m.table for m in new if not m.why_unmanaged and m.table not in whole]
    return replace(
        found,
        changes=tuple(change for each in rewrites for change in each.changes),
        by_hand=by_hand,
        files={path: text for each in rewrites for path, text in each.files.items()},
        remarks=tuple(modelling.remarks),
        tables=(*found.tables, *made),
    )


def _rewrite(
    connection: BaseDatabaseWrapper,
    app: AppPlan,
    models: Mapping[str, InstalledModel],
    live: Live,
    differences: Mapping[str, Sequence[Difference]],
    excuses: Mapping[ObjectKey, str],
) -> Rewrite:
    """The changes of one app."""
    folder = Path(apps.get_app_config(app.label).path).resolve()
    rewriter = Rewriter(connection, app, folder, layout_of_project())
    for plan in app.models:
        model = models.get(plan.table)
        if model is None:
            rewriter.add(plan)
        elif why := model.why_fixed or plan.why_unmanaged:
            rewriter.leave(plan.table, f"{model.name}: {why}")
        else:
            options, table = model.model._meta, live.tables[plan.table]
            entries = [
                key_of_entry(plan.table, e) for e in (*options.indexes, *options.constraints)
            ]
            change = wanted(table, plan, model.known, entries, excuses, differences[plan.table])
            rewriter.follow(model, table, plan, change)
    return rewriter.result()


def _taken_by_others(modelled: Sequence[str]) -> Taken:
    """The names of indexes and constraints that other models have."""
    taken = Taken()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table not in modelled:
            taken.indexes |= {each.name for each in model._meta.indexes}
            taken.constraints |= {each.name for each in model._meta.constraints}
    return taken


# ---- writing it ----------------------------------------------------------------------------


def write_again(comparison: Comparison) -> tuple[Difference, ...]:
    """Write the files, load them in another process and compare again: what then differs is what
    was left to a person, and is returned.

    Raises NotReproduced where the models cannot be loaded or something else differs, HistoryError
    where a file cannot be written; then every file is as it was.
    """
    assert comparison.live is not None, "a comparison that differs has read the schema"
    with written_or_restored(comparison.files):
        logger.info("Making the models as written")
        left = _differences(
            comparison.alias,
            comparison.labels,
            comparison.live,
            comparison.tables,
            comparison.remarks,
        )
        unknown = [d for d in left if not any(hand.covers(d.key) for hand in comparison.by_hand)]
        if unknown:
            raise NotReproduced(
                "The models as written do not give what the database has.",
                where="\n         ".join(map(str, unknown)),
                stands="every file is as it was",
                then=f"python manage.py db_pull --compare {' '.join(comparison.labels)} --plan   "
                "(shows the changes, to be made by hand)",
            )
    return left


@contextmanager
def written_or_restored(files: Mapping[Path, bytes]) -> Iterator[None]:
    """Write all files; where what follows fails, put back what was there."""
    staged = Staged.prepare({path: text.decode("utf-8") for path, text in files.items()})
    before: dict[Path, Path] = {}
    try:
        for temporary, path in staged.files:
            if path.exists():
                shutil.copymode(path, temporary)
                before[path] = _copy(path)
        staged.write()
        yield
    except BaseException as error:
        for path in files:
            if path in before:
                before.pop(path).replace(path)
            else:
                path.unlink(missing_ok=True)
        staged.discard()
        if not isinstance(error, NotReproduced):
            raise
        raise NotReproduced(
            error.what,
            where=error.where,
            stands=f"the old files were put back: {listed(list(map(display_path, files)))}",
            then=_BY_HAND,
        ) from None
    finally:
        for copy in before.values():
            copy.unlink(missing_ok=True)


def _copy(path: Path) -> Path:
    """A copy beside the file, with its time: Python takes a .pyc of that time for its own."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".before-")
    os.close(descriptor)
    shutil.copy2(path, name)
    return Path(name)
