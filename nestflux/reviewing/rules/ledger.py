"""A database's ledger against the files: is what ran what they say, and in their order?"""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.applying.plan.plan import refuse_unrecorded, relinked
from nestflux.applying.plan.squashes import refuse_problems
from nestflux.exceptions import LedgerConflict
from nestflux.history.folder import display_path
from nestflux.history.sqlfile import PythonStep, SessionStatement, SqlFile
from nestflux.ledger.ledger import LedgerFile
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Ledger
from nestflux.sql.formatting import changed_lines
from nestflux.sql.statements import summary

APPLIED_EDITED = FindingKind(
    "applied-file-edited",
    Severity.ERROR,
    "this database has what ran, and another one would get what the file says now",
)
GONE = FindingKind(
    "applied-file-gone",
    Severity.WARNING,
    "its changes are in this database and in no other one that is made from this history",
)
SQUASHED = FindingKind(
    "applied-files-squashed",
    Severity.REMARK,
    "nothing of it runs here: the ledger is to know the files that this history has",
)
RENAMED = FindingKind(
    "applied-file-renamed",
    Severity.REMARK,
    "the ledger knows it by its id, so nothing runs twice",
)
ORDER = FindingKind(
    "applied-out-of-order",
    Severity.WARNING,
    "it ran, or will run, on another schema than the one that it was recorded on",
)
UNFINISHED = FindingKind(
    "unfinished-file",
    Severity.ERROR,
    "the database is between two files, and no code is made for that",
)
CONTRADICTION = FindingKind(
    "ledger-contradiction", Severity.ERROR, "db_migrate refuses to run anything before it is solved"
)
UNSUITABLE = FindingKind("unsuitable-server", Severity.ERROR, "db_migrate refuses this server")
UNKNOWN_TABLES = FindingKind(
    "tables-without-ledger",
    Severity.ERROR,
    "db_migrate refuses a database whose tables it did not make",
)


@rule(Ledger)
def a_server_that_does_not_fit(ledger: Ledger) -> Iterator[Finding]:
    for error in ledger.unsuitable:
        yield UNSUITABLE.from_error(error, where=_place(ledger))


@rule(Ledger)
def applied_files_that_were_edited(ledger: Ledger) -> Iterator[Finding]:
    for entry in ledger.journal.entries:
        file = ledger.state.file(entry.id)
        ran, now = ledger.ran.get(entry.id), ledger.now.get(entry.id)
        if file is None or not file.is_applied or ran is None or now is None:
            continue
        before, after = _lines(ran), _lines(now)
        if before == after:
            continue  # comments: the row is renewed
        path = ledger.folder.up_path(entry.name)
        yield APPLIED_EDITED.found(
            f"{entry.name}.sql was changed after it was applied to {ledger.alias!r}: "
            f"{_differing(before, after)}.",
            where=path,
            details=("- ran here", "+ in the file", *changed_lines(before, after)),
            then=f"git checkout -- {display_path(path)}, and write the change as a new migration",
        )


@rule(Ledger)
def applied_files_that_are_gone(ledger: Ledger) -> Iterator[Finding]:
    known = {entry.id for entry in ledger.journal.entries}
    known |= {relink.old.id for relink in ledger.relinks}
    known |= {file.id for exchange in ledger.exchanges for file in exchange.out}
    for file in ledger.state.applied:
        if file.id not in known:
            yield GONE.found(
                f"{file.name} is applied to {ledger.alias!r} and is not in the journal: it is "
                "another branch's, or it was deleted.",
                where=_place(ledger),
                then=f"of a branch: python manage.py db_rollback {file.name}, or merge it; "
                "deleted: restore its files and its entry from git",
            )


@rule(Ledger)
def applied_files_that_were_squashed(ledger: Ledger) -> Iterator[Finding]:
    for exchange in ledger.exchanges:
        if not exchange.problem:
            yield SQUASHED.found(
                f"db_migrate records {exchange} in {ledger.alias!r}.",
                where=_place(ledger),
                then="python manage.py db_migrate",
            )


@rule(Ledger)
def applied_files_under_another_name(ledger: Ledger) -> Iterator[Finding]:
    for relink in ledger.relinks:
        if relink.old.name != relink.entry.name:
            yield RENAMED.found(
                f"{relink.old.name} ran in {ledger.alias!r} and is {relink.entry.name} now, with "
                "the same statements: db_migrate renews its row.",
                where=ledger.folder.up_path(relink.entry.name),
            )


@rule(Ledger)
def applied_in_another_order(ledger: Ledger) -> Iterator[Finding]:
    state = relinked(ledger.state, ledger.relinks)
    moments: list[tuple[str, str]] = []
    for entry in ledger.journal.entries:
        file = state.file(entry.id)
        applied = file is not None and file.is_applied
        moments.append((entry.name, file.finished_at if applied and file else ""))
    for index, (name, moment) in enumerate(moments):
        later = [
            other for other, when in moments[index + 1 :] if when and (not moment or when < moment)
        ]
        if not later:
            continue
        place = ledger.folder.up_path(name)
        if moment:
            yield ORDER.found(
                f"{name} ran in {ledger.alias!r} after {later[0]}, which the journal lists after "
                "it: it was merged late from a branch, or the journal was put in another order.",
                where=place,
            )
        else:
            yield ORDER.found(
                f"{name} is pending in {ledger.alias!r} and {later[0]}, which the journal lists "
                "after it, is applied: it was merged late from a branch. db_migrate runs it next.",
                where=place,
                then="python manage.py db_migrate --plan",
            )


@rule(Ledger)
def files_that_were_not_finished(ledger: Ledger) -> Iterator[Finding]:
    for file in ledger.state.files:
        if not file.is_in_flight:
            continue
        back = file.direction == "down"
        step = next((s for s in ledger.steps if s.state in ("started", "failed")), None)
        details = []
        if step is not None:
            details.append(f"statement {step.ordinal} of {file.statements}: {summary(step.sql)}")
            if step.error_text:
                details.append(f"the server said: {step.error_text}")
        yield UNFINISHED.found(
            f"{'The rollback of ' if back else ''}{file.name} was begun in {ledger.alias!r} and "
            f"{'failed' if file.state == 'failed' else 'not finished'}.",
            where=_place(ledger),
            details=details,
            then=f"python manage.py {'db_rollback' if back else 'db_migrate'}   (goes on with it)",
        )


@rule(Ledger)
def django_migrations_that_says_something_else(ledger: Ledger) -> Iterator[Finding]:
    if ledger.has_tables and not ledger.state.files and ledger.state.loading is None:
        yield UNKNOWN_TABLES.found(
            f"The database {ledger.alias!r} holds tables and no ledger.",
            where=_place(ledger),
            then="python manage.py db_baseline   (takes over a database that migrate made)",
        )
        return
    for file in ledger.state.files:
        if file.family != ledger.journal.family:
            yield _other_family(ledger, file)
            return
    try:
        refuse_problems(ledger.exchanges)
        refuse_unrecorded(
            ledger.journal, relinked(ledger.state, ledger.relinks), fresh=not ledger.state.applied
        )
    except LedgerConflict as error:
        yield CONTRADICTION.from_error(error, where=_place(ledger))


def _other_family(ledger: Ledger, file: LedgerFile) -> Finding:
    return CONTRADICTION.found(
        f"{file.name} was applied from the history of {file.family}, and this is that of "
        f"{ledger.journal.family}.",
        where=_place(ledger),
    )


def _place(ledger: Ledger) -> str:
    return f"database {ledger.alias!r}"


def _lines(file: SqlFile) -> list[str]:
    """What a file does, in its order, a statement a line."""
    found = [f"{sql};" for sql in file.session]
    for section in file.sections:
        for item in section.items:
            if isinstance(item, PythonStep):
                found.append(f"python step {item.locator}")
            elif isinstance(item, SessionStatement):
                found.append(f"{item.sql};")
            else:
                found.append(f"{' '.join(item.sql.split())};")
    return found


def _differing(before: list[str], after: list[str]) -> str:
    """Which statements: by their number in the file as it ran."""
    numbers = [
        str(n)
        for n, line in enumerate((s for s in before if not s.startswith("SET ")), start=1)
        if line not in after
    ]
    if not numbers:
        return "statements were added, or put in another order"
    return f"statement{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
