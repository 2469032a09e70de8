"""What a step touches, as it is now: read before it runs, and again where a run looks back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nestflux.schema.diff import Definitions, Delta, columns_renamed_by
from nestflux.schema.introspection import (
    Look,
    Printing,
    listed_programs,
    listed_tables,
    look_at,
    printing_of,
    read_schema,
)
from nestflux.schema.objects import VIEW
from nestflux.sql.lexer import identifiers
from nestflux.sql.statements import (
    alters_database,
    leaves_programs,
    leaves_tables,
    makes_or_drops_tables,
)

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Effect:
    """A step by what it may do to a schema.

    ``sql``: empty for one in Python, which may do anything. ``recorded``: what it changed when it
    was recorded; ``to_the_letter``: by the very server that runs it.
    """

    sql: str
    recorded: Delta
    to_the_letter: bool = field(default=False, compare=False)

    @property
    def names(self) -> set[str]:
        """Every object that the statement names, or that it changed when it was recorded."""
        return {*identifiers(self.sql), *(key.holder_name for key in self.recorded.changes)}


@dataclass(frozen=True)
class _Known:
    """What is asked once, and again behind a step that could have changed it: each takes longer
    than reading a table. ``None``: not known."""

    printing: Printing | None = None
    tables: Mapping[str, str] | None = None
    programs: Sequence[tuple[str, str, str]] | None = None

    def behind(self, step: Effect) -> _Known:
        """What is known once a step ran to its end. Pure."""
        if not leaves_programs(step.sql):
            return _Known(tables=self._tables_behind(step))
        return _Known(
            None if alters_database(step.sql) else self.printing,
            self._tables_behind(step),
            # A table that goes takes its triggers along.
            self.programs if leaves_tables(step.sql) or not self.programs else None,
        )

    def _tables_behind(self, step: Effect) -> Mapping[str, str] | None:
        if self.tables is None or leaves_tables(step.sql):
            return self.tables
        if not makes_or_drops_tables(step.sql):
            return None
        tables = dict(self.tables)
        for key, (before, after) in step.recorded.changes.items():
            if not (key.is_table or key.kind == VIEW):
                continue
            if before is None:
                tables.setdefault(key.name, "VIEW" if key.kind == VIEW else "BASE TABLE")
            elif after is None:
                tables.pop(key.name, None)
        return tables


class _Seen:
    """Tables as they were read, and as recorded changes leave them: for a run that would read each
    in a packet of its own.

    A change is believed where all of it begins with what was seen. It counts for recovery alone,
    where the next statement dies: what is seen then is compared with it.
    """

    def __init__(self) -> None:
        self._tables: dict[str, Definitions] = {}

    def keep(self, definitions: Definitions) -> None:
        for key, text in definitions.items():
            self._tables[key.holder_name] = {**self._tables.get(key.holder_name, {}), key: text}

    def lacks(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if name not in self._tables}

    def of(self, names: Iterable[str]) -> Definitions:
        return {key: text for name in names for key, text in self._tables[name].items()}

    def step_done(self, step: Effect) -> None:
        """A step ran to its end. Pure but for what is kept."""
        if not leaves_tables(step.sql) or columns_renamed_by(step.sql):
            self._tables.clear()  # what refers to a name that changed changes, too
            return
        for name in step.names:
            before = self._tables.pop(name, None)
            changes = {k: v for k, v in step.recorded.changes.items() if k.holder_name == name}
            if before is None or not (changes and step.to_the_letter):
                continue
            if all(before.get(key) == was for key, (was, _) in changes.items()):
                after = {**before, **{key: becomes for key, (_, becomes) in changes.items()}}
                self._tables[name] = {key: text for key, text in after.items() if text is not None}


class TouchedDefinitions:
    """Reads for one run, which holds the lock.

    Args:
        foretells: what a step leaves is taken from what it changed when it was recorded, where that
            is sure; see ``_Seen``.
    """

    def __init__(self, connection: BaseDatabaseWrapper, *, foretells: bool) -> None:
        self.connection = connection
        self._known = _Known()
        self._seen = _Seen() if foretells else None
        self._ahead: tuple[Effect, Definitions] | None = None

    def of(self, step: Effect) -> Definitions:
        """What a step touches: as it was read behind the one before it, or as it is read now."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == step:
            return ahead[1]
        known = self._ask()
        if self._seen is not None and leaves_programs(step.sql) and not known.programs:
            return self._foretold(self._seen, step, known)
        return read_schema(
            self.connection,
            step.names,
            programs=known.programs or not leaves_programs(step.sql),
            listed=known.tables,
            printing=known.printing,
        ).definitions

    def _foretold(self, seen: _Seen, step: Effect, known: _Known) -> Definitions:
        names = [name for name in known.tables or () if name in step.names]
        if missing := seen.lacks(names):
            read = read_schema(
                self.connection,
                missing,
                programs=False,
                listed=known.tables,
                printing=known.printing,
            )
            seen.keep(read.definitions)
        return seen.of(names)

    def look_behind(self, step: Effect, following: Effect) -> Look | None:
        """How what ``following`` touches is read in one packet with ``step``; None where it is to
        be read by itself, because it is not known which objects there will be."""
        known = self._known.behind(step)
        if (
            self._seen is not None
            or known.printing is None
            or known.tables is None
            or known.programs is None
        ):
            return None
        if not leaves_programs(following.sql):
            return None
        names = following.names
        return look_at(self.connection, names, known.printing, known.tables, known.programs)

    @property
    def was_read_ahead(self) -> bool:
        """Is it known what the next step touches?"""
        return self._ahead is not None

    def was_read(self, following: Effect, definitions: Definitions) -> None:
        """What ``look_behind`` gave. It counts for the next step alone."""
        self._ahead = (following, definitions)

    def step_done(self, step: Effect) -> None:
        """A step ran to its end."""
        if self._seen is not None:
            self._seen.step_done(step)
        self._known = self._known.behind(step)
        self._ahead = None

    def forget(self) -> None:
        """Ask again: the database may have changed since."""
        self._known = _Known()
        self._ahead = None
        if self._seen is not None:
            self._seen = _Seen()

    def _ask(self) -> _Known:
        known = self._known
        self._known = _Known(
            known.printing or printing_of(self.connection),
            listed_tables(self.connection) if known.tables is None else known.tables,
            listed_programs(self.connection) if known.programs is None else known.programs,
        )
        return self._known
