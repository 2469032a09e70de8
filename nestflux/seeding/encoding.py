"""Values as text for the server: a column at a time, for LOAD DATA and for INSERT."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Field, ForeignKey
from django.utils.duration import duration_microseconds

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
_SQL = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"}
)
# What is sent as hex digits.
_BYTES = frozenset({"BinaryField"})


@dataclass(frozen=True)
class Encoder:
    """A column's values as text.

    Args:
        plain: one value, which is not None, as the server reads it.
        escapes: may the text hold characters that need escaping?
        is_binary: hex digits, to be read as bytes.
        compares: does the server find a value equal to its text? Not JSON, nor a FLOAT.
    """

    plain: Callable[[Any], str]
    escapes: bool
    is_binary: bool = False
    compares: bool = True

    def for_load(self, values: Sequence[Any]) -> list[str]:
        """For LOAD DATA: tabs between fields, ``\\N`` for NULL, escaped with a backslash."""
        texts = self._texts(values)
        if self.escapes:
            texts = _escaped(texts, _TSV)
        return _with_nulls(values, texts, "\\N")

    def for_insert(self, values: Sequence[Any]) -> list[str]:
        """As SQL literals. Numbers are quoted as well: the server reads them by the column's
        type."""
        texts = self._texts(values)
        if self.is_binary:
            found = [f"X'{text}'" for text in texts]
        else:
            found = [f"'{text}'" for text in (_escaped(texts, _SQL) if self.escapes else texts)]
        return _with_nulls(values, found, "NULL")

    def _texts(self, values: Sequence[Any]) -> list[str]:
        plain = self.plain
        if None in values:
            return ["" if value is None else plain(value) for value in values]
        return list(map(plain, values))


def _escaped(texts: list[str], specials: Mapping[int, str]) -> list[str]:
    """One look at all of them first: most columns have nothing to escape."""
    whole = "".join(texts)
    if not any(chr(special) in whole for special in specials):
        return texts
    return [text.translate(specials) for text in texts]


def _with_nulls(values: Sequence[Any], texts: list[str], null: str) -> list[str]:
    if None not in values:
        return texts
    return [null if value is None else text for value, text in zip(values, texts, strict=True)]


def _moment(value: datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat(" ")


def _decimal(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _bit(value: Any) -> str:
    return "1" if value else "0"


def _iso(value: date | time) -> str:
    return value.isoformat()


def _micros(value: timedelta) -> str:
    return str(duration_microseconds(value))


def _any(value: Any) -> str:
    """What a custom field prepared, which may be of any type."""
    match value:
        case bool():
            return _bit(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode("latin-1")
        case datetime():
            return _moment(value)
        case UUID():
            return value.hex
        case dict() | list():
            return json.dumps(value)
    return str(value)


_PLAIN: dict[str, Callable[[Any], str]] = {
    "BooleanField": _bit,
    "DateTimeField": _moment,
    "DateField": _iso,
    "TimeField": _iso,
    "DecimalField": _decimal,
    "FloatField": repr,
    "DurationField": _micros,
}


def encoder_of(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Encoder:
    """How a field's values are written. Those of Django's own fields without asking the field for
    each value, which takes longer than to make it."""
    if isinstance(field, ForeignKey):
        return encoder_of(field.target_field, connection)
    internal = field.get_internal_type()
    if not type(field).__module__.startswith("django."):
        return _of_any_field(field, connection, internal)
    if internal in _BYTES:
        return Encoder(
            lambda value: bytes(value).hex(), escapes=False, is_binary=True, compares=False
        )
    if internal == "JSONField":
        encode: Any = getattr(field, "encoder", None)
        return Encoder(lambda value: json.dumps(value, cls=encode), escapes=True, compares=False)
    if internal == "UUIDField":
        native = connection.features.has_native_uuid_field
        return Encoder(_dashed if native else _hex, escapes=False)
    if internal in _PLAIN:
        return Encoder(_PLAIN[internal], escapes=False, compares=internal != "FloatField")
    if "Integer" in internal or "AutoField" in internal:
        return Encoder(_number, escapes=False)
    return Encoder(str, escapes=True)


def _number(value: Any) -> str:
    return str(int(value))


def _hex(value: Any) -> str:
    return value.hex if isinstance(value, UUID) else str(UUID(str(value)).hex)


def _dashed(value: Any) -> str:
    return str(value)


def _of_any_field(
    field: Field[Any, Any], connection: BaseDatabaseWrapper, internal: str
) -> Encoder:
    def plain(value: Any) -> str:
        return _any(field.get_db_prep_save(value, connection))

    if internal in _BYTES:
        return Encoder(
            lambda value: bytes(field.get_db_prep_save(value, connection)).hex(),
            escapes=False,
            is_binary=True,
            compares=False,
        )
    return Encoder(plain, escapes=True)
