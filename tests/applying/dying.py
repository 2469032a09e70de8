"""A command that dies at one step, as a process or a server that is killed just then leaves it.

die_at(shop, 4)                   after the ledger says that it begins, and before it does
die_at(shop, 4, after=True)       after the server ran it, and before its row is written
die_at(shop, 2, command="undo")   in a rollback
"""

from __future__ import annotations

from tests.scenario import Project

_DYING = """
from nestflux.applying.run.migrate import migrate
from nestflux.applying.target import open_target
from nestflux.applying.run.rollback import rollback
from nestflux.applying.run.context import Options
from nestflux.applying.run.attempt import Attempt
from nestflux.applying.backups.choice import NOT_ASKED

class Died(BaseException):
    pass

run = Attempt._execute

def execute(self, task, operation):
    if task.ordinal != {ordinal} or {file!r} not in self.row.name:
        return run(self, task, operation)
    if {after!r}:
        run(self, task, operation)
    else:
        self.context.outbox.send()
    raise Died

Attempt._execute = execute
try:
    {command}
except Died:
    print("died")
"""
COMMANDS = {
    "migrate": "migrate(open_target('default'), options=Options({options}))",
    "undo": "rollback(open_target('default'), options=Options(command='db_rollback', {options}))",
}


def dying(runs: str, ordinal: int, *, after: bool = False, file: str = "") -> str:
    """The code of a call that dies there."""
    return _DYING.format(ordinal=ordinal, after=after, command=runs, file=file)


def die_at(
    project: Project,
    ordinal: int,
    *,
    after: bool = False,
    command: str = "migrate",
    file: str = "",
    options: str = "",
) -> None:
    """Run a command that dies at its step ``ordinal``, of ``file`` or of any."""
    runs = COMMANDS[command].format(options=options)
    outcome = project.python(dying(runs, ordinal, after=after, file=file))
    assert outcome.stdout == "died\n", str(outcome)
