"""``db_pull``: models for a database that has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from nestflux.conf import history_folder
from nestflux.database.server import connection_for, server_of
from nestflux.exceptions import Refused
from nestflux.history.folder import display_path
from nestflux.ledger.rows import read_state
from nestflux.management.command import NestFluxCommand
from nestflux.management.comparison_format import as_json, lines_after, lines_of
from nestflux.management.progress import narrated
from nestflux.pulling.again import compare_again, write_again
from nestflux.pulling.grouping import GroupingRule
from nestflux.pulling.pull import Pulled, PullOptions, PullPlan, plan_pull, pull
from nestflux.pulling.remarks import by_text
from nestflux.pulling.round_trip import as_texts
from nestflux.wording import counted, for_database


class Command(NestFluxCommand):
    help = (
        "Writes models for a database that has none: an app a group of tables, one table a file. "
        "Proves on a scratch schema that migrating them gives the same schema back. Exit code 1 "
        "when it does not."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--plan", action="store_true", help="Show apps, tables and remarks; write nothing."
        )
        parser.add_argument(
            "--app",
            action="append",
            default=[],
            metavar="NAME=PATTERN",
            help="The tables of this pattern make the app NAME. May be repeated; the first that "
            "matches counts.",
        )
        parser.add_argument(
            "--exclude",
            action="append",
            default=[],
            metavar="PATTERN",
            help="Leave out the tables of this pattern. May be repeated.",
        )
        parser.add_argument(
            "--into",
            type=Path,
            metavar="FOLDER",
            help="The folder that the apps are written in; the project's if not given.",
        )

        parser.add_argument(
            "--compare",
            action="append",
            default=[],
            metavar="APP",
            help="Show where the database differs from the models of this installed app, and write "
            "the difference into them where that is confirmed. May be repeated.",
        )
        parser.add_argument(
            "--write",
            action="store_true",
            help="With --compare: change the models without asking.",
        )
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Never ask."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(alias)
        console = self.console()
        rules = tuple(GroupingRule.parse(text) for text in options["app"])
        exclude = tuple(options["exclude"])
        if options["compare"]:
            self._compare(alias, rules, exclude, options)
            return
        if options["write"]:
            raise Refused(
                "--write goes with --compare: without it the models are written anyway.",
                stands="nothing was written",
                then="python manage.py db_pull --compare APP --write",
            )
        asked = PullOptions(rules=rules, exclude=exclude, into=options["into"])
        with narrated(console):
            plan = plan_pull(alias, asked)
            done = None if options["plan"] else pull(alias, plan)
        if options["json"]:
            self.print_json(_as_json(plan, done))
        else:
            for line in _lines(plan, done, alias):
                console.print(line)
        if done is not None and done.differences:
            self.found()

    def _compare(
        self,
        alias: str,
        rules: tuple[GroupingRule, ...],
        exclude: tuple[str, ...],
        options: dict[str, Any],
    ) -> None:
        console = self.console()
        with narrated(console):
            found = compare_again(alias, options["compare"], rules, exclude)
        if not options["json"]:
            for line in lines_of(found):
                console.print(line)
        left = None
        if found.files and self._is_to_write(options):
            with narrated(console):
                left = write_again(found)
        if options["json"]:
            self.print_json(as_json(found, left))
        elif not found.agrees:
            for line in lines_after(found, left, [*_taking_over(alias)]):
                console.print(line)
        if not found.agrees and (left is None or found.by_hand):
            self.found()

    def _is_to_write(self, options: dict[str, Any]) -> bool:
        if options["write"] or options["plan"] or not options["interactive"]:
            return bool(options["write"] and not options["plan"])
        return self.confirm("Write it?")


def _lines(plan: PullPlan, done: Pulled | None, alias: str) -> Iterator[str]:
    for app in plan.apps:
        yield f"{app.label}: {counted(len(app.models), 'table')}"
        width = max(len(model.table) for model in app.models)
        for model in app.models:
            limit = "  (reads only)" if model.reads_only else ""
            yield f"  {model.table:{width}}  {model.name}{limit}"
    for text, about in by_text((done.plan if done else plan).remarks).items():
        yield f"Remark: {text}:"
        yield from (f"    {name}" for name in about)
    if done is None:
        return
    for app in plan.apps:
        count = counted(len(plan.files_of(app)), "file")
        yield f"✓ Wrote {display_path(plan.root / app.label)}/  ({count})"
    if done.differences:
        yield "Migrated to an empty schema, the models do not give the same schema back:"
        yield from (f"    {difference}" for difference in done.differences)
        yield "Fix the models (or the tables), then compare again with db_baseline --plan."
    else:
        tables = counted(len(plan.migrated), "table")
        more = f"{len(done.excused)} explained" if done.excused else "0 differences"
        yield f"✓ Migrated to an empty schema, the models give it back: {tables}, {more}"
    if done.excused:
        yield f"Explained above, and to be settled before db_baseline agrees: {len(done.excused)}"
        yield from (f"    {difference}" for difference in done.excused)
    if done.built_on:
        yield (
            f"The round trip was on {done.built_on}, another version than the database's, which "
            "may print the same definition in another way."
        )
    yield from _next_steps(plan, alias)


def _next_steps(plan: PullPlan, alias: str) -> Iterator[str]:
    other = for_database(alias)
    names = ", ".join(f'"{app.name}"' for app in plan.apps)
    yield f"Next: add {names} to INSTALLED_APPS, then"
    for command in _taking_over(alias):
        yield f"      python manage.py {command}{other}"


def _taking_over(alias: str) -> Iterator[str]:
    """The commands that record the tables and take them over as they are. Where NestFlux migrates
    the database already, that is to mark the next file, which makes them, as applied."""
    connection = connection_for(alias)
    state = read_state(connection)
    if state is None or not state.applied:
        yield from ("db_generate", "db_baseline")
        return
    journal = history_folder(alias, server_of(connection).family).journal
    applied = {file.id for file in state.applied}
    if any(entry.id not in applied for entry in journal.entries):
        yield "db_migrate"
    yield from ("db_generate", f"db_mark_applied {journal.next_number:04}")


def _as_json(plan: PullPlan, done: Pulled | None) -> dict[str, Any]:
    final = done.plan if done else plan
    return {
        "apps": [
            {
                "label": app.label,
                "name": app.name,
                "models": [
                    {"table": m.table, "model": m.name, "managed": not m.why_unmanaged}
                    for m in app.models
                ],
            }
            for app in plan.apps
        ],
        "remarks": [{"remark": remark.text, "about": remark.about} for remark in final.remarks],
        "files": [display_path(path) for path in plan.files],
        "written": done is not None,
        "differences": [as_texts(each) for each in done.differences] if done else [],
        "excused": [as_texts(each) for each in done.excused] if done else [],
    }
