"""Files that run one after the other: what that needs besides what every run needs.

Loading the snapshot needs nothing of it, and imports nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nestflux.applying.backups.taking import Due, back_up, due, refuse_unbacked
from nestflux.applying.plan.code_changes import edited, refuse_edited
from nestflux.applying.plan.files import row_of, work_in
from nestflux.applying.plan.load_plan import open_history
from nestflux.applying.plan.plan import Plan
from nestflux.applying.plan.tasks import Work
from nestflux.applying.recovery.half_way import HalfWay, looking
from nestflux.applying.run.attempt import Attempt
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.events import Finished, Reversed
from nestflux.graph.loader import load
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Direction, PythonStep
from nestflux.ledger.ledger import FileRow, Ledger, LedgerState, read_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.database.server import Server


@dataclass(frozen=True)
class OneByOne:
    """The files of a plan, each step by step. ``works`` are their steps, by the file's id."""

    plan: Plan
    state: LedgerState
    rows: dict[str, FileRow]
    works: dict[str, Work]

    @classmethod
    def of(
        cls,
        connection: BaseDatabaseWrapper,
        server: Server,
        plan: Plan,
        state: LedgerState,
        rows: dict[str, FileRow],
        order: Sequence[str],
        options: Options,
    ) -> OneByOne:
        """Raises Undecided where a rollback that is to be reversed has a step in flight."""
        works = {entry.id: work_in(rows[entry.id], Direction.UP) for entry in plan.pending}
        if (begun := plan.in_flight) and plan.reverses:  # refused before anything is written
            works[begun.id] = HalfWay(looking(connection, server, order, options), begun).reversal()
        return cls(plan, state, rows, works)

    def refuse_unbacked(
        self, connection: BaseDatabaseWrapper, server: Server, options: Options
    ) -> None:
        """Raises Refused where a backup is due and nobody chose."""
        works = list(self.works.values())
        refuse_unbacked(connection, server, works, self.state, options.backup, options.command)

    def prepared(self, context: Context) -> HalfWay | None:
        """What is half done and to be turned. Raises Refused where a migration lacks a step that a
        file names."""
        half = None
        if self.plan.reverses and self.plan.in_flight:
            half = HalfWay(context, self.plan.in_flight)
            self.rows[half.row.id], self.works[half.row.id] = half.row, half.reversal()
        for work in self.works.values():
            for task in work.to_run:
                if isinstance(task.step, PythonStep):
                    context.runner.find(task.step.locator)
        return half

    def run(self, context: Context, half: HalfWay | None) -> tuple[Finished, ...]:
        """Run them. ``half``: what ``prepared`` gave."""
        if half:
            half.settle()
            turned = self.works[half.row.id]
            needed = len(turned.to_run)
            context.tell(Reversed(half.row.name, "up", len(turned.tasks), needed))
        return tuple(self._apply(context, entry) for entry in self.plan.pending)

    def _apply(self, context: Context, entry: Entry) -> Finished:
        begun = self.plan.in_flight
        # One that is in flight may just have got its new name and id.
        is_begun = begun is not None and begun.id == entry.id
        known = begun if is_begun else self.state.file(entry.id)
        attempt = Attempt(context, self.rows[entry.id], self.works[entry.id], known)
        back_up(context, attempt.rows)
        return attempt.run()


def works_of(alias: str, plan: Plan) -> tuple[Work, ...]:
    """The steps of a plan's files, for showing them. Raises Refused as ``migrate`` would, and
    Undecided where a rollback that is to be reversed has a step in flight."""
    connection, server, folder = open_history(alias)
    rows = {entry.id: row_of(folder, entry, server) for entry in plan.pending}
    order = folder.journal.migrations
    files = OneByOne.of(connection, server, plan, LedgerState(), rows, order, Options())
    if plan.pending:
        loader = load(connection)
        refuse_edited(edited(plan, rows, files.works, Ledger(connection), loader))
    return tuple(files.works.values())


def backups_due(alias: str, works: Sequence[Work]) -> tuple[Due, ...]:
    """Before which of these files a run would take a backup, as far as it can be foreseen."""
    connection, _, _ = open_history(alias)
    return due(connection, works, read_state(connection) or LedgerState())
