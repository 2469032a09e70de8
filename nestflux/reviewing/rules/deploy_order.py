"""The deploy order of what is pending, and models that do not fit what their file makes."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.history.deploy_order import ONLY_NEW_TABLES, DeployOrder, Order
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import PendingFiles
from nestflux.wording import counted

MISFIT = FindingKind(
    "models-misfit",
    Severity.ERROR,
    "the code that comes with the file fails on the schema that it makes",
)
TWO_STEPS = FindingKind(
    "two-steps",
    Severity.WARNING,
    "whichever goes first, running code fails until the other is there",
)
ORDER = FindingKind("deploy-order", Severity.REMARK, "the other way round, running code fails")
UNDECIDED = FindingKind(
    "undecided-order", Severity.REMARK, "whether running code bears the file is for a person to see"
)
_KINDS = {
    Order.TWO_STEPS: TWO_STEPS,
    Order.MIGRATE_FIRST: ORDER,
    Order.CODE_FIRST: ORDER,
    Order.UNDECIDED: UNDECIDED,
}


@rule(PendingFiles)
def misfits(pending: PendingFiles) -> Iterator[Finding]:
    order = pending.last_order
    if order and order.defects:
        yield MISFIT.found(
            f"The models after {pending.last}.sql do not fit the schema that it makes.",
            where=pending.folder.up_path(pending.last),
            then="make the state and the SQL agree: look at state_operations, RunSQL and edits",
            details=[defect.words for defect in order.defects],
        )


@rule(PendingFiles)
def orders(pending: PendingFiles) -> Iterator[Finding]:
    """Of several files, that of all together."""
    if pending.together:
        files = counted(len(pending.orders), "pending file")
        yield from _of(pending, f"{files} together", pending.together)
        return
    for name, order in pending.orders.items():
        yield from _of(pending, f"{name}.sql", order)


def _of(pending: PendingFiles, what: str, order: DeployOrder) -> Iterator[Finding]:
    if order == ONLY_NEW_TABLES or order.defects or order.order is Order.NO_DIFFERENCE:
        return
    headline, *details = order.lines()
    yield _KINDS[order.order].found(
        f"Deploy order of {what}: {headline}",
        where=pending.folder.up_path(pending.last),
        details=details,
    )
