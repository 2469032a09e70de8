"""Which package of ``nestflux`` may import which: the arrows of docs/design.md, held."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import nestflux

PACKAGE = Path(nestflux.__file__).parent
APPS = PACKAGE.parent
# A package, and those that it may import besides the modules at the top.
ARROWS = {
    "sql": "",
    "schema": "sql",
    "database": "sql",
    "graph": "",
    "history": "schema sql",
    "ledger": "database schema",
    "recording": "database graph history ledger schema sql",
    "applying": "database graph history ledger schema sql",
    "adopting": "applying recording database graph history ledger schema sql",
    "reviewing": "applying recording pooled database graph history ledger schema sql",
    "partitions": "applying database history ledger orm schema sql",
    "pulling": "database graph history orm schema sql",
    "seeding": "database sql",
    "stock": "applying graph history ledger sql",
    "models": "",
    "orm": "",
    "pooled": "",
    "replicas": "database",
    "admin": "applying history models orm reviewing sql",
    "management": (
        "adopting applying recording reviewing partitions pulling seeding stock database graph "
        "history ledger pooled"
    ),
}
# What stands at the top of the package: used by all, or what Django looks for there.
TOP = {path.stem for path in PACKAGE.glob("*.py")}


@cache
def imported_names(path: Path) -> tuple[str, ...]:
    """What a module imports, at its head or in a function: ``nestflux.sql.lexer.tokens``."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
    return tuple(found)


def imported(path: Path) -> Iterator[str]:
    """The packages of ``nestflux`` that a module imports, and the site's apps."""
    for name in imported_names(path):
        head, *rest = name.split(".")
        if head == "nestflux" and rest:
            yield rest[0]
        elif head in ("identity", "blog"):
            yield head


def test_every_package_has_its_arrows() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    assert packages == set(ARROWS)


@pytest.mark.parametrize("package", ARROWS)
def test_a_package_imports_what_lies_below_it(package: str) -> None:
    allowed = {package, *ARROWS[package].split(), *TOP}
    others = {
        f"{path.relative_to(PACKAGE)} imports {part}"
        for path in (PACKAGE / package).rglob("*.py")
        for part in imported(path)
        if part not in allowed
    }

    assert others == set()


def test_blog_imports_what_identity_offers_alone() -> None:
    allowed = ("identity.models", "identity.services", "identity.exceptions", "identity.seeds")
    others = {
        f"{path.relative_to(APPS)} imports {name}"
        for path in (APPS / "blog").rglob("*.py")
        for name in imported_names(path)
        if name.startswith("identity") and not name.startswith(allowed)
    }

    assert others == set()


def test_identity_and_what_is_shared_know_no_blog() -> None:
    for app in (APPS / "identity", PACKAGE / "orm"):
        names = {name for path in app.rglob("*.py") for name in imported_names(path)}
        ours = {name for name in names if name.split(".")[0] in ("nestflux", "blog")}

        shared = ("nestflux.orm", "nestflux.seeding")  # the latter for ``seeds.py``
        assert {name for name in ours if not name.startswith(shared)} == set()


@pytest.mark.parametrize("package", ARROWS)
def test_the_arrows_say_no_more_than_is_so(package: str) -> None:
    used = {part for path in (PACKAGE / package).rglob("*.py") for part in imported(path)}

    assert set(ARROWS[package].split()) - used == set()


def test_the_top_imports_no_room_above_the_history() -> None:
    """``conf`` and ``checks`` know files and migrations; nothing at the top knows a database."""
    below = {"sql", "schema", "graph", "history", "orm", *TOP}
    others = {
        f"{path.name} imports {part}"
        for path in PACKAGE.glob("*.py")
        for part in imported(path)
        if part not in below
    }

    assert others == set()
