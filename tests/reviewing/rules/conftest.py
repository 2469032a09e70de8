"""All cases recorded in one project, and what ``db_check`` finds in it."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from tests.reviewing.rules.case import Case
from tests.reviewing.rules.cases import CASES
from tests.scenario import Project, TestServer, kept_project

_HEAD = "from django.db import models\nfrom django.db.models.functions import Lower\n\n"
_MIGRATION = """
from django.db import migrations, models

{more}

class Migration(migrations.Migration):
    dependencies = [("{app}", "0001_initial")]
    operations = [
{operations}
    ]
"""

# For the rules about the admin.
_CONTRIB = tuple(f"django.contrib.{name}" for name in ("contenttypes", "auth", "admin"))

Findings = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Findings:
    """What was found, by the label of the app that it is about."""
    cases = [case for case in CASES if server.family in case.families]
    path = tmp_path_factory.mktemp("rules")
    apps: dict[str, dict[str, str]] = {case.name: {} for case in cases}
    with kept_project(path, server, apps) as project:
        project.settings('NESTFLUX["RULES"] = {}', apps=(*_CONTRIB, *apps))
        _write(project, cases, "before")
        project.succeeds("db_generate", "--name", "before")
        _write(project, cases, "after")
        project.succeeds("db_generate", "--name", "after")
        outcome = project.run("db_check", "--json", "--no-ledger", "--no-shadow")
        assert outcome.code in (0, 1), str(outcome)
        found: Findings = {}
        for each in outcome.json["findings"]:
            found.setdefault(_app(each["about"], cases), []).append(each)
        return found


def _app(about: str, cases: list[Case]) -> str:
    names = sorted((case.name for case in cases), key=len, reverse=True)
    return next((name for name in names if about.startswith((f"{name}_", f"{name}."))), about)


def _write(project: Project, cases: list[Case], when: str) -> None:
    for case in cases:
        models = case.before if when == "before" else case.after
        project.write(f"{case.name}/models.py", _HEAD + dedent(models))
        if when == "before":
            continue
        for name, text in case.files.items():
            project.write(f"{case.name}/{name}", dedent(text))
        if case.operations:
            project.write(
                f"{case.name}/migrations/0002_change.py",
                _MIGRATION.format(
                    app=case.name,
                    more=dedent(case.more),
                    operations=indent(dedent(case.operations).strip(), " " * 8),
                ),
            )
