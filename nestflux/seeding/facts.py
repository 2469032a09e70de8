"""What a plan has to know of the database: asked once, before a row is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, Q
from django.db.utils import Error

from nestflux.database.errors import number_of
from nestflux.database.numbers import NO_SUCH_TABLE
from nestflux.exceptions import CannotSeed
from nestflux.seeding.choosing import target_of
from nestflux.seeding.limits import may_match
from nestflux.seeding.plan import server_name
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.operations import BaseDatabaseOperations

# Rows that were there before and are referred to: so many of them are enough.
_MOST_KEYS = 100_000


class Facts(Protocol):
    """What the server is, and what is in the tables."""

    @property
    def ops(self) -> BaseDatabaseOperations:
        """For its ranges of integers."""

    @property
    def has_expression_indexes(self) -> bool:
        """Does it hold unique keys of expressions? MySQL does."""

    def has_rows(self, model: type[Model]) -> bool:
        """Raises CannotSeed where the table is not there."""

    def next_key(self, field: Field[Any, Any]) -> int:
        """The first number that no row of the table has, nor any before it."""

    def keys(self, of: ForeignKey[Any, Any]) -> Sequence[Any]:
        """The keys that a field may refer to; where it is unique, only those that are not taken."""

    def keys_within(
        self, of: ForeignKey[Any, Any], limit: Q, among: Sequence[Any] | None
    ) -> Sequence[Any]:
        """The same of the rows that meet a condition; ``among``: no others than these."""

    def may_match(self, limit: Q, row: Mapping[Field[Any, Any], Any]) -> bool:
        """May a row that is not written yet meet a condition?"""

    def content_types(self) -> Mapping[str, int]:
        """The ids of content types, by the labels of their models."""


@dataclass
class LiveFacts:
    """Read from a connection, and kept."""

    connection: BaseDatabaseWrapper
    _has_rows: dict[str, bool] = field(default_factory=dict)
    _keys: dict[tuple[str, str], Sequence[Any]] = field(default_factory=dict)

    @property
    def ops(self) -> BaseDatabaseOperations:
        return self.connection.ops

    @property
    def has_expression_indexes(self) -> bool:
        return bool(self.connection.features.supports_expression_indexes)

    def has_rows(self, model: type[Model]) -> bool:
        table = model._meta.db_table
        if table not in self._has_rows:
            try:
                found = self._column(f"SELECT 1 FROM {_name(table)} LIMIT 1")
            except Error as error:
                if number_of(error) != NO_SUCH_TABLE:
                    raise
                raise CannotSeed(
                    f"The table of {model._meta.label} is not there: {table}.",
                    where=str(self.connection.settings_dict["NAME"]),
                    then="python manage.py db_migrate",
                ) from None
            self._has_rows[table] = bool(found)
        return self._has_rows[table]

    def next_key(self, field: Field[Any, Any]) -> int:
        table, column = _name(field.model._meta.db_table), _name(str(field.column))
        return max(0, int(self._column(f"SELECT COALESCE(MAX({column}), 0) FROM {table}")[0])) + 1

    def keys(self, of: ForeignKey[Any, Any]) -> Sequence[Any]:
        place = (of.model._meta.label, of.name)
        if place not in self._keys:
            self._keys[place] = self._read_keys(of, Q())
        return self._keys[place]

    def keys_within(
        self, of: ForeignKey[Any, Any], limit: Q, among: Sequence[Any] | None
    ) -> Sequence[Any]:
        if among is None:
            return self._read_keys(of, limit)
        target = of.target_field.attname
        if isinstance(among, range):
            ends = {f"{target}__gte": among.start, f"{target}__lt": among.stop}
            return self._read_keys(of, Q(limit, **ends))
        found = set(self._read_keys(of, limit, most=None))
        return [key for key in among if key in found]

    def may_match(self, limit: Q, row: Mapping[Field[Any, Any], Any]) -> bool:
        return may_match(limit, row, self.connection.alias)

    def _read_keys(
        self, of: ForeignKey[Any, Any], limit: Q, most: int | None = _MOST_KEYS
    ) -> Sequence[Any]:
        target = of.target_field.attname
        rows = target_of(of)._base_manager.using(self.connection.alias).filter(limit)
        if of.unique:
            own = of.model._base_manager.using(self.connection.alias).exclude(**{of.name: None})
            rows = rows.exclude(**{f"{target}__in": own.values(of.attname)})
        return list(rows.order_by(target).values_list(target, flat=True).distinct()[:most])

    def content_types(self) -> Mapping[str, int]:
        if not apps.is_installed("django.contrib.contenttypes"):
            return {}
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT `app_label`, `model`, `id` FROM `django_content_type`")
            ids = {(app, name): key for app, name, key in cursor.fetchall()}
        return {
            model._meta.label: ids[known]
            for model in apps.get_models()
            if (known := (model._meta.app_label, model._meta.model_name)) in ids
        }

    def _column(self, sql: str) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return [row[0] for row in cursor.fetchall()]


def _name(name: str) -> str:
    return quoted(server_name(name))
