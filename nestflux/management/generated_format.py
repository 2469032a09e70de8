"""What ``db_generate`` says, as lines. Pure.

A summary fits a screen whatever the size of the project; ``-v 2`` shows every line of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING

from nestflux.families import FAMILY_NAMES
from nestflux.history.deploy_order import ONLY_NEW_TABLES
from nestflux.history.folder import display_path
from nestflux.history.sqlfile import Direction
from nestflux.management.fresh_databases import fresh_database_lines
from nestflux.wording import counted, listed

if TYPE_CHECKING:
    from nestflux.history.families import Behind
    from nestflux.history.records import FileRecord
    from nestflux.recording.generate import Generated, Pending
    from nestflux.recording.rebase import Settled
    from nestflux.recording.recorded_file import RecordedFile
    from nestflux.reviewing.findings import Finding

_SHOWN = ("error", "warning")  # severities of findings
_FEW = 3  # lines of one kind below a file
_SOME = 8  # changes, modules, migrations by name


class Style(StrEnum):
    PLAIN = "plain"
    HEADING = "heading"
    SUCCESS = "success"
    WARNING = "warning"


@dataclass(frozen=True)
class Line:
    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True)
class Summary:
    """Makes the lines. ``verbosity`` is Django's: from 2 on nothing is shortened."""

    verbosity: int = 1

    def nothing(self) -> Iterator[Line]:
        yield Line("No changes detected: models, migrations and SQL files agree.")

    def packages(self, found: Pending) -> Iterator[Line]:
        """Changes of installed packages' models: nothing is written into a package."""
        for label in found.packages:
            yield Line(
                f"{label}: models and migrations of the package differ, and no migration is "
                "written for it",
                Style.WARNING,
            )

    def check(self, found: Pending) -> Iterator[Line]:
        """What ``--check`` found."""
        yield from self._changes(found)
        behind = {one.family: one for one in found.behind}
        for family, missing in found.missing.items():
            rest = set(missing) - set(behind[family].migrations if family in behind else ())
            names = [name for name in missing if name in rest]
            if names:
                lacking = self._migrations(names)
                yield Line(f"Without SQL for {FAMILY_NAMES[family]}: {lacking}")
        for one in found.behind:
            yield Line(str(one), Style.WARNING)
        if found.migrations or any(set(m) - _lacking(found) for m in found.missing.values()):
            yield Line("Run: python manage.py db_generate")
        for one in found.behind:
            yield Line(f"Run: {one.command}")

    def changes(self, found: Pending) -> Iterator[Line]:
        """What is recorded: changes of the models, and migrations that no SQL file held: made by
        hand, merged, a package's."""
        yield from self._changes(found)
        new = {f"{migration.app_label}.{migration.name}" for migration in found.migrations}
        names = dict.fromkeys(chain(*found.missing.values()))
        if there := [name for name in names if name not in new]:
            yield Line(f"Without SQL so far: {self._migrations(there)}")

    def written(
        self, made: Generated, costs: Sequence[str] = (), found: Sequence[Finding] = ()
    ) -> Iterator[Line]:
        """The files that were written. ``costs``: what is to be said of large tables; ``found``:
        what the schema rules found in them."""
        modules = [f"  {display_path(module.path)}" for module in made.modules]
        yield from map(Line, self._some(modules, indent="  "))
        for name in dict.fromkeys(file.up.name for file in made.files):
            yield Line(f"✓ Generated migration file: {name}.sql", Style.SUCCESS)
        for file in made.files:
            path = display_path(file.target.folder.up_path(file.up.name))
            count = counted(sum(1 for _ in file.up.steps()), "statement")
            yield Line(f"  {path}  ({count}, recorded on {file.up.recorded_on})")
            yield from self.order(file.record)
            yield from self.warnings(file)
        yield from (Line(f"  {line}", Style.WARNING) for line in costs)
        yield from self._fresh_databases(made.files)
        yield from self.behind(made)
        if made.is_adopted:
            yield Line("A database that has these tables already: python manage.py db_baseline")
        yield from self.findings(found)
        yield Line("Review it, then run: python manage.py db_migrate")

    def findings(self, found: Sequence[Finding]) -> Iterator[Line]:
        """Errors and warnings, the worst first; advice is counted."""
        shown = [each for each in found if each.severity in _SHOWN][:_SOME]
        shown = list(found) if self.verbosity > 1 else shown
        for finding in shown:
            yield Line(f"{finding.severity.value} {finding.code}: {finding.what}", Style.WARNING)
            if finding.fix:
                yield Line(f"  Fix: {finding.fix}")
        more = Counter(each.severity.value for each in found if each not in shown)
        if more:
            rest = ", ".join(f"{count} {name}" for name, count in more.items())
            yield Line(f"Found besides: {rest}  (python manage.py db_check shows all)")

    def order(self, record: FileRecord) -> Iterator[Line]:
        """The deploy order, whose reasons the header has; of two steps, which; what does not
        fit."""
        order = record.deploy_order
        if order is None or order == ONLY_NEW_TABLES:
            return
        yield Line(f"    Deploy order: {order.brief}")
        for line in (*order.steps, *(defect.words for defect in order.defects)):
            yield Line(f"      {line}", Style.WARNING)

    def warnings(self, file: RecordedFile) -> Iterator[Line]:
        """What a reviewer must know of a file besides its SQL."""
        yield from self.warned([*file.up.notes, *file.down.notes], "in the files' headers")
        yield from self.undecidable(file.up.name, file.record)

    def undecidable(self, name: str, record: FileRecord) -> Iterator[Line]:
        """The steps of a file that a crash would leave to a person."""
        lines = [
            f"{name}{'' if way == Direction.UP else '.down'}.sql, statement {ordinal}: "
            f"a crash in it needs db_resolve: {why}"
            for way, ordinal, why in record.undecidable()
        ]
        yield from self.warned(lines, "that a crash leaves to db_resolve", kind="statement")

    def warned(self, notes: Sequence[str], where: str, *, kind: str = "note") -> Iterator[Line]:
        """Warnings below a file; of many only their kinds, each ``KIND: text``."""
        most = _FEW if kind == "note" else _SOME
        if self.verbosity > 1 or len(notes) <= most:
            yield from (Line(f"    {note}", Style.WARNING) for note in notes)
            return
        kinds = Counter(note.split(":", 1)[0] for note in notes if kind == "note")
        named = ", ".join(f"{count} {name}" for name, count in kinds.items())
        text = f"{counted(len(notes), kind)} {where}{f': {named}' if named else ''}"
        yield Line(f"    {text}  (-v 2 shows them)", Style.WARNING)

    def behind(self, made: Generated | Settled) -> Iterator[Line]:
        """The families that are behind, why, and how each catches up."""
        why = {error.family: error.why for error in made.unreached}
        for one in made.behind:
            yield from _behind_lines(one, why.get(one.family, ""))

    def _fresh_databases(self, files: Iterable[RecordedFile]) -> Iterator[Line]:
        last = {file.target.server.family: file.journal for file in files}
        said = (fresh_database_lines(journal, self.verbosity) for journal in last.values())
        for line in dict.fromkeys(chain.from_iterable(said)):
            yield Line(f"  {line}", Style.WARNING)

    def _changes(self, found: Pending) -> Iterator[Line]:
        lines = [
            line
            for migration in found.migrations
            for line in (
                Line(f"{migration.app_label}:", Style.HEADING),
                *(Line(f"  {each.formatted_description()}") for each in migration.operations),
            )
        ]
        if self.verbosity == 1 and len(lines) > 2 * _SOME:
            for migration in found.migrations[:_SOME]:
                count = counted(len(migration.operations), "operation")
                yield Line(f"{migration.app_label}: {count}", Style.HEADING)
            if (more := len(found.migrations) - _SOME) > 0:
                yield Line(f"and {counted(more, 'app')} more  (-v 2 shows all)")
            return
        yield from lines

    def _migrations(self, names: Sequence[str]) -> str:
        """By name; many of them by their apps."""
        if self.verbosity > 1 or len(names) <= _SOME:
            return ", ".join(names)
        apps = list(dict.fromkeys(name.partition(".")[0] for name in names))
        return f"{counted(len(names), 'migration')} of {listed(apps, _SOME)}"

    def _some(self, names: Sequence[str], indent: str = "") -> list[str]:
        if self.verbosity > 1 or len(names) <= _SOME:
            return list(names)
        return [*names[:_SOME], f"{indent}and {len(names) - _SOME} more"]


def _lacking(found: Pending) -> set[str]:
    return {name for one in found.behind for name in one.migrations}


def _behind_lines(one: Behind, why: str) -> Iterator[Line]:
    yield Line(str(one), Style.WARNING)
    if why:
        yield Line(f"  Not recorded now: {why.rstrip('.')}.")
    yield Line(f"  To catch up, on a machine that reaches a server of it: {one.command}")
