"""Other people's programs from npm, pinned, in a folder under ``.local``."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from scripts.benchmark.servers import LeftOutError
from scripts.benchmark.subjects import LOCAL, write

VERSIONS = {"dbmate": "2.36.0", "drizzle-orm": "0.45.4", "mysql2": "3.24.6"}
ROOM = LOCAL / "npm"


def modules() -> Path:
    """The folder with them, installed where they were not yet.

    Raises LeftOutError where npm is missing, or cannot get them.
    """
    if why := why_missing():
        raise LeftOutError(why)
    return ROOM / "node_modules"


@cache
def why_missing() -> str:
    """Installs them; why they are not there, empty where they are. Asked once a run: an npm that
    reaches nothing tries for minutes."""
    return why_not_installed(ROOM, VERSIONS)


def why_not_installed(room: Path, versions: Mapping[str, str]) -> str:
    """Installs packages into a folder, once; why not, empty where they are there."""
    text = json.dumps({"dependencies": versions, "private": True})
    stamp = room / "installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == text:
        return ""
    if not has_node():
        return f"{', '.join(versions)} need node and npm. Next: apt-get install nodejs npm"
    write(room / "package.json", text)
    ended = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=room,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = f"{ended.stdout}\n{ended.stderr}".strip()
        return f"npm could not install {', '.join(versions)}:\n{said}"
    write(stamp, text)
    return ""


def has_node() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))
