"""Commands without the start of Python: forks of one process that has Django imported.

The process has not set Django up, so that each fork reads settings, models and migrations anew,
as a command that a person starts does. What it is told and answers is JSON, a line each.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from tests import forked_python
from tests.scenario import REPOSITORY, Outcome

# A command that hangs is a failure; SIGALRM ends it, and its exit code (-14) says so.
_LONGEST = 300  # seconds
_IMPORTED = (
    *forked_python.IMPORTED,
    "nestflux.applying.run.migrate",
    "nestflux.applying.run.rollback",
    "tests.soak.dying",
)


@dataclass(frozen=True)
class Call:
    """One process to be: ``manage.py`` with ``argv``, or a function of ours.

    ``function`` is ``module:name`` and takes ``given``. ``death`` is how the process is to end:
    see ``dying``.
    """

    cwd: str
    env: Mapping[str, str]
    argv: tuple[str, ...] = ()
    function: str = ""
    given: Any = None
    death: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Ended(Outcome):
    """``facts``: what the process counted of itself; empty where it was killed."""

    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Warm:
    """The parent of the forks, as its client has it. A context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-m", "tests.soak.warm"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(self, *calls: Call) -> list[Ended]:
        """Run processes at the same time; returns when all have ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([vars(call) for call in calls]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the warm process is gone: {self._process.poll()}"
        return [Ended(**each) for each in json.loads(answer)]


# ---- the other end -------------------------------------------------------------------------


def serve() -> None:
    """Fork for each line of stdin, until it ends."""
    for name in _IMPORTED:
        import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing else may write there
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            calls = [Call(**each) for each in json.loads(line)]
            print(json.dumps(_run_all(calls, Path(folder))), file=answers, flush=True)


def _run_all(calls: Sequence[Call], folder: Path) -> list[dict[str, Any]]:
    places = [folder / str(number) for number, _ in enumerate(calls)]
    children = []
    for call, place in zip(calls, places, strict=True):
        pid = os.fork()
        if pid == 0:
            _become(call, place)
        children.append(pid)
    return [
        _ended(os.waitpid(pid, 0)[1], place) for pid, place in zip(children, places, strict=True)
    ]


def _ended(status: int, place: Path) -> dict[str, Any]:
    facts = _of(place, "facts")
    facts.unlink(missing_ok=True) if (text := facts.read_text() if facts.exists() else "") else None
    return {
        "code": os.waitstatus_to_exitcode(status),
        "stdout": _of(place, "out").read_text(),
        "stderr": _of(place, "err").read_text(),
        "facts": json.loads(text or "{}"),
    }


def _of(place: Path, what: str) -> Path:
    return place.with_suffix(f".{what}")


def _become(call: Call, place: Path) -> NoReturn:
    code = 1
    try:
        signal.alarm(_LONGEST)
        for number, what in ((0, ""), (1, "out"), (2, "err")):
            path = _of(place, what) if what else Path(os.devnull)
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC if what else os.O_RDONLY)
            os.dup2(opened, number)
        os.chdir(call.cwd)
        os.environ.clear()
        os.environ.update(call.env, DJANGO_SETTINGS_MODULE="settings")
        sys.path.insert(0, call.cwd)
        code = _run(call, place)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(call: Call, place: Path) -> int:
    from tests.soak.dying import Watch

    watch = Watch(call.death)
    code = 0
    try:
        if call.function:
            module, _, name = call.function.partition(":")
            getattr(import_module(module), name)(call.given)
        else:
            from nestflux.management.start import main

            sys.argv = ["manage.py", *call.argv]
            main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        _of(place, "facts").write_text(json.dumps(watch.facts))
    return code


if __name__ == "__main__":
    serve()
