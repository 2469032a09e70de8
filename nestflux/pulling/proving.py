"""The written apps, loaded and migrated to a shadow by a process of their own (``child.py``)."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nestflux.exceptions import NestFluxError, NotReproduced, ServerUnavailable
from nestflux.schema.diff import Definitions
from nestflux.schema.objects import from_texts
from nestflux.wording import counted


@dataclass(frozen=True)
class Request:
    """What is to be migrated: apps by their dotted names and labels, to a schema with the default
    ``collation`` on the shadow server of ``family``; empty: to one like those that models are
    recorded on. ``tables`` are those to be read then. ``as_they_are``: the models of installed
    apps, made without their migrations."""

    alias: str
    family: str
    collation: str
    apps: tuple[str, ...]
    labels: tuple[str, ...]
    tables: tuple[str, ...]
    as_they_are: bool = False


@dataclass(frozen=True)
class Answer:
    """The schema that came out, and the server that made it."""

    definitions: Definitions
    server: str


def migrated_elsewhere(request: Request, files: Mapping[Path, str]) -> Answer:
    """Lay the files into a temporary folder and let the child do the rest.

    Args:
        files: texts by their place in a project: ``shop/models/order.py``.

    Raises NotReproduced where they cannot be loaded or migrated, ServerUnavailable where no
    shadow can be made.
    """
    with tempfile.TemporaryDirectory(prefix="nestflux-pull-") as folder:
        staging = Path(folder).resolve()
        for place, text in files.items():
            (staging / place).parent.mkdir(parents=True, exist_ok=True)
            (staging / place).write_text(text, encoding="utf-8")
        answer = _ask(request, staging)
    return _understood(answer, f"{staging}/", request.family)


def _ask(request: Request, staging: Path) -> dict[str, Any]:
    answer = staging / "answer.json"
    # A file that is edited within the second of another edit would meet a stale .pyc.
    unwritten = {"PYTHONDONTWRITEBYTECODE": "1"} if request.as_they_are else {}
    asked = {"sys_path": sys.path, "staging": str(staging), "answer": str(answer)}
    done = subprocess.run(
        [sys.executable, "-m", "nestflux.pulling.child"],
        input=json.dumps({**asdict(request), **asked}),
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **unwritten,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if not answer.exists():
        raise NotReproduced(
            f"The written apps could not be loaded: the process ended with {done.returncode}.",
            where="\n         ".join(done.stderr.strip().splitlines()[-3:]),
            stands="nothing was written",
            then="correct what ends the process where the project is loaded, then run it again",
        )
    given: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return given


def _understood(answer: dict[str, Any], staging: str, family: str) -> Answer:
    if "error" in answer:
        raise _same_error(answer["error"], family if answer["no_server"] else "")
    if "refused" in answer:
        raise _refused(answer["refused"])
    if "broken" in answer:
        raise _not_reproduced(
            f"The written models cannot be used: {answer['broken']}".replace(staging, ""),
            str(answer["place"]).replace(staging, ""),
        )
    return Answer(from_texts(answer["definitions"]), answer["server"])


def _refused(refused: Sequence[Mapping[str, Any]]) -> NotReproduced:
    """All that the server does not take, and the command that leaves these tables out."""
    first = refused[0]
    tables = dict.fromkeys(map(_table_of, refused))
    what, where = first["what"], first["statement"]
    if len(refused) > 1:
        what = f"{counted(len(refused), 'statement')}, of {counted(len(tables), 'table')}"
        where = "\n         ".join(f"{each['what']}: {each['statement']}" for each in refused)
    patterns = " ".join(f"--exclude {shlex.quote(table)}" for table in tables)
    return _not_reproduced(
        f"The server refuses what the written models make: {what}",
        where,
        then=f"leave out what it refuses: python manage.py db_pull {patterns}",
    )


def _table_of(refused: Mapping[str, Any]) -> str:
    found = re.search("`((?:[^`]|``)+)`", refused["statement"])
    return found[1].replace("``", "`") if found else "PATTERN"


def _same_error(answer: Mapping[str, Any], family: str) -> NestFluxError:
    """The child's error; ``family`` names the setting of another server where there was none."""
    kind = ServerUnavailable if family else NestFluxError
    other = f'name another server in NESTFLUX["SHADOWS"]["{family}"]' if family else ""
    error = kind(
        answer["what"],
        where=answer["where"],
        stands="nothing was written",
        then="; or ".join(filter(None, (answer["then"], other))),
    )
    error.exit_code = answer["exit_code"]
    return error


def _not_reproduced(
    what: str,
    where: str,
    then: str = "leave the table out: python manage.py db_pull --exclude PATTERN",
) -> NotReproduced:
    return NotReproduced(
        what,
        where=where,
        stands="nothing was written",
        then=then,
    )
