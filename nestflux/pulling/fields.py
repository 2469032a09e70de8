"""A column to a field: Django's own where it gives the column's very type, otherwise the nearest
one with the type in the server's words (``kept.py``). Pure, but for asking Django what it gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import models

from nestflux.pulling.describing import DescribedColumn
from nestflux.pulling.python_text import Call, Code, Value
from nestflux.sql.definitions import BYTES, SPATIAL, ColumnParts, has_zero_date, literal, unescaped

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# What MariaDB prints for types that state no display width, which means nothing to either server.
_WIDTHS = {
    "year(4)": "year",
    "tinyint(4)": "tinyint",
    "tinyint(3) unsigned": "tinyint unsigned",
    "smallint(6)": "smallint",
    "smallint(5) unsigned": "smallint unsigned",
    "mediumint(9)": "mediumint",
    "mediumint(8) unsigned": "mediumint unsigned",
    "int(11)": "int",
    "int(10) unsigned": "int unsigned",
    "bigint(20)": "bigint",
    "bigint(20) unsigned": "bigint unsigned",
}
_SYNONYMS = (
    (r"^integer\b", "int"),
    (r"^bool$", "tinyint(1)"),
    (r"^numeric\b", "decimal"),
    (r"^double precision", "double"),
)
_AUTO = {
    "AutoField": "IntegerField",
    "BigAutoField": "BigIntegerField",
    "SmallAutoField": "SmallIntegerField",
}
_TEXTS = {"CharField", "TextField"}
_BOOLEANS = {"", "NULL", "0", "1"}


@dataclass(frozen=True)
class Field:
    """A field that is to be written. ``kept`` are the classes of ``kept.py`` that it uses; ``said``
    is what Django has no field for; ``lost`` a default that no server takes any more."""

    value: Call
    kept: frozenset[str] = frozenset()
    said: str = ""
    lost: str = ""


@dataclass(frozen=True)
class ColumnUse:
    """What a column is in its table. ``verbatim``: defaults as the server's text. Django sends
    literals as parameters, which it would fill into a statement that holds a percent sign elsewhere
    (django/db/backends/base/schema.py, ``create_model``), and makes keys by further statements then
    (``table_sql``)."""

    primary: bool = False
    unique: bool = False
    verbatim: bool = False


def field_of(
    connection: BaseDatabaseWrapper, column: DescribedColumn, db_column: str, use: ColumnUse
) -> Field:
    """The field of a column that is no foreign key of one column.

    Args:
        db_column: the column's name where the field is called otherwise; empty otherwise.
    """
    if column.parts.generated:
        return _generated(connection, column, db_column, use)
    name, keywords = _class_of(column, use)
    kept, said = set(), ""
    if _is_standard(connection, name, keywords, column):
        function = f"models.{name}"
    else:
        function = f"Sql{name}"
        kept.add(function)
        said = usual(column.parts.type)
        keywords |= _in_words(column.parts, _type_of(name, column.parts))
    default, lost = _default(column, name, use)
    if isinstance(default, Call):
        kept.add("Sql")
    keywords |= _place(use, column.parts, db_column)
    if default is not None:
        keywords["db_default"] = default
    keywords |= _text_keywords(column.parts, name)
    return Field(Call(function, (), keywords), frozenset(kept), said, lost)


def related(
    function: str,
    target: Value,
    column: DescribedColumn,
    options: dict[str, Value],
    *,
    same_type: bool,
    use: ColumnUse,
    db_column: str,
) -> Field:
    """A foreign key of one column, ``function`` ForeignKey, OneToOneField or NamedOneToOneField,
    whose unique key is not called like the column.

    Args:
        same_type: has the column the type that Django gives it, its parent's?
    """
    kept: set[str] = set()
    keywords: dict[str, Value] = {"on_delete": Code("models.DO_NOTHING"), **options}
    if same_type and not _more(column.parts) and not column.parts.check:
        kept |= {function} - {"ForeignKey", "OneToOneField"}
        function = function if kept else f"models.{function}"
    else:
        function = f"Sql{function}"
        kept.add(function)
        keywords |= _in_words(column.parts, usual(column.parts.type))
    default, lost = _default(column, column.guess, use)
    if default == 0:  # a value that Django refuses for an AutoField, and for what leads to one
        default = Call("Sql", (column.parts.default,))
    if isinstance(default, Call):
        kept.add("Sql")
    keywords |= _place(ColumnUse(use.primary), column.parts, db_column)
    if default is not None:
        keywords["db_default"] = default
    keywords |= _text_keywords(column.parts, "")
    return Field(Call(function, (target,), keywords), frozenset(kept), "", lost)


def canonical(type_text: str) -> str:
    """A type in the one form in which the server's and Django's words for it are equal."""
    text = re.sub(r"\s+", " ", type_text.strip().lower()).replace(", ", ",")
    for pattern, replacement in _SYNONYMS:
        text = re.sub(pattern, replacement, text)
    return _WIDTHS.get(text, text)


def usual(type_text: str) -> str:
    """A type without the display width that MariaDB prints for one that states none."""
    return _WIDTHS.get(type_text, type_text)


def _class_of(column: DescribedColumn, use: ColumnUse) -> tuple[str, dict[str, Value]]:
    """The nearest of Django's fields, and its arguments."""
    kind, parts = column.data_type, column.parts
    if parts.type == "tinyint(1)" and _is_boolean(column, use):
        return "BooleanField", {}
    if kind == "bit":
        return "BitBooleanField" if parts.type == "bit(1)" else "BitField", {}
    if kind == "longtext" and parts.check.strip("()") == _json_check(column).strip("()"):
        return "JSONField", {}
    if kind in BYTES or kind in SPATIAL:
        return "BinaryField", {"max_length": column.length} if kind.endswith("binary") else {}
    if kind == "year":
        return "PositiveSmallIntegerField", {}
    if kind in ("tinyint", "smallint") and not parts.auto_increment:
        return "PositiveSmallIntegerField" if parts.unsigned else "SmallIntegerField", {}
    if kind in ("enum", "set", "inet4", "inet6"):
        return "CharField", {"max_length": column.length or 45}
    name = column.guess or "TextField"
    if name in _AUTO and not use.primary:
        name = _AUTO[name]
    keywords: dict[str, Value] = {
        key: int(value) for key, value in column.params.items() if key != "db_collation"
    }
    if name == "CharField":  # of varchar(0) too, and Django wants a length
        keywords["max_length"] = column.length or 1
    return name, keywords


def _is_boolean(column: DescribedColumn, use: ColumnUse) -> bool:
    """Is a ``tinyint(1)`` meant as one? No key is, and none that counts or holds more."""
    alone = use.primary or use.unique or column.parts.auto_increment
    return not alone and not column.holds_more and _bare(column.parts.default) in _BOOLEANS


def _bare(default: str) -> str:
    found = literal(default)
    return found.value if found else default.upper()


def _json_check(column: DescribedColumn) -> str:
    return f"(json_valid(`{column.name}`))"


def _is_standard(
    connection: BaseDatabaseWrapper, name: str, keywords: dict[str, Value], column: DescribedColumn
) -> bool:
    """Does Django's own field give this type, and nothing besides?"""
    if name not in vars(models):
        return False
    made: Any = getattr(models, name)(**keywords)
    made.set_attributes_from_name("x")
    given = made.db_type(connection) or ""
    parts = column.parts
    if name == "JSONField" and connection.mysql_is_mariadb:  # type: ignore[attr-defined]
        return column.collation == "utf8mb4_bin" and not _more(parts)
    if given.endswith(" AUTO_INCREMENT"):
        given = given.removesuffix(" AUTO_INCREMENT")
        if not parts.auto_increment:
            return False
    elif parts.auto_increment:
        return False
    check = (made.db_check(connection) or "").replace("`x`", f"`{column.name}`")
    same_check = check.strip("()").lower() == parts.check.strip("()").lower()
    more = _more(parts).replace("AUTO_INCREMENT", "").strip()
    return canonical(given) == canonical(parts.type) and same_check and not more


def _more(parts: ColumnParts) -> str:
    """What follows a type and is neither default nor comment."""
    said = []
    if parts.auto_increment:
        said.append("AUTO_INCREMENT")
    if parts.on_update:
        said.append(f"ON UPDATE {parts.on_update}")
    return " ".join([*said, parts.more]).strip()


def _type_of(name: str, parts: ColumnParts) -> str:
    """A type, with its collation where the field takes no ``db_collation``."""
    shown = usual(parts.type)
    if parts.collation and name not in _TEXTS:
        return f"{shown} COLLATE {parts.collation}"
    return shown


def _in_words(parts: ColumnParts, type_text: str) -> dict[str, Value]:
    words: dict[str, Value] = {"sql_type": type_text}
    if more := _more(parts):
        words["sql_more"] = more
    if parts.check:
        inner = parts.check
        words["sql_check"] = inner[1:-1] if inner.startswith("(") else inner
    return words


def _place(use: ColumnUse, parts: ColumnParts, db_column: str) -> dict[str, Value]:
    words: dict[str, Value] = {}
    if db_column:
        words["db_column"] = db_column
    if use.primary:
        words["primary_key"] = True
    elif use.unique:
        words["unique"] = True
    if parts.nullable and not use.primary and not parts.generated:
        words |= {"null": True, "blank": True}
    return words


def _text_keywords(parts: ColumnParts, name: str) -> dict[str, Value]:
    words: dict[str, Value] = {}
    if name in _TEXTS and parts.collation:
        words["db_collation"] = parts.collation
    if parts.comment and (comment := _comment(parts)) is not None:
        words["db_comment"] = comment
    return words


def _comment(parts: ColumnParts) -> str | None:
    return unescaped(parts.comment)


def _default(column: DescribedColumn, name: str, use: ColumnUse) -> tuple[Value | None, str]:
    """``db_default``, and what is lost of it."""
    text = column.parts.default
    if not text or (text.upper() == "NULL" and column.parts.nullable):
        return None, ""
    if has_zero_date(column.parts):
        return None, text
    if name == "BitBooleanField" and not use.verbatim and text in ("b'0'", "b'1'"):
        return text == "b'1'", ""
    found = None if use.verbatim else literal(text)
    if found is not None:
        if name == "BooleanField" and found.value in ("0", "1"):
            return found.value == "1", ""
        if re.fullmatch(r"-?\d+", found.value) and ("Integer" in name or "Auto" in name):
            return int(found.value), ""
        if name in _TEXTS and found.quoted and column.data_type not in ("set", "enum"):
            return found.value, ""
        if name == "CharField" and found.quoted:
            return found.value, ""
    return Call("Sql", (text,)), ""


def _generated(
    connection: BaseDatabaseWrapper, column: DescribedColumn, db_column: str, use: ColumnUse
) -> Field:
    """A generated column. What Django says in the wrong place of it (a comment, before the
    expression, which MySQL refuses) or not at all (NOT NULL) is said behind the expression."""
    parts = column.parts
    name, keywords = _class_of(column, ColumnUse())
    kept = {"Sql"}
    bare = ColumnParts(type=parts.type, check=parts.check)
    plain = replace(column, parts=bare)
    if _is_standard(connection, name, keywords, plain):
        function = f"models.{name}"
    else:
        function = f"Sql{name}"
        kept.add(function)
        keywords |= _in_words(bare, _type_of(name, parts))
    if name in _TEXTS and parts.collation:
        keywords["db_collation"] = parts.collation
    behind = ["NOT NULL"] if parts.not_null else []
    behind += [parts.more] if parts.more else []
    behind += [f"COMMENT {parts.comment}"] if parts.comment else []
    expression = parts.generated
    words: dict[str, Value] = {
        "expression": Call("Sql", (expression[1:-1] if expression[0] == "(" else expression,)),
        "output_field": Call(function, (), keywords),
        "db_persist": parts.stored,
    }
    words |= _place(use, parts, db_column)
    outer = "models.GeneratedField"
    if behind:
        outer = "SqlGeneratedField"
        kept.add(outer)
        words["sql_more"] = " ".join(behind)
    said = usual(parts.type) if function.startswith("Sql") else ""
    return Field(Call(outer, (), words), frozenset(kept), said)
