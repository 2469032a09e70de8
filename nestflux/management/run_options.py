"""What the commands have in common that take the lock: how they wait for it and for tables
(``NESTFLUX["LOCK"]``, ``--lock``), and what a run is given."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.conf import LOCK_SETTINGS, configuration, seconds
from nestflux.ledger.lock_times import LockTimes
from nestflux.management.backup_options import backup_choice
from nestflux.management.command import retire

if TYPE_CHECKING:
    from nestflux.applying.run.context import Options
    from nestflux.management.progress import Progress

# What earlier versions had an option each for.
_RETIRED = {
    "--lock-timeout": "TIMEOUT",
    "--heartbeat": "HEARTBEAT",
    "--stale-after": "STALE_AFTER",
    "--ddl-lock-timeout": "DDL_TIMEOUT",
    "--ddl-lock-tries": "DDL_TRIES",
    "--ddl-lock-pause": "DDL_PAUSE",
    "--ddl-lock-longest-pause": "DDL_LONGEST_PAUSE",
}


def lock_setting(text: str) -> tuple[str, float]:
    """``DDL_TRIES=60``, a name and its value. Raises ArgumentTypeError."""
    name, is_given, value = text.partition("=")
    if not is_given or name not in LOCK_SETTINGS:
        names = ", ".join(LOCK_SETTINGS)
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE with one of the names {names}")
    try:
        return name, LOCK_SETTINGS[name](value)
    except ValueError as error:
        raise ArgumentTypeError(f"{name}: {error}") from None


def replica_seconds(text: str) -> float:
    """A positive number of seconds. Raises ArgumentTypeError."""
    try:
        return seconds(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def lock_settings(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Names to values: of ``NESTFLUX["LOCK"]``, and over them those that were given."""
    return {**configuration().lock, **(given or {})}


def lock_times(settings: Mapping[str, Any]) -> LockTimes:
    return LockTimes(**_fields(settings, wait="TIMEOUT", beat="HEARTBEAT", stale="STALE_AFTER"))


def retry_policy(settings: Mapping[str, Any]) -> RetryPolicy:
    return RetryPolicy(
        **_fields(
            settings,
            ddl_lock_timeout="DDL_TIMEOUT",
            tries="DDL_TRIES",
            first_pause="DDL_PAUSE",
            longest_pause="DDL_LONGEST_PAUSE",
        )
    )


def _fields(settings: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """The fields that a setting gives a value; the others keep their defaults."""
    return {field: settings[name] for field, name in names.items() if name in settings}


def add_unreviewed_argument(parser: CommandParser) -> None:
    parser.add_argument(
        "--unreviewed",
        action="store_true",
        help="Of a file that is half done: also run statements that were compiled from the "
        "schemas, which nobody reviewed. --plan shows them.",
    )


class RunOptions:
    """Mixin of commands that take the lock."""

    stdout: Any

    def add_lock_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lock",
            action="append",
            type=lock_setting,
            default=[],
            metavar="NAME=VALUE",
            help='For this run another value than NESTFLUX["LOCK"] has: '
            f"{', '.join(LOCK_SETTINGS)}. May be repeated.",
        )
        for option, name in _RETIRED.items():
            retire(parser, option, f'--lock {name}=VALUE, or NESTFLUX["LOCK"]["{name}"]')

    def run_options(self, progress: Progress, options: Mapping[str, Any]) -> Options:
        """What the command line says of a run."""
        from nestflux.applying.run.context import Options

        settings = lock_settings(dict(options["lock"]))
        return Options(
            lock=lock_times(settings),
            retry=retry_policy(settings),
            backup=backup_choice(options),
            preflight=not options.get("no_preflight"),
            on_event=progress.on_event,
            watched=progress.is_watched,
            verbosity=options["verbosity"],
            interactive=bool(options.get("interactive")),
            stdout=self.stdout,
            command=type(self).__module__.rpartition(".")[2],
        )
