"""All files on an empty schema: do they run, and do they give what ``schema.sql`` says?"""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.history.folder import SNAPSHOT
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Replay

FAILS = FindingKind(
    "replay-fails", Severity.ERROR, "no fresh database can be made from the files, and none tested"
)
DIFFERS = FindingKind(
    "snapshot-differs",
    Severity.ERROR,
    "a fresh database has another schema or other rows than one that ran the files",
)


@rule(Replay)
def files_that_do_not_run(replay: Replay) -> Iterator[Finding]:
    if replay.failed is not None:
        error = replay.failed
        path = replay.history.folder.path
        details = [*error.what.splitlines()[1:], *([error.where] if error.where else [])]
        yield FAILS.found(
            error.what.splitlines()[0],
            where=path,
            details=details,
            then=error.then or "fix the step, then: python manage.py db_generate --accept FILE",
        )


@rule(Replay)
def a_snapshot_of_another_schema(replay: Replay) -> Iterator[Finding]:
    if not replay.difference and not replay.rows:
        return
    what = "another schema" if replay.difference else "other rows"
    lines = [*replay.difference.lines(), *(f"{t}: {how}" for t, how in replay.rows.items())]
    journal = replay.history.journal
    last = journal.entries[-1].name if journal else ""
    yield DIFFERS.found(
        f"The files give {what} than {SNAPSHOT} says.",
        where=replay.history.folder.path / SNAPSHOT,
        details=("+ only the files give it, - only the snapshot", *lines),
        then=f"python manage.py db_generate --accept {last}.sql   (writes {SNAPSHOT} anew)",
    )
