"""What is to run next, against the size of the tables that it writes anew."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.costs import Cost
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Unapplied
from nestflux.wording import counted, in_bytes, in_time

BLOCKS = FindingKind(
    "blocking-copy",
    Severity.ERROR,
    "whoever writes to the table waits until all of it is written anew",
)
LARGE = FindingKind(
    "large-rebuild",
    Severity.WARNING,
    "the disk needs room for a second copy, and replicas lag behind for as long",
)
UNREADABLE = FindingKind(
    "unreadable-profile",
    Severity.ERROR,
    "nothing can be judged by the sizes of production's tables",
)


@rule(Unapplied)
def tables_written_anew(unapplied: Unapplied) -> Iterator[Finding]:
    limits = unapplied.limits
    for step in unapplied.steps:
        cost = unapplied.costs.of(step.work, step.task)
        if cost is None:
            continue
        kind = None
        if cost.blocks and cost.seconds >= limits.blocked_seconds:
            kind = BLOCKS
        elif cost.bytes >= limits.large_mb * 1_000_000:
            kind = LARGE
        if kind is not None:
            file, ordinal = f"{step.work.file.name}.sql", step.task.ordinal
            yield kind.found(
                f"{file}, statement {ordinal}, {_what(cost)}",
                where=unapplied.history.folder.up_path(step.work.file.name),
                line=unapplied.line(step),
                then=_another_way(file),
                details=_details(cost, unapplied.replicas),
            )


def _what(cost: Cost) -> str:
    does = "copies" if cost.is_copy else "rebuilds"
    if cost.blocks:
        return f"{does} {cost.table}, and writes to it wait for about {in_time(cost.seconds)}."
    return f"{does} {cost.table}: {in_bytes(cost.bytes)}, about {in_time(cost.seconds)}."


def _details(cost: Cost, replicas: int) -> tuple[str, ...]:
    lines = (cost.size, cost.time)
    if not replicas:
        return lines
    return (*lines, f"{counted(replicas, 'replica')} attached: each takes that long again")


def _another_way(file: str) -> str:
    return (
        "run it while nobody writes; or with a tool that copies in the background (gh-ost, "
        f"pt-online-schema-change), then: python manage.py db_mark_applied {file}"
    )
