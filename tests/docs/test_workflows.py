"""The workflow files of docs/reviewing.md: valid, and their commands run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.docs.documents import REPOSITORY, all_blocks
from tests.reviewing.shop import git
from tests.reviewing.test_scope import MODELS, SLUG

PAGE = REPOSITORY / "docs" / "reviewing.md"
BLOCKS = {block.info[1]: block.text for block in all_blocks(PAGE) if block.language == "yaml"}
COMMAND = re.compile(r"python manage\.py db_check [^|>\n]*")


@pytest.mark.parametrize(
    ("name", "schema"),
    [("github-workflow", "vendor.github-workflows"), ("gitlab-ci", "vendor.gitlab-ci")],
)
def test_a_workflow_is_valid(name: str, schema: str, tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    file = tmp_path / f"{name}.yml"
    file.write_text(BLOCKS[name], encoding="utf-8")

    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    outcome = subprocess.run(command, capture_output=True, text=True)

    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("name", ["github-workflow", "gitlab-ci", "pre-commit"])
def test_its_commands_find_what_a_branch_adds(name: str, project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS.format(fields=SLUG)}})
    shop.settings('NESTFLUX["RULES"] = {"drop-column": "error"}')
    shop.succeeds("db_generate", "--name", "products")
    git(shop, "init", "-q", "--initial-branch=main")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "products")
    git(shop, "update-ref", "refs/remotes/origin/main", "HEAD")
    shutil.copy(shop.path / ".git/refs/remotes/origin/main", shop.path / ".git/FETCH_HEAD")
    shop.write("shop/models.py", MODELS.format(fields=""))
    shop.succeeds("db_generate", "--name", "gone")
    commands = [found.group().strip() for found in COMMAND.finditer(BLOCKS[name])]

    assert commands
    for command in commands:
        typed = command.replace("$GITHUB_BASE_REF", "main").replace('"', "").split()
        outcome = shop.run(*typed[2:])
        assert outcome.code == 1, f"{command}\n{outcome}"
        assert "drop-column" in outcome.stdout, f"{command}\n{outcome}"
