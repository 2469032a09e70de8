"""What was chosen about backups before data is lost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nestflux.conf import configuration
from nestflux.exceptions import Misconfigured


class Answer(StrEnum):
    """``NONE``: nobody said anything and nobody could be asked."""

    TAKE = "take"
    DECLINE = "decline"
    NONE = "none"
    NOT_ASKED = "not asked"  # a test database, or somebody said yes to the list of what is lost


@dataclass(frozen=True)
class BackupChoice:
    """``folder``: where backups go if they are taken."""

    answer: Answer = Answer.NONE
    folder: Path = Path()


NOT_ASKED = BackupChoice(Answer.NOT_ASKED)


def choice_of(folder: str | None, *, declined: bool, watched: bool) -> BackupChoice:
    """The choice that options of a command line make.

    Args:
        folder: of ``--backup``.
        declined: ``--no-backup`` was given.
        watched: a person is there: a backup is taken unless it is declined.

    Raises Misconfigured where the default folder is needed and there is none.
    """
    if declined:
        return BackupChoice(Answer.DECLINE)
    if folder:
        return BackupChoice(Answer.TAKE, Path(folder).expanduser().absolute())
    if not watched:
        return BackupChoice()
    default = configuration().backups
    if default is None:
        raise Misconfigured(
            'Set NESTFLUX["BACKUPS"]: where backups go that are taken before data is lost.',
            then="or give --backup DIR, or --no-backup",
        )
    return BackupChoice(Answer.TAKE, default)
