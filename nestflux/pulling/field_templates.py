"""What Django has no words for, in the server's own: the classes that ``db_pull`` copies into the
``sql.py`` of an app that needs them. A pulled app so needs nothing of NestFlux to run.

Each class is copied by its source (``nestflux/pulling/templates.py``): it may use the imports, the
classes it derives from, and nothing else of this module.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.db.models.constraints import BaseConstraint


class Sql(models.Value):
    """A default, or what a generated column is made of, as the server prints it."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        return str(self.value), ()


class SqlType(models.Field):  # type: ignore[type-arg]
    """A column whose type is stated as the server prints it.

    ``sql_more`` follows the type (AUTO_INCREMENT, ON UPDATE …); ``sql_check`` is the
    condition of a CHECK that belongs to the column.
    """

    def __init__(
        self,
        *args: Any,
        sql_type: str,
        sql_more: str = "",
        sql_check: str = "",
        **kwargs: Any,
    ) -> None:
        self.sql_type = sql_type
        self.sql_more = sql_more
        self.sql_check = sql_check
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["sql_type"] = self.sql_type
        if self.sql_more:
            kwargs["sql_more"] = self.sql_more
        if self.sql_check:
            kwargs["sql_check"] = self.sql_check
        return name, path, [*args], kwargs

    def db_type(self, connection: Any) -> str:
        return f"{self.sql_type} {self.sql_more}".rstrip()

    def rel_db_type(self, connection: Any) -> str:
        return self.sql_type

    def db_check(self, connection: Any) -> str | None:
        return self.sql_check or None


class SqlCounter(SqlType):
    """A key that the server counts. An unsigned one goes as far as the positive
    integers; Django finds nothing beyond what it takes for the type's range."""

    def get_internal_type(self) -> str:
        kind = super().get_internal_type()
        if "unsigned" not in self.sql_type:
            return kind
        return f"Positive{kind.replace('Auto', 'Integer')}"


class SqlAutoField(SqlCounter, models.AutoField):  # type: ignore[misc, type-arg]
    """AutoField with the server's own type."""


class SqlBigAutoField(SqlCounter, models.BigAutoField):  # type: ignore[misc, type-arg]
    """BigAutoField with the server's own type."""


class SqlSmallAutoField(SqlCounter, models.SmallAutoField):  # type: ignore[misc, type-arg]
    """SmallAutoField with the server's own type."""


class SqlBigIntegerField(SqlType, models.BigIntegerField):  # type: ignore[type-arg]
    """BigIntegerField with the server's own type."""


class SqlBinaryField(SqlType, models.BinaryField):  # type: ignore[type-arg]
    """BinaryField with the server's own type."""


class SqlBitField(SqlBinaryField):
    """Bits, as bytes. The server is given a number: it takes bytes for text, and text
    for 0 beside bits."""

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s"

    def get_db_prep_value(
        self,
        value: Any,
        connection: Any,
        prepared: bool = False,
    ) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            return int.from_bytes(bytes(value), "big")
        return value


class SqlBooleanField(SqlType, models.BooleanField):  # type: ignore[type-arg]
    """BooleanField with the server's own type."""


class SqlBitBooleanField(SqlBooleanField):
    """BooleanField of a bit, which the server gives as a byte."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value != b"\0" if isinstance(value, bytes) else value


class SqlCharField(SqlType, models.CharField):  # type: ignore[type-arg]
    """CharField with the server's own type."""


class SqlDateField(SqlType, models.DateField):  # type: ignore[type-arg]
    """DateField with the server's own type."""


class SqlDateTimeField(SqlType, models.DateTimeField):  # type: ignore[type-arg]
    """DateTimeField with the server's own type."""


class SqlDecimalField(SqlType, models.DecimalField):  # type: ignore[type-arg]
    """DecimalField with the server's own type."""


class SqlFloatField(SqlType, models.FloatField):  # type: ignore[type-arg]
    """FloatField with the server's own type."""


class SqlForeignKey(SqlType, models.ForeignKey):  # type: ignore[type-arg]
    """ForeignKey with the server's own type."""


class SqlIntegerField(SqlType, models.IntegerField):  # type: ignore[type-arg]
    """IntegerField with the server's own type."""


class SqlJSONField(SqlType, models.JSONField):
    """JSONField with the server's own type."""


class NamedOneToOneField(models.OneToOneField):  # type: ignore[type-arg]
    """OneToOneField whose unique key stands in ``Meta``, with a name of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unique = False


class SqlNamedOneToOneField(SqlType, NamedOneToOneField):
    """NamedOneToOneField with the server's own type."""


class SqlOneToOneField(SqlType, models.OneToOneField):  # type: ignore[type-arg]
    """OneToOneField with the server's own type."""


class SqlPositiveBigIntegerField(SqlType, models.PositiveBigIntegerField):  # type: ignore[type-arg]
    """PositiveBigIntegerField with the server's own type."""


class SqlPositiveIntegerField(SqlType, models.PositiveIntegerField):  # type: ignore[type-arg]
    """PositiveIntegerField with the server's own type."""


class SqlPositiveSmallIntegerField(SqlType, models.PositiveSmallIntegerField):  # type: ignore[type-arg]
    """PositiveSmallIntegerField with the server's own type."""


class SqlSmallIntegerField(SqlType, models.SmallIntegerField):  # type: ignore[type-arg]
    """SmallIntegerField with the server's own type."""


class SqlTextField(SqlType, models.TextField):  # type: ignore[type-arg]
    """TextField with the server's own type."""


class SqlTimeField(SqlType, models.TimeField):  # type: ignore[type-arg]
    """TimeField with the server's own type."""


class SqlUUIDField(SqlType, models.UUIDField):  # type: ignore[type-arg]
    """UUIDField with the server's own type."""


class SqlGeneratedField(models.GeneratedField):
    """A generated column of which more is said, behind its expression."""

    def __init__(self, *, sql_more: str, **kwargs: Any) -> None:
        self.sql_more = sql_more
        super().__init__(**kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["sql_more"] = self.sql_more
        return name, path, [*args], kwargs

    def db_type_suffix(self, connection: Any) -> str:
        return self.sql_more


class SqlIndex(models.Index):
    """An index as the server prints it. ``name`` is Django's own, unique among all
    models; the server's stands in ``sql``. ``fields`` are those of which it holds at
    least a prefix."""

    def __init__(self, *, sql: str, fields: list[str], name: str) -> None:
        self.sql = sql
        super().__init__(fields=fields or ["pk"], name=name)
        if not fields:
            self.fields, self.fields_orders = [], []

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        given = {"sql": self.sql, "fields": list(self.fields), "name": self.name}
        return path, (), given

    def create_sql(
        self,
        model: Any,
        schema_editor: Any,
        using: str = "",
        **kwargs: Any,
    ) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.sql}"

    def remove_sql(self, model: Any, schema_editor: Any, **kwargs: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        found = re.search("`(?:[^`]|``)+`", self.sql)
        assert found is not None, "an index has a name"
        return f"ALTER TABLE {table} DROP INDEX {found[0]}"


class SqlUniqueConstraint(models.UniqueConstraint):
    """A unique key as the server prints it. ``name`` is Django's own, unique among all
    models; the server's stands in ``sql``. ``fields`` is for the validation of forms."""

    def __init__(self, *, sql: str, fields: list[str], name: str) -> None:
        self.sql = sql
        super().__init__(fields=fields, name=name)

    def deconstruct(self) -> Any:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        given = {"sql": self.sql, "fields": list(self.fields), "name": self.name}
        return path, (), given

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        return self.sql

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.sql}"

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        found = re.search("`(?:[^`]|``)+`", self.sql)
        assert found is not None, "a key has a name"
        return f"ALTER TABLE {table} DROP INDEX {found[0]}"


class SqlConstraint(BaseConstraint):
    """A foreign key, a check or a key as the server prints it. ``name`` is Django's own, unique
    among all models; the server's stands in ``sql``. The server watches over it, forms
    do not."""

    def __init__(self, *, sql: str, name: str) -> None:
        self.sql = sql
        super().__init__(name=name)

    def deconstruct(self) -> Any:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, (), {"sql": self.sql, "name": self.name}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.sql, self.name))

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        if " FOREIGN KEY " not in self.sql:
            return self.sql
        # Behind every CREATE TABLE and unique key of the migration: it may need any of them.
        schema_editor.deferred_sql.append(self._added(model, schema_editor))
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        tables = schema_editor.connection.introspection.table_names()
        if " FOREIGN KEY " in self.sql and model._meta.db_table in tables:
            return self.constraint_sql(model, schema_editor)
        return self._added(model, schema_editor)  # Django itself puts it to the end

    def _added(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.sql}"

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        found = re.search("`(?:[^`]|``)+`", self.sql)
        assert found is not None, "a constraint has a name"
        what = "CONSTRAINT" if schema_editor.connection.mysql_is_mariadb else "CHECK"
        if " FOREIGN KEY " in self.sql:
            what = "FOREIGN KEY"
        elif not self.sql.startswith("CONSTRAINT "):
            what = "INDEX"
        return f"ALTER TABLE {table} DROP {what} {found[0]}"

    def validate(
        self,
        model: Any,
        instance: Any,
        exclude: Any = None,
        using: str = "",
    ) -> None:
        return None


class SqlTableOptions(SqlConstraint):
    """Engine, character set, row format, partitions of a table, as the server prints
    them. No constraint for the server, but the one place where a model can say SQL."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        schema_editor.deferred_sql.append(self._added(model, schema_editor))
        return None

    def _added(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} {self.sql}"

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return None


class ReadOnlyQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows that no statement of Django's changes. ``_insert``, ``_update`` and
    ``_raw_delete`` are what its other ways of writing end in: fixtures, relations."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{self.model.__name__} only reads.")

    bulk_create = bulk_update = update = delete = _refuse
    _insert = _update = _raw_delete = _refuse


class ReadOnlyModel(models.Model):
    """A model of rows that nothing tells from each other: it refuses whatever would
    need to find a single one again."""

    objects = ReadOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} only reads.")

    save = save_base = delete = refresh_from_db = _refuse
