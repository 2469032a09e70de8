"""Files that run one after the other: what that needs besides what every run needs.

Loading the snapshot needs nothing of it, and imports nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from nestflux.applying.backups.taking import Due, back_up, due, refuse_unbacked
from nestflux.applying.plan.code_changes import edited, refuse_edited
from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.plan import Plan
from nestflux.applying.plan.tasks import Work
from nestflux.applying.preflight.asking import preflight
from nestflux.applying.recovery.half_way import HalfWay, looking
from nestflux.applying.run.attempt import Attempt, step_ahead
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.events import Finished, Reversed
from nestflux.applying.run.failures import refuse_unreviewed
from nestflux.applying.run.file_session import FileSession, file_session
from nestflux.conf import configuration
from nestflux.graph.loader import load
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import PythonStep
from nestflux.ledger.ledger import Ledger, LedgerFile, LedgerState, read_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nestflux.applying.target import Target


@dataclass(frozen=True)
class OneByOne:
    """The files of a plan, each step by step. ``works`` are their steps, by the file's id."""

    plan: Plan
    state: LedgerState
    files: dict[str, MigrationFile]
    works: dict[str, Work]

    @classmethod
    def of(
        cls,
        target: Target,
        plan: Plan,
        state: LedgerState,
        files: dict[str, MigrationFile],
        options: Options,
    ) -> OneByOne:
        """Raises Undecided where a rollback that is to be reversed has a step in flight."""
        works = {entry.id: files[entry.id].up for entry in plan.pending}
        if (begun := plan.in_flight) and plan.reverses:  # refused before anything is written
            works[begun.id] = HalfWay(looking(target, options), begun).reversal()
        elif begun and begun.id in works:
            rows = Ledger(target.connection).steps(begun.attempt_key)
            works[begun.id] = works[begun.id].as_begun(rows)
        return cls(plan, state, files, works)

    def refuse_unreviewed(self, options: Options) -> None:
        """Raises NotReviewed where unconfirmed statements are to reverse a rollback."""
        begun = self.plan.in_flight
        if begun and self.plan.reverses:
            refuse_unreviewed(self.works[begun.id], options.unreviewed, options.command)

    def refuse_unbacked(self, target: Target, options: Options) -> None:
        """Raises Refused where a backup is due and nobody chose."""
        works = list(self.works.values())
        refuse_unbacked(target, works, self.state, options.backup, options.command)

    def refuse_rows_in_the_way(self, target: Target, options: Options) -> None:
        """Raises Refused where the rows of the database would stop a file that is not begun."""
        asked = preflight(target.connection, self.unbegun(), configuration().preflight)
        for reason in asked.not_asked:
            options.warn(f"The rows were not asked: {reason}")
        asked.refuse()

    def unbegun(self) -> tuple[Work, ...]:
        """The files of which nothing ran yet, where none is half done before them."""
        return () if self.plan.in_flight else tuple(self.works.values())

    def prepared(self, context: Context) -> HalfWay | None:
        """What is half done and to be turned. Raises Refused where a migration lacks a step that a
        file names."""
        half = None
        if self.plan.reverses and self.plan.in_flight:
            half = HalfWay(context, self.plan.in_flight)
            self.files[half.file.row.id] = half.file
            self.works[half.file.row.id] = half.reversal()
        for work in self.works.values():
            for task in work.to_run:
                if isinstance(task.step, PythonStep):
                    context.runner.find(task.step.locator)
        return half

    def run(self, context: Context, half: HalfWay | None) -> tuple[Finished, ...]:
        """Run them. ``half``: what ``prepared`` gave."""
        if half:
            half.settle()
            work = self.works[half.file.row.id]
            name, needed = half.file.row.name, len(work.to_run)
            context.tell(Reversed(name, "up", len(work.tasks), needed))
        with file_session(context, self.works.values()) as session:
            return tuple(
                self._apply(context, session, entry, following)
                for entry, following in pairwise((*self.plan.pending, None))
                if entry is not None
            )

    def _apply(
        self, context: Context, session: FileSession, entry: Entry, following: Entry | None
    ) -> Finished:
        attempt = Attempt(
            context, self.files[entry.id].row, self.works[entry.id], self._known(entry), session
        )
        back_up(context, attempt.rows)
        if following is None or ((known := self._known(following)) and known.is_in_flight):
            return attempt.run()
        return attempt.run(step_ahead(attempt.work, self.works[following.id]))

    def _known(self, entry: Entry) -> LedgerFile | None:
        """The file's row as the ledger has it. One that is in flight may just have got its new name
        and id."""
        begun = self.plan.in_flight
        return begun if begun is not None and begun.id == entry.id else self.state.file(entry.id)


def works_of(target: Target, plan: Plan) -> tuple[Work, ...]:
    """The steps of a plan's files, for showing them. Raises Refused as ``migrate`` would, and
    Undecided where a rollback that is to be reversed has a step in flight."""
    read = {entry.id: MigrationFile.on_disk(target, entry) for entry in plan.pending}
    files = OneByOne.of(target, plan, LedgerState(), read, Options())
    if plan.pending:
        ledger, loader = Ledger(target.connection), load(target.connection)
        refuse_edited(edited(plan, read, files.works, ledger, loader))
    return tuple(files.works.values())


def backups_due(target: Target, works: Sequence[Work]) -> tuple[Due, ...]:
    """Before which of these files a run would take a backup, as far as it can be foreseen."""
    state = read_state(target.connection) or LedgerState()
    return due(target.connection, works, state)
