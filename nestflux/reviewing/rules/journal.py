"""``journal.json``: can it be read, and does it contradict itself?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nestflux.history.folder import JOURNAL
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import History

UNREADABLE = FindingKind(
    "unreadable-journal",
    Severity.ERROR,
    "without it no file of the history is known, and every command refuses",
)
MARKERS = FindingKind(
    "conflict-markers",
    Severity.ERROR,
    "two branches each added a file: one of them was recorded without the other's schema",
)
CONTRADICTION = FindingKind(
    "journal-contradiction",
    Severity.ERROR,
    "a merge kept what does not belong together: which file runs first is not certain",
)
_MARKER = re.compile(r"^(<<<<<<<|=======|>>>>>>>)", re.MULTILINE)


@rule(History)
def journal_that_cannot_be_read(history: History) -> Iterator[Finding]:
    error = history.journal_problem
    if error is None:
        return
    path = history.folder.path / JOURNAL
    if marker := _MARKER.search(history.journal_text):
        line = history.journal_text.count("\n", 0, marker.start()) + 1
        yield MARKERS.found(error.what, where=path, line=line, then=error.then)
        return
    found = re.search(r"\(line (\d+):", error.what)
    yield UNREADABLE.found(
        error.what, where=path, line=int(found[1]) if found else None, then=error.then
    )


@rule(History)
def journal_that_contradicts_itself(history: History) -> Iterator[Finding]:
    for error in history.contradictions:
        yield CONTRADICTION.found(
            error.what.removeprefix("journal.json: "),
            where=history.folder.path / JOURNAL,
            line=_line_of(history.journal_text, error.what),
            then=error.then
            or "remove your own branch's file and its entry, then run db_generate again",
        )


def _line_of(text: str, what: str) -> int | None:
    """Where the last word of a message that the journal holds stands in it for the last time."""
    for word in re.findall(r"[\w.]{3,}", what.removeprefix("journal.json: ")):
        at = text.rfind(f'"{word}"')
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return None
