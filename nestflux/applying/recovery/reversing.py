"""A half-done attempt reversed: which steps of the file's other way undo what was done. Pure.

What an attempt has done is known by its steps' recorded changes, laid on the schema that it began
with. The steps of the other way are walked in their order: what it changes is there, or is not, or
there in part, and the first two can be taken back by text that was reviewed. Where the third is
met, the attempt can only be finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.recovery.following import State, renames_of
from nestflux.applying.recovery.projecting import telling
from nestflux.history.sqlfile import Direction, PythonStep
from nestflux.schema import equivalence
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import CONSTRAINT, INDEX, ORDER, ObjectKey
from nestflux.schema.transform.changes import ColumnRef
from nestflux.schema.transform.tables import TableForeignKey, is_foreign_key, substance
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import identifiers, significant
from nestflux.sql.statements import is_repeatable

OTHER = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP}

_NOT_DONE = {
    Direction.DOWN: "what it undoes did not run",
    Direction.UP: "it was not undone",
}

Unit = tuple[str, str]  # a migration, and an operation of it; "" is the whole migration


class CannotReverse(Exception):
    """A half-done attempt can only be finished. ``ordinal`` is the step of the other way at which
    that shows; 0 where it is none of them. ``drifted``: somebody changed the schema since, and it
    may be that neither way goes on."""

    def __init__(self, why: str, ordinal: int = 0, *, drifted: bool = False) -> None:
        self.why = why
        self.ordinal = ordinal
        self.drifted = drifted
        super().__init__(why)


@dataclass(frozen=True)
class Leg:
    """An attempt that ended half-way: which of its steps are ``settled`` (done, or not needed), and
    which of these it ran. ``compiled`` are the statements that it ran before them and that no file
    has."""

    direction: Direction
    settled: frozenset[int]
    ran: frozenset[int]
    compiled: tuple[Task, ...] = ()


@dataclass
class Journey:
    """Both ways of a file, and how far its attempts came since it was last whole."""

    works: Mapping[Direction, Work]
    legs: Sequence[Leg]
    texts: Definitions = field(default_factory=dict)  # a definition of each key, any
    collation: str = ""

    @classmethod
    def of(cls, up: Work, down: Work, legs: Sequence[Leg], collation: str = "") -> Journey:
        """Arguments as of ``reversal``."""
        works = {Direction.UP: up, Direction.DOWN: down}
        texts: dict[ObjectKey, str] = {}
        for work in works.values():
            for task in work.tasks:
                for key, pair in task.record.delta.changes.items():
                    texts.update((key, text) for text in pair if text)
        return cls(works, legs, texts, collation)

    @property
    def began(self) -> Direction:
        return self.legs[0].direction

    @property
    def work(self) -> Work:
        """The way that is to be gone now."""
        return self.works[OTHER[self.legs[-1].direction]]

    def is_of_a_key(self, key: ObjectKey) -> bool:
        """Is it an index with the name of a foreign key, which the server may have made for it?"""
        constraint = replace(key, kind=CONSTRAINT)
        return key.kind == INDEX and "FOREIGN KEY" in self.texts.get(constraint, "")

    def delta(self, task: Task) -> Delta:
        return telling(task.record.delta, self.texts) if task.record.delta else Delta()

    def ran(self) -> Iterator[Task]:
        """Every step that ran, in the order in which they ran."""
        for leg in self.legs:
            yield from leg.compiled
            yield from (task for task in self.works[leg.direction].tasks if task.ordinal in leg.ran)


def reversal(
    up: Work,
    down: Work,
    legs: Sequence[Leg],
    live: Definitions,
    *,
    same_server: bool = True,
    collation: str = "",
) -> Work:
    """The steps that turn the last of ``legs`` round, the others among them skipped.

    Args:
        up, down: both ways of the file, whole, as they were when the attempts ran.
        legs: the attempts since the file was last whole, applied or rolled back, in their order.
        live: what the objects that either way changes are like now.
        same_server: the version that the file was recorded on is the one that runs here.
        collation: the live schema's default; empty: not known.

    Raises CannotReverse.
    """
    journey = Journey.of(up, down, legs, collation)
    work = journey.work
    if next(journey.ran(), None) is None:  # it failed at its beginning: whatever the schema is
        return work.without({task.ordinal: _NOT_DONE[work.direction] for task in work.tasks})
    ends = Ends.of(journey)
    state = start(journey, ends, live, same_server)
    skipped, state = walk(journey, state)
    require_whole(journey, ends, state)
    return work.without(skipped)


# ---- the schema ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ends:
    """The recorded definitions of every key that either way changes: before the file, after it,
    and after it was undone. ``hidden``: keys that something changes between two steps without a
    delta of its own (a foreign key follows a table that is renamed); nothing is known of them but
    what they are."""

    before: State
    after: State
    undone: State
    hidden: frozenset[ObjectKey]

    @classmethod
    def of(cls, journey: Journey) -> Ends:
        first: dict[Direction, State] = {}
        last: dict[Direction, State] = {}
        hidden: set[ObjectKey] = set()
        for way, work in journey.works.items():
            first[way], last[way] = {}, {}
            for task in work.tasks:
                for key, (was, now) in journey.delta(task).changes.items():
                    if last[way].get(key, was) != was:
                        hidden.add(key)
                    first[way].setdefault(key, was)
                    last[way][key] = now
        up, down = Direction.UP, Direction.DOWN
        hidden |= {k for k, was in first[down].items() if last[up].get(k, was) != was}
        # Another column shifts it: only a statement that moves columns states it.
        hidden |= {k for k in (*first[up], *first[down]) if k.kind == ORDER}
        # The server makes and drops it for the key: only a statement that names it states it.
        hidden |= {k for k in (*first[up], *first[down]) if journey.is_of_a_key(k)}
        return cls(
            before={**first[down], **first[up]},
            after={**first[down], **last[up]},
            undone={**last[up], **last[down]},
            hidden=frozenset(hidden),
        )


def start(journey: Journey, ends: Ends, live: Definitions, same_server: bool) -> State:
    """What the steps that ran have left. Raises CannotReverse where the live schema is another."""
    state = dict(ends.before if journey.began is Direction.UP else ends.after)
    for task in journey.ran():
        state = after(state, task, journey.delta(task))
    state = {key: state[key] for key in ends.before}
    known: dict[ObjectKey, set[str]] = {key: set() for key in state}
    for work in journey.works.values():
        for task in work.tasks:
            for key, pair in journey.delta(task).changes.items():
                known[key] |= {text for text in pair if text}
    found = as_recorded(journey, known, live, same_server)
    compiled = (task.record.delta for leg in journey.legs for task in leg.compiled)
    # What the server did besides is not known of a statement that was never measured.
    unsure = {key.holder for delta in compiled for key in delta.changes}
    differing = [key for key in state if key not in ends.hidden and key.holder not in unsure]
    if difference := Delta.between(_there(state, differing), _there(found, differing)):
        lines = "\n".join(f"    {line}" for line in difference.lines()[:20])
        what = "the schema is not what the steps that ran leave"
        raise CannotReverse(f"{what}:\n{lines}", drifted=True)
    return found


def after(state: State, task: Task, delta: Delta) -> State:
    """A schema after a step. Foreign keys of tables that it does not touch follow a table or a
    column that it renames: the server changes them itself. A part that is not there is not
    there under its table's new name either."""
    now = {key: pair[1] for key, pair in delta.changes.items()}
    for rename in renames_of(task):
        for key in now:
            old = replace(key, table=rename.old) if key.table == rename.new != rename.old else key
            if state.get(old, "") is None and old != key:
                now[key] = None
        state = {key: text and rename.referring(key, text) for key, text in state.items()}
    return {**state, **now}


def _there(
    state: Mapping[ObjectKey, str | None], keys: Iterable[ObjectKey]
) -> dict[ObjectKey, str]:
    return {key: text for key in keys if (text := state[key]) is not None}


def as_recorded(
    journey: Journey,
    known: Mapping[ObjectKey, set[str]],
    live: Definitions,
    same_server: bool,
) -> State:
    """The live schema in the words of the recording: a table of its own character set, and
    another version of the server, print the same definition differently.

    Args:
        known: what was recorded of each key.
    """
    found: State = {}
    for key, texts in known.items():
        now = live.get(key)
        if now is not None and now not in texts:
            now = next((t for t in sorted(texts) if _reads_alike(journey, key, now, t, live)), now)
            if not same_server and now not in texts:
                plain = [t for t in sorted(texts) if equivalence.plain(t) == equivalence.plain(now)]
                now = (plain or (list(texts) if len(texts) == 1 else [now]))[0]
        found[key] = now
    return found


def _reads_alike(journey: Journey, key: ObjectKey, one: str, other: str, live: Definitions) -> bool:
    delta = Delta({key: (one, other)})
    pair = equivalence.less_tables_own(delta, live, journey.collation).changes[key]
    return pair[0] == pair[1]


def require_whole(journey: Journey, ends: Ends, state: State) -> None:
    """Raises CannotReverse where the steps would not leave the whole file applied, or undone: then
    as before it or, one operation like the other, as its own way back leaves it."""
    if journey.work.direction is Direction.UP:
        wrong = [k for k in state if k not in ends.hidden and state[k] != ends.after[k]]
        if wrong:
            raise CannotReverse(f"{wrong[0]} would not be as the whole file leaves it")
        return
    units: dict[Unit, set[ObjectKey]] = {}
    for work in journey.works.values():
        for task in work.tasks:
            units.setdefault(unit_of(task), set()).update(journey.delta(task).changes)
    for keys in units.values():
        known = sorted(keys - ends.hidden, key=str)
        if any(all(state[key] == end[key] for key in known) for end in (ends.before, ends.undone)):
            continue
        wrong = [key for key in known if state[key] != ends.undone[key]]
        raise CannotReverse(f"{wrong[0]} would not be as it was, nor as the way back leaves it")


# ---- the operations ------------------------------------------------------------------------


def unit_of(task: Task) -> Unit:
    """The operation that a step belongs to; its whole migration where none is known."""
    operation = task.record.operation
    if not operation and isinstance(task.step, PythonStep):
        operation = task.step.locator
    return task.migration, operation.rpartition("/")[2]


class Sides:
    """On which side each operation stands: applied (up), not (down), or neither (None)."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        tasks = [task for work in journey.works.values() for task in work.tasks]
        self._python = {unit_of(task) for task in tasks if isinstance(task.step, PythonStep)}
        # An edited statement on rows may have been any operation's: none of them is known by the
        # others of its steps. Of one that changes the schema, the schema itself tells.
        self._edited = {
            task.migration for task in tasks if not (unit_of(task)[1] or journey.delta(task))
        }
        self.members: dict[Direction, dict[Unit, frozenset[int]]] = {}
        for way, work in journey.works.items():
            found: dict[Unit, set[int]] = {}
            for task in work.tasks:
                for unit in {unit_of(task), (task.migration, "")}:
                    found.setdefault(unit, set()).add(task.ordinal)
            self.members[way] = {unit: frozenset(some) for unit, some in found.items()}

    def of(self, unit: Unit) -> Direction | None:
        unit = self._known(unit)
        side: Direction | None = OTHER[self.journey.began]
        for leg in self.journey.legs:
            own = self.members[leg.direction].get(unit)
            is_settled = own <= leg.settled if own is not None else self._is_passed(unit[0], leg)
            if is_settled:
                side = leg.direction
            elif own is not None and own & leg.ran:
                side = None
        return side

    def _known(self, unit: Unit) -> Unit:
        """The operation; its whole migration where its own steps do not tell."""
        absent = any(unit not in self.members[leg.direction] for leg in self.journey.legs)
        edited = unit[0] in self._edited and unit not in self._python
        return (unit[0], "") if absent or edited else unit

    def _is_passed(self, migration: str, leg: Leg) -> bool:
        """Is a migration without a step in that direction done with? It is recorded with the step
        before it."""
        work = self.journey.works[leg.direction]
        order = [section.migration for section in work.file.sections]
        earlier = set(order[: order.index(migration)]) if migration in order else set()
        return all(t.ordinal in leg.settled for t in work.tasks if t.migration in earlier)

    def touched_data(self, unit: Unit) -> bool:
        """Did a step of it run that leaves no trace in the schema?"""
        unit = self._known(unit)
        return any(
            not self.journey.delta(task)
            for task in self.journey.ran()
            if unit_of(task) == unit or (not unit[1] and task.migration == unit[0])
        )


def walk(journey: Journey, state: State, after_step: int = 0) -> tuple[dict[int, str], State]:
    """The steps behind ``after_step`` that are not needed, with the reason; and the schema after
    the others."""
    work, sides = journey.work, Sides(journey)
    touched = {key for task in journey.ran() for key in journey.delta(task).changes}
    not_done = _NOT_DONE[work.direction]
    skipped: dict[int, str] = {}
    for task in work.tasks[after_step:]:
        side, delta = sides.of(unit_of(task)), journey.delta(task)
        if side is work.direction:
            skipped[task.ordinal] = not_done
        elif not delta:
            if side is None and not ran_in_part(journey, sides, task):
                skipped[task.ordinal] = not_done
        elif _is_there(task, delta, state, filled=sides.touched_data(unit_of(task))):
            skipped[task.ordinal] = "the schema is as after it already"
        elif side is None and _loses(task, delta) and not touched & delta.changes.keys():
            skipped[task.ordinal] = not_done  # what no step made that ran, none may drop
        else:
            _require_free(journey, task, state)
            state = after(state, task, delta)
    return skipped, state


def _require_free(journey: Journey, task: Task, state: State) -> None:
    """Raises CannotReverse where a step changes what a foreign key stands on (errors 1832, 1833,
    3780) that is there already, and that a later step makes: as a whole, they go round it."""
    changed = {
        ColumnRef.of(key.table, key.name)
        for key, (_, now) in task.record.delta.changes.items()
        if key.is_column and now and (here := state.get(key)) and _differ(journey, here, now)
    }
    for later in journey.work.tasks[task.ordinal :] if changed else ():
        for key, (was, _) in later.record.delta.changes.items():
            text = state.get(key) if key.kind == CONSTRAINT and was is None else None
            if text and is_foreign_key(text):
                on = TableForeignKey.of(key.table, key.name, text).column_refs & changed
                if on:
                    what = f"{key} is there already, and stands on a column that it changes"
                    raise CannotReverse(what, task.ordinal)


def _differ(journey: Journey, one: str, other: str) -> bool:
    """To a foreign key."""
    return substance(one, journey.collation) != substance(other, journey.collation)


def _is_there(task: Task, delta: Delta, state: State, *, filled: bool) -> bool:
    """Is the schema as after a step already? False where it is as before it, or half-way there so
    that the step takes it back all the same. Raises CannotReverse where it is neither.

    Args:
        filled: what fills the rows of its operation ran.
    """
    there, odd = set(), []
    drops = all(was is not None for was, _ in delta.changes.values())  # it renames nothing
    for key, (was, now) in delta.changes.items():
        here = state[key]
        if here == now:
            there.add(key)
        elif key.kind == ORDER:
            continue
        elif here is not None and here != was:
            states = now and _states(task, key) and (filled or not _needs_values(was, here, now))
            if states or (drops and now is None):
                continue
        if here != was:
            odd.append(key)
    if len(there) == len(delta.changes):
        return True
    if all(state[key] is None and key in there and _goes_along(task, key) for key in odd):
        return False
    for key in odd:
        if key not in there:
            raise CannotReverse(f"{key} is neither as before it nor as after it", task.ordinal)
    raise CannotReverse("a part of what it changes is as after it already", task.ordinal)


def _states(task: Task, key: ObjectKey) -> bool:
    """Does a step state a column anew as a whole, whatever it was?"""
    words = [token.text.strip("`") for token in significant(task.text)]
    stated = {
        words[at + 1 + (words[at + 1].upper() == "COLUMN")]
        for at, word in enumerate(words[:-2])
        if word.upper() == "MODIFY"
    }
    return key.is_column and key.name in stated


def _needs_values(was: str | None, here: str, now: str) -> bool:
    """Would it refuse NULLs that are there, because what fills them did not run?"""
    expects_them = was is not None and not column_parts(was).not_null
    return not (column_parts(here).not_null or expects_them) and column_parts(now).not_null


def _goes_along(task: Task, key: ObjectKey) -> bool:
    """Does the server drop a part with what holds it, and not because the step names it?"""
    words = [token.text.upper() for token in significant(task.text)]
    return key.name not in identifiers(task.text) or ("IF", "EXISTS") in pairwise(words)


def _loses(task: Task, delta: Delta) -> bool:
    return bool(delta.lost_tables() or delta.lost_columns(task.text))


def ran_in_part(journey: Journey, sides: Sides, task: Task) -> bool:
    """Is a step without a trace in the schema to run, whose operation came half-way? Not where no
    step of its kind ran and the file goes back to where it began. Raises CannotReverse where some
    did."""
    repeatable = task.kind == "ddl" and is_repeatable(task.text)
    if sides.touched_data(unit_of(task)) and not repeatable:
        raise CannotReverse(
            "what it changes leaves no trace, and was changed in part", task.ordinal
        )
    return repeatable or journey.work.direction is journey.began
