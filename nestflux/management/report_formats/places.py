"""Where findings stand, as the tools of others have it: paths from the top of the repository."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from subprocess import CalledProcessError

from nestflux.reviewing.findings import Finding
from nestflux.reviewing.git import git


def path_of(finding: Finding) -> str:
    """The file of a finding, from the top of the repository; empty where it is about none."""
    if not finding.where or not Path(finding.where).is_file():
        return ""
    return _from_top(Path(finding.where))


def _from_top(path: Path) -> str:
    """As it was given, where it lies outside a repository."""
    if path.is_absolute():
        try:
            path = path.relative_to(Path.cwd())
        except ValueError:
            return path.as_posix()
    return os.path.normpath(_prefix() + path.as_posix()).replace(os.sep, "/")


@cache
def _prefix() -> str:
    """What leads from the top of the repository to the working directory: ``site/``, or nothing."""
    try:
        return git("rev-parse", "--show-prefix").strip()
    except (OSError, CalledProcessError):
        return ""
