"""One run of a command disturbed at one of its commands to the server, and what the next run makes
of it."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import connections

from nestflux.database.numbers import NO_SUCH_TABLE
from tests.faults.commands import Commands
from tests.faults.figures import Case
from tests.faults.fingerprint import Fingerprint, difference, fingerprint
from tests.faults.history import UNDECIDABLE
from tests.faults.journal import Command
from tests.faults.proxy import Fault, Proxy, What, When, wait_until
from tests.faults.servers import Backstage
from tests.scenario import Outcome

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_DDL = frozenset(("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"))
_DATA = frozenset(("INSERT", "UPDATE", "DELETE"))
# Books, and what the receiver of post_migrate notes: they may be written as often as need be.
_OF_NO_FILE = re.compile(r"(INSERT (IGNORE )?INTO|UPDATE|DELETE FROM) `?(nestflux_|django_|heard)")
_ASKS = re.compile(r"(db_resolve \S+ \d+) --ran")
_KILLED = -9


@dataclass(frozen=True)
class Journey:
    """A direction to walk: what is there first, and the command that is disturbed."""

    name: str
    command: tuple[str, ...]
    prepared_by: tuple[str, ...] = ()


FORWARD = Journey("forward", ("db_migrate", "--replay", "--noinput"))
FRESH = Journey("fresh", ("db_migrate", "--noinput"))
ROLLBACK = Journey(
    "rollback", ("db_rollback", "--to", "zero", "--yes"), prepared_by=("db_migrate", "--noinput")
)
JOURNEYS = (FORWARD, FRESH, ROLLBACK)


@dataclass
class Rig:
    """A project whose commands run through the proxy, in a database that is made anew each time."""

    backstage: Backstage
    proxy: Proxy
    commands: Commands
    database: str
    surveys: dict[str, Survey] = field(default_factory=dict)

    @cached_property
    def family(self) -> str:
        return self.backstage.server.family

    @cached_property
    def version(self) -> str:
        return str(self.sql("SELECT VERSION()")[0][0])

    def sql(self, query: str, database: str = "") -> list[tuple[Any, ...]]:
        return self.backstage.server.sql(query, database=database)

    def reset(self, journey: Journey) -> None:
        self.sql(f"DROP DATABASE IF EXISTS `{self.database}`")
        self.sql(f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4")
        if journey.prepared_by:
            prepared = self.commands.run(*journey.prepared_by)
            assert prepared.code == 0, str(prepared)

    def fingerprint(self) -> Fingerprint:
        settings = {**self.backstage.server.settings, "NAME": self.database}
        connection: BaseDatabaseWrapper = type(connections["default"])(settings, "default")
        try:
            return fingerprint(connection)
        finally:
            connection.close()

    def survey(self, journey: Journey) -> Survey:
        """The undisturbed run, made once."""
        if journey.name not in self.surveys:
            self.reset(journey)
            journal = self.proxy.begin()
            outcome = self.commands.run(*journey.command)
            self.proxy.settle()
            assert outcome.code == 0, str(outcome)
            self.surveys[journey.name] = Survey(
                tuple(journal.commands), Counter(of_files(journal.stands)), self.fingerprint()
            )
        return self.surveys[journey.name]

    def of_ledger(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query; none where there is no ledger yet."""
        try:
            return self.sql(query, self.database)
        except Exception as error:
            if error.args[0] == NO_SUCH_TABLE:
                return []
            raise

    def steps_in_flight(self) -> list[tuple[str, int, str, str]]:
        """File, ordinal, direction and text of the steps that were begun and not finished."""
        rows = self.of_ledger(
            "SELECT m.name, s.ordinal, s.direction, s.`sql` FROM nestflux_statement s "
            "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
            "WHERE s.state IN ('started', 'failed')"
        )
        return [(name, ordinal, direction, sql) for name, ordinal, direction, sql in rows]

    def is_loading(self) -> bool:
        """Is there a load that was begun and not finished?"""
        return bool(
            self.of_ledger(
                "SELECT 1 FROM nestflux_run WHERE loading IS NOT NULL AND loaded_at IS NULL"
            )
        )


@dataclass(frozen=True)
class Survey:
    """What an undisturbed run asks the server for, which statements stand, and what it leaves."""

    commands: tuple[Command, ...]
    ran: Counter[str]
    left: Fingerprint

    def writes(self) -> Iterator[Command]:
        """Those that change anything, the ledger included."""
        for command in self.commands:
            if command.word in _DDL | _DATA | {"COMMIT"}:
                yield command

    def turning_points(self) -> Iterator[Command]:
        """Those after which the server keeps something that it did not keep before."""
        for command in self.commands:
            if command.word in _DDL | {"COMMIT"} or (
                command.word in _DATA and not _OF_NO_FILE.match(command.sql)
            ):
                yield command

    def ddl(self) -> Iterator[Command]:
        """DDL of files and snapshot, not the ledger's own tables."""
        for command in self.commands:
            if command.word in _DDL and any(sql == command.sql for sql in self.ran):
                yield command


def of_files(statements: Sequence[str]) -> list[str]:
    """Those that stand in a file, in the snapshot or in a Python step. A load that died is dropped
    as a whole: what it had made counts no more."""
    found: list[str] = []
    for sql in statements:
        word = sql.lstrip(" (\n").partition(" ")[0].upper()
        if word == "DROP" and " IF EXISTS " in sql:
            found.clear()
        elif word in _DDL | _DATA and "shop_" in sql and not _OF_NO_FILE.match(sql):
            found.append(sql)
    return found


def inject(rig: Rig, journey: Journey, fault: Fault) -> Case:
    """Disturb one run, let the next one finish it, and compare with the undisturbed one."""
    survey = rig.survey(journey)
    rig.reset(journey)
    return _Injection(rig, journey, fault, survey).run()


class _Injection:
    def __init__(self, rig: Rig, journey: Journey, fault: Fault, survey: Survey) -> None:
        self.rig = rig
        self.journey = journey
        self.fault = fault
        self.survey = survey
        self.journals = [rig.proxy.begin(fault)]
        self.wrong: list[str] = []
        self.hands = self.no_hands = 0
        self.waited = False

    def run(self) -> Case:
        rig, fault = self.rig, self.fault
        disturbed = rig.commands.run(*self.journey.command)
        assert rig.proxy.has_struck, f"{fault} was never reached"
        self._look_at_manners(disturbed)
        if fault.what is What.KILL_SERVER:
            rig.proxy.settle()
            rig.backstage.restart()
        flying, loading = rig.steps_in_flight(), rig.is_loading()
        said = self._recover()
        rig.proxy.settle()
        self._look_at_speech(said, flying, loading)
        if not self.wrong and (left := difference(self.survey.left, rig.fingerprint())):
            self.wrong.append(left)
        ran = Counter(of_files([sql for journal in self.journals for sql in journal.stands]))
        return Case(
            family=rig.family,
            direction=self.journey.name,
            what=fault.what.value,
            when=fault.when.value,
            at=fault.at,
            sql=self.survey.commands[fault.at - 1].sql,
            twice=tuple(sorted(ran - self.survey.ran)),
            hands=self.hands,
            no_hands=self.no_hands,
            waited=self.waited,
            wrong="; ".join(self.wrong),
        )

    def _look_at_manners(self, disturbed: Outcome) -> None:
        """A client that lives tells what happened, and shows nobody its frames."""
        if self.fault.what is What.KILL_CLIENT:
            assert disturbed.code == _KILLED, str(disturbed)
        elif disturbed.code not in (0, 1) or "Traceback" in disturbed.stderr:
            self.wrong.append(f"the disturbed run ended badly: {disturbed}")

    def _recover(self) -> str:
        """The same command until it is content; a person is asked once at the most. Gives all that
        was said."""
        said = ""
        for _ in range(2):
            outcome = self._again()
            said += outcome.stdout + outcome.stderr
            asks = _ASKS.search(outcome.stderr)
            if outcome.code == 0 or asks is None:
                break
            self._resolve(asks[1])
        if outcome.code != 0:
            self.wrong.append(f"the next run did not finish: {outcome}")
        return said

    def _again(self) -> Outcome:
        rig = self.rig
        self.journals.append(rig.proxy.begin())
        rig.commands.start(*self.journey.command)
        if self.fault.when is When.HELD:
            wait_until(self._is_waited_for, "the next run waits, or the statement is given up")
            rig.backstage.release()
        return rig.commands.finish()

    def _is_waited_for(self) -> bool:
        """The server still works for the client that is gone, and the next run says that it waits
        for that. MariaDB gives a waiting statement up once it sees that its client is gone."""
        backstage = self.rig.backstage
        self.waited = "Waiting for another deploy" in self.rig.commands.said()
        return self.waited or not backstage.is_held(backstage.held_connection)

    def _resolve(self, command: str) -> None:
        """Be the person who is asked: look at the rows, and say whether it ran."""
        ((_, _, direction, sql),) = self.rig.steps_in_flight()
        known = [step for step in UNDECIDABLE if sql.startswith(step.begins)]
        if not known or direction not in known[0].ran:
            self.no_hands += 1
            return
        self.hands += 1
        ((ran,),) = self.rig.sql(known[0].ran[direction], self.rig.database)
        answer = "--ran" if ran else "--did-not-run"
        self.journals.append(self.rig.proxy.begin())
        resolved = self.rig.commands.run(*shlex.split(command), answer, "--yes")
        if resolved.code != 0:
            self.wrong.append(f"db_resolve refused the answer: {resolved}")

    def _look_at_speech(
        self, said: str, flying: list[tuple[str, int, str, str]], loading: bool
    ) -> None:
        """One line on what was found and done."""
        lines = said.splitlines()
        for name, ordinal, _, _ in flying:
            found = re.compile(rf"{name}\.sql, statement {ordinal} (was|failed) ")
            if sum(bool(found.match(line)) for line in lines) != 1:
                self.wrong.append(f"no line says what became of {name}, {ordinal}: {said}")
        if loading and not any(line.startswith("Loading schema.sql died") for line in lines):
            self.wrong.append(f"no line says what became of the load that died: {said}")
