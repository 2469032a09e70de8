"""``db_baseline``: take over a database that stock Django migrated, or that was made without it.

``django_migrations`` says up to which file the database is; of an app of which it holds nothing
the schema alone tells (``db_pull`` wrote its models). The schema that these files make is
built on a shadow and compared with the live one. Only where they agree, the files are recorded as
applied. No statement of a file is run on the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder

from nestflux.applying.plan.applied_files import applied_entries
from nestflux.applying.plan.coverage import refuse_unrecorded
from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.plan import refuse_server
from nestflux.applying.run.context import Options
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.run.migrate import send_post_migrate
from nestflux.applying.suitability import refuse_unsuitable
from nestflux.applying.target import Target
from nestflux.database.server import default_collation
from nestflux.exceptions import LedgerConflict, Refused
from nestflux.graph.loader import dotted
from nestflux.history.folder import HistoryFiles
from nestflux.ledger.ledger import LedgerState, read_state
from nestflux.recording.built_schema import known_objects, live_schema, schema_of_files
from nestflux.schema.compare import Comparison, compare
from nestflux.schema.introspection import Schema, table_names
from nestflux.schema.objects import ObjectKey
from nestflux.wording import listed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.history.folder import Folder
    from nestflux.history.journal import Entry, Journal


_SHOWN = 5  # names of migrations in a message


@dataclass(frozen=True)
class BaselinePlan:
    """What ``baseline`` will do. ``entries`` are the files to mark as applied; ``pending`` those
    that stay to be applied. ``built_on`` is the server that built the files' schema, where it is
    another version than the database's. ``files`` is that schema, ``live`` the database's, and
    ``collation`` its default; ``known`` are the objects that any file makes or touches.
    ``has_ledger``: NestFlux migrates it already."""

    entries: tuple[Entry, ...]
    pending: tuple[Entry, ...]
    comparison: Comparison
    built_on: str = ""
    files: Schema = field(default_factory=lambda: Schema({}, {}), repr=False)
    live: Schema = field(default_factory=lambda: Schema({}, {}), repr=False)
    known: frozenset[ObjectKey] = frozenset()
    collation: str = ""
    has_ledger: bool = False

    @property
    def agrees(self) -> bool:
        return not self.comparison.differences


def choose_entries(
    journal: Journal,
    replaced: Mapping[str, Collection[str]],
    recorded: Collection[str],
    to: str | None = None,
) -> tuple[Entry, ...]:
    """The files that ``django_migrations`` says are applied: the beginning of the history that
    it holds exactly. Pure.

    Apps of which it holds no row were made without Django: it cannot say anything of them, and
    they are where the others are. Where it holds nothing at all, every file is taken.

    Args:
        replaced: what each squash of the history stands for; where all of it is recorded, the
            squash is applied, as it is for Django.
        recorded: the rows of ``django_migrations``. Those that no file knows do not count.
        to: the last file that is expected there; None: whichever it is.

    Raises LedgerConflict, with the first names of what is missing and of what is there besides.
    """
    entries = journal.entries
    known = {row.partition(".")[0] for row in recorded}
    lacks = {
        entry: [row for row in _lacks(entry, replaced, recorded) if row.partition(".")[0] in known]
        for entry in entries
    }
    begun = [
        len(_lacks(e, replaced, recorded)) < len(e.migrations) or not recorded for e in entries
    ]
    if to is not None:
        end = entries.index(journal.entry(to)) + 1
        lacking = entries[:end]
    else:
        ends = (i for i, e in enumerate(entries) if lacks[e] or not begun[i])
        end = next(ends, len(entries))
        touched = (i + 1 for i, e in enumerate(entries) if set(e.migrations) & set(recorded))
        lacking = entries[end : max(touched, default=0)]
    chosen, rest = journal.entries[:end], journal.entries[end:]
    missing = [row for entry in lacking for row in lacks[entry]]
    own = {row for entry in chosen for row in entry.recorded_migrations}
    extra = [
        row
        for entry in rest
        for row in entry.recorded_migrations
        if row in recorded and row not in own
    ]
    if chosen and not missing and not extra:
        return chosen
    if not extra and not missing:
        raise _refused("django_migrations holds no migration of the history.")
    lines = [_where_it_stands(entries, replaced, recorded, to)]
    if missing:
        lines.append(f"    missing: {listed(missing, _SHOWN)}")
    if extra and chosen:
        lines.append(f"    beyond {chosen[-1].name}: {listed(extra, _SHOWN)}")
    raise _refused("\n".join(lines))


def _where_it_stands(
    entries: Sequence[Entry],
    replaced: Mapping[str, Collection[str]],
    recorded: Collection[str],
    to: str | None,
) -> str:
    """In a sentence, how far the database is: in the middle of which file."""
    if to is not None:
        return f"django_migrations does not hold exactly the migrations up to {to}."
    counts = [(e, len(e.migrations) - len(_lacks(e, replaced, recorded))) for e in entries]
    entry, there = next((e, n) for e, n in counts if n < len(e.migrations))
    return (
        f"The database is not at the end of a SQL migration: it has {there} of the "
        f"{len(entry.migrations)} migrations of {entry.name}.sql."
    )


def _lacks(
    entry: Entry, replaced: Mapping[str, Collection[str]], recorded: Collection[str]
) -> list[str]:
    """The migrations of a file that Django does not count as applied."""
    return [
        name
        for name in entry.migrations
        if name not in recorded
        and not (name in replaced and all(row in recorded for row in replaced[name]))
    ]


def _refused(what: str) -> LedgerConflict:
    return LedgerConflict(
        what,
        stands="nothing was changed",
        then="apply what is missing with the release that migrated the database so far, or record "
        "the history at that release's commit; then: python manage.py db_baseline",
    )


def plan_baseline(
    target: Target, *, to: str | None = None, reconciles: bool = False
) -> BaselinePlan:
    """What ``baseline`` would do, and every difference that keeps it from doing it. Makes a
    shadow for it; changes nothing in the database and takes no lock.

    Args:
        to: the last file that the database is expected to have; None: whichever it is.
        reconciles: the schema is compared and nothing marked: of a database that has a ledger, too,
            with what its applied files make.

    Raises Refused where ``django_migrations`` is no beginning of the history, or where the
    database has a ledger already; ServerUnavailable where no shadow can be made.
    """
    connection, folder = target.connection, target.folder
    history = HistoryFiles(folder)
    folder.verify()
    refuse_unrecorded(folder.journal, connection)
    recorded = _recorded_migrations(connection)
    state = read_state(connection) or LedgerState()
    if reconciles and (state.applied or state.in_flight):
        chosen = applied_entries(folder.journal, state)
    else:
        _state_without_files(connection)
        chosen = choose_entries(folder.journal, _replaced(history), recorded, to)
    collation = default_collation(connection)
    built_on, files = schema_of_files(
        target.alias, history, chosen, collation, require=partial(refuse_server, folder.journal)
    )
    live, known = live_schema(connection), known_objects(history)
    comparison = _compared(folder, files, live, known, recorded)
    unseen = tuple(_unseen(history, chosen, recorded))
    return BaselinePlan(
        entries=chosen,
        pending=folder.journal.entries[len(chosen) :],
        comparison=replace(comparison, remarks=(*comparison.remarks, *unseen)),
        built_on=built_on.name if built_on.version != target.server.version else "",
        files=files,
        live=live,
        known=known,
        collation=collation,
        has_ledger=bool(state.applied),
    )


def baseline(target: Target, plan: BaselinePlan, *, options: Options | None = None) -> None:
    """Make the ledger, mark the files of ``plan`` as applied, and send ``post_migrate``.

    Looks again under the lock. Raises Refused where the schemas do not agree, or where the
    database is another one by now; StatementFailed where a receiver of the signal fails.
    """
    options = replace(options or Options(), command="db_baseline")
    connection, folder = target.connection, target.folder
    refuse_unsuitable(target)
    with lock_held(connection, options) as lock:
        state = _state_without_files(connection)
        recorded = _recorded_migrations(connection)
        replaced = _replaced(HistoryFiles(folder))
        again = choose_entries(folder.journal, replaced, recorded, plan.entries[-1].name)
        live = live_schema(connection)
        comparison = _compared(folder, plan.files, live, plan.known, recorded)
        if again != plan.entries or comparison.differences:
            raise LedgerConflict(
                "The schema, or django_migrations, is not what the files make.",
                stands="nothing was changed",
                then="python manage.py db_baseline --plan   (shows every difference)",
            )
        rows = [MigrationFile.on_disk(target, entry).row for entry in plan.entries]
        with run_opened(target, lock, options, target.order, state.version) as context:
            to_record = [row for entry in plan.entries for row in entry.recorded_migrations]
            lock.require()
            with transaction.atomic(connection.alias):
                context.ledger.mark_signals_pending()
                context.ledger.put_applied(rows, "baseline")
                # Of a squash that Django has not written yet, too.
                context.ledger.record_applied(to_record)
            send_post_migrate(context, [], recorded | set(to_record))


def _state_without_files(connection: BaseDatabaseWrapper) -> LedgerState:
    """The ledger, if there is one. Raises LedgerConflict where it holds applied files."""
    state = read_state(connection) or LedgerState()
    if state.applied or state.in_flight or state.loading:
        raise LedgerConflict(
            "The database has a ledger already: NestFlux migrates it.",
            stands="nothing was changed",
            then="python manage.py db_status; or, where the tables of the next file are there "
            "already: python manage.py db_mark_applied FILE",
        )
    if not table_names(connection):
        raise Refused(
            "The database is empty: there is nothing to take over.",
            stands="nothing was changed",
            then="python manage.py db_migrate",
        )
    return state


def _recorded_migrations(connection: BaseDatabaseWrapper) -> frozenset[str]:
    return frozenset(dotted(key) for key in MigrationRecorder(connection).applied_migrations())


def _replaced(history: HistoryFiles) -> dict[str, tuple[str, ...]]:
    sections = (s for entry in history.folder.journal.entries for s in history(entry).sections)
    return {section.migration: section.replaces for section in sections if section.replaces}


def _unseen(
    history: HistoryFiles, entries: tuple[Entry, ...], recorded: Collection[str]
) -> Iterator[str]:
    """What is marked on the word of the schema alone, and what a schema does not show of it."""
    replaced = _replaced(history)
    for entry in entries:
        if not (lacking := _lacks(entry, replaced, recorded)):
            continue
        yield f"{', '.join(lacking)}: not in django_migrations, judged by the schema and marked"
        steps = history.record(entry).up
        if count := sum(step.kind != "ddl" for step in steps):
            yield (
                f"{entry.name}.sql has {count} of {len(steps)} steps that change rows and not the "
                "schema: they are not run"
            )


def _compared(
    folder: Folder,
    files: Schema,
    live: Schema,
    known: frozenset[ObjectKey],
    recorded: frozenset[str],
) -> Comparison:
    journal = folder.journal
    found = compare(files.definitions, live.definitions, known)
    unlisted = sorted(recorded - {*journal.recorded_migrations, *journal.migrations})
    rows = (f"django_migrations holds {row}, which no file knows" for row in unlisted)
    return replace(found, remarks=(*found.remarks, *rows))
