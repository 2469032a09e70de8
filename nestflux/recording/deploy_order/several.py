"""The order of files that a history holds: of one of them, or of several together.

Orders do not add up. Code that is deployed before several files meets the schema after the last of
them, which no file's own measurement looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nestflux.graph.loader import load, states_around, undotted
from nestflux.graph.python_steps import StepRunner
from nestflux.recording.deploy_order.code import Change
from nestflux.recording.deploy_order.measure import deploy_order
from nestflux.recording.replay import record_applied, run_file
from nestflux.schema.introspection import Schema, read_schema

if TYPE_CHECKING:
    from nestflux.history.deploy_order import DeployOrder
    from nestflux.history.journal import Entry
    from nestflux.recording.recording_target import RecordingTarget


def order_of_pending(target: RecordingTarget, pending: Sequence[Entry]) -> DeployOrder | None:
    """The order of some files of a history together, from the models before them to those after
    them; None where the project does not want it measured.

    Args:
        pending: one after the other; at least one.
    """
    entries = target.folder.journal.entries
    earlier = entries[: entries.index(pending[0])]
    return deploy_order(
        target,
        lambda: change_of(*_schemas(target, earlier, pending), earlier, pending),
        is_first=not earlier,
    )


def change_of(
    before: Schema, after: Schema, earlier: Sequence[Entry], files: Sequence[Entry]
) -> Change:
    """What ``files`` do behind ``earlier`` ones. Raises KeyError where the project does not have
    one of their migrations any more."""
    loader = load(None, (), [name for entry in (*earlier, *files) for name in entry.migrations])
    held = {name for entry in earlier for name in entry.recorded_migrations}
    nodes = loader.graph.nodes
    migrations = [nodes[undotted(name)] for entry in files for name in entry.migrations]
    return Change(before, after, *states_around(loader, held, migrations))


def _schemas(
    target: RecordingTarget, earlier: Sequence[Entry], pending: Sequence[Entry]
) -> tuple[Schema, Schema]:
    """By the files' own text, on one shadow."""
    with target.shadow() as connection:
        steps = StepRunner(load(), target.folder.journal.migrations)
        record_applied(connection, ())
        found = []
        for files in (earlier, pending):
            for entry in files:
                run_file(connection, target.files(entry), steps)
                record_applied(connection, entry.recorded_migrations)
            found.append(read_schema(connection))
    before, after = found
    return before, after
