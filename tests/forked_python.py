"""Python programs without the start of Python: forks of a process that has Django imported.

A suite of some thousand commands spends most of its time on their imports. The process here has
imported Django and this app and set neither up, so each fork reads settings, models and migrations
of its project anew, as a command that a person starts does. Run as a module, this file is that
process; ``run`` is the tests' end of it.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

_LONGEST = 300.0  # seconds: a program that takes longer hangs
_REPOSITORY = Path(__file__).resolve().parent.parent


def _modules(*packages: str) -> Iterator[str]:
    """All modules in packages of this app, less the templates: they hold a model, which nobody
    imports before Django is set up."""
    for package in packages:
        for path in sorted((_REPOSITORY / "nestflux" / package).rglob("*.py")):
            if path.name == "field_templates.py":
                continue
            yield ".".join(path.relative_to(_REPOSITORY).with_suffix("").parts).removesuffix(
                ".__init__"
            )


# Imported by a process before it forks commands; none of it sets Django up.
IMPORTED = (
    "MySQLdb.connections",
    "django.contrib.admin",
    "django.contrib.auth.hashers",
    "django.contrib.contenttypes.management",
    "django.contrib.sessions.backends.db",
    "django.core.management.commands.makemigrations",
    "django.db.backends.mysql.base",
    "django.db.backends.mysql.compiler",
    "django.db.migrations.executor",
    "django.views.debug",  # for Django's logging
    "environ",
    "time_machine",  # with pytest: longer than all that most commands do
    *_modules("sql", "schema", "database", "graph", "history", "ledger", "recording", "applying"),
    *_modules("adopting", "reviewing", "pulling", "management"),
    "nestflux.checks",
    "nestflux.exports",
)
# What Python reads as it starts: too late for a fork.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_")
_USUAL = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}  # as the parent of the forks has them


@dataclass(frozen=True)
class _Call:
    """``python ARGV``: a script of the folder with its arguments, or ``-c`` and code."""

    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str]
    given: str  # on standard input


def can_run(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether a fork is as good as ``python ARGV`` in this environment."""
    at_start = {name for name in env if name.startswith(_READ_AT_START)}
    return at_start <= _USUAL and (argv[0] == "-c" or not argv[0].startswith("-"))


def run(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """As ``subprocess.run([sys.executable, *argv], …)``, with text and both outputs captured."""
    parent = _idle.pop() if _idle else _Parent(env)
    ended = parent.run(_Call(list(argv), str(cwd), dict(env), given))
    _idle.append(parent)  # not where it failed: it may be at work still
    return ended


class _Parent:
    """One process that forks; it runs one program at a time."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked_python"],
            cwd=_REPOSITORY,
            env={name: env[name] for name in ("PATH", "HOME", *_USUAL)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, call: _Call) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(asdict(call)), file=self._process.stdin, flush=True)
        if not select.select([self._process.stdout], [], [], _LONGEST)[0]:
            raise subprocess.TimeoutExpired([*call.argv], _LONGEST)
        line = self._process.stdout.readline()
        assert line, f"the process that forks is gone: {self._process.poll()}"
        answer: dict[str, Any] = json.loads(line)
        return subprocess.CompletedProcess(call.argv, **answer)


_idle: list[_Parent] = []  # more than one where tests run commands from threads


# ---- the other end -------------------------------------------------------------------------


def _serve() -> _Call | None:
    """Fork for each line of standard input. Returns None at its end, and in each fork its call."""
    for name in IMPORTED:
        import_module(name)
    gc.freeze()
    calls, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing else may write there
    while line := calls.readline():
        call = _Call(**json.loads(line))
        with _file(call.given) as given, _file() as out, _file() as err:
            pid = os.fork()
            if pid == 0:
                for number, file in enumerate((given, out, err)):
                    os.dup2(file.fileno(), number)
                calls.close()
                answers.close()
                return call
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            answer = {"returncode": code, "stdout": _text(out), "stderr": _text(err)}
        print(json.dumps(answer), file=answers, flush=True)
    return None


@contextmanager
def _file(text: str = "") -> Iterator[IO[str]]:
    with tempfile.TemporaryFile("w+") as file:
        file.write(text)
        file.seek(0)
        yield file


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _become(call: _Call) -> NoReturn:
    """Be the program, to its end. What Python would take apart then is left to the kernel."""
    os.chdir(call.cwd)
    os.environ.clear()
    os.environ.update(call.env)
    code = 1
    try:
        _run_program(call.argv)
        code = 0
    except SystemExit as ended:
        code = _exit_code(ended.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run_program(argv: Sequence[str]) -> None:
    script, *arguments = argv
    if script == "-c":
        code, *arguments = arguments
        sys.path[0] = ""
        sys.argv = ["-c", *arguments]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.path[0] = os.getcwd()
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")


def _exit_code(given: object) -> int:
    """What Python makes of what ``sys.exit`` was given."""
    if given is None:
        return 0
    if isinstance(given, int):
        return given & 0xFF
    print(given, file=sys.stderr)
    return 1


if __name__ == "__main__" and (mine := _serve()) is not None:
    _become(mine)
