"""What every refusal has in common, asserted in one place."""

from __future__ import annotations

from typing import Any

from tests.scenario import Outcome, Project
from tests.scenarios.looking import difference, everything_in


def refused(
    project: Project,
    *command: str,
    says: str,
    then: str = "",
    where: str = "",
    stands: bool = True,
    **given: Any,
) -> Outcome:
    """Run a command that is to refuse: exit 2, what is wrong, where, what stands, what next; no
    traceback, and nothing changed in the schema, the rows, the ledger or the files.

    Args:
        says: stands in the message's first line.
        then: stands in its ``Next:`` line, where it has one.
        stands: it says what stands now.
    """
    before = everything_in(project)
    outcome = project.run(*(command or ("db_migrate",)), **given)
    assert difference(everything_in(project), before) == [], str(outcome)
    stops(outcome, says=says, then=then, where=where, stands=stands)
    return outcome


def stops(
    outcome: Outcome,
    *,
    says: str,
    then: str = "",
    where: str = "",
    stands: bool = True,
    code: int = 2,
) -> None:
    """The words of a message: what happened, where, what stands now, the next command."""
    lines = outcome.stderr.splitlines()
    assert outcome.code == code, str(outcome)
    assert "Traceback" not in outcome.stdout + outcome.stderr
    assert says in lines[0], str(outcome)
    for label, text in (("Where:", where), ("Next:", then)):
        if text:
            at = next((i for i, line in enumerate(lines) if line.strip().startswith(label)), None)
            assert at is not None, str(outcome)
            assert text in "\n".join(lines[at:]), str(outcome)
    assert any(line.startswith("  Now:") for line in lines) is stands, str(outcome)
