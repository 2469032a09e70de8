"""The options of commands that may lose data: whether a backup is taken first, and where."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.backups.choice import BackupChoice, choice_of


def add_backup_arguments(parser: CommandParser) -> None:
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument(
        "--backup",
        metavar="DIR",
        help="Before a file that loses data, dump the tables concerned into a folder of DIR. On a "
        'terminal that is done anyway, into NESTFLUX["BACKUPS"].',
    )
    answer.add_argument(
        "--no-backup",
        action="store_true",
        help="Take no backup before data is lost.",
    )


def backup_choice(options: Mapping[str, Any]) -> BackupChoice:
    """What the options say. A person watches where the command may ask on a terminal."""
    watched = bool(sys.stdin and sys.stdin.isatty()) and not options.get("json")
    return choice_of(
        options.get("backup"),
        declined=bool(options.get("no_backup")),
        watched=watched and bool(options.get("interactive", True)),
    )
