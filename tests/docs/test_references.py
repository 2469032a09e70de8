"""The documents name everything that there is, and nothing that there is not."""

from __future__ import annotations

import ast
import re
import shlex
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from tests.docs.documents import DOCUMENTS, REPOSITORY, all_blocks, typed

ALL_WORDS = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
# What a clone has beside the documentation.
AROUND = [
    REPOSITORY / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY", "tests/README")
]
OURS = sorted(name for name, app in get_commands().items() if app == "nestflux")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"#+ (.+)")


def own_options(name: str) -> Iterator[str]:
    """The options that a command of ours adds to Django's."""
    stock = set(parser_of(BaseCommand(), "x")._option_string_actions)
    command = load_command_class("nestflux", name)
    actions = parser_of(command, name)._option_string_actions
    shown = {option for option, action in actions.items() if action.help != SUPPRESS}
    yield from sorted(shown - stock)


def parser_of(command: BaseCommand, name: str) -> ArgumentParser:
    return command.create_parser("manage.py", name)


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_documented(name: str) -> None:
    assert re.search(rf"`(python manage\.py )?{name}\b", ALL_WORDS)


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in OURS for option in own_options(name)]
)
def test_every_option_is_documented(name: str, option: str) -> None:
    assert re.search(rf"{re.escape(option)}(?![\w-])", ALL_WORDS)


@pytest.mark.parametrize("document", [*DOCUMENTS, *AROUND], ids=lambda document: document.name)
def test_commands_that_are_shown_can_be_given(document: Path) -> None:
    """Each ``manage.py db_…`` of prose and blocks has only options that the command has."""
    text = document.read_text(encoding="utf-8")
    for shown in re.findall(r"manage\.py (db_\w+[^\n`;#|(&]*)", text):
        name, *arguments = shlex.split(shown, comments=True)
        assert name in OURS, f"{document.name}: {name}"
        known = parser_of(load_command_class("nestflux", name), name)._option_string_actions
        options = [word for word in arguments if word.startswith("--")]
        assert [word for word in options if word not in known] == [], f"{document.name}: {shown}"


@pytest.mark.parametrize("document", [*DOCUMENTS, *AROUND], ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        assert path.is_relative_to(REPOSITORY), f"{document.name}: {target}"
        if anchor:
            assert anchor in anchors(path), f"{document.name}: {target}"


@pytest.mark.parametrize("document", [*DOCUMENTS, *AROUND], ids=lambda document: document.name)
def test_files_that_are_named_are_there(document: Path) -> None:
    """Programs and files of this repository, in prose and in what is to be typed."""
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"(?<![\w./$-])(?:nestflux|scripts|tests|docs)/[\w./-]*\w", text):
        if not name.endswith("NAME.py"):
            assert (REPOSITORY / name).exists(), f"{document.name}: {name}"


def test_readme_leads_to_every_document() -> None:
    linked = set(_LINK.findall((REPOSITORY / "README.md").read_text(encoding="utf-8")))

    names = {path.relative_to(REPOSITORY).as_posix() for path in (*DOCUMENTS[1:], *AROUND)}
    assert {*names, "LICENSE"} <= linked


def anchors(path: Path) -> set[str]:
    """The headings of a document as GitHub makes links to them."""
    fenced = {line for block in all_blocks(path) for line in block.text.splitlines()}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line not in fenced]
    headings = [match[1] for line in lines if (match := _HEADING.fullmatch(line))]
    return {
        re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")
        for heading in headings
    }


def test_every_package_stands_in_the_layout() -> None:
    """docs/design.md says of each package, and of each module at the top, what it is for."""
    package = REPOSITORY / "nestflux"
    packages = {f"{p.parent.relative_to(package)}/" for p in package.rglob("__init__.py")}
    top = {path.name for path in package.glob("*.py")}

    assert set(layout()) == (packages | top) - {"./", "__init__.py", "management/commands/"}


def layout() -> Iterator[str]:
    """The names in the indented layout of docs/design.md: ``applying/plan/``, ``conf.py``."""
    lines = (REPOSITORY / "docs" / "design.md").read_text(encoding="utf-8").splitlines()
    around: list[str] = []
    for line in lines[lines.index("    nestflux/") + 1 :]:
        if line and not line.startswith("      "):
            return
        name, _, purpose = line.strip().partition(" ")
        if name.endswith("/"):
            depth = (len(line) - len(line.lstrip()) - 6) // 2
            around = [*around[:depth], name]
            yield "".join(around)
            assert purpose.strip(), f"nothing is said of {name}"
        else:
            yield from re.findall(r"\w+\.py", line)


def test_every_module_says_what_it_is_for() -> None:
    silent = []
    for path in (REPOSITORY / "nestflux").rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        # The ledger's models are a class each, and say it there.
        classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
        said = [ast.get_docstring(module), *map(ast.get_docstring, classes)]
        if module.body and not any(said):
            silent.append(path.name)

    assert silent == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_lines_of_prose_are_at_most_120_characters(document: Path) -> None:
    fenced = {line for block in all_blocks(document) for line in block.text.splitlines()}
    lines = document.read_text(encoding="utf-8").splitlines()
    prose = (n for n in lines if n.strip() not in fenced and not n.startswith(("|", "    ", "```")))

    # A link is longer than any line.
    long = [line for line in prose if len(re.sub(r"\(http\S+\)", "", line)) > 120]
    assert [line for line in long if line not in fenced] == []


def test_consoles_begin_with_a_command() -> None:
    for document in DOCUMENTS:
        for block in all_blocks(document):
            if block.language == "console":
                assert list(typed(block))


def test_nothing_of_one_machine_stands_in_them() -> None:
    for document in (*DOCUMENTS, *AROUND):
        text = document.read_text(encoding="utf-8")
        assert not re.search(r"/(work|home|root|tmp)/", text), document.name
