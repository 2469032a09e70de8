"""The part of a schema that a change can touch: what a recording need load of a large one.

Only for migrations of which that is known beforehand (``model_subset.needs_few``: Django's own
additions), only on the server that wrote the snapshot, and only where it holds nothing but tables
and rows. What comes out is looked at again (``require_held``): where a statement names or changes
anything else, the whole schema is loaded as ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from nestflux.exceptions import NotReproduced
from nestflux.graph.loader import is_held, load
from nestflux.graph.receivers import historical_receivers_kept
from nestflux.history.snapshots import objects_made_by, referred_to_by, statements_of
from nestflux.history.sqlfile import Direction, PythonStep, recorded_on
from nestflux.recording.capture import Recorded
from nestflux.recording.model_subset import (
    few_models,
    is_addition,
    model_of,
    needs_few,
    only_djangos_receivers,
)
from nestflux.recording.recording_target import RecordingTarget
from nestflux.schema.objects import TABLE, ObjectKey
from nestflux.sql.lexer import identifiers, opening, unquoted

_CONSTRAINT = re.compile(r"\bCONSTRAINT `((?:[^`]|``)+)`")


@dataclass(frozen=True)
class PartialSnapshot:
    """What is loaded of a snapshot, and what is taken over as it stands there.

    ``left_out`` is the CREATE of each table that is not loaded.
    ``altered`` are the tables that the migrations may alter; those that refer to them, those that
    they refer to, those that a new key leads to, and all that hold rows are loaded as well. What
    lies behind these is not: the statements are loaded under ``foreign_key_checks = 0``.
    """

    statements: tuple[str, ...]
    left_out: Mapping[str, str]
    altered: frozenset[str]

    def require_held(self, migrations: Iterable[Migration], recorded: Iterable[Recorded]) -> None:
        """Raises NotReproduced where more was done than was known beforehand: an operation of
        another kind (a module may hold others for another server), a statement that names a table
        that was not loaded or a rule of one (they are unique in a schema), or one that changes a
        table that was not to change."""
        if not all(is_addition(found) for one in migrations for found in one.operations):
            raise NotReproduced("An operation needs the whole schema.")
        elsewhere = self._names_elsewhere()
        loaded = set(objects_made_by(self.statements))
        foreseen = {ObjectKey(TABLE, name) for name in self.altered}
        for one in recorded:
            for item in one.section.items:
                if isinstance(item, PythonStep):
                    raise NotReproduced("A Python step needs the whole schema.")
                if elsewhere.intersection(name.lower() for name in identifiers(item.sql)):
                    raise NotReproduced("A statement names what was not loaded.")
            changed = {key.holder for r in one.records for key in r.delta.changes}
            if not loaded & changed <= foreseen:
                raise NotReproduced("A statement changes a table that was not to change.")

    def _names_elsewhere(self) -> set[str]:
        """The tables that are left out, and their constraints."""
        names = set(self.left_out)
        for sql in self.left_out.values():
            names.update(name.replace("``", "`") for name in _CONSTRAINT.findall(sql))
        return {name.lower() for name in names}


def partial_snapshot_for(
    target: RecordingTarget, unwritten: Sequence[Migration]
) -> PartialSnapshot | None:
    """The part that the next file needs; None where it is the whole, or is not known."""
    journal = target.folder.journal
    # A package's receiver of pre_migrate may look at the whole schema.
    if not journal.entries or journal.replay_because or not only_djangos_receivers():
        return None
    if journal.after_snapshot:  # its steps may look at any table
        return None
    last = target.folder.text(journal.entries[-1], Direction.UP)
    if recorded_on(last) != target.server.name:
        return None
    touched = _tables_touched(target, unwritten)
    return _part(statements_of(target.folder.snapshot()), *touched) if touched else None


@historical_receivers_kept()
def _tables_touched(
    target: RecordingTarget, unwritten: Sequence[Migration]
) -> tuple[frozenset[str], frozenset[str]] | None:
    """The tables that the pending migrations alter, and those that they need besides."""
    journal = target.folder.journal
    loader = load(None, unwritten, journal.migrations)
    held = set(journal.recorded_migrations)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    altered: set[str] = set()
    needed: set[str] = set()
    for key in loader.plan():
        migration = loader.graph.nodes[key]
        if is_held(loader, key, held):
            migration.mutate_state(state, preserve=False)
            continue
        if migration.replaces or not needs_few(migration, state):
            return None
        for operation in migration.operations:
            if not is_addition(operation):
                return None
            operation.state_forwards(migration.app_label, state)
            (few,) = few_models(operation, migration.app_label, [state])
            if few is state:
                return None
            models = few.apps.get_models(include_auto_created=True, include_swapped=True)
            needed |= {model._meta.db_table for model in models}
            own = few.apps.get_model(*model_of(operation, migration.app_label))
            altered.add(own._meta.db_table)
    return frozenset(altered), frozenset(needed)


def _part(statements: Sequence[str], altered: Set[str], needed: Set[str]) -> PartialSnapshot | None:
    tables: dict[str, str] = {}
    wanted = {*altered, *needed}
    for sql in statements:
        words = opening(sql, 3)
        if words[0].text.upper() == "INSERT":
            wanted.add(unquoted(words[2].text))
        for made in objects_made_by([sql]):
            if not made.is_table:
                return None
            tables[made.name] = sql
    refers_to = {name: referred_to_by(sql) for name, sql in tables.items()}
    wanted |= {name for name, parents in refers_to.items() if parents & altered}
    for name in altered & tables.keys():
        wanted |= refers_to[name]
    loaded = wanted & tables.keys()
    if loaded == tables.keys() or any(not refers_to[name] <= tables.keys() for name in loaded):
        return None
    left_out = {name: sql for name, sql in tables.items() if name not in loaded}
    others = set(left_out.values())
    return PartialSnapshot(
        tuple(sql for sql in statements if sql not in others),
        left_out,
        frozenset(altered),
    )
