"""What a change does, judged: by the size of the tables, and by the schema rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import connections

from nestflux.conf import configuration, profile_path
from nestflux.database.profile import Profile, Sizes
from nestflux.database.profile_file import load as load_profile
from nestflux.database.sizes import read_sizes
from nestflux.exceptions import HistoryError
from nestflux.reviewing.exemptions import Exempted
from nestflux.reviewing.file_report import FileReport, file_report
from nestflux.reviewing.findings import Finding, NotChecked
from nestflux.reviewing.reviewed import RowCount
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.rules.sizes import UNREADABLE
from nestflux.reviewing.schema_review import review_schema
from nestflux.reviewing.scope import Scope
from nestflux.reviewing.settings import review_settings
from nestflux.reviewing.unapplied import not_judged, steps_anew, unapplied
from nestflux.wording import counted

if TYPE_CHECKING:
    from nestflux.database.server import Server
    from nestflux.graph.loader import ExtendedLoader
    from nestflux.reviewing.subjects import History


@dataclass(frozen=True)
class Look:
    """What there is to judge by: sound histories, the project's migrations where they load, the
    server behind the database, where it is to be asked."""

    alias: str
    histories: tuple[History, ...]
    loader: ExtendedLoader | None = None
    server: Server | None = None


@dataclass
class Judgement:
    """What came out: the fields of a report that it adds to, and what is exempted."""

    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    files: tuple[FileReport, ...] = ()
    exempted: tuple[Exempted, ...] = ()


def judge(look: Look, scope: Scope) -> Judgement:
    """The files of a scope; of those that are still to run, what they cost as well. Raises
    Misconfigured where the settings or the exemptions name a rule that does not exist."""
    made = Judgement()
    sizes, large = _by_sizes(made, look, scope)
    _by_rules(made, look, scope, sizes, large)
    return made


def _by_sizes(made: Judgement, look: Look, scope: Scope) -> tuple[Sizes, list[Finding]]:
    """What is to run next, by the sizes of the tables. The database is asked only where something
    is to be judged by it."""
    steps = {
        history.family: found
        for history in look.histories
        if (found := steps_anew(history, scope.to_run))
    }
    profile: Profile | None = None
    try:
        profile = load_profile(profile_path(look.alias))
    except HistoryError as error:
        made.findings.append(UNREADABLE.from_error(error))
        return Sizes(), []
    server = look.server.family if look.server else ""
    family = profile.family if profile else server
    is_at_hand = server == family and family in steps
    sizes = Sizes(read_sizes(connections[look.alias]) if is_at_hand else None, profile)
    large: list[Finding] = []
    for history in look.histories:
        if history.family == family and family in steps:
            large += look_at(unapplied(history, steps[family], sizes))
            made.checked.append(f"what is to run next, by the sizes of {sizes.source}")
    if skipped := not_judged(steps, [history.family for history in look.histories], profile):
        made.not_checked.append(skipped)
    return sizes, large


def _by_rules(
    made: Judgement, look: Look, scope: Scope, sizes: Sizes, large: list[Finding]
) -> None:
    settings = replace(review_settings(configuration()), rows=sizes.rows)
    made.files = tuple(sorted(_reports(look, scope, sizes.rows), key=lambda report: report.name))
    found = review_schema(look.histories, scope, settings, look.loader, large)
    made.findings += found.findings
    made.exempted = found.exempted
    if settings.is_off:
        return
    exempted = f", {counted(len(found.exempted), 'finding')} exempted" if found.exempted else ""
    made.checked.append(f"schema rules: {scope.words}{exempted}")


def _reports(look: Look, scope: Scope, rows: RowCount) -> Iterator[FileReport]:
    for history in look.histories:
        for each in history.files:
            if each.entry.name in scope.files and (made := file_report(history, each, rows)):
                yield made
