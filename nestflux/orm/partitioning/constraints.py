"""The declarations, and the SQL that Django's schema editor gets of them; ``checks.py`` says what
may be declared.

A table is partitioned by one ``ALTER TABLE`` behind its ``CREATE TABLE``, which costs nothing while
it is empty. On a table with rows it copies them all (MySQL Manual 17.12.1, "Online DDL Operations":
``PARTITION BY``; MariaDB does the same).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.models import BaseConstraint, DateTimeField

from nestflux.orm.partitioning.intervals import Bound, Interval, as_bound, following

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.models import Field, Model

BEFORE = "p_before"  # the rows before the declared start
REST = "p_rest"  # the catch-all: rows behind the last interval


class Partitions(BaseConstraint):
    """Base of the declarations. ``kind`` is what stands behind ``PARTITION BY``; ``fields`` are
    names of fields of the model.

    Every unique key of a partitioned table holds all columns of its partitions, the primary key
    too (MySQL Manual 26.6.1, "Partitioning Keys, Primary Keys, and Unique Keys"). A model either
    has a ``CompositePrimaryKey`` with them, or ``widen_primary_key=True``: then Django's key stays
    ``id``, and the table's is ``(id, created_at)``. Ids are still given once, by the table's
    AUTO_INCREMENT; what the server no longer refuses is a row that states an id of another row.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        *,
        name: str,
        fields: Sequence[str],
        widen_primary_key: bool = False,
        violation_error_code: str | None = None,
        violation_error_message: Any = None,
    ) -> None:
        self.fields = (fields,) if isinstance(fields, str) else tuple(fields)
        self.widen_primary_key = widen_primary_key
        super().__init__(
            name=name,
            violation_error_code=violation_error_code,
            violation_error_message=violation_error_message,
        )

    # ---- what Django asks ------------------------------------------------------------------
    # django-stubs knows neither that a model is always given nor that None is no statement.

    def constraint_sql(  # type: ignore[override]
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> None:
        """Nothing stands within the brackets of CREATE TABLE: the ALTER TABLE comes behind it, as
        of a unique constraint with an expression (``BaseDatabaseSchemaEditor._unique_sql``)."""
        if statement := self.create_sql(model, schema_editor):
            schema_editor.deferred_sql.append(statement)

    def create_sql(  # type: ignore[override]
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> Statement | None:
        """None on another database than MySQL and MariaDB, where nothing is partitioned."""
        if schema_editor.connection.vendor != "mysql":
            return None
        return _alter(
            model,
            schema_editor,
            f"{self._other_key(model)}PARTITION BY {self.kind} (%(columns)s) %(partitions)s",
            {"key": self.key_columns(model), "columns": self.columns(model)},
            partitions=self._partitions(model, schema_editor),
        )

    def remove_sql(  # type: ignore[override]
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> Statement | None:
        if schema_editor.connection.vendor != "mysql":
            return None
        sql = f"{self._other_key(model)}REMOVE PARTITIONING"
        return _alter(model, schema_editor, sql, {"key": _key(model)})

    def _other_key(self, model: type[Model]) -> str:
        """What gives the table another primary key; empty where its own holds all columns."""
        if _key(model) == self.key_columns(model):
            return ""
        return "DROP PRIMARY KEY, ADD PRIMARY KEY (%(key)s) "

    def validate(
        self,
        model: type[Model],
        instance: Model,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """A row of any value belongs somewhere, unless a subclass says otherwise."""

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        public = path.replace("nestflux.orm.partitioning.constraints", "nestflux.orm.partitioning")
        if self.widen_primary_key:
            kwargs["widen_primary_key"] = True
        return public, tuple(args), {**kwargs, **self._arguments()}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Partitions):
            return NotImplemented
        return self.deconstruct() == other.deconstruct()

    def __repr__(self) -> str:
        arguments = {"name": self.name, **self._arguments()}
        listed = " ".join(f"{name}={value!r}" for name, value in arguments.items())
        return f"<{type(self).__qualname__}: {listed}>"

    # ---- what the others read --------------------------------------------------------------

    def columns(self, model: type[Model]) -> list[str]:
        """The columns that decide where a row lies."""
        return [_column(model._meta.get_field(name)) for name in self.fields]

    def key_columns(self, model: type[Model]) -> list[str]:
        """The columns of the table's primary key."""
        key = _key(model)
        if not self.widen_primary_key:
            return key
        return [*key, *(column for column in self.columns(model) if column not in key)]

    def _arguments(self) -> dict[str, Any]:
        raise NotImplementedError

    def _partitions(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        """What follows the columns."""
        raise NotImplementedError


class RangePartitions(Partitions):
    """Partitions by time or by id, one an interval, which come and go: ``db_partitions`` adds the
    coming ones and takes the old ones away.

    Args:
        field: a date, a time, or a whole number that grows.
        start: where the first interval begins; what lies before it is one partition. A constant,
            for the SQL that is recorded must not depend on the day. A time means UTC.
        every: ``"day"``, ``"week"``, ``"month"``, ``"year"``; of numbers how many an interval has.
        ahead: how many intervals behind the current one are kept ready.
        keep: how many intervals before the current one stay; None: all.
        archive: an old partition is dumped before it is dropped.
        catch_all: the last partition takes whatever lies behind the others. Without it the server
            refuses such a row (1526).

    The last five may change at any time: no SQL follows, but for ``start`` and ``catch_all`` of a
    table that is not there yet.
    """

    kind = "RANGE COLUMNS"
    non_db_attrs = (
        *BaseConstraint.non_db_attrs,
        *("start", "every", "ahead", "keep", "archive", "catch_all"),
    )

    def __init__(
        self,
        *,
        field: str,
        start: date | int,
        every: Interval,
        ahead: int = 3,
        keep: int | None = None,
        archive: bool = True,
        catch_all: bool = True,
        **options: Any,
    ) -> None:
        self.start = start
        self.every = every
        self.ahead = ahead
        self.keep = keep
        self.archive = archive
        self.catch_all = catch_all
        super().__init__(fields=(field,), **options)

    @property
    def field(self) -> str:
        return self.fields[0]

    def bounds(self) -> list[Bound]:
        """The bounds of a new table: of the interval that begins at ``start``, and of those ahead.
        The first and the last one included."""
        found = [as_bound(self.start)]
        for _ in range(self.ahead + 1):
            found.append(following(self.every, found[-1]))
        return found

    def _arguments(self) -> dict[str, Any]:
        found = {
            "field": self.field,
            "start": self.start,
            "every": self.every,
            "ahead": self.ahead,
            "keep": self.keep,
            "archive": self.archive,
            "catch_all": self.catch_all,
        }
        defaults = {"ahead": 3, "keep": None, "archive": True, "catch_all": True}
        # By their texts: True is 1, and a wrong value must not pass for the default.
        return {k: v for k, v in found.items() if repr(v) != repr(defaults.get(k, ...))}

    def _partitions(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        timed = isinstance(model._meta.get_field(self.field), DateTimeField)
        bounds = self.bounds()
        parts = [partition_sql(BEFORE, bounds[0], timed=timed)]
        parts += (partition_sql(name_of(a), b, timed=timed) for a, b in pairwise(bounds))
        if self.catch_all:
            parts.append(partition_sql(REST, None))
        return _in_lines(parts)


class ListPartitions(Partitions):
    """Partitions by the value of a field: ``partitions`` has the values of each, by its name. A row
    of another value is refused, by ``full_clean()`` and by the server (1526)."""

    kind = "LIST COLUMNS"

    def __init__(
        self, *, field: str, partitions: Mapping[str, Sequence[Any]], **options: Any
    ) -> None:
        self.partitions = partitions
        super().__init__(fields=(field,), **options)

    @property
    def field(self) -> str:
        return self.fields[0]

    def validate(
        self,
        model: type[Model],
        instance: Model,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        field = model._meta.get_field(self.field)
        if field.name in (exclude or ()):
            return
        value = getattr(instance, _attribute(field))
        if not any(value in values for values in self.partitions.values()):
            raise ValidationError(
                self.get_violation_error_message(), code=self.violation_error_code
            )

    def _arguments(self) -> dict[str, Any]:
        return {"field": self.field, "partitions": self.partitions}

    def _partitions(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        field: Any = model._meta.get_field(self.field)
        connection = schema_editor.connection
        parts = []
        for name, values in self.partitions.items():
            stored = (field.get_db_prep_save(value, connection) for value in values)
            listed = ", ".join(str(schema_editor.quote_value(value)) for value in stored)
            parts.append(f"PARTITION {schema_editor.quote_name(name)} VALUES IN ({listed})")
        return _in_lines(parts)


class _Counted(Partitions):
    """So many partitions, between which the server divides the rows evenly."""

    def __init__(self, *, count: int, **options: Any) -> None:
        self.count = count
        super().__init__(**options)

    def _partitions(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return f"PARTITIONS {self.count:d}"


class HashPartitions(_Counted):
    """``count`` partitions by a whole number: its remainder."""

    kind = "HASH"

    def __init__(self, *, field: str, count: int, **options: Any) -> None:
        super().__init__(count=count, fields=(field,), **options)

    def _arguments(self) -> dict[str, Any]:
        return {"field": self.fields[0], "count": self.count}


class KeyPartitions(_Counted):
    """``count`` partitions by a digest that the server makes of fields of nearly any type."""

    kind = "KEY"

    def __init__(self, *, fields: Sequence[str], count: int, **options: Any) -> None:
        super().__init__(count=count, fields=fields, **options)

    def _arguments(self) -> dict[str, Any]:
        return {"fields": self.fields, "count": self.count}


# ---- text ------------------------------------------------------------------------------------


def name_of(bound: Bound) -> str:
    """The name of the partition whose interval begins at a bound: ``p20261201``, ``p1000000``."""
    if isinstance(bound, datetime):
        return f"p{bound.date().isoformat().replace('-', '')}"
    return f"p{bound}"


def partition_sql(name: str, below: Bound | None, *, timed: bool = False) -> str:
    """A partition of a range.

    Args:
        below: what its values are less than; None: of the catch-all.
        timed: the column holds times, and not dates.
    """
    return f"PARTITION `{name}` VALUES LESS THAN ({literal(below, timed=timed)})"


def _in_lines(partitions: Sequence[str]) -> str:
    """One a line: a person reviews them."""
    return "(\n  " + ",\n  ".join(partitions) + "\n)"


def literal(bound: Bound | None, *, timed: bool) -> str:
    """A bound in SQL. ``timed`` as of ``partition_sql``."""
    match bound:
        case None:
            return "MAXVALUE"
        case datetime():
            text = bound.isoformat(" ", "seconds") if timed else bound.date().isoformat()
            return f"'{text}'"
        case _:
            return str(bound)


def _alter(
    model: type[Model],
    schema_editor: BaseDatabaseSchemaEditor,
    template: str,
    columns: Mapping[str, list[str]],
    **texts: str,
) -> Statement:
    """What Django defers follows a table or a column that is renamed in the same migration."""
    table, quote = model._meta.db_table, schema_editor.quote_name
    named = {name: Columns(table, of, quote) for name, of in columns.items()}
    return Statement(
        f"ALTER TABLE %(table)s {template}", table=Table(table, quote), **named, **texts
    )


def _key(model: type[Model]) -> list[str]:
    return [_column(field) for field in model._meta.pk_fields]


def _column(field: Field[Any, Any] | Any) -> str:
    return str(field.column)


def _attribute(field: Field[Any, Any] | Any) -> str:
    return str(field.attname)
