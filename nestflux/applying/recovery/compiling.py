"""A half-done attempt reversed where no reviewed statement does it: by statements that are compiled
from the schemas. Pure.

An operation that came half-way may be one that the other file undoes in one statement (ADD COLUMN
with its foreign key): where a part of that is there, it fails. Then ``schema/transform`` writes
what leads from the schema as it stands to the one that the other file has behind that operation;
from there the file goes on, with its own statements. Inverting the statements that ran one by one
would not do: what a server does besides (indexes for foreign keys, names that follow) is in the
schema alone.

Only schema is compiled, and the fewest statements that can be. What brings back a table or a
column, or gives one its name back, is the other file's own statement, which has the values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nestflux.applying.plan.tasks import Task, Work, compiled_task
from nestflux.applying.recovery.following import (
    Rename,
    State,
    before_of,
    inverses,
    needed,
    path,
    renames_of,
)
from nestflux.applying.recovery.reversing import (
    OTHER,
    CannotReverse,
    Ends,
    Journey,
    Leg,
    Sides,
    as_recorded,
    ran_in_part,
    require_whole,
    start,
    unit_of,
    walk,
)
from nestflux.history.sqlfile import Direction
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import COLUMN, CONSTRAINT, ORDER, ObjectKey
from nestflux.schema.transform.changes import MAY_FAIL, Change, ColumnRef, Phase
from nestflux.schema.transform.tables import is_foreign_key, names_in
from nestflux.schema.transform.transform import transform
from nestflux.sql.definitions import collated, column_parts
from nestflux.sql.statements import is_repeatable
from nestflux.sql.table_options import option_parts

_COMPILED = "statements that were compiled from the schemas take its place"


@dataclass(frozen=True)
class Database:
    """What is compiled for: the whole schema as it is now, its default collation, the server's
    family, and the tables that hold rows."""

    live: Definitions
    collation: str
    family: str
    filled: Collection[str] = ()


@dataclass(frozen=True)
class Doubt:
    """A query that finds rows which a compiled statement would be refused for, and why."""

    why: str
    query: str


@dataclass(frozen=True)
class CompiledWay:
    """The steps of the way back, what is compiled among them, and what the rows may say to it."""

    work: Work
    doubts: tuple[Doubt, ...] = ()


def compiled_reversal(
    up: Work,
    down: Work,
    legs: Sequence[Leg],
    database: Database,
    why: CannotReverse,
    *,
    same_server: bool = True,
) -> CompiledWay:
    """The steps that turn the last of ``legs`` round, where ``reversal`` finds none.

    Args:
        up, down, legs, same_server: as of ``reversal``.
        why: why it finds none.

    Raises CannotReverse where a value is needed that nothing has, and where a step without a trace
    in the schema stands among those that are to be replaced.
    """
    journey = Journey.of(up, down, legs, database.collation)
    compiler = _Compiler(journey, database, why, same_server=same_server)
    ways, errors = [], []
    for cut in _cuts(journey):
        try:
            ways.append(compiler.way(cut))
        except CannotReverse as error:
            errors.append(error)
    if not ways:
        raise errors[0] if errors else why
    return min(ways, key=lambda way: (len(way.work.compiled), len(way.work.to_run)))


def _cuts(journey: Journey) -> list[int]:
    """How many steps of the other file compiled statements may take the place of: up to the end of
    the operation that came half-way, of its migration, of the file."""
    work, sides = journey.work, Sides(journey)
    named = {task.migration for task in work.tasks if unit_of(task)[1]}
    last = 0
    for task in work.tasks:
        unit = unit_of(task)
        is_deferred = not unit[1] and task.migration in named
        if not is_deferred and sides.of(unit) is not OTHER[work.direction]:
            last = task.ordinal
    ends = {task.migration: task.ordinal for task in work.tasks}  # of each, its last step
    return sorted({cut for cut in (last, *ends.values()) if cut and cut >= last})


class _Compiler:
    """Compiles the ways of one journey."""

    def __init__(
        self, journey: Journey, database: Database, why: CannotReverse, *, same_server: bool
    ) -> None:
        self.journey = journey
        self.database = database
        self.why = why
        self.sides = Sides(journey)
        self.ends = Ends.of(journey)
        start(journey, self.ends, database.live, same_server)  # refuses what drifted
        up, down = (journey.works[way].tasks for way in (Direction.UP, Direction.DOWN))
        self.before = {**before_of(down), **before_of(up)}
        self.after = path(self.before, up)
        began = self.before if journey.began is Direction.UP else self.after
        self.ran = list(journey.ran())
        self.left = path(began, self.ran)  # by what was recorded
        known: dict[ObjectKey, set[str]] = {key: set() for key in self.before}
        for state in (self.before, self.after, self.left):
            for key in known:
                known[key] |= {text for text in [state.get(key)] if text}
        for task in (*up, *down):
            for key, pair in task.record.delta.changes.items():
                known[key] |= {text for text in pair if text}
        self.state = as_recorded(journey, known, database.live, same_server)

    def way(self, cut: int) -> CompiledWay:
        """Compiled statements in place of the first ``cut`` steps. Raises CannotReverse."""
        work = self.journey.work
        self._require_schema_alone(work.tasks[:cut])
        wanted = self._wanted(cut)
        skipped: dict[int, str] = {}
        if cut < len(work.tasks):
            skipped, end = walk(self.journey, {k: wanted.get(k) for k in self.ends.before}, cut)
            require_whole(self.journey, self.ends, end)
        tasks, doubts = self._statements(work.tasks[:cut], wanted)
        moved = {ordinal + len(tasks): reason for ordinal, reason in skipped.items()}
        replaced = {task.ordinal: _COMPILED for task in work.tasks[:cut]}
        made = work.with_compiled(tasks, cut).without({**replaced, **moved})
        return CompiledWay(made, doubts)

    def _require_schema_alone(self, replaced: Iterable[Task]) -> None:
        """Raises CannotReverse where one of them that leaves no trace would have to run."""
        direction = self.journey.work.direction
        for task in replaced:
            repeatable = task.kind == "ddl" and is_repeatable(task.text)
            if repeatable or self.journey.delta(task):
                continue
            side = self.sides.of(unit_of(task))
            if side is direction or (
                side is None and not ran_in_part(self.journey, self.sides, task)
            ):
                continue
            raise self.why

    def _wanted(self, cut: int) -> State:
        """What the other file leaves after its first ``cut`` steps, by what was recorded; after
        all of them what there is to be."""
        tasks = self.journey.work.tasks
        is_down = self.journey.work.direction is Direction.DOWN
        if cut == len(tasks):
            return self.before if is_down else self.after
        return path(self.after if is_down else self.before, tasks[:cut])

    def _statements(
        self, replaced: Sequence[Task], wanted: State
    ) -> tuple[list[Task], tuple[Doubt, ...]]:
        migration = replaced[-1].migration
        made: list[Task] = []
        there = _There.of(self.database, self.state, self.left)
        for rename in self._renames(replaced, wanted):
            if all(key in there.live for key in rename.keys):
                self._require_unchecked(rename, there)
                made.append(compiled_task(rename.sql, there.effect_of(rename), migration))
                there = there.renamed(rename)
        had = there.live.keys()
        for task in replaced:
            if there.is_brought_back_by(task, self.journey.delta(task), wanted):
                made.append(compiled_task(task.text, task.record.delta, migration))
                there = there.behind(task)
        before, after = there.schemas(wanted)
        self._require_values(before, after, replaced, there.filled)
        self._require_no_name_lost(before.keys() - after.keys())
        found = self._transformed(before, after, before.keys() - had)
        for change, delta in _effects(found, before, after):
            if not delta:
                raise self.why  # a crash in it could not be decided
            made.append(compiled_task(change.sql, delta, migration, unchecked=change.unchecked))
        return made, tuple(_doubts(found))

    def _renames(self, replaced: Sequence[Task], wanted: State) -> Iterator[Rename]:
        """What leads to the names that are wanted: back from what ran, and on by what is replaced,
        where that did not run."""
        names = [key for key, text in wanted.items() if text is not None]
        yield from needed(inverses(self.ran), names)
        yield from needed([rename for task in replaced for rename in renames_of(task)], names)

    def _transformed(
        self, before: Definitions, after: Definitions, made_anew: Iterable[ObjectKey]
    ) -> tuple[Change, ...]:
        found = transform(
            before,
            after,
            collation=self.database.collation,
            family=self.database.family,
            exact=True,
            made_anew={ColumnRef.of(key.table, key.name) for key in made_anew if key.is_column},
        )
        for each in found.by_hand:
            raise CannotReverse(f"{each.key} is to be made by hand: {each.what}", self.why.ordinal)
        return found.changes

    def _require_unchecked(self, rename: Rename, there: _There) -> None:
        """Raises CannotReverse where MySQL does not rename a column that a CHECK names (3959)."""
        if self.database.family == "mysql" and there.is_checked(rename):
            raise self.why

    def _require_values(
        self,
        before: Definitions,
        after: Definitions,
        replaced: Sequence[Task],
        filled: Collection[str],
    ) -> None:
        """Raises CannotReverse where a table comes back, or a column for whose rows nothing says
        the value."""
        for key in sorted(after.keys() - before.keys(), key=str):
            what = ""
            if key.is_table:
                what = "is gone, and its rows with it"
            elif key.is_column and key.table in filled and _needs_a_value(after[key]):
                what = "is gone, and nothing has the values of the rows that are there"
            if what:
                brings = (task.ordinal for task in replaced if key in task.record.delta.changes)
                raise CannotReverse(f"{key} {what}", next(brings, self.why.ordinal))

    def _require_no_name_lost(self, dropped: Collection[ObjectKey]) -> None:
        """Raises CannotReverse where something would be dropped that a step only renamed."""
        ran = (rename for task in self.ran for rename in renames_of(task))
        if any(key in dropped for rename in ran for key in rename.keys.values()):
            raise self.why


def _needs_a_value(definition: str) -> bool:
    parts = column_parts(definition)
    return parts.not_null and not (parts.generated or parts.auto_increment or parts.default)


def _doubts(changes: Iterable[Change]) -> Iterator[Doubt]:
    for risk in (change.risk for change in changes):
        if risk and risk.kind == MAY_FAIL:
            yield from (Doubt(risk.why, query) for query in risk.queries)


# ---- the two schemas -----------------------------------------------------------------------


@dataclass(frozen=True)
class _There:
    """The schema that is there: as the server prints it, in the words of the recording, and by what
    was recorded of the steps that ran. The columns of the tables ``drifted`` stand in another order
    than recorded, and stay in it; ``filled`` hold rows."""

    live: Definitions
    state: State
    recorded: State
    drifted: frozenset[str]
    filled: frozenset[str]

    @classmethod
    def of(cls, database: Database, state: State, recorded: State) -> _There:
        live = database.live
        orders = {key for key, text in recorded.items() if key.kind == ORDER and text}
        drifted = (key.table for key in orders if live.get(key, recorded[key]) != recorded[key])
        return cls(live, state, recorded, frozenset(drifted), frozenset(database.filled))

    def is_brought_back_by(self, task: Task, delta: Delta, wanted: State) -> bool:
        """Does a step, as it stands, bring back a table or a column that is wanted?"""
        brings = any(
            (key.is_table or key.is_column)
            and was is None
            and wanted.get(key) is not None
            and key not in self.live
            for key, (was, _) in task.record.delta.changes.items()
        )
        changes = delta.changes.items()
        brings = brings and not renames_of(task)
        return brings and all(self.state.get(key) == was for key, (was, _) in changes)

    def effect_of(self, rename: Rename) -> Delta:
        """What it changes: by that a crash in it is decided."""
        keys = rename.keys.items()
        gone = {old: (self.live[old], None) for old, _ in keys}
        return Delta({**gone, **{new: (None, self.live[old]) for old, new in keys}})

    def is_checked(self, rename: Rename) -> bool:
        """Does a CHECK of the table name a column that it renames?"""
        return any(
            key.kind == CONSTRAINT
            and key.table == rename.old
            and not is_foreign_key(text)
            and set(names_in(text)) & rename.columns.keys()
            for key, text in self.live.items()
        )

    def renamed(self, rename: Rename) -> _There:
        moved = self._moved(rename.of)
        drifted, filled = (
            frozenset(rename.new if name == rename.old else name for name in names)
            for names in (self.drifted, self.filled)
        )
        return replace(moved, drifted=drifted, filled=filled)

    def behind(self, task: Task) -> _There:
        return self._moved(lambda state: path(state, [task]))

    def _moved(self, step: Callable[[State], State]) -> _There:
        live = step(dict(self.live))
        return replace(
            self,
            live={key: text for key, text in live.items() if text is not None},
            state=step(self.state),
            recorded=step(self.recorded),
        )

    def schemas(self, wanted: State) -> tuple[Definitions, Definitions]:
        """What is there, and what there is to be: the same but for what was recorded."""
        after = dict(self.live)
        for key, text in wanted.items():
            if self.state.get(key) == text or key.kind == ORDER:
                continue
            if text is None:
                after.pop(key, None)
            else:
                after[key] = _in_its_table(key, text, self.live)
        tables = {key.holder_name for key in wanted if key.is_of_table}
        old = {name: self._order(name) for name in tables}
        new = {name: _order_wanted(name, after, wanted, old[name]) for name in tables}
        new |= {name: _kept_order(old[name], new[name]) for name in self.drifted & tables}
        return _ordered(self.live, old), _ordered(after, new)

    def _order(self, table: str) -> list[str]:
        names = _columns(self.live, table)
        recorded = (self.recorded.get(ObjectKey(ORDER, table=table)) or "").split(", ")
        is_so = table not in self.drifted and sorted(recorded) == sorted(names)
        return recorded if is_so else names


def _in_its_table(key: ObjectKey, text: str, live: Definitions) -> str:
    """A column's definition as a table of its own character set prints it."""
    own = option_parts(live.get(key.holder, "")).settings.get("COLLATE")
    parts = column_parts(text) if key.is_column else None
    return collated(text, own) if parts and parts.textual and not parts.charset and own else text


def _columns(definitions: Mapping[ObjectKey, str], table: str) -> list[str]:
    return [key.name for key in definitions if key.is_column and key.table == table]


def _order_wanted(table: str, after: Definitions, wanted: State, old: list[str]) -> list[str]:
    """The columns of a table in the order that was recorded; those that nobody recorded last."""
    recorded = wanted.get(ObjectKey(ORDER, table=table))
    order = recorded.split(", ") if recorded else old
    names = _columns(after, table)
    return [*(n for n in order if n in names), *(n for n in names if n not in order)]


def _kept_order(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """``new``, but what is there already stays where it is, and the rest comes behind what stands
    before it."""
    found = [name for name in old if name in new]
    for at, name in enumerate(new):
        if name not in found:
            behind = next((other for other in reversed(new[:at]) if other in found), None)
            found.insert(found.index(behind) + 1 if behind else 0, name)
    return found


def _ordered(definitions: Definitions, orders: Mapping[str, Sequence[str]]) -> Definitions:
    """The same, the columns of tables in another order."""
    found = {
        key: text
        for key, text in definitions.items()
        if not (key.kind in (COLUMN, ORDER) and key.table in orders)
    }
    for table, names in orders.items():
        if names:
            found |= {key: definitions[key] for n in names if (key := ObjectKey(COLUMN, n, table))}
            found[ObjectKey(ORDER, table=table)] = ", ".join(names)
    return found


# ---- what a statement changes --------------------------------------------------------------


def _effects(
    changes: Iterable[Change], before: Definitions, after: Definitions
) -> Iterator[tuple[Change, Delta]]:
    """Each statement with what it changes: by that a crash in it is decided. What the server does
    besides (an index of its own for a foreign key) is left out."""
    state = dict(before)
    for change in changes:
        made = dict(state)
        for key in _concerned(change, state, after):
            goes = change.key.step in ("drop", "set aside", "clear") or key not in after
            if goes:
                made.pop(key, None)
            else:
                made[key] = after[key]
        yield change, Delta.between(state, made)
        state = made


def _concerned(change: Change, before: Definitions, after: Definitions) -> Collection[ObjectKey]:
    """The objects that a statement makes as they are to be, or takes away."""
    key = change.key.object
    if change.phase in (Phase.CREATE_TABLE, Phase.DROP_TABLE):
        return {each for each in (*before, *after) if each.holder == key}
    if change.phase is Phase.DROP_FOREIGN_KEY:
        return (key,)
    return change.settles
