"""A run disturbed at one of its commands to the server, and what the next run makes of it."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.faults.figures import Case
from tests.faults.fingerprint import difference
from tests.faults.history import UNDECIDABLE
from tests.faults.journal import Journal
from tests.faults.proxy import Fault, What, When, wait_until
from tests.faults.rig import Journey, Rig, Survey, changes_anything, of_files
from tests.scenario import Outcome

_ASKS = re.compile(r"(db_resolve \S+ \d+) --ran")
_KILLED = -9
_LOST_KEY = re.compile(r"copied (\S+), and had lost its foreign key (\S+); it was made again")
_MORE_THAN_STEPS = 60  # of a history, one fault a step: a walk that goes on does not get on


@dataclass(frozen=True)
class Wreck:
    """What a disturbed run left, as a person would see it who looks at the ledger."""

    flying: tuple[tuple[str, int], ...] = ()  # file and ordinal of a step in flight
    is_loading: bool = False
    lacks_signals_only: bool = False
    works_on: bool = False  # the server, once it is let: it may come as far as the next step

    @classmethod
    def of(cls, rig: Rig, journey: Journey, *, works_on: bool) -> Wreck:
        return cls(
            tuple((name, ordinal) for name, ordinal, _, _ in rig.steps_in_flight()),
            rig.is_loading(),
            rig.lacks_signals_only() and not journey.is_rebased,  # there another file is to run
            works_on,
        )

    def untold(self, said: str) -> Iterator[str]:
        """What the next run does not say in one line, of what it found and did."""
        lines = said.splitlines()
        for name, ordinal in self.flying:
            found = self._told(name[4:], ordinal, said)  # its number may be another one by then
            if sum(bool(found.match(line)) for line in lines) != 1:
                yield f"what became of {name}.sql, statement {ordinal}"
        if self.is_loading and not any("Loading schema.sql died" in line for line in lines):
            yield "what became of the load that died"
        if self.lacks_signals_only and not any("before post_migrate was sent" in x for x in lines):
            yield "that post_migrate was owed"

    def _told(self, name: str, ordinal: int, said: str) -> re.Pattern[str]:
        """The line that says it. A server that works on may have begun the next step, too: of the
        same file, or where that one was done with, the first of another."""
        which = f"({ordinal}|{ordinal + 1})" if self.works_on else str(ordinal)
        place = rf"\S+{name}\.sql, statement {which}"
        if self.works_on and re.search(rf"Waited .*(applied|rolled back) .*{name}", said):
            place = rf"({place}|(?!\S+{name})\S+\.sql, statement 1)"
        return re.compile(f"{place} (was|failed) ")


def inject(rig: Rig, journey: Journey, fault: Fault) -> Case:
    """Disturb one run, let the next one finish it, and compare with the undisturbed one."""
    walk = _Walk(rig, journey, fault.what, fault.when)
    walk.disturb(fault)
    walk.go_on()
    return walk.end()[0]


def again_and_again(rig: Rig, journey: Journey, what: What) -> list[Case]:
    """Disturb a run after each statement of a file that took effect, and each run that goes on
    from there in the same way, until there is nothing left to do."""
    walk = _Walk(rig, journey, what, When.AFTER)
    while walk.disturb(Fault(what, When.AFTER, once=lambda run: bool(of_files(run.stands)))):
        assert len(walk.cases) < _MORE_THAN_STEPS, f"no progress: {walk.cases[-1]}"
    return walk.end()


def made_again(lost: Iterable[tuple[str, str]], ran: Iterable[str]) -> Counter[str]:
    """The statements that made a key again which the server had lost, as they were told. Pure.

    Such a key is added in the words in which its file added it.

    Args:
        lost: table and name, as often as it was told.
    """
    found: Counter[str] = Counter()
    for table, name in lost:
        begins = f"ALTER TABLE `{table}` ADD CONSTRAINT `{name}` "
        found.update(sorted({sql for sql in ran if sql.startswith(begins)})[:1])
    return found


class _Walk:
    """One history from its beginning to its end, through one fault or many."""

    def __init__(self, rig: Rig, journey: Journey, what: What, when: When) -> None:
        self.rig = rig
        self.journey = journey
        self.survey: Survey = rig.survey(journey)
        self.journals: list[Journal] = []
        self.cases: list[Case] = []
        self.wrong: list[str] = []
        self.wreck = Wreck()
        self.new_case = Case(rig.family, journey.name, what.value, when.value)
        self.hands = self.no_hands = 0
        self.lost_keys: list[tuple[str, str]] = []  # table, name
        self.waited = False
        self.what = what
        self.when = when
        rig.reset(journey)

    def disturb(self, fault: Fault) -> bool:
        """Run the command to its fault; False where it ended before that, and all is done."""
        rig = self.rig
        self.journals.append(rig.proxy.begin(fault))
        outcome = rig.commands_of(self.journey).run(*self.journey.command)
        if not rig.proxy.has_struck:
            if outcome.code == 0:
                self._look_at_speech(outcome)
                return False
            return self._answer(outcome) and self.disturb(fault)
        self._look_at_speech(outcome)
        self._look_at_manners(outcome, fault.what)
        if fault.when is not When.HELD:
            rig.proxy.settle()
        if fault.what is What.KILL_SERVER:
            rig.backstage.restart()
        self.wreck = Wreck.of(rig, self.journey, works_on=fault.when is When.HELD)
        last = self.journals[-1].commands[-1]
        self.cases.append(replace(self.new_case, at=last.at, sql=last.sql))
        return True

    def go_on(self) -> None:
        """The same command until it is content; a person is asked once at the most."""
        outcome = self._again()
        if outcome.code != 0 and self._answer(outcome):
            outcome = self._again()
        elif outcome.code == 0:
            self._look_at_speech(outcome)
        if outcome.code != 0:
            self.wrong.append(f"the next run did not finish: {outcome}")

    def end(self) -> list[Case]:
        """The cases, once it was looked at what stands. What is wrong is laid to the last one."""
        self.rig.proxy.settle()
        if not self.wrong and (left := difference(self.survey.left, self.rig.fingerprint())):
            self.wrong.append(left)
        ran = Counter(of_files([sql for journal in self.journals for sql in journal.stands]))
        *before, last = self.cases
        last = replace(
            last,
            twice=tuple(sorted(ran - self.survey.ran - made_again(self.lost_keys, ran))),
            hands=self.hands,
            no_hands=self.no_hands,
            lost_keys=len(self.lost_keys),
            waited=self.waited,
            wrong="; ".join(self.wrong),
        )
        return [*before, last]

    def _again(self) -> Outcome:
        rig = self.rig
        commands = rig.next_commands(self.journey)
        self.journals.append(rig.proxy.begin())
        commands.start(*self.journey.command)
        if self.when is When.HELD:
            wait_until(self._is_waited_for, "the next run waits, or the statement is given up")
            rig.backstage.release()
        return commands.finish()

    def _is_waited_for(self) -> bool:
        """The server still works for the client that is gone, and the next run says that it waits
        for that. MariaDB gives a waiting statement up once it sees that its client is gone."""
        backstage = self.rig.backstage
        said = self.rig.next_commands(self.journey).said()
        self.waited = self.waited or "Waiting for another deploy" in said
        return self.waited or not backstage.is_held(backstage.held_connection)

    def _answer(self, outcome: Outcome) -> bool:
        """Be the person who is asked: look at the rows, and say whether it ran. False where nobody
        should have been asked."""
        asks = _ASKS.search(outcome.stderr)
        if asks is None:
            self.wrong.append(f"the next run did not finish: {outcome}")
            return False
        self._look_at_speech(outcome)
        ((_, _, direction, sql),) = self.rig.steps_in_flight()
        known = [step for step in UNDECIDABLE if sql.startswith(step.begins)]
        if not known or direction not in known[0].ran:
            self.no_hands += 1
            self.wrong.append(f"a person was asked: {outcome}")
            return False
        self.hands += 1
        ((ran,),) = self.rig.sql(known[0].ran[direction], self.rig.database)
        self.journals.append(self.rig.proxy.begin())
        commands = self.rig.next_commands(self.journey)
        answer = "--ran" if ran else "--did-not-run"
        resolved = commands.run(*shlex.split(asks[1]), answer, "--yes")
        if resolved.code != 0:
            self.wrong.append(f"db_resolve refused the answer: {resolved}")
        return resolved.code == 0

    def _look_at_manners(self, disturbed: Outcome, what: What) -> None:
        """A client that lives tells what happened, names the right command, and shows nobody its
        frames."""
        if what is What.KILL_CLIENT:
            assert disturbed.code == _KILLED, str(disturbed)
            return
        other = "db_migrate" if self.journey.command[0] == "db_rollback" else "db_rollback"
        is_plain = "Traceback" not in disturbed.stderr and other not in disturbed.stderr
        # Before its first write a run is refused; and what it says of that must be true.
        refused = disturbed.code == 2 and "nothing was changed" in disturbed.stderr
        is_true = refused and not changes_anything(self.journals[-1].stands)
        if not (disturbed.code in (0, 1) or is_true) or not is_plain:
            self.wrong.append(f"the disturbed run ended badly: {disturbed}")

    def _look_at_speech(self, outcome: Outcome) -> None:
        said = outcome.stdout + outcome.stderr
        self.lost_keys += _LOST_KEY.findall(said)
        self.wrong += [f"does not say {what}: {said}" for what in self.wreck.untold(said)]
        self.wreck = Wreck()
