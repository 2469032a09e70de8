"""The options of every command that takes the lock: how long it waits, and how it shows life."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.ledger.lock_times import LockTimes

_LONGEST = 31536000  # the servers' own limit of lock_wait_timeout: a year


def seconds(text: str) -> float:
    """A positive, finite number of seconds. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= _LONGEST:  # NaN is neither
        raise ArgumentTypeError(f"{text!r} is not a number of seconds between 0 and a year")
    return value


def whole_seconds(text: str) -> int:
    """A positive whole number of seconds. Raises ArgumentTypeError."""
    value = seconds(text)
    if not value.is_integer():
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return int(value)


def count(text: str) -> int:
    """A whole number from 1 on. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


class LockOptions:
    """Mixin of commands."""

    def add_lock_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lock-timeout",
            type=seconds,
            default=LockTimes.wait,
            metavar="SECONDS",
            help="How long to wait for another deploy (default: %(default)s).",
        )
        parser.add_argument(
            "--ddl-lock-timeout",
            type=whole_seconds,
            default=RetryPolicy.ddl_lock_timeout,
            metavar="SECONDS",
            help="How long one try of a statement waits for a table that others use, before it "
            "steps back and tries again (default: %(default)s).",
        )
        parser.add_argument(
            "--ddl-lock-tries",
            type=count,
            default=RetryPolicy.tries,
            metavar="N",
            help="How often a statement is tried that finds a table locked (default: %(default)s).",
        )
        parser.add_argument(
            "--ddl-lock-pause",
            type=seconds,
            default=RetryPolicy.first_pause,
            metavar="SECONDS",
            help="The pause after the first try, in which others use the table; each one after it "
            "is twice as long (default: %(default)s).",
        )
        parser.add_argument(
            "--ddl-lock-longest-pause",
            type=seconds,
            default=RetryPolicy.longest_pause,
            metavar="SECONDS",
            help="No pause is longer than this (default: %(default)s).",
        )
        parser.add_argument(
            "--stale-after",
            type=seconds,
            default=LockTimes.stale,
            metavar="SECONDS",
            help="A deploy that gave no sign of life for so long is ended (default: %(default)s).",
        )
        parser.add_argument(
            "--heartbeat",
            type=seconds,
            default=LockTimes.beat,
            metavar="SECONDS",
            help="Time between two signs of life of this deploy (default: %(default)s); another "
            "is ended after three of them at the least.",
        )

    def lock_times(self, options: Mapping[str, Any]) -> LockTimes:
        return LockTimes(
            wait=options["lock_timeout"],
            beat=options["heartbeat"],
            stale=options["stale_after"],
        )

    def retry_policy(self, options: Mapping[str, Any]) -> RetryPolicy:
        return RetryPolicy(
            ddl_lock_timeout=options["ddl_lock_timeout"],
            tries=options["ddl_lock_tries"],
            first_pause=options["ddl_lock_pause"],
            longest_pause=options["ddl_lock_longest_pause"],
        )
