"""Management commands as real processes, without starting Python for each.

One process sets the project up and forks a child for every command, before any connection is
made: so a child can be killed like any other, and costs some milliseconds. Run as a module, this
file is that process; ``Commands`` is the tests' end of it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.scenario import Outcome, Project

_PATIENCE = 180.0  # seconds: a command that takes longer hangs


class Commands(AbstractContextManager["Commands"]):
    """``python manage.py …`` of one project, one at a time.

    Args:
        database_url: what the project connects to, in place of its server.
    """

    def __init__(self, project: Project, database_url: str) -> None:
        self._outputs = Path(tempfile.mkdtemp(prefix="outputs", dir=project.path))
        environment = project.environment({"DATABASE_URL": database_url})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.commands", str(self._outputs)],
            cwd=project.path,
            env={**environment, "PYTHONPATH": f"{project.path}:{environment['PYTHONPATH']}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(self, *args: str) -> Outcome:
        """Run a command to its end. The code of one that was killed is the signal's, negative."""
        self.start(*args)
        return self.finish()

    def start(self, *args: str) -> None:
        for stream in ("stdout", "stderr"):
            (self._outputs / stream).write_text("")
        print(json.dumps(args), file=self._pipe(self._process.stdin), flush=True)

    def finish(self) -> Outcome:
        """Wait for the command that was started."""
        answers = self._pipe(self._process.stdout)
        readable, _, _ = select.select([answers], [], [], _PATIENCE)
        assert readable, f"the command hangs, having said:\n{self.said()}"
        return Outcome(int(answers.readline()), self.said("stdout"), self.said("stderr"))

    def said(self, stream: str = "stdout") -> str:
        """What the command has printed so far."""
        return (self._outputs / stream).read_text(encoding="utf-8")

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def serve(outputs: Path) -> None:
    """Fork a child for each line of stdin, and print its exit code."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()
    _import_what_commands_use()
    gc.freeze()  # or every child would copy the pages that a collection writes to
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line), outputs)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _import_what_commands_use() -> None:
    """Never a module of the project's migrations: a test changes them."""
    from django.db import connections

    import nestflux.graph.loader
    import nestflux.graph.python_steps
    import nestflux.management.commands.db_migrate
    import nestflux.management.commands.db_resolve
    import nestflux.management.commands.db_rollback  # noqa: F401

    assert connections["default"].connection is None


def _become(argv: Sequence[str], outputs: Path) -> None:
    """Be the command, in the child. Never returns."""
    from nestflux.management.start import main

    for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
        handle = os.open(outputs / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code: Any = 0
    try:
        main(["manage.py", *argv])
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 70  # sysexits.h, EX_SOFTWARE: never a code of the product's own
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else bool(code))


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
