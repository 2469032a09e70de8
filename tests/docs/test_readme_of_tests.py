"""tests/README.md: its example passes, and its table names every folder."""

from __future__ import annotations

import re
from typing import Any

from tests.conftest import ProjectFactory
from tests.docs.documents import REPOSITORY, loose_blocks

README = REPOSITORY / "tests" / "README.md"
TEXT = README.read_text(encoding="utf-8")


def test_the_example_passes(project: ProjectFactory) -> None:
    [block] = [block for block in loose_blocks(README) if block.language == "python"]
    names: dict[str, Any] = {}
    exec(block.text, names)

    [test] = [value for name, value in names.items() if name.startswith("test_")]
    test(project)


def test_every_folder_has_its_row() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", TEXT.partition("| folder |")[2], re.MULTILINE)
    folders = {path.parent.name for path in REPOSITORY.glob("tests/*/__init__.py")}

    assert sorted(re.findall(r"\w+", " ".join(rows))) == sorted(folders)


def test_every_file_and_test_that_it_names_is_there() -> None:
    for path, name in re.findall(r"`?(tests/[\w/.]+\.py)(?:::(\w+))?", TEXT):
        assert f"def {name}" in (REPOSITORY / path).read_text(encoding="utf-8"), f"{path}::{name}"
