"""Described tables to models. Pure, but for asking Django what its own fields give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nestflux.pulling import remarks as said
from nestflux.pulling.describing import DescribedTable, Live
from nestflux.pulling.fields import ColumnUse, Field, field_of, related
from nestflux.pulling.identity import identity, stand_in
from nestflux.pulling.keys import (
    Rules,
    Taken,
    counter,
    inline_unique,
    is_unique,
    key_of_counter,
    rules_of,
)
from nestflux.pulling.names import class_names, distinct, field_name, module_names
from nestflux.pulling.partitioning import CLASSES
from nestflux.pulling.python_text import Call, Code, Value
from nestflux.pulling.references import Known, Reference, References, Target
from nestflux.pulling.remarks import Excuse, Remark
from nestflux.schema.objects import COLUMN, CONSTRAINT, ObjectKey
from nestflux.sql.definitions import unescaped

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# The classes of ``field_templates.py`` that a model which refuses to write needs.
READ_ONLY = frozenset({"ReadOnlyModel", "ReadOnlyQuerySet"})


@dataclass(frozen=True)
class ModelPlan:
    """A model that is to be written. ``why_unmanaged`` is empty where Django migrates it;
    ``reads_only``: it refuses to write; ``columns`` are the names of the fields by column."""

    table: str
    name: str
    module: str
    fields: tuple[tuple[str, Call], ...]
    rules: Rules
    comment: str = ""
    why_unmanaged: str = ""
    reads_only: bool = False
    kept: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Its fields, indexes and constraints."""
        fields = tuple(value for _, value in self.fields)
        return (*fields, *self.rules.indexes, *self.rules.constraints)

    def field_of(self, column: str) -> Call:
        """The field of a column."""
        return dict(self.fields)[self.columns[column]]


@dataclass(frozen=True)
class AppPlan:
    """An app that is to be written: its label, its dotted name, its models."""

    label: str
    name: str
    models: tuple[ModelPlan, ...]

    @property
    def kept(self) -> frozenset[str]:
        return frozenset().union(*(model.kept for model in self.models))


@dataclass
class _Names:
    """What each pulled table and column is called."""

    labels: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)


class Modelling:
    """Turns the tables of groups into apps, and collects what is to be said of them.

    Args:
        installed: the models that are there, by table; foreign keys may lead to them.
        known: those of the groups' labels, whose names stay.
        taken: names of indexes and constraints that models have which are in no group.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        live: Live,
        groups: Mapping[str, tuple[str, ...]],
        installed: Mapping[str, Target],
        known: Mapping[str, Known] | None = None,
        taken: Taken | None = None,
    ) -> None:
        self.remarks: list[Remark] = []
        self._connection = connection
        self._live = live
        self._groups = groups
        self._taken = taken or Taken()
        self._known = known or {}
        self._names = _Names()
        for label, tables in groups.items():
            self._name(label, tables)
        targets = {**installed, **self._targets()}
        self._references = References(connection, live, targets, self._known)
        for table in self._names.labels:
            self._names.fields[table] = self._field_names(live.tables[table])
        self._references.names = self._names.fields

    def apps(self, prefix: str) -> tuple[AppPlan, ...]:
        """The apps; ``prefix`` is the dotted name of the package that they lie in, or empty."""
        dotted = f"{prefix}." if prefix else ""
        return tuple(
            AppPlan(label, f"{dotted}{label}", tuple(self._model(self._live.tables[t]) for t in ts))
            for label, ts in self._groups.items()
        )

    # ---- names and targets -----------------------------------------------------------------

    def _name(self, label: str, tables: tuple[str, ...]) -> None:
        """Names of classes and modules: what is there keeps its own, the new ones differ."""
        known = {table: each for table, each in self._known.items() if each.label == label}
        named = list(dict.fromkeys((*tables, *known)))
        classes = {t: name for t, name in class_names(named, label).items() if t not in known}
        modules = {t: name for t, name in module_names(named, label).items() if t not in known}
        self._names.labels |= dict.fromkeys(tables, label)
        self._names.classes |= {table: each.model for table, each in known.items()}
        self._names.classes |= distinct(classes, {each.model for each in known.values()})
        self._names.modules |= {table: each.module for table, each in known.items()}
        self._names.modules |= distinct(modules, {each.module for each in known.values()})

    def _targets(self) -> dict[str, Target]:
        return {
            table: Target(
                label=label,
                model=self._names.classes[table],
                primary=self._live.tables[table].primary_columns,
                keys=_keys(self._live.tables[table]),
                migrated=not _why_unmanaged(self._live.tables[table]),
            )
            for table, label in self._names.labels.items()
        }

    def _field_names(self, table: DescribedTable) -> dict[str, str]:
        known = self._known.get(table.name)
        there = {column.name for column in table.columns}
        found = {c: name for c, name in known.fields.items() if c in there} if known else {}
        taken = set(known.taken) if known else set()
        related_columns = {
            reference.column for reference in self._references.of(table) if reference.is_field
        }
        # The columns first whose names are their own: a relation takes what is left.
        for column in sorted(table.columns, key=lambda c: c.name in related_columns):
            if column.name in found:
                continue
            relation = column.name in related_columns
            primary = identity(table) == (column.name,)
            name = field_name(column.name, taken, relation=relation, primary=primary)
            taken |= {name, f"{name}_id"} if relation else {name}
            found[column.name] = name
        return found

    # ---- one model -------------------------------------------------------------------------

    def _model(self, table: DescribedTable) -> ModelPlan:
        why = _why_unmanaged(table)
        references = self._references.of(table)
        columns = self._columns(table, references)
        relations = list(self._objects(table, references))
        rules = Rules() if why else self._rules(table, references)
        declares = any(call.function in CLASSES for call in rules.constraints)
        self._say(table, references, why, declares=declares)
        reads_only = not identity(table)
        kept = rules.kept.union(*(made.kept for _, made in columns))
        return ModelPlan(
            table=table.name,
            name=self._names.classes[table.name],
            module=self._names.modules[table.name],
            fields=(*self._composite(table), *((n, f.value) for n, f in columns), *relations),
            rules=rules,
            comment=_comment(table),
            why_unmanaged=why,
            reads_only=reads_only,
            kept=kept | READ_ONLY if reads_only else kept,
            columns=self._names.fields[table.name],
        )

    def _composite(self, table: DescribedTable) -> Iterator[tuple[str, Call]]:
        if len(columns := identity(table)) > 1:
            names = (self._names.fields[table.name][column] for column in columns)
            yield "pk", Call("models.CompositePrimaryKey", tuple(names))

    def _columns(
        self, table: DescribedTable, references: tuple[Reference, ...]
    ) -> list[tuple[str, Field]]:
        """The fields of the columns, in their order."""
        by_column = {each.column: each for each in references if each.is_field}
        key = identity(table) or (stand_in(table),)
        primary = key if len(key) == 1 else ()
        verbatim = _holds_percent(table) or bool(counter(table))
        fields = []
        for column in table.columns:
            name = self._names.fields[table.name][column.name]
            unique = self._is_unique_field(table, column.name)
            use = ColumnUse(column.name in primary, unique, verbatim)
            if reference := by_column.get(column.name):
                made = self._related(table, reference, name, use)
            else:
                db_column = "" if name == column.name else column.name
                made = field_of(self._connection, column, db_column, use)
            fields.append((name, made))
            self._say_field(table, column.name, made)
        return fields

    def _rules(self, table: DescribedTable, references: tuple[Reference, ...]) -> Rules:
        return rules_of(
            table,
            self._names.fields[table.name],
            self._taken,
            inline={c.name for c in table.columns if self._is_unique_field(table, c.name)},
            foreign_keys=[each.parts for each in references if each.is_stated],
            silent=[each.parts for each in references if each.is_silent],
        )

    def _is_unique_field(self, table: DescribedTable, column: str) -> bool:
        """Does ``unique=True`` on the field say it? A field that is there already and becomes
        unique gets a key of another name (django/db/backends/base/schema.py, ``_alter_field``)."""
        known = self._known.get(table.name)
        becomes = known and column in known.fields and column not in known.unique
        return not becomes and inline_unique(table, column) is not None

    def _related(
        self, table: DescribedTable, reference: Reference, name: str, use: ColumnUse
    ) -> Field:
        target = reference.target
        assert target is not None, "a field leads to a table that is known"
        options: dict[str, Value] = {}
        column = table.column(reference.column)
        function = "OneToOneField" if use.primary or use.unique else "ForeignKey"
        if function == "ForeignKey" and is_unique(table, column.name):
            function = "NamedOneToOneField"
        referenced = reference.parts.referenced[0]
        if target.primary != (referenced,):
            options["to_field"] = self._references.field_name(reference.parts.table, referenced)
        if related_name := self._references.related_name(table, reference, name):
            options["related_name"] = related_name
        if not reference.is_silent:
            options["db_constraint"] = False
        if function == "NamedOneToOneField" or (
            function == "ForeignKey" and not reference.is_silent
        ):
            options["db_index"] = False
        return related(
            function,
            self._target_text(table, reference, target),
            column,
            options,
            same_type=self._references.same_type(column, reference),
            use=use,
            db_column="" if f"{name}_id" == column.name else column.name,
        )

    def _objects(
        self, table: DescribedTable, references: tuple[Reference, ...]
    ) -> Iterator[tuple[str, Call]]:
        """The relations that stand beside the fields of their columns."""
        own = self._names.fields[table.name]
        taken = set(own.values())
        for reference in references:
            target, parts = reference.target, reference.parts
            if not reference.is_object or target is None:
                continue
            base = target.model if len(parts.columns) > 1 else parts.columns[0]
            base = base.lower().removesuffix("_id")
            name = field_name(base, taken, relation=False, primary=False)
            taken.add(name)
            words: dict[str, Value] = {
                "on_delete": Code("models.DO_NOTHING"),
                "from_fields": tuple(own[column] for column in parts.columns),
                "to_fields": tuple(
                    self._references.field_name(parts.table, column) for column in parts.referenced
                ),
            }
            if related_name := self._references.related_name(table, reference, name):
                words["related_name"] = related_name
            if any(table.column(column).parts.nullable for column in parts.columns):
                words["null"] = True
            words["editable"] = False
            where = self._target_text(table, reference, target)
            yield name, Call("models.ForeignObject", (where,), words)

    def _target_text(self, table: DescribedTable, reference: Reference, target: Target) -> Value:
        if reference.parts.table == table.name:
            return "self"
        if target.setting:
            return Code(target.setting)
        if target.label == self._names.labels[table.name]:
            return target.model
        return f"{target.label}.{target.model}"

    # ---- what is said ----------------------------------------------------------------------

    def _say(
        self,
        table: DescribedTable,
        references: tuple[Reference, ...],
        why: str,
        *,
        declares: bool,
    ) -> None:
        for name in (table.name, *(f"{table.name}.{column.name}" for column in table.columns)):
            if "%" in name.removeprefix(f"{table.name}."):
                self.remarks.append(Remark(said.PERCENT, name))
        if why:
            self.remarks.append(Remark(why, table.name))
            return
        for remark in _remarks_of_table(table, rules_say_partitions=declares):
            self.remarks.append(remark)
        for reference in references:
            if reference.is_loose:
                continue
            about = f"{table.name}.{reference.parts.name}"
            if reference.why_left_out:
                key = ObjectKey(CONSTRAINT, reference.parts.name, table.name)
                excuse = Excuse(key, "definition", table.definitions[key])
                self.remarks.append(Remark(reference.why_left_out, about, excuse))
            elif reference.parts.rules:
                self.remarks.append(Remark(said.RULES, f"{about} ({reference.parts.rules})"))

    def _say_field(self, table: DescribedTable, column: str, made: Field) -> None:
        if made.said:
            self.remarks.append(Remark(said.TYPE, f"{table.name}.{column} ({made.said})"))
        if made.lost:
            key = ObjectKey(COLUMN, column, table.name)
            excuse = Excuse(key, "default", made.lost)
            about = f"{table.name}.{column} ({made.lost})"
            self.remarks.append(Remark(said.ZERO_DATE, about, excuse))


def _remarks_of_table(table: DescribedTable, *, rules_say_partitions: bool) -> Iterator[Remark]:
    """``rules_say_partitions``: the model declares them."""
    options = table.options
    unusual = [options.engine] if options.engine != "InnoDB" else []
    unusual += [options.more] if options.more else []
    unusual += ["partitions"] if options.partitions and not rules_say_partitions else []
    unusual += [table.primary.text] if table.primary and not table.primary.is_plain else []
    if unusual:
        yield Remark(said.OPTIONS, f"{table.name} ({', '.join(unusual)})")


def _why_unmanaged(table: DescribedTable) -> str:
    if table.is_view:
        return said.VIEW
    if not identity(table):
        return said.NO_IDENTITY
    if table.strange:
        return said.VERSIONED
    if "`" in table.name or any("`" in column.name for column in table.columns):
        return said.BACKQUOTE
    if counter(table) and not key_of_counter(table):
        return said.COUNTER
    if table.primary_columns:
        return ""
    return said.PARTIAL_KEY if table.primary else said.NO_PRIMARY_KEY


def _keys(table: DescribedTable) -> frozenset[frozenset[str]]:
    """The columns of each key that a relation of Django's can lead to."""
    return frozenset(
        frozenset(key.columns)
        for key in table.keys
        if key.kind in ("PRIMARY", "UNIQUE") and key.columns
    )


def _comment(table: DescribedTable) -> str:
    text = table.options.comment
    return unescaped(text) if text and "%" not in text else ""


def _holds_percent(table: DescribedTable) -> bool:
    return any("%" in f"{key}{text}" for key, text in table.definitions.items() if key.is_column)
