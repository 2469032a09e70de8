"""``db_check``: everything that can be found before a deploy, in one run."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connections
from django.db.utils import Error

from nestflux.conf import FAMILIES, Configuration, configuration, history_folder
from nestflux.database.errors import unavailable
from nestflux.database.server import FAMILY_NAMES, Server
from nestflux.exceptions import ChangesUndecided, NestFluxError, Refused
from nestflux.graph.loader import load
from nestflux.other_project import require_this_projects
from nestflux.recording.changes import DetectOptions
from nestflux.recording.generate import pending
from nestflux.recording.recording_target import RecordingTarget, recording_target
from nestflux.reviewing.deploy_orders import pending_entries, pending_files
from nestflux.reviewing.file_report import FileReport
from nestflux.reviewing.findings import Finding, NotChecked, Report, Severity, worst_first
from nestflux.reviewing.judging import Judgement, Look, judge
from nestflux.reviewing.live import read_ledger, server_behind
from nestflux.reviewing.reading import read_history
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.rules.files import EDITED
from nestflux.reviewing.rules.ledger import APPLIED_EDITED
from nestflux.reviewing.scope import every_file, files_since, new_files
from nestflux.reviewing.shadows import migrations_of, recorded_again, replayed
from nestflux.reviewing.subjects import Histories, History, Ledger, Migrations, Project

if TYPE_CHECKING:
    from nestflux.graph.loader import ExtendedLoader

_OF_A_SERVER = "the files run again and the migrations recorded again"


@dataclass
class _Review:
    """What is known so far."""

    alias: str
    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    files: tuple[FileReport, ...] = ()

    def look(self, subject: object) -> bool:
        """Apply the rules; True where they find no error."""
        found = look_at(subject)
        self.findings += found
        return not any(finding.severity is Severity.ERROR for finding in found)

    def skip(self, what: str, why: str) -> None:
        self.not_checked.append(NotChecked(what, why))

    def add(self, judged: Judgement) -> None:
        self.findings += judged.findings
        self.checked += judged.checked
        self.not_checked += judged.not_checked
        self.files = judged.files

    def report(self) -> Report:
        kept = worst_first(said_once(self.findings))
        return Report(self.alias, kept, tuple(self.checked), tuple(self.not_checked), self.files)


def review(
    alias: str,
    *,
    shadows: bool = True,
    ledger: bool = True,
    without: str = "",
    existing_only: bool = False,
    since: str | None = None,
    every: bool = False,
) -> Report:
    """Look at the histories of an alias, the project's models and migrations, and its database.

    Args:
        shadows: False makes no scratch schema: nothing is run or recorded again.
        ledger: False leaves out the live database.
        without: the option that said so, where both are left out: no server is asked then.
        existing_only: True detects no changes in the models.
        since: a commit: what a change does is judged of the files that it does not have.
        every: True has every file judged.

    Raises Refused where there is nothing to check, or no such commit.
    """
    made = _Review(alias)
    behind = _server(made, alias) if ledger else None
    families = _families(alias, configuration(), behind)
    histories = [read_history(history_folder(alias, family)) for family in families]
    for history in histories:
        if history.journal is not None:
            require_this_projects(history.journal, history.folder.path)
    added = None if since is None else files_since(histories, since)
    sound = [history for history in histories if made.look(history)]
    made.checked.append(
        f"files and journal: {', '.join(FAMILY_NAMES[family] for family in families)}"
    )
    readable = {h.family: h.journal for h in histories if h.journal and not h.contradictions}
    made.look(Histories(readable, configuration().directory))
    detect = DetectOptions(existing_only=existing_only)
    loader = _project(made, alias, tuple(readable), detect)
    if loader is not None:
        for history in sound:
            _migrations(made, history, loader, shadows=shadows)
    if not shadows:
        made.skip(_OF_A_SERVER, without or "--no-shadow")
    for history in histories:
        if shadows and (history not in sound or loader is None):
            reason = "its files have to be sound first" if loader else "the migrations do not load"
            made.skip(f"{FAMILY_NAMES[history.family]}: {_OF_A_SERVER}", reason)
    found = None
    if not ledger:
        made.skip("the ledger of the database", without or "--no-ledger")
    elif behind is not None:
        found = _ledger(made, behind, readable.keys())
    look = Look(alias, tuple(sound), loader, behind)
    scope = every_file(sound, found) if every else added or new_files(sound, found)
    made.add(judge(look, scope))
    for history in sound if loader is not None else ():
        own = found if behind is not None and history.family == behind.family else None
        _deploy_orders(made, history, own.applied if own else (), shadows=shadows)
    return made.report()


def _server(made: _Review, alias: str) -> Server | None:
    try:
        return server_behind(alias)
    except NestFluxError as error:
        made.skip("the ledger of the database", error.what)
        return None


def _families(alias: str, configured: Configuration, behind: Server | None) -> tuple[str, ...]:
    """Those that the project keeps; where it does not say, those that it has."""
    there = [f for f in FAMILIES if history_folder(alias, f).path.is_dir()]
    own = [behind.family] if behind and not there else []
    families = configured.families or (*there, *own)
    if not families or not any(history_folder(alias, f).path.is_dir() for f in families):
        raise Refused(
            f"The database {alias!r} has no history: there is nothing to check.",
            where=str(configured.directory),
            stands="nothing was checked",
            then="python manage.py db_generate",
        )
    return tuple(families)


def _project(
    made: _Review, alias: str, families: Sequence[str], detect: DetectOptions
) -> ExtendedLoader | None:
    """Models and migrations; None where the migrations do not load."""
    loader = None
    found = Project(tuple(families))
    try:
        loader = load()
        found = Project(tuple(families), pending(alias, detect, families))
    except ChangesUndecided as error:
        found = Project(tuple(families), undecided=error)
    except NestFluxError as error:
        found = Project(tuple(families), broken=error)
    except Error as error:  # a migration module asks what the server is
        found = Project(tuple(families), broken=unavailable(error, connections[alias]))
    except Exception as error:  # operations that do not fit the state before them
        words = f"The migrations do not fit together: {type(error).__name__}: {error}"
        found = Project(
            tuple(families),
            broken=Refused(
                words, then="python manage.py migrate --plan --traceback   (shows where)"
            ),
        )
    made.look(found)
    if loader is not None and detect.existing_only:
        made.skip("changes in the models", "--existing-only")
    if loader is None:
        made.skip("models and migrations", "the migrations do not load")
    else:
        made.checked.append("models and migrations")
    return loader


def _migrations(made: _Review, history: History, loader: ExtendedLoader, *, shadows: bool) -> None:
    """The code of a sound history's migrations, on a server of its family where there is one."""
    if history.journal is None or not history.journal.entries:
        return
    found = migrations_of(history, loader, made.alias)
    name = FAMILY_NAMES[history.family]
    if shadows:
        try:
            target = recording_target(made.alias, history.family, configuration())
            replay = replayed(history, target)
        except NestFluxError as error:
            made.skip(f"{name}: {_OF_A_SERVER}", error.what)
        else:
            made.checked.append(f"{name}: the files run again on {target.server.name}")
            if made.look(replay):
                found = _again(made, found, target)
            else:
                made.skip(f"{name}: the migrations recorded again", "its files do not run")
    made.look(found)


def _again(made: _Review, found: Migrations, target: RecordingTarget) -> Migrations:
    name = f"{FAMILY_NAMES[target.server.family]}: the migrations recorded again"
    try:
        found = recorded_again(found, target)
    except NestFluxError as error:
        made.skip(name, error.what)
    else:
        made.checked.append(f"{name} on {target.server.name}")
        for entry in target.folder.journal.entries:
            if entry.replaces:
                made.skip(
                    f"{name}, of {entry.name}.sql",
                    "a squash is of the schema; its migrations are not recorded again",
                )
    return found


def _deploy_orders(
    made: _Review, history: History, applied: Collection[str], *, shadows: bool
) -> None:
    """Of what is pending, where the ledger says so; of the last file whether its models fit."""
    if not history.files:
        return
    pending = pending_entries([files.entry for files in history.files], applied)
    target = None
    if shadows and len(pending) > 1:
        try:
            target = recording_target(made.alias, history.family, configuration())
        except NestFluxError as error:
            made.skip(f"{FAMILY_NAMES[history.family]}: the deploy order", error.what)
    made.look(pending_files(history, pending, target))


def _ledger(made: _Review, server: Server, families: Container[str]) -> Ledger | None:
    name = "the ledger of the database"
    if server.family not in families:
        made.skip(name, f"no journal for {FAMILY_NAMES[server.family]} can be read")
        return None
    try:
        found = read_ledger(made.alias, server)
    except NestFluxError as error:
        made.skip(name, error.what)
        return None
    if found is None:
        made.skip(name, "nothing was ever applied to it")
        return None
    made.look(found)
    made.checked.append(f"{name} {made.alias!r} ({server.name})")
    return found


def said_once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """An edited file that is applied is reported once, with what ran."""
    applied = {finding.where for finding in findings if finding.code == APPLIED_EDITED.name}
    for finding in findings:
        if not (finding.code == EDITED.name and finding.where in applied):
            yield finding
