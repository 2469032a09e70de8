"""What a person sees of ``db_check``."""

from __future__ import annotations

import re

from nestflux.management.report_formats.text import report_lines
from nestflux.reviewing.findings import KINDS, Finding, NotChecked, Report, Severity
from nestflux.reviewing.rule import load_rules
from nestflux.reviewing.schema_rule import schema_rules
from tests.reviewing.test_files import edit
from tests.scenario import REPOSITORY, Project

TROUBLESHOOTING = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def test_a_clean_run(migrated: Project) -> None:
    outcome = migrated.succeeds("db_check")

    assert outcome.lines[-1] == "✓ Nothing was found."
    assert [line.split(":")[0] for line in outcome.lines[:-1]] == ["Checked"] * 5


def test_a_finding_says_what_where_why_and_the_next_command(migrated: Project) -> None:
    edit(migrated, "0002_slugs.sql", "varchar(40)", "varchar(90)")

    outcome = migrated.run("db_check", "--no-server")

    assert outcome.code == 1
    assert outcome.stderr == ""
    family = migrated.server.family
    assert outcome.lines[:5] == [
        "error edited-file: 0002_slugs.sql was edited: its hash is not the one in journal.json.",
        f"  Where: migrations_sql/{family}/0002_slugs.sql",
        "  Why:   what was recorded and verified is not what the file says now",
        f"  Next:  git checkout -- migrations_sql/{family}/0002_slugs.sql",
        "         or, if it is applied nowhere, after a review: "
        "python manage.py db_generate --accept 0002_slugs.sql",
    ]
    assert outcome.lines[-1] == "Found 1 error."


def test_on_a_terminal_no_line_is_longer_than_it(migrated: Project) -> None:
    edit(migrated, "0002_slugs.sql", "varchar(40)", "varchar(90)")

    outcome = migrated.on_a_terminal("db_check")

    plain = re.sub(r"\x1b\[[0-9;]*m", "", outcome.stdout)
    assert "applied-file-edited" in plain
    assert [line for line in plain.splitlines() if len(line) > 80 and " " in line.strip()] == []


def test_lines_are_broken_with_an_indent_and_commands_are_kept_whole() -> None:
    finding = Finding(
        "x", Severity.ERROR, "word " * 30, then="a " * 50, details=("- " + "y " * 60,)
    )
    report = Report("default", (finding,), ("z " * 60,), (NotChecked("this", "that " * 30),))

    lines = [line.plain for line in report_lines(report, 60)]

    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("    word")
    assert lines[-1] == "Found 1 error."


def test_every_code_is_documented_and_no_other() -> None:
    load_rules()

    documented = set(re.findall(r"^\| `([a-z-]+)` \|", TROUBLESHOOTING, re.MULTILINE))

    assert documented == set(KINDS) - set(schema_rules())  # these have docs/rules
