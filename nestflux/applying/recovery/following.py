"""The schema behind a step, by what was recorded of it. Pure.

Where a table or a column gets another name, all that stands on it follows, and the server changes
the foreign keys of other tables itself: no step's record shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nestflux.applying.plan.tasks import Task
from nestflux.schema.diff import columns_renamed_by
from nestflux.schema.objects import COLUMN, CONSTRAINT, ORDER, ObjectKey
from nestflux.schema.transform.tables import is_foreign_key, with_names
from nestflux.sql.definitions import foreign_key_parts
from nestflux.sql.lexer import quoted

# The text of an object; None where it is known that there is none.
State = dict[ObjectKey, str | None]


@dataclass(frozen=True)
class Rename:
    """A table under another name, or of its columns some."""

    old: str
    new: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def inverse(self) -> Rename:
        return Rename(self.new, self.old, {new: old for old, new in self.columns.items()})

    @property
    def sql(self) -> str:
        if self.old != self.new:
            return f"RENAME TABLE {quoted(self.old)} TO {quoted(self.new)}"
        clauses = (
            f"RENAME COLUMN {quoted(old)} TO {quoted(new)}" for old, new in self.columns.items()
        )
        return f"ALTER TABLE {quoted(self.old)} {', '.join(clauses)}"

    @property
    def keys(self) -> dict[ObjectKey, ObjectKey]:
        """What it renames itself: the key that goes, and the one that comes."""
        if self.old != self.new:
            return {ObjectKey("table", self.old): ObjectKey("table", self.new)}
        return {
            ObjectKey(COLUMN, old, self.old): ObjectKey(COLUMN, new, self.old)
            for old, new in self.columns.items()
        }

    def of(self, state: State) -> State:
        """A schema behind it."""
        found: State = {}
        for key, text in state.items():
            moved = self.key(key)
            text = text and self._text(key, text)
            if moved != key:
                found.setdefault(key, None)
            if text is not None or moved not in found:
                found[moved] = text
        return found

    def key(self, key: ObjectKey) -> ObjectKey:
        """What an object is called behind it."""
        if key in (own := self.keys):
            return own[key]
        return replace(key, table=self.new) if key.table == self.old else key

    def _text(self, key: ObjectKey, text: str) -> str:
        if key.kind == CONSTRAINT and is_foreign_key(text):
            text = self.referring(key, text)
            return with_names(text, self._names(key), only_first_list=True)
        if key.kind == ORDER:
            names = self._names(key)
            return ", ".join(names.get(name, name) for name in text.split(", "))
        # A table's own line and a column's state no name of a column.
        return text if key.is_table or key.is_column else with_names(text, self._names(key))

    def _names(self, key: ObjectKey) -> Mapping[str, str]:
        return self.columns if key.table == self.old else {}

    def referring(self, key: ObjectKey, text: str) -> str:
        """A definition behind it, as far as it refers to what is renamed: a foreign key does."""
        parts = foreign_key_parts(text) if key.kind == CONSTRAINT else None
        if parts is None or parts.table != self.old:
            return text
        head, refers, rest = text.partition(" REFERENCES ")
        rest = with_names(rest, self.columns, only_first_list=True)
        rest = rest.replace(quoted(self.old), quoted(self.new), 1)
        return f"{head}{refers}{rest}"


def renames_of(task: Task) -> tuple[Rename, ...]:
    """What a step gives another name."""
    changes = task.record.delta.changes
    gone = [key.name for key, (_, now) in changes.items() if key.is_table and now is None]
    came = [key.name for key, (was, _) in changes.items() if key.is_table and was is None]
    if len(gone) == len(came) == 1:
        return (Rename(gone[0], came[0]),)
    found: dict[str, dict[str, str]] = {}
    if any(key.is_column for key in changes):
        names = columns_renamed_by(task.text)
        for key, (_, now) in changes.items():
            if key.is_column and now is None and key.name.lower() in names:
                found.setdefault(key.table, {})[key.name] = names[key.name.lower()]
    return tuple(Rename(table, table, columns) for table, columns in found.items())


def inverses(tasks: Sequence[Task]) -> list[Rename]:
    """What gives back the names that steps took away, the last first."""
    return [each.inverse for task in reversed(tasks) for each in reversed(renames_of(task))]


def needed(renames: Sequence[Rename], wanted: Collection[ObjectKey]) -> list[Rename]:
    """Of renames that follow one another those that lead to a name that is wanted in the end,
    whatever it is called in between."""
    found: list[Rename] = []
    for rename in reversed(renames):
        come = list(rename.keys.values())
        for behind in found:
            come = [behind.key(key) for key in come]
        if found and found[0] == rename.inverse:
            found.pop(0)
        elif all(key in wanted for key in come):
            found.insert(0, rename)
    return found


def path(state: State, tasks: Iterable[Task]) -> State:
    """The schema after steps."""
    for task in tasks:
        for rename in renames_of(task):
            state = rename.of(state)
        state = {**state, **{key: now for key, (_, now) in task.record.delta.changes.items()}}
    return state


def before_of(tasks: Sequence[Task]) -> State:
    """Of each object that steps change, what it was before the first of them."""
    found: State = {}
    renames: list[Rename] = []
    for task in tasks:
        for key, (was, _) in task.record.delta.changes.items():
            if key in found:
                continue
            one: State = {key: was}
            for rename in reversed(renames):
                one = rename.inverse.of(one)
            found.update((k, text) for k, text in one.items() if k not in found)
        renames += renames_of(task)
    return found
