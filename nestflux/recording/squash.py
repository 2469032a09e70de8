"""``db_squash``: the first files of a history become one, which gives what they gave.

Its text is made as ``schema.sql`` is, from the files' own text and not from Django's models: a
reviewer's edit stays. It is proved like every other file. All or nothing, like every recording.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.conf import configuration, history_folder
from nestflux.database.errors import in_words
from nestflux.database.session import PINNED, pin
from nestflux.exceptions import HistoryError, NotReproduced, Refused
from nestflux.history import naming
from nestflux.history.folder import Folder, display_path, texts_of, write_all
from nestflux.history.journal import Entry, Journal
from nestflux.history.records import FileRecord, StepRecord
from nestflux.history.snapshots import (
    DROP_ORDER,
    objects_made_by,
    referred_to_by,
    statements_of,
)
from nestflux.history.sqlfile import Direction, Replaced, Section, SqlFile, Statement
from nestflux.recording.determinism import Twice, run_files, run_twice
from nestflux.recording.generate import families_of
from nestflux.recording.measuring import Measuring
from nestflux.recording.recording_target import RecordingTarget, recording_target, require_sound
from nestflux.recording.replay import run_script
from nestflux.recording.snapshot import other_rows, render_snapshot, written
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import Schema, read_schema
from nestflux.schema.rows import TableRows, read_rows
from nestflux.sql.lexer import quoted, significant
from nestflux.sql.ordering import parents_first
from nestflux.sql.statements import Kind, kind_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

# As schema.sql: rows may refer to rows that come later, of another table or of their own.
_UNCHECKED = "SET foreign_key_checks = 0"
_DEFAULT = "squashed"

_KEEP = "keep the files as they are, or squash only those before the one that makes what is named"


@dataclass(frozen=True)
class SquashPlan:
    """What ``squash`` will do in one history: put ``name`` in the place of ``entries``, none where
    there is nothing to squash, and remove ``leftovers``, which a killed run left."""

    folder: Folder
    name: str = ""
    entries: tuple[Entry, ...] = ()
    leftovers: tuple[Path, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        return not (self.entries or self.leftovers)


@dataclass(frozen=True)
class Squashed:
    """A file that was made of others. ``place`` is where."""

    plan: SquashPlan
    target: RecordingTarget
    up: SqlFile
    down: SqlFile
    record: FileRecord

    @property
    def entry(self) -> Entry:
        return Entry.of(self.up, self.down, self.record)

    @property
    def texts(self) -> dict[str, str]:
        return texts_of(self.up, self.down, self.record)

    @property
    def journal(self) -> Journal:
        journal = self.target.folder.journal
        return replace(journal, entries=(self.entry, *journal.entries[len(self.plan.entries) :]))


def choose_replaced(journal: Journal, to: str | None) -> tuple[Entry, ...]:
    """The files to squash: from the first to ``to``; none where that is one file, or was squashed
    already. Pure. Raises HistoryError where no file is called so."""
    entries = journal.entries
    if to is not None:
        wanted = to.removesuffix(".sql")
        if entries and wanted in entries[0].replaced_names:
            return ()
        entries = entries[: entries.index(journal.entry(to)) + 1]
    return entries if len(entries) > 1 else ()


def plan_squash(alias: str, *, to: str | None = None, name: str | None = None) -> list[SquashPlan]:
    """What ``squash`` would do, in the history of each family. Writes nothing and asks no server,
    where the families are known without one. Raises Refused and its kinds.

    Args:
        to: the last file to squash, by name or number; None: the last of the history.
        name: the new file's name without its number.
    """
    base = name or _DEFAULT
    if not naming.is_valid(base):
        raise Refused(
            f"--name {name!r} cannot be a file name.",
            then="use lower-case letters, digits and underscores, 59 at the most",
        )
    folders = [history_folder(alias, family) for family in families_of(alias, configuration())]
    return [_planned(folder, to, base) for folder in folders]


def _planned(folder: Folder, to: str | None, base: str) -> SquashPlan:
    journal = folder.journal
    try:
        entries = choose_replaced(journal, to)
    except HistoryError as error:
        error.stands, error.then = "nothing was changed", "python manage.py db_status"
        raise
    full = naming.numbered(entries[-1].number, base) if entries else ""
    if full in journal.names:
        raise Refused(
            f"{full} is one of the files that would be squashed.",
            stands="nothing was changed",
            then="give the squash another name: python manage.py db_squash --name NAME",
        )
    leftovers = _leftovers(folder, {full} if full else set())
    require_sound(folder, [path.name for path in leftovers])
    written_anew = {folder.up_path(full), folder.down_path(full), folder.record_path(full)}
    kept = tuple(path for path in leftovers if path not in written_anew)
    return SquashPlan(folder, full, entries, kept)


def _leftovers(folder: Folder, made: set[str]) -> list[Path]:
    """What a killed run left: files that the journal's squash replaced, and a squash that the
    journal does not know yet."""
    journal = folder.journal
    gone = {name for entry in journal.entries for name in entry.replaced_names}
    return [
        path
        for name in sorted((gone | made) - set(journal.names))
        for path in paths_of(folder, name)
        if path.exists()
    ]


def paths_of(folder: Folder, name: str) -> tuple[Path, ...]:
    """The three files of an entry."""
    return folder.up_path(name), folder.down_path(name), folder.record_path(name)


def squash(alias: str, plans: Sequence[SquashPlan]) -> list[Squashed]:
    """Carry out what ``plan_squash`` said, on a server of each family.

    Raises ServerUnavailable, HistoryError, NotReproduced, and Refused where rows may not be
    written to a file; whatever is raised, nothing was written.
    """
    done = []
    for plan in plans:
        if plan.entries:
            target = recording_target(alias, plan.folder.family, configuration(), edits=True)
            done.append(_squashed(target, plan))
    write_all(one.target.folder.stage(one.texts, one.journal) for one in done)
    for plan in plans:
        old = [path for entry in plan.entries for path in paths_of(plan.folder, entry.name)]
        for path in (*old, *plan.leftovers):
            path.unlink(missing_ok=True)
    return done


def _squashed(target: RecordingTarget, plan: SquashPlan) -> Squashed:
    logger.info("%s: running %s files", target.server.name, len(plan.entries))
    twice = run_twice(target, plan.entries, target.files)
    if reasons := _why_no_file(twice):
        raise Refused(
            f"The rows that these files make may not be written to a file: {'; '.join(reasons)}.",
            where=str(target.folder.path),
            stands="nothing was changed",
            then="squash up to the file before the one that makes them: "
            "python manage.py db_squash --to FILE",
        )
    up, down = _files(target, plan, twice)
    made = _proved(target, Squashed(plan, target, up, down, FileRecord((), ())), twice)
    _prove_what_follows(made)
    return made


def _why_no_file(twice: Twice) -> tuple[str, ...]:
    """Rows that vary; and a file of a history has no variables, which the snapshot has for them."""
    if twice.varying.because:
        return twice.varying.reasons
    variables = written(twice.rows, twice.varying).variables
    return ("several rows hold the same generated uuid",) if variables else ()


# ---- the texts -----------------------------------------------------------------------------


def _files(target: RecordingTarget, plan: SquashPlan, twice: Twice) -> tuple[SqlFile, SqlFile]:
    last = plan.entries[-1].name
    sections = [
        Section(section.migration, section.replaces)
        for entry in plan.entries
        for section in target.files(entry).sections
    ]
    statements = _in_order(render_snapshot(last, twice.schema, twice.rows, twice.varying))
    up = SqlFile(
        name=plan.name,
        direction=Direction.UP,
        id=uuid.uuid4().hex,
        recorded_on=target.server.name,
        session=(*PINNED[:-1], _UNCHECKED),
        sections=_all_under(0, sections, statements),
        notes=(
            f"Made by db_squash from the schema after {last}, and the rows that its files made: "
            "all statements stand under the first migration.",
        ),
        replaces=tuple(Replaced(e.name, e.id, e.up, e.replaces) for e in plan.entries),
    )
    drops = _drops(statements)
    down = replace(
        up,
        direction=Direction.DOWN,
        session=PINNED if drops.in_order else up.session,
        sections=_all_under(len(sections) - 1, sections[::-1], drops.statements),
        notes=("Drops all that the file makes, whatever ways back the replaced files had.",),
        replaces=(),
    )
    return up, down


def _all_under(
    target: int, sections: Sequence[Section], statements: Sequence[str]
) -> tuple[Section, ...]:
    """All statements in one section, the same both ways: on the way up every row of
    ``django_migrations`` comes with the last of them, on the way down the others go first."""
    items = tuple(Statement(sql) for sql in statements)
    one = replace(sections[target], items=items)
    return *sections[:target], one, *sections[target + 1 :]


def _object_of(sql: str) -> str:
    """What a statement makes, fills or drops: the first name in it."""
    names = (token.text.strip("`") for token in significant(sql) if token.kind == "name")
    return next(names, "")


def _in_order(snapshot: str) -> list[str]:
    """The statements of a snapshot, each table after those that its keys refer to."""
    statements = [sql for sql in statements_of(snapshot) if kind_of(sql) is not Kind.SESSION]
    tables = {key: sql for sql in statements if (key := _table_of(sql))}
    ordered = [tables[key] for key in parents_first(_references(tables)).order]
    return [*ordered, *(sql for sql in statements if not _table_of(sql))]


def _table_of(sql: str) -> str:
    return next((made.name for made in objects_made_by([sql]) if made.is_table), "")


def _references(tables: Mapping[str, str]) -> dict[str, set[str]]:
    """The tables that each one's foreign keys refer to."""
    return {table: referred_to_by(sql) for table, sql in tables.items()}


@dataclass(frozen=True)
class _Drops:
    """``in_order``: no table is dropped while another one's key refers to it."""

    statements: tuple[str, ...]
    in_order: bool


def _drops(statements: Sequence[str]) -> _Drops:
    """What takes back all that these statements make, children before their parents."""
    made = objects_made_by(statements)[::-1]
    tables = {key: sql for sql in statements if (key := _table_of(sql))}
    return _Drops(
        tuple(
            f"DROP {kind.upper()} {quoted(key.name)}"
            for kind in DROP_ORDER
            for key in made
            if key.kind == kind
        ),
        parents_first(_references(tables)).whole,
    )


# ---- the proof -----------------------------------------------------------------------------


def _proved(target: RecordingTarget, made: Squashed, twice: Twice) -> Squashed:
    """Run both ways on an empty shadow: the schema and the rows of the replaced files, and nothing
    left behind. Returns it with true comment lines and records."""
    logger.info("%s: running the text of %s.sql", target.server.name, made.up.name)
    with target.shadow() as connection:
        empty = read_schema(connection)
        up, ups = _measured(connection, target, made.up)
        _require_same(twice.schema, read_schema(connection), up)
        _require_same_rows(twice, read_rows(connection), up)
        down, downs = _measured(connection, target, made.down)
        _require_same(empty, read_schema(connection), down)
    return replace(made, up=up, down=down, record=FileRecord(ups, downs))


def _measured(
    connection: BaseDatabaseWrapper, target: RecordingTarget, file: SqlFile
) -> tuple[SqlFile, tuple[StepRecord, ...]]:
    pin(connection, file.session)
    measuring = Measuring(connection, target.server.family)
    records: list[StepRecord] = []

    def execute(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    for ordinal, section, step in file.steps():
        sql = step.sql if isinstance(step, Statement) else ""
        try:
            record = measuring.run(sql, execute)[2]
        except Error as error:
            raise NotReproduced(
                f"Step {ordinal} of {file.name} fails: {in_words(error, connection, sql)}",
                where=f"{section.migration}, {file.direction} file, step {ordinal}",
                stands="nothing was written",
                then=_KEEP,
            ) from error
        # A table with its rows is the unit that a run which died half-way is reversed by.
        records.append(replace(record, operation=f"{section.migration}/{_object_of(sql)}"))
    return file.with_notes(dict(enumerate((r.note for r in records), start=1))), tuple(records)


def _require_same(wanted: Schema, found: Schema, file: SqlFile) -> None:
    if difference := Delta.between(wanted.definitions, found.definitions):
        raise NotReproduced(
            f"The {file.direction} file does not give what the files give that it replaces:\n"
            + "\n".join(f"    {line}" for line in difference.lines()[:20]),
            where=file.name,
            stands="nothing was written",
            then=_KEEP,
        )


def _require_same_rows(twice: Twice, found: Mapping[str, TableRows], file: SqlFile) -> None:
    """The same rows, but for the columns that are other ones in each run."""
    differing = other_rows(twice.rows, found, twice.varying.columns, twice.varying.renamed)
    lines = [f"{table}: {what}" for table, what in differing.items()]
    if lines:
        raise NotReproduced(
            "The up file does not give the rows that the files give which it replaces:\n"
            + "\n".join(f"    {line}" for line in lines),
            where=file.name,
            stands="nothing was written",
            then=_KEEP,
        )


def _prove_what_follows(made: Squashed) -> None:
    """The files that stay, run behind the squash, still give what ``schema.sql`` says."""
    folder = made.target.folder
    rest = made.journal.entries[1:]
    if not rest:
        return
    logger.info("%s: running %s files behind it", made.target.server.name, len(rest))
    with made.target.shadow() as connection:
        files = {made.entry.id: made.up}
        run_files(
            connection,
            made.target,
            made.journal.entries,
            lambda entry: files.get(entry.id) or made.target.files(entry),
        )
        found = read_schema(connection)
    with made.target.shadow() as connection:
        run_script(connection, folder.snapshot())
        said = read_schema(connection)
    if difference := Delta.between(said.definitions, found.definitions):
        raise NotReproduced(
            "The files behind the squash do not give the schema of schema.sql any more:\n"
            + "\n".join(f"    {line}" for line in difference.lines()[:20]),
            where=display_path(folder.path),
            stands="nothing was written",
            then="python manage.py db_check   (which of the files gives something else?)",
        )
