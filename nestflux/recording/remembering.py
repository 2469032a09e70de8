"""What a recording remembers of each migration, so that a later edit of its ``.py`` is found."""

from __future__ import annotations

import re
import types
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations import AlterField, RemoveField

from nestflux.graph.fingerprints import Prints, django_series, prints_of
from nestflux.graph.loader import dotted
from nestflux.history.records import MigrationRecord
from nestflux.history.sqlfile import Direction, PythonStep, Section
from nestflux.recording.changes import MigrationModule
from nestflux.recording.notes import volatile_fields
from nestflux.sql.lexer import Token, significant
from nestflux.sql.statements import sha256


def prints_by_name(
    migrations: Iterable[Migration], modules: Sequence[MigrationModule] = ()
) -> dict[str, Prints]:
    """The fingerprints of migrations, to be taken before they run: see ``measuring.code_of``.

    Args:
        modules: the texts of those that are not written yet.
    """
    texts = {module.name: module for module in modules}
    named = {dotted((each.app_label, each.name)): each for each in migrations}
    return {name: _prints(migration, texts.get(name)) for name, migration in named.items()}


def records_of(
    migrations: Sequence[Migration],
    prints: Mapping[str, Prints],
    forwards: Collection[Section],
    backwards: Collection[Section],
) -> tuple[MigrationRecord, ...]:
    """What to remember of migrations that were recorded.

    Args:
        prints: from before they ran.
        forwards, backwards: what Django gave for each; none where it has no way back.
    """
    ups = {section.migration: section for section in forwards}
    downs = {section.migration: section for section in backwards}
    records = []
    for migration in migrations:
        name = dotted((migration.app_label, migration.name))
        records.append(
            record_of(
                name,
                prints[name],
                digest(migration, ups[name], Direction.UP),
                digest(migration, downs[name].as_django_gives_it, Direction.DOWN)
                if name in downs
                else "",
            )
        )
    return tuple(records)


def record_of(name: str, prints: Prints, up: str, down: str) -> MigrationRecord:
    """A migration's record; what Django gave is remembered of the project's own only."""
    return MigrationRecord(
        migration=name,
        django=django_series(),
        packages=prints.packages,
        operations=prints.operations,
        source=prints.source,
        up=up if prints.packages else "",
        down=down if prints.packages else "",
    )


def _prints(migration: Migration, module: MigrationModule | None) -> Prints:
    """The fingerprints of a migration as it will be imported: one that is not written yet is made
    from its text, as Python will make it."""
    if module is None:
        return prints_of(migration)
    package, _ = MigrationLoader.migrations_module(migration.app_label)
    made = types.ModuleType(f"{package}.{migration.name}")
    exec(compile(module.text, str(module.path), "exec"), vars(made))  # noqa: S102 Django's own text
    loaded = vars(made)["Migration"](migration.name, migration.app_label)
    return prints_of(loaded, text=module.text)


# ---- statements, as far as they can be the same --------------------------------------------


def digest(migration: Migration, section: Section, direction: Direction) -> str:
    """A hash of a section's statements, layout and volatile defaults left out."""
    return digest_in_any_order(comparable(migration, section, section, direction))


def digest_in_any_order(statements: Iterable[str]) -> str:
    """A hash of statements, some of which Django may give in another order next time: it takes
    them from sets."""
    return digest_in_order(sorted(statements))


def digest_in_order(statements: Iterable[str]) -> str:
    """What earlier versions remembered."""
    return sha256("\n".join(statements))


def comparable(
    migration: Migration, recorded: Section, section: Section, direction: Direction
) -> tuple[str, ...]:
    """The statements of ``section`` with that left out in which two recordings differ by nature.

    Args:
        recorded: what Django gives for the migration, which shows where defaults are used.
    """
    columns = _volatile_columns(migration, recorded, direction)
    return tuple(_masked(each, columns) for each in texts_of(section))


def texts_of(section: Section) -> tuple[str, ...]:
    """A section's statements in their order; a Python step by its locator."""
    return tuple(
        f"python step {item.locator}" if isinstance(item, PythonStep) else item.sql
        for item in section.items
    )


def _volatile_columns(
    migration: Migration, section: Section, direction: Direction
) -> frozenset[str] | None:
    """The columns whose default's value is another one at each recording; None for any column.

    On the way back these are of removed and altered fields, which only the state before knows.
    """
    if direction is Direction.DOWN:
        removed = any(isinstance(each, RemoveField | AlterField) for each in migration.operations)
        return None if removed else frozenset()
    return frozenset(field.column for _, field in volatile_fields(migration, section))


def _masked(sql: str, columns: frozenset[str] | None) -> str:
    """A statement's tokens; of a column's default, and of the UPDATE that fills its NULLs, only
    that there is a value."""
    found = significant(sql)
    shown = [token.text for token in found]
    named = {token.text.strip("`") for token in found if token.kind == "name"}
    is_volatile = columns is None or not columns.isdisjoint(named)
    if is_volatile and (start := _value_starts(found)):
        shown[start : _value_ends(found, start)] = ["…"]
    return " ".join(shown)


def _value_starts(found: Sequence[Token]) -> int:
    """Where the value of ``… DEFAULT value`` or ``UPDATE t SET c = value WHERE c IS NULL`` is."""
    words = _words(found)
    if words[:2] == ["ALTER", "TABLE"] and "DEFAULT" in words:
        return words.index("DEFAULT") + 1
    fills = words[:1] == ["UPDATE"] and words[-2:] == ["IS", "NULL"]
    if fills and words[2:3] == ["SET"] and found[3].text == found[-3].text:
        return 5
    return 0


def _value_ends(found: Sequence[Token], start: int) -> int:
    words = _words(found)
    for at in range(start + 1, len(found)):
        if words[at] in ("NOT", "NULL", "WHERE", "COMMENT", "UNIQUE", "FIRST", "AFTER"):
            return at
    return len(found)


def _words(found: Sequence[Any]) -> list[str]:
    return [
        re.sub(r"\W", "", token.text).upper() if token.kind == "word" else "" for token in found
    ]
