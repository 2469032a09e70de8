"""The statements of a model's class, changed in its file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nestflux.pulling.describing import DescribedTable
from nestflux.pulling.file_edits import ADDED, CHANGED, REMOVED, FileEdits
from nestflux.pulling.following import ByHand, Wanted, key_of_entry
from nestflux.pulling.merging import merged
from nestflux.pulling.modelling import ModelPlan
from nestflux.pulling.project import InstalledModel
from nestflux.pulling.python_text import Call, Layout, one_line, quoted
from nestflux.pulling.source import CannotEdit, ClassSource
from nestflux.schema.objects import COLUMN, TABLE, ObjectKey

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class ClassEdits:
    """Changes one class. ``by_hand`` collects what could not be. Raises CannotEdit where the file
    has no statement that makes the class."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        file: FileEdits,
        model: InstalledModel,
        table: DescribedTable,
        plan: ModelPlan,
        layout: Layout,
    ) -> None:
        self.by_hand: list[ByHand] = []
        self._connection = connection
        self._file = file
        self._model = model
        self._table = table
        self._plan = plan
        self._layout = layout
        source = file.source
        self._class = ClassSource(source, source.top_class(model.model.__name__))

    def change(self, wanted: Wanted) -> None:
        """Write what is wanted, as far as the statements are understood."""
        for column, key in wanted.removed.items():
            self._try({key: ""}, partial(self._remove, column))
        for each in self._table.columns:
            column = each.name
            if column in wanted.replaced:
                about = {wanted.replaced[column]: self._line(column)}
                self._try(about, partial(self._replace, column))
            elif column in wanted.added:
                about = {ObjectKey(COLUMN, column, self._table.name): self._line(column)}
                self._try(about, partial(self._add, column))
        if self._class.meta is None:
            self._make_meta(wanted)
        else:
            self._change_meta(self._class.meta, wanted)

    def _try(self, about: Mapping[ObjectKey, str], change: Callable[[], None]) -> None:
        """Make a change; where it cannot be made, leave the text of each object to a person."""
        try:
            change()
        except CannotEdit as error:
            self.by_hand += [ByHand(key, str(error), write) for key, write in about.items()]

    # ---- fields ----------------------------------------------------------------------------

    def _remove(self, column: str) -> None:
        name = self._model.known.fields[column]
        statement = self._statement(name)
        self._file.source.remove(statement)
        self._file.note(REMOVED, self._file.source.on_one_line(statement))

    def _replace(self, column: str) -> None:
        name = self._model.known.fields[column]
        pulled = self._plan.field_of(column)
        if name in self._model.implicit and name not in self._class.assigned:
            self._insert(name, pulled, column)
            return
        statement, source = self._statement(name), self._file.source
        call = merged(
            self._connection,
            source,
            statement.value,
            self._model.field_of(column),
            pulled,
            same_target=self._leads_as_before(column),
        )
        indent = self._class.indent
        lines = self._layout.assigned(name, call, indent)
        assert statement.value is not None, "a statement that assigns"
        kept = [f"{' ' * indent}{comment}" for comment in source.comments(statement.value)]
        source.insert_before(statement, kept)
        source.replace(statement.value, "\n".join(lines)[indent + len(f"{name} = ") :])
        self._file.note(CHANGED, f"{name} = {one_line(call)}", call)

    def _add(self, column: str) -> None:
        name = self._plan.columns[column]
        if name in self._class.names:
            raise CannotEdit(f"the class has another {name}")
        self._insert(name, self._plan.field_of(column), column)

    def _insert(self, name: str, call: Call, column: str) -> None:
        """A field behind that of the column before it; before all others where there is none."""
        lines = self._layout.assigned(name, call, self._class.indent)
        names = [each.name for each in self._table.columns]
        before = [self._plan.columns[each] for each in names[: names.index(column)]]
        there = [self._class.assigned[each] for each in before if each in self._class.assigned]
        source = self._file.source
        if there:
            source.insert_after(there[-1], lines)
        elif fields := self._fields():
            source.insert_before(fields[0], lines)
        elif self._class.head is not None:
            source.insert_after(self._class.head, ["", *lines])
        else:
            source.insert_before(self._class.node.body[0], lines)
        self._file.note(ADDED, f"{name} = {one_line(call)}", call)

    def _statement(self, name: str) -> ast.Assign | ast.AnnAssign:
        if name in self._class.assigned:
            return self._class.assigned[name]
        if base := self._model.base_of.get(name):
            raise CannotEdit(f"the field comes from the abstract {base}")
        raise CannotEdit(f"no single statement of the class assigns {name}")

    def _fields(self) -> list[ast.stmt]:
        """The statements of fields, in the order of the file."""
        names = {each.name for each in self._model.model._meta.local_fields}
        return [s for name, s in self._class.assigned.items() if name in names]

    def _line(self, column: str) -> str:
        return f"{self._plan.columns[column]} = {one_line(self._plan.field_of(column))}"

    def _leads_as_before(self, column: str) -> bool:
        """Does the relation of a column lead to the table that it led to?"""
        to = [key.table for key in self._table.foreign_keys if key.columns == (column,)]
        known = self._model.known.relations.get(column)
        return known is not None and (not to or to[0] == known[0])

    # ---- Meta ------------------------------------------------------------------------------

    def _make_meta(self, wanted: Wanted) -> None:
        """A ``Meta`` for a class without one, behind its fields."""
        comment = self._plan.comment if wanted.comment else ""
        if not wanted.stated and not comment:
            return
        indent = self._class.indent
        lines = ["", f"{' ' * indent}class Meta:"]
        if comment:
            lines.append(f"{' ' * indent}    {_comment_of(comment)}")
        for name in ("indexes", "constraints"):
            if calls := [call for call in wanted.stated.values() if _list_of(call) == name]:
                lines += self._layout.listed(name, calls, indent + 4)
        about = {key: one_line(call) for key, call in wanted.stated.items()}
        if comment:
            about[ObjectKey(TABLE, self._table.name)] = _comment_of(comment)
        self._try(about, partial(self._place_meta, lines, wanted))

    def _place_meta(self, lines: Sequence[str], wanted: Wanted) -> None:
        if self._model.base_of_meta:
            raise CannotEdit(f"its Meta comes from the abstract {self._model.base_of_meta}")
        fields = self._fields()
        place = fields[-1] if fields else self._class.node.body[-1]
        self._file.source.insert_after(place, lines)
        if wanted.comment:
            self._file.note(ADDED, _comment_of(self._plan.comment))
        self._note_all(ADDED, wanted.stated.values())

    def _change_meta(self, meta: ClassSource, wanted: Wanted) -> None:
        if wanted.comment:
            key = ObjectKey(TABLE, self._table.name)
            self._try({key: _comment_of(self._plan.comment)}, partial(self._change_comment, meta))
        options = self._model.model._meta
        lists: Mapping[str, Sequence[Any]] = {
            "indexes": options.indexes,
            "constraints": options.constraints,
        }
        for name, entries in lists.items():
            keys = [key_of_entry(self._table.name, entry) for entry in entries]
            calls = {k: call for k, call in wanted.stated.items() if _list_of(call) == name}
            changed: dict[int, Call | None] = {}
            for place, key in enumerate(keys):
                if key in calls:
                    changed[place] = _called_as(calls.pop(key), entries[place].name)
                elif key in wanted.dropped:
                    changed[place] = None
            if changed or calls:
                about = {keys[place]: call for place, call in changed.items()} | calls
                added = list(calls.values())
                change = partial(self._change_list, meta, name, len(keys), changed, added)
                self._try({key: one_line(c) if c else "" for key, c in about.items()}, change)

    def _change_list(
        self,
        meta: ClassSource,
        name: str,
        count: int,
        changed: Mapping[int, Call | None],
        added: Sequence[Call],
    ) -> None:
        """Change ``Meta.indexes`` or ``Meta.constraints``, of ``count`` entries."""
        source, indent = self._file.source, meta.indent
        statement = meta.assigned.get(name)
        if statement is None:
            if count:
                raise CannotEdit(f"Meta.{name} is not written in the class")
            lines = self._layout.listed(name, added, indent)
            if name == "indexes" and "constraints" in meta.assigned:
                source.insert_before(meta.assigned["constraints"], lines)
            else:
                source.insert_after(meta.node.body[-1], lines)
            self._note_all(ADDED, added)
            return
        value = statement.value
        if not isinstance(value, ast.List | ast.Tuple) or len(value.elts) != count:
            raise CannotEdit(f"Meta.{name} is no plain list")
        if not all(isinstance(item, ast.Call) for item in value.elts):
            raise CannotEdit(f"Meta.{name} is no plain list of calls")
        gone = [source.on_one_line(value.elts[i]) for i, call in changed.items() if call is None]
        if len(gone) == count and not added and len(meta.node.body) > 1:
            source.remove(statement)
        else:
            items = {
                place: self._layout.item(call, indent + 4) if call else []
                for place, call in changed.items()
            }
            source.change_list(value, items, [self._layout.item(c, indent + 4) for c in added])
        for text in gone:
            self._file.note(REMOVED, text)
        self._note_all(CHANGED, filter(None, changed.values()))
        self._note_all(ADDED, added)

    def _change_comment(self, meta: ClassSource) -> None:
        """``db_table_comment`` as the table has it."""
        comment, source = self._plan.comment, self._file.source
        statement = meta.assigned.get("db_table_comment")
        if statement is not None and not comment:
            source.remove(statement)
            self._file.note(REMOVED, source.of(statement))
        elif statement is not None and statement.value is not None:
            source.replace(statement.value, quoted(comment))
            self._file.note(CHANGED, _comment_of(comment))
        elif comment:
            place = meta.assigned.get("db_table", meta.node.body[-1])
            source.insert_after(place, [f"{' ' * meta.indent}{_comment_of(comment)}"])
            self._file.note(ADDED, _comment_of(comment))

    def _note_all(self, sign: str, calls: Iterable[Call | None]) -> None:
        for call in calls:
            if call is not None:
                self._file.note(sign, one_line(call), call)


def _comment_of(comment: str) -> str:
    return f"db_table_comment = {quoted(comment)}"


def _list_of(call: Call) -> str:
    return "indexes" if call.function.endswith("Index") else "constraints"


def _called_as(call: Call, name: str) -> Call:
    """An entry in the server's words keeps the name that Django knows it by."""
    if "sql" not in call.keywords:
        return call
    return replace(call, keywords={**call.keywords, "name": name})
