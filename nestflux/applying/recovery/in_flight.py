"""The step that an earlier run began and did not finish: found, looked at, marked as done or put
back."""

from __future__ import annotations

from nestflux.applying.recovery.deciding import Conclusion, Decision, decide
from nestflux.applying.recovery.lost_keys import make_again
from nestflux.applying.run import failures
from nestflux.applying.run.attempt_rows import RUNNING, AttemptRows
from nestflux.applying.run.events import Recovered
from nestflux.applying.run.touched import Effect
from nestflux.database.server import default_collation
from nestflux.ledger.ledger import LedgerStep

# What a run says of the step that an earlier one left: by the decision, and whether the server
# had answered that it failed.
_RECOVERED = {
    (Decision.CLOSE, True): "failed in an earlier run and is done all the same",
    (Decision.CLOSE, False): "was in flight and is done",
    (Decision.RUN, True): "failed in an earlier run; running it again",
    (Decision.RUN, False): "was in flight; running it again",
}


class InFlight:
    """Where an attempt stands that was begun earlier.

    Args:
        rows: those of the attempt.
    """

    def __init__(self, rows: AttemptRows) -> None:
        self.rows = rows
        self.context = rows.context
        self.ledger = rows.ledger
        self.name = rows.row.name

    def stand(self) -> tuple[int, LedgerStep | None]:
        """How many steps are done, and the one that is in flight.

        Raises LedgerConflict where a step that ran is not in its place any more, or the file was
        edited since it was reversed: which steps are needed was decided by its text.
        """
        rows = self.ledger.steps(self.rows.key)
        work = self.rows.work
        if (work.skipped or work.compiled) and self.rows.texts_changed():
            raise failures.changed_while_reversed(self.name, self.rows.direction)
        done = 0
        while done < len(rows) and rows[done].state in ("done", "skipped"):
            done += 1
        for row in rows[:done]:
            self._require_in_place(row)
        is_flying = done < len(rows) and rows[done].state != "pending"
        return done, rows[done] if is_flying else None

    def examine(self, row: LedgerStep) -> Conclusion:
        """What a look at the schema says of the step in flight."""
        live = self.rows.touched.of(Effect(row.sql, row.recorded)) if row.kind == "ddl" else {}
        same_server = self.rows.row.recorded_on == self.context.server.name
        collation = default_collation(self.context.connection)
        return decide(row, live, same_server=same_server, collation=collation)

    def settle(self, row: LedgerStep, *, ran: bool, note: str) -> bool:
        """Mark the step in flight as done, or put it back; run nothing. True where that was the
        last step and the file is finished. Raises LedgerConflict where it is not in its place."""
        rows = self.rows
        if ran:
            self._require_in_place(row)
        with self.context.write():
            self.ledger.set_file_state(rows.row.id, RUNNING[rows.direction])
            if not ran:
                self.ledger.put_back_step(rows.key.step(row.ordinal), note=note)
                return False
            self.ledger.mark_signals_pending()
            rows.renew(done=row.ordinal)
            rows.close_done(rows.work.tasks[row.ordinal - 1], None, 0.0, note)
        return rows.work.following(rows.work.tasks[row.ordinal - 1]) is None

    def recover(self) -> int:
        """How many steps are done, after the one in flight was decided: it is marked as done, or
        it is to run.

        Raises Undecided where nobody but a person can tell.
        """
        done, row = self.stand()
        if row is None:
            return done
        conclusion = self.examine(row)
        if conclusion.decision is Decision.ASK:
            raise failures.undecided(self.name, row, row.recorded, conclusion)
        make_again(self.rows, row, conclusion.change)
        if conclusion.decision is Decision.CLOSE:
            self._require_in_place(row)
            with self.context.write():
                task = self.rows.work.tasks[row.ordinal - 1]
                self.rows.close_done(task, None, 0.0, conclusion.why)
            done = row.ordinal
        how = _RECOVERED[conclusion.decision, row.has_failed]
        self.context.tell(Recovered(self.name, row.ordinal, f"{how}: {conclusion.why}"))
        return done

    def _require_in_place(self, row: LedgerStep) -> None:
        tasks = self.rows.work.tasks
        if row.ordinal > len(tasks) or tasks[row.ordinal - 1].step.sha256 != row.sha256:
            raise failures.changed_under_way(self.name, row.ordinal)
