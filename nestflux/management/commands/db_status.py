"""``db_status``: where a database stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser
from rich.text import Text

from nestflux.applying.replicas import Replica, look_at_replicas
from nestflux.applying.status import FileStatus, Status, status
from nestflux.applying.target import Target, open_target
from nestflux.history.folder import display_path
from nestflux.management.command import NestFluxCommand
from nestflux.management.drift_format import drift_lines
from nestflux.management.progress import narrated

if TYPE_CHECKING:
    from nestflux.reviewing.drift import Drift

_COLOURS = {"applied": "green", "pending": "yellow", "unmarked": "yellow"}


class Command(NestFluxCommand):
    help = (
        "Shows which SQL migrations are applied, pending, failed or in flight. Exit code 1 when "
        "something failed or was left in flight, 0 otherwise."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--drift",
            action="store_true",
            help="Compare the live schema with what the applied files make, on a scratch schema. "
            "Exit code 1 where they differ.",
        )
        parser.add_argument(
            "--no-shadow",
            action="store_true",
            help="With --drift: make no scratch schema; compare with what the files changed when "
            "they were recorded.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(alias)
        target = open_target(alias)
        found = status(target)
        replicas = look_at_replicas(target)
        drift = self._drift(target, options) if options["drift"] else None
        if options["json"]:
            compared = {"drift": drift.to_json()} if drift else {}
            copies = {"replicas": [replica.to_json() for replica in replicas]}
            self.print_json({**found.to_json(), **copies, **compared})
        else:
            self._print(found, replicas)
            for line in drift_lines(drift) if drift else ():
                self.console().print(line)
        if found.needs_attention or (drift and drift.differences):
            self.found()

    def _drift(self, target: Target, options: dict[str, Any]) -> Drift:
        from nestflux.reviewing.drift import find_drift

        without = "--no-shadow" if options["no_shadow"] else ""
        with narrated(self.console(stderr=options["json"])):
            return find_drift(target, without_shadow=without)

    def _print(self, found: Status, replicas: Sequence[Replica]) -> None:
        console = self.console()
        console.print(f"{found.server}, database {found.alias!r}")
        for row in _rows(found.files):
            console.print(row)
        for file in found.files:
            if file.error:
                console.print(f"{file.name}: the server said: {file.error}", style="red")
        for file in found.files:
            if file.backup:
                restored = ", restored" if file.backup_restored_at else ""
                console.print(f"Backup of {file.name}, {file.backup_taken_at[:19]} UTC{restored}:")
                console.print(f"  {display_path(Path(file.backup))}")
        if found.problem:
            console.print(found.problem, style="red")
        if found.loading:
            console.print("Loading schema.sql was begun and not finished.", style="red")
        if found.holder:
            console.print(f"Another deploy is running: {found.holder}")
        for line in found.suitability.lines():
            console.print(line, style="yellow")
        for replica in replicas:
            console.print(
                f"Replica {replica.description}", style="" if replica.is_well else "yellow"
            )
        for line in _summary(found):
            console.print(line)
        for one in found.behind:
            console.print(str(one), style="yellow")
            console.print(f"  To catch up, on a machine that reaches a server of it: {one.command}")
        if any(file.off_branch for file in found.files):
            console.print("Another branch's is left alone; db_rollback --off-branch undoes it.")


def _rows(files: Sequence[FileStatus]) -> Iterator[Text]:
    """A table that is as wide as its words, in each kind of terminal: a file's name is whole."""
    cells = [("SQL migration", "state", "applied at (UTC)")]
    cells += [(file.name, _state(file), _moment(file)) for file in files]
    styles = ["bold"] + [_COLOURS.get(file.state, "red") for file in files]
    names, states = (max(len(row[column]) for row in cells) for column in (0, 1))
    for number, ((name, state, moment), style) in enumerate(zip(cells, styles, strict=True)):
        row = Text(f"{name:{names}}  {state:{states}}  {moment}".rstrip())
        start, end = (0, len(row)) if number == 0 else (names + 2, names + 2 + len(state))
        row.stylize(style, start, end)
        yield row


def _state(file: FileStatus) -> str:
    state = file.state.replace("_", " ")
    if file.step:
        state += f", statement {file.step} of {file.statements}"
    return f"{state} (another branch's)" if file.off_branch else state


def _moment(file: FileStatus) -> str:
    return file.finished_at[:19] if file.state == "applied" else ""


def _summary(found: Status) -> tuple[str, ...]:
    if found.problem:
        return ("Next: python manage.py db_migrate   (says how to come there)",)
    if undone := [file for file in found.files if file.state == "rolling_back"]:
        return (
            "Next: python manage.py db_rollback   (goes on)",
            f"  or: python manage.py db_migrate --to {undone[0].name}   (takes it forward again)",
        )
    if any(file.needs_attention for file in found.files):
        return (
            "Next: python manage.py db_migrate    (goes on)",
            "  or: python manage.py db_rollback   (undoes what ran)",
        )
    if found.loading:
        return ("Next: python manage.py db_migrate   (goes on)",)
    if found.unmarked and not found.pending:
        return ("Next: python manage.py db_migrate   (marks it as applied, and runs nothing)",)
    if found.pending:
        return (f"{len(found.pending)} pending. Next: python manage.py db_migrate",)
    if found.signals_pending:
        return ("post_migrate has not been sent yet. Next: python manage.py db_migrate",)
    return ("Database is up to date!",)
