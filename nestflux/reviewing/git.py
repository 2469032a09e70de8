"""Git, asked about the checkout that a history lies in."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(*arguments: str, folder: Path | None = None) -> str:
    """What git prints.

    Args:
        folder: where it is asked; the working directory if not given.

    Raises OSError where it is not installed, CalledProcessError where it answers with an error.
    """
    place = ["-C", str(folder)] if folder else []
    run = subprocess.run(["git", *place, *arguments], capture_output=True, check=True, text=True)  # noqa: S603, S607
    return run.stdout
