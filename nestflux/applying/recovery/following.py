"""The schema behind a step, by what was recorded of it. Pure.

A foreign key follows what it refers to: where a table or a column gets another name, the server
changes the keys of other tables without a word, and no step's record shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nestflux.applying.plan.tasks import Task
from nestflux.schema.diff import columns_renamed_by
from nestflux.schema.objects import CONSTRAINT, ObjectKey
from nestflux.schema.transform.tables import with_names
from nestflux.sql.definitions import foreign_key_parts
from nestflux.sql.lexer import quoted

State = Mapping[ObjectKey, str | None]


@dataclass(frozen=True)
class Rename:
    """A table under another name, or of its columns some."""

    old: str
    new: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def inverse(self) -> Rename:
        return Rename(self.new, self.old, {new: old for old, new in self.columns.items()})

    def followed_by(self, text: str) -> str:
        """A constraint as it reads behind it."""
        key = foreign_key_parts(text)
        if key is None or key.table != self.old:
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


def path(state: State, tasks: Iterable[Task]) -> State:
    """The schema after steps."""
    for task in tasks:
        for rename in renames_of(task):
            state = {key: _followed(key, text, rename) for key, text in state.items()}
        state = {**state, **{key: now for key, (_, now) in task.record.delta.changes.items()}}
    return state


def before_of(tasks: Sequence[Task]) -> State:
    """Of each object that steps change, what it was before the first of them."""
    found: dict[ObjectKey, str | None] = {}
    renames: list[Rename] = []
    for task in tasks:
        for key, (was, _) in task.record.delta.changes.items():
            if key not in found:
                for rename in reversed(renames):
                    was = _followed(key, was, rename.inverse)
                found[key] = was
        renames += renames_of(task)
    return found


def _followed(key: ObjectKey, text: str | None, rename: Rename) -> str | None:
    return rename.followed_by(text) if text and key.kind == CONSTRAINT else text
