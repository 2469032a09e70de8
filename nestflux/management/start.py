"""The start of ``manage.py``: what goes wrong before any command begins, in one clear message.

A syntax error in a model file or a wrong import is a person's everyday mistake; Django answers
with some forty lines of its own frames. Here: what, which file and line, and exit code 2.
``--traceback`` shows the frames.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import traceback
from collections.abc import Sequence

from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured
from django.core.management import execute_from_command_line

from nestflux.exceptions import NestFluxError, Refused
from nestflux.installed import without_mysqlclient
from nestflux.management.json_errors import asks_for_json, document

# The frames of Django in which a project's own files are read: (function, end of the file's path).
_LOADING = (
    ("populate", "django/apps/registry.py"),  # apps, models, and what ready() imports
    ("_setup", "django/conf/__init__.py"),  # settings
    ("load_disk", "django/db/migrations/loader.py"),
    ("urlconf_module", "django/urls/resolvers.py"),
)

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def main(argv: Sequence[str] | None = None) -> None:
    """Run a management command, as django.core.management.execute_from_command_line does."""
    argv = list(sys.argv if argv is None else argv)
    if "--traceback" in argv:
        execute_from_command_line(argv)
        return
    try:
        execute_from_command_line(argv)
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        if argv[1:] and argv[1].startswith("db_") and asks_for_json(argv):
            print(json.dumps(document(explained), indent=2, ensure_ascii=False))
        print(explained, file=sys.stderr)
        sys.exit(explained.exit_code)


def explain(error: BaseException) -> NestFluxError | None:
    """The error as four lines, where it happened while settings, apps or models were loaded;
    None where it is some command's own."""
    if isinstance(error, NestFluxError):
        return error
    if (explained := without_mysqlclient(error)) is not None:
        return explained
    frames = traceback.extract_tb(error.__traceback__)
    if not any(_loads(frame) for frame in frames):
        return None
    what, place = f"{type(error).__name__}: {error}", _own_place(frames)
    if isinstance(error, ImproperlyConfigured | AppRegistryNotReady):
        what = str(error)
    elif isinstance(error, SyntaxError):
        what = f"{type(error).__name__}: {error.msg}"
        place = f"{error.filename}, line {error.lineno}:  {(error.text or '').strip()}"
    return Refused(
        f"The project cannot be loaded. {what}",
        where=place,
        stands="nothing was changed",
        then="fix the file and run the command again (--traceback shows the whole way there)",
    )


def _loads(frame: traceback.FrameSummary) -> bool:
    name = frame.filename.replace(os.sep, "/")
    return any(frame.name == function and name.endswith(end) for function, end in _LOADING)


def _own_place(frames: traceback.StackSummary) -> str:
    """The last line of the project's own; empty where only Django speaks (a wrong app name)."""
    own = [frame for frame in frames if _is_own(frame.filename)]
    loading = next(i for i, frame in enumerate(frames) if _loads(frame))
    if not own or frames.index(own[-1]) < loading:
        return ""
    return f"{own[-1].filename}, line {own[-1].lineno}:  {own[-1].line}"


def _is_own(filename: str) -> bool:
    return not filename.startswith("<") and not filename.startswith(_LIBRARIES)
