"""Every error that a person may meet says what happened, where, what stands now and what is next.

The two latter are looked for wherever one is raised: in the source, for some come once a year.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import nestflux
from nestflux import exceptions
from nestflux.database import errors
from nestflux.exceptions import NestFluxError
from nestflux.recording import executing

PACKAGE = Path(nestflux.__file__).parent
# Kinds of their own, outside of exceptions.py; imported, they are found with the others.
assert issubclass(executing.DjangoFailed, NestFluxError)
assert issubclass(errors.DatabaseMissing, NestFluxError)
# Modules whose errors somebody completes before a person sees them.
COMPLETED = {
    "sql/lexer.py": "history/file_texts.py names the file and how it is restored",
    "history/sqlfile.py": "history/file_texts.py names the file and how it is restored",
    "sql/literals.py": "recording/capture.py names the operation",
    "database/dumping.py": "applying/backups/taking.py: the file was not begun",
    "applying/backups/taking.py": "itself: the file was not begun",
    "applying/backups/folder.py": "applying/backups/taking.py: the file was not begun",
    "applying/backups/bringing_back.py": "applying/backups/restore.py: none of the data is there",
    "applying/backups/scratch_tables.py": "applying/backups/restore.py: none of it is there",
    "recording/partial_load.py": "nobody: the whole schema is loaded then",
}
# What says more by its own words than a line could.
SAID = {
    "Interrupted: {}.": "the command's own words say what stands",
}


def classes() -> dict[str, type[NestFluxError]]:
    """The errors by name, those of single modules too."""
    found: dict[str, type[NestFluxError]] = {}
    waiting: list[type[NestFluxError]] = [NestFluxError]
    while waiting:
        one = waiting.pop()
        found[one.__name__] = one
        waiting += one.__subclasses__()
    return found


def made() -> Iterator[tuple[str, str, ast.Call]]:
    """Each place where an error is made: module, line and the call."""
    names = classes().keys()
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                yield module, f"{module}:{node.lineno}", node


def lacking(call: ast.Call) -> set[str]:
    given = {keyword.arg for keyword in call.keywords}
    if None in given:  # **lines: given by whoever calls the function around it
        return set()
    kind = classes()[call.func.id]  # type: ignore[attr-defined]
    return {"stands", "then"} - given - ({"stands"} if kind.stands_by_nature else set())


def first_words(call: ast.Call) -> str:
    if not call.args or not isinstance(call.args[0], ast.JoinedStr):
        return ""
    parts = call.args[0].values
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)


def test_every_error_says_what_stands_and_what_is_next() -> None:
    found = list(made())

    assert len(found) > 200
    assert {
        place: sorted(lacking(call))
        for module, place, call in found
        if module not in COMPLETED and first_words(call) not in SAID and lacking(call)
    } == {}


def test_no_exception_is_kept_for_nothing() -> None:
    without = {module for module, _, call in made() if lacking(call)}
    words = {first_words(call) for _, _, call in made() if lacking(call)}

    assert without >= COMPLETED.keys()
    assert words >= SAID.keys()


def test_what_stands_by_nature_is_shown() -> None:
    assert str(exceptions.Refused("No.", then="try again")) == (
        "No.\n  Now:   nothing was changed\n  Next:  try again"
    )
    assert str(exceptions.Refused("No.", stands="nothing was run")) == (
        "No.\n  Now:   nothing was run"
    )
    assert str(NestFluxError("No.")) == "No."
