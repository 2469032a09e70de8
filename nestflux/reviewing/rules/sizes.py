"""What is to run next, against the size of the tables that it writes anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nestflux.conf import SizeLimits
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
# As a schema rule's, their severity is set and their findings are exempted by name.
BY_SIZE = (BLOCKS.name, LARGE.name)


@rule(Unapplied)
def tables_written_anew(unapplied: Unapplied) -> Iterator[Finding]:
    for step in unapplied.steps:
        cost = unapplied.costs.of(step.work, step.task)
        kind = _kind(cost, unapplied.limits) if cost else None
        if cost and kind:
            file = f"{step.work.file.name}.sql"
            found = kind.found(
                f"{file}, statement {step.task.ordinal}, {_what(cost)}",
                where=unapplied.history.folder.path / file,
                line=unapplied.line(step),
                then=_then(kind, file),
                details=tuple(_details(cost, unapplied)),
            )
            yield replace(found, about=cost.table)


def _kind(cost: Cost, limits: SizeLimits) -> FindingKind | None:
    if cost.is_blocking(limits):
        return BLOCKS
    return LARGE if cost.is_large(limits) else None


def _what(cost: Cost) -> str:
    does = "copies" if cost.is_copy else "rebuilds"
    if cost.blocks:
        return f"{does} {cost.table}, and writes to it wait for {in_time(cost.seconds)}."
    return f"{does} {cost.table}: {in_bytes(cost.bytes)}, {in_time(cost.seconds)}."


def _details(cost: Cost, unapplied: Unapplied) -> Iterator[str]:
    yield from (cost.size, cost.time)
    if unapplied.replicas:
        replicas = counted(unapplied.replicas, "replica")
        yield f"{replicas} attached: each takes that long again, and lags for as long"
    if unapplied.replicas and unapplied.waits_for_end:
        yield (
            "with binlog_alter_two_phase=ON replicas begin it at the same time (MariaDB KB "
            '"Optimistic ALTER TABLE on Replicas")'
        )


def _then(kind: FindingKind, file: str) -> str:
    if kind is LARGE:
        return "look at the room on the server's disk, and at what reads from its replicas"
    return (
        "run it while nobody writes; or with a tool that copies in the background (gh-ost, "
        f"pt-online-schema-change), then: python manage.py db_mark_applied {file}"
    )
