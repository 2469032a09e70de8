"""What every NestFlux command has in common: how it speaks and how it ends.

Exit codes: 0 done; 1 something was found or failed; 2 wrong use, or refused before anything was
changed. No traceback for what a person can cause; ``--traceback`` shows one all the same.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import SUPPRESS, Action, ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser, SystemCheckError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import Error
from django.utils.connection import ConnectionDoesNotExist

from nestflux.collector import spare_what_stays
from nestflux.database.errors import (
    UNAVAILABLE,
    DatabaseMissing,
    connect,
    create_database,
    in_words,
    number_of,
    unavailable,
)
from nestflux.database.server import Server, connection_for, server_of
from nestflux.exceptions import Misconfigured, NestFluxError, Refused
from nestflux.installed import without_mysqlclient
from nestflux.management.json_errors import asks_for_json, document
from nestflux.management.plain_console import PlainConsole
from nestflux.pooled.bypass import without_pool

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper
    from django.db.backends.base.base import BaseDatabaseWrapper
    from rich.console import Console


class PlainSpeech(BaseCommand):
    """Mixin of commands: errors become the four lines of NestFluxError and a stable exit code.

    ``interrupted`` is what stands after Ctrl-C, in words.
    """

    interrupted = "what was done stands; run the command again to go on"
    _json = False
    _asks_for_json = False
    _called_from_command_line: bool

    def run_from_argv(self, argv: list[str]) -> None:
        self._asks_for_json = asks_for_json(argv)
        super().run_from_argv(argv)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's; what it refuses is a JSON document, too, where one was asked for."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        refuse = parser.error

        def error(message: str) -> Any:
            if self._asks_for_json:
                then = f"python manage.py {subcommand} --help"
                self.print_json(document(Refused(f"Wrong use: {message}.", then=then)))
            return refuse(message)

        parser.error = error  # type: ignore[method-assign]  # argparse calls it for all it refuses
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Raises CommandError with ``returncode``; called from the command line
        it prints the message itself and exits."""
        if _wants_no_colour() and not options.get("force_color"):
            options["no_color"] = True
        self._json = (options.get("format") or ("json" if options.get("json") else "")) == "json"
        if self._called_from_command_line:
            spare_what_stays()
        try:
            with without_pool():  # the lock of a run lives in one connection
                return super().execute(*args, **options)
        except SystemCheckError as error:
            error.returncode = 2
            if self._called_from_command_line and self._json:
                words = f"Django's system checks found errors:\n{error}"
                self.print_json(document(Refused(words, then="python manage.py check")))
            raise
        except (NestFluxError, ImproperlyConfigured, Error, KeyboardInterrupt) as error:
            if options.get("traceback"):
                raise
            self._end(_as_nestflux_error(error, options, self.interrupted))

    def check(self, *args: Any, **options: Any) -> None:
        """Static checks only: since Django 6.1 those of models ask every database by default."""
        super().check(*args, **{**options, "databases": options.get("databases") or []})

    def _end(self, error: NestFluxError) -> NoReturn:
        if not self._called_from_command_line:
            raise CommandError(str(error), returncode=error.exit_code) from error
        if self._json:
            self.print_json(document(error))
        self.stderr.write(str(error))
        sys.exit(error.exit_code)

    def found(self) -> NoReturn:
        """End with exit code 1: the command worked, and what it looked for was there."""
        sys.exit(1)

    def print_json(self, document: Any) -> None:
        """The one JSON document of a ``--json`` run, on stdout."""
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str))

    def console(self, *, stderr: bool = False) -> Console | PlainConsole:
        """Where this command prints: Rich's console where a person watches or wants colour. With
        ``--json`` it writes to stderr, for stdout holds the document."""
        from nestflux.django_compat import stream_of

        wrapper = self._wrapper(stderr=stderr)
        watched, colour = wrapper.isatty(), self._is_coloured
        if not (watched or colour):
            return PlainConsole(stream_of(wrapper))

        from rich.console import Console

        return Console(
            file=stream_of(wrapper),
            force_terminal=True,
            no_color=not colour,
            color_system="standard" if colour else None,
            width=None if watched else PlainConsole.width,
            highlight=False,
            markup=False,
            emoji=False,
            # The terminal wraps: Rich would break a path or a statement, which people copy.
            soft_wrap=True,
            legacy_windows=False,
        )

    def _wrapper(self, *, stderr: bool = False) -> OutputWrapper:
        return self.stderr if stderr or self._json else self.stdout

    @property
    def _is_coloured(self) -> bool:
        return bool(self.style.ERROR("x") != "x")

    def connect(
        self, alias: str, *, create_database_if_missing: bool = False, interactive: bool = False
    ) -> tuple[BaseDatabaseWrapper, Server]:
        """The connection of an alias, connected, and what answers there.

        Args:
            create_database_if_missing: make a database that is not there.
            interactive: ask about it on a terminal.

        Raises Misconfigured, ServerUnavailable or ServerUnsupported.
        """
        connection = connection_for(alias)
        try:
            connect(connection)
        except DatabaseMissing:
            if not (create_database_if_missing or (interactive and self._wants_one(connection))):
                raise
            create_database(connection)
            connect(connection)
        return connection, server_of(connection)

    def _wants_one(self, connection: BaseDatabaseWrapper) -> bool:
        name = connection.settings_dict["NAME"]
        return self.confirm(f"The server has no database {name!r}. Create it?")

    def confirm(self, question: str) -> bool:
        """Ask yes or no; no where nobody can be asked."""
        if not (sys.stdin and sys.stdin.isatty()) or self._json:
            return False
        self.stderr.write(f"{question} [y/N] ", style_func=str, ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")


class NestFluxCommand(PlainSpeech):
    """Base of the ``db_…`` commands: ``--database``, and ``--json`` where ``machine_readable``.

    System checks import every URL and view of a site, and a deploy with nothing to do should
    cost little more than starting Python: a command that reads models names the checks it needs,
    ``requires_system_checks = (Tags.models,)``; the others run none.
    """

    machine_readable = False
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            metavar="ALIAS",
            help='The database, by its alias in DATABASES; "default" if not given.',
        )
        if self.machine_readable:
            parser.add_argument(
                "--json",
                action="store_true",
                help="Print one JSON document to stdout, and messages to stderr.",
            )


class _Retired(Action):
    """An option of an earlier version: ``const`` says what is used now."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option: str | None = None
    ) -> None:
        parser.error(f"{option} is gone: {self.const}")


def retire(parser: CommandParser, option: str, now: str) -> None:
    """Answer an option that an earlier version had with what is used now; the help hides it."""
    parser.add_argument(option, action=_Retired, nargs="?", const=now, help=SUPPRESS)


def _wants_no_colour() -> bool:
    """https://no-color.org; and a dumb terminal prints what should have been a colour."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _as_nestflux_error(
    error: BaseException, options: dict[str, Any], interrupted: str
) -> NestFluxError:
    """Anything that a person can cause, as an error of ours."""
    match error:
        case NestFluxError():
            return error
        case KeyboardInterrupt():
            return NestFluxError(f"Interrupted: {interrupted}.")
        case ImproperlyConfigured() if (explained := without_mysqlclient(error)) is not None:
            return explained
        case ConnectionDoesNotExist() | ImproperlyConfigured():
            return Misconfigured(
                str(error), then="correct DATABASES, or what the line names, in the settings"
            )
    alias = options.get("database") or DEFAULT_DB_ALIAS
    connection = connections[alias] if alias in connections.settings else None
    if connection is not None and number_of(error) in UNAVAILABLE:
        return unavailable(error, connection)
    return NestFluxError(
        in_words(error, connection),
        stands="the command stopped there",
        then="run it again with --traceback to see which line asked for this",
    )
