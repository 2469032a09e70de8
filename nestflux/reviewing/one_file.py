"""What ``db_check`` finds of one file, by its readers and rules: for whoever looks at a file alone,
as the admin does. Makes no scratch schema, and asks the database what it asks for the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.conf import history_folder
from nestflux.exceptions import NestFluxError
from nestflux.graph.loader import load
from nestflux.history.folder import display_path
from nestflux.reviewing.exemptions import Exempted
from nestflux.reviewing.findings import Finding, NotChecked, Severity, worst_first
from nestflux.reviewing.judging import Judgement, Look, judge
from nestflux.reviewing.live import read_ledger, server_behind
from nestflux.reviewing.reading import read_history
from nestflux.reviewing.review import said_once
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.scope import one_file
from nestflux.reviewing.shadows import migrations_of
from nestflux.reviewing.subjects import EntryFiles, History

if TYPE_CHECKING:
    from nestflux.database.server import Server
    from nestflux.graph.loader import ExtendedLoader

_OF_A_SHADOW = NotChecked(
    "models without a migration; whether the file runs, and is recorded, again as it is",
    "that takes a scratch schema: python manage.py db_check",
)


@dataclass(frozen=True)
class FileFindings:
    """The findings, the worst first; those that are exempted; and what was left out."""

    findings: tuple[Finding, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


def findings_of_file(alias: str, family: str, identity: str) -> FileFindings:
    """A file of an alias's history, as it lies in the project's folder.

    Args:
        identity: the permanent id of the file.

    Raises NestFluxError where the database cannot be asked, or where the settings or the exemptions
    name a rule that does not exist.
    """
    history = read_history(history_folder(alias, family))
    files = next((each for each in history.files if each.entry.id == identity), None)
    if files is None:
        place = display_path(history.folder.path)
        return FileFindings(not_checked=(NotChecked("the file", f"{place} does not list it"),))
    found = look_at(replace(history, files=(files,)))
    skipped = [_OF_A_SHADOW]
    judged = Judgement()
    server = server_behind(alias)
    applied, of_ledger = _ledger(alias, server, history)
    errors = any(finding.severity is Severity.ERROR for finding in found)
    if errors or not all(map(_is_as_recorded, history.files)):
        skipped.append(NotChecked("what it changes", "the history's files have to be sound first"))
    else:
        loader = _loader(skipped)
        scope = one_file(files.entry.name, is_applied=identity in applied)
        judged = judge(Look(alias, (history,), loader, server), scope)
        judged.findings += _code(alias, history, files, loader)
    own = [each for each in (*found, *of_ledger) if _is_about(each, files)]
    return FileFindings(
        worst_first(said_once([*own, *judged.findings])),
        judged.exempted,
        (*judged.not_checked, *skipped),
    )


def _ledger(alias: str, server: Server, history: History) -> tuple[frozenset[str], list[Finding]]:
    """What the database has applied, and what it has to say of the files."""
    ledger = read_ledger(alias, server) if server.family == history.family else None
    return (ledger.applied, look_at(ledger)) if ledger else (frozenset(), [])


def _loader(skipped: list[NotChecked]) -> ExtendedLoader | None:
    try:
        return load()
    except (NestFluxError, Error) as error:
        skipped.append(NotChecked("its migrations", str(error).splitlines()[0]))
        return None


def _code(
    alias: str, history: History, files: EntryFiles, loader: ExtendedLoader | None
) -> list[Finding]:
    """Of its migrations alone: which models have no table is not a matter of one file."""
    if loader is None:
        return []
    alone = migrations_of(replace(history, files=(files,)), loader, alias)
    return look_at(replace(alone, without_table=()))


def _is_as_recorded(files: EntryFiles) -> bool:
    """Such a file is sound: it was when its hash was written. Parsing all of them takes longer."""
    entry = files.entry
    recorded = ((files.up, entry.up), (files.down, entry.down), (files.record, entry.record))
    return all(text.is_as(sha256) for text, sha256 in recorded)


def _is_about(finding: Finding, files: EntryFiles) -> bool:
    return finding.where in _places(files)


def _places(files: EntryFiles) -> Iterator[str]:
    for each in (files.up, files.down, files.record):
        yield display_path(each.path)
