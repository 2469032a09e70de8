"""Plans as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nestflux.adopting.mark_applied import MarkPlan
from nestflux.applying.backups.taking import Due
from nestflux.applying.plan.costs import Costs
from nestflux.applying.plan.measured_here import MeasuredHere
from nestflux.applying.plan.plan import Plan
from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.run.rollback import RollbackFile, RollbackPlan
from nestflux.database.costs import Cost
from nestflux.history.deploy_order import DeployOrder
from nestflux.wording import counted

_NO_COSTS = Costs()


@dataclass(frozen=True)
class PlanDetails:
    """What is shown of a plan besides itself. ``works`` are the steps of its files; ``due`` those
    that lose data which is there now; ``costs`` of the steps that write a table anew; ``here`` what
    was measured on this database; ``together`` the deploy order of all files, where it was asked
    for."""

    works: Sequence[Work]
    due: Sequence[Due] = ()
    costs: Costs = _NO_COSTS
    here: MeasuredHere | None = None
    together: DeployOrder | None = None


def plan_lines(plan: Plan, details: PlanDetails) -> Iterator[str]:
    """What ``db_migrate`` would do."""
    works, here = details.works, details.here
    if plan.nothing_to_do:
        yield "Database is up to date!"
        return
    if plan.drop_first:
        yield f"Drops what a load that died had made: {', '.join(map(str, plan.drop_first))}"
    for reason in plan.replay_reasons:
        yield f"schema.sql is not loaded: {reason}"
    yield from (f"Marks as applied {exchange}: nothing runs" for exchange in plan.exchanges)
    for relink in plan.relinks:
        if relink.old.name == relink.entry.name:
            yield f"{relink.entry.name}: only its row is renewed, the statements are the same"
            continue
        yield f"{relink.old.name} ran already as {relink.entry.name}: only its row is renewed"
    if plan.load:
        yield f"Loads schema.sql, which stands for {counted(len(plan.pending), 'file')}:"
        yield from (f"  {entry.name}.sql" for entry in plan.pending)
        yield from (f"Then runs the Python step {locator}" for locator in plan.after_load)
    else:
        for work in works:
            begun = plan.in_flight is not None and work.file.id == plan.in_flight.id
            if begun and plan.reverses:
                yield "The rollback of this file was begun; what it undid is done again:"
            elif begun:
                yield "An earlier run began this file; it goes on where that stopped:"
            yield from _work_lines(work, details.costs, here)
            yield from _due_lines(work, details.due)
        if here and here.not_measured:
            yield f"The verdicts are those of the recording; not measured here: {here.not_measured}"
        yield from _together_lines(works, details.together)
    if plan.signals_pending:
        yield "Sends post_migrate."


def _due_lines(work: Work, due: Sequence[Due]) -> Iterator[str]:
    for each in due:
        if each.name == work.file.name:
            yield "  Loses data, so a backup is taken first (--backup DIR, or --no-backup):"
            yield from (f"    {loss}" for loss in each.losses)
            yield ""


def order_lines(order: DeployOrder, title: str) -> Iterator[str]:
    headline, *details = order.lines()
    yield f"  {title}: {headline}"
    yield from (f"    {line}" for line in details)


def _together_lines(works: Sequence[Work], together: DeployOrder | None) -> Iterator[str]:
    """Of several files: each one's order says nothing of all of them."""
    if together is not None:
        yield from order_lines(together, f"Deploy order of these {len(works)} files together")
        yield ""
    elif sum(work.deploy_order is not None for work in works) > 1:
        yield "The orders of several files do not add up. To measure these together, where there is"
        yield "a development server: python manage.py db_migrate --plan --order"
        yield ""


def _work_lines(work: Work, costs: Costs, here: MeasuredHere | None = None) -> Iterator[str]:
    yield f"{work.file.name}.sql"
    for note in work.file.notes:
        yield f"  Note: {note}"
    if work.deploy_order:
        yield from order_lines(work.deploy_order, "Deploy order")
    yield from _compiled_note(work)
    for task in work.to_run:
        tables = f"; touches {', '.join(task.record.tables)}" if task.record.tables else ""
        verdict = task.record.verdict or task.kind
        yield ""
        yield f"  [{task.ordinal}] {verdict}{tables}"
        if recorded := here.recorded.get((work.file.name, task.ordinal)) if here else "":
            yield f"      Measured here; where it was recorded: {recorded}"
        if cost := costs.of(work, task):
            yield f"      {cost.size}"
            yield f"      {cost.time}"
        if task.record.undecidable:
            yield f"      A crash in it needs a person: {task.record.undecidable}"
        yield from (f"      {line}" for line in task.text.splitlines())
    yield ""


def _compiled_note(work: Work) -> Iterator[str]:
    if work.compiled:
        yield (
            "  No reviewed statement does it from where the file stands: "
            f"{counted(len(work.compiled), 'statement')} below, of the schema alone, "
            f"{'was' if len(work.compiled) == 1 else 'were'} compiled from the schemas and not "
            "reviewed."
        )


def compiled_lines(work: Work) -> Iterator[str]:
    """What is run and stands in no file: whoever agrees to it must see it."""
    if not work.compiled:
        return
    yield "  Compiled from the schemas, and not reviewed:"
    for task in work.compiled:
        yield from (f"    {line}" for line in f"{task.text};".splitlines())


def plan_as_json(plan: Plan, details: PlanDetails) -> dict[str, Any]:
    here, together = details.here, details.together
    measured = {"not_measured_here": here.not_measured} if here else {}
    return {
        "deploy_order": together.to_json() if together else None,
        "load": plan.load,
        "after_load": list(plan.after_load),
        "fresh": plan.fresh,
        "replay_reasons": list(plan.replay_reasons),
        "drop_first": [str(key) for key in plan.drop_first],
        "in_flight": plan.in_flight.name if plan.in_flight else None,
        "turns": plan.reverses,
        "off_branch": [file.name for file in plan.off_branch],
        "relinks": {relink.old.name: relink.entry.name for relink in plan.relinks},
        "exchanges": [
            {"applied": list(e.names), "replaced": sorted(file.name for file in e.out)}
            for e in plan.exchanges
        ],
        "post_migrate": plan.signals_pending,
        "files": [
            {**_work_as_json(work, details.costs, here), **_due_as_json(work, details.due)}
            for work in details.works
        ],
        **measured,
    }


def _due_as_json(work: Work, due: Sequence[Due]) -> dict[str, Any]:
    losses = [vars(loss) for each in due if each.name == work.file.name for loss in each.losses]
    return {"losses": losses, "backup_due": bool(losses)}


def _work_as_json(work: Work, costs: Costs, here: MeasuredHere | None = None) -> dict[str, Any]:
    return {
        "name": work.file.name,
        "notes": list(work.file.notes),
        "deploy_order": work.deploy_order.to_json() if work.deploy_order else None,
        "steps": [
            {
                **_task_as_json(task),
                **_cost_as_json(costs.of(work, task)),
                **_recorded_as_json(here, work, task),
            }
            for task in work.to_run
        ],
    }


def _recorded_as_json(here: MeasuredHere | None, work: Work, task: Task) -> dict[str, Any]:
    recorded = here.recorded.get((work.file.name, task.ordinal)) if here else None
    return {"recorded_verdict": recorded} if recorded else {}


def _cost_as_json(cost: Cost | None) -> dict[str, Any]:
    return {"writes_anew": cost.to_json()} if cost else {}


def _task_as_json(task: Task) -> dict[str, Any]:
    return {
        "ordinal": task.ordinal,
        "migration": task.migration,
        "kind": task.kind,
        "sql": task.text,
        "verdict": task.record.verdict,
        "compiled": task.is_compiled,
        "tables": list(task.record.tables),
        "undecidable": task.record.undecidable,
    }


def mark_lines(plan: MarkPlan) -> Iterator[str]:
    """What ``db_mark_applied`` would do, or why it does not."""
    name, traces = f"{plan.entry.name}.sql", plan.traces
    if not plan.agrees:
        if traces.nothing_there:
            yield f"{name} was not run: nothing of what it changes in the schema is there."
            yield "Nothing was marked. Run it: python manage.py db_migrate"
            return
        yield f"The schema is not what {name} leaves:"
        yield from (f"    {line}" for line in traces.differences)
        yield "Nothing was marked. Do by hand what is missing, names included, for later files"
        yield "drop by name; then run the command again. Or undo what was done by hand, and"
        yield "let db_migrate run the file."
        return
    yield from (f"Remark: {remark}" for remark in traces.remarks)
    seen = len(plan.work.tasks) - len(plan.unseen)
    yield f"{name}: the schema shows what {seen} of {counted(len(plan.work.tasks), 'step')} leave."
    if traces.unsure:
        yield "There, and printed in another way by this version of the server than by"
        yield f"{plan.row.recorded_on}, where it was recorded. Compare:"
        yield from (f"    {line}" for line in traces.unsure)
    if plan.unseen:
        yield "These leave nothing to be seen. Did they run?"
        yield from (f"    [{t.ordinal}] {t.kind}: {_one_line(t.text)}" for t in plan.unseen)


def _one_line(sql: str) -> str:
    return " ".join(sql.split())


def mark_as_json(plan: MarkPlan) -> dict[str, Any]:
    return {
        "file": plan.entry.name,
        "agrees": plan.agrees,
        "nothing_there": plan.traces.nothing_there,
        "differences": list(plan.traces.differences),
        "unsure": list(plan.traces.unsure),
        "remarks": list(plan.traces.remarks),
        "unseen": [_task_as_json(task) for task in plan.unseen],
    }


def rollback_lines(
    plan: RollbackPlan, *, with_sql: bool, costs: Costs = _NO_COSTS
) -> Iterator[str]:
    """What ``db_rollback`` would do, and the data that is gone then."""
    if not plan.files:
        yield "Nothing to roll back."
        return
    for file in plan.files:
        yield from _rollback_file_lines(file, costs, with_sql=with_sql)
    if plan.losses:
        yield "This data is lost:"
        yield from (f"  {loss}" for loss in plan.losses)
    else:
        yield "No data is lost with a table or a column."


def _rollback_file_lines(file: RollbackFile, costs: Costs, *, with_sql: bool) -> Iterator[str]:
    if with_sql:
        if file.reverses:
            yield "This file is half applied; what ran of it is undone:"
        yield from _work_lines(file.work, costs)
        return
    compiled = len(file.work.compiled)
    count = counted(len(file.work.tasks) - compiled, "statement")
    if file.reverses:
        yield (
            f"Undoes what ran of {file.row.name}.sql "
            f"({len(file.work.to_run) - compiled} of {count} of its way back"
            f"{f', and {compiled} compiled' if compiled else ''})"
        )
    else:
        yield f"Undoes {file.row.name}.sql ({count})"
    yield from compiled_lines(file.work)
    yield from (f"  Note: {note}" for note in file.notes)
    if file.work.file.inexact:
        yield f"  To make it exact: python manage.py db_generate --redo-down {file.row.name}"


def rollback_as_json(plan: RollbackPlan, costs: Costs = _NO_COSTS) -> dict[str, Any]:
    return {
        "files": [_work_as_json(file.work, costs) for file in plan.files],
        "losses": [vars(loss) for loss in plan.losses],
    }
