"""What a run will do, decided from what is known before it does anything. Pure.

The same value is printed by ``--plan``, carried out by ``db_migrate`` and shown as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nestflux.applying.plan.squashes import Exchange, refuse_problems
from nestflux.exceptions import LedgerConflict, ServerUnsupported
from nestflux.history.journal import Entry, Journal
from nestflux.ledger.rows import LedgerFile, LedgerState
from nestflux.schema.objects import ObjectKey

if TYPE_CHECKING:
    from nestflux.database.server import Server


@dataclass(frozen=True)
class Relink:
    """A ledger row that is this entry under an older name, id or comment text."""

    old: LedgerFile
    entry: Entry


@dataclass(frozen=True)
class Known:
    """What a plan is made from, besides the journal.

    ``has_tables``: the schema holds tables other than Django's and NestFlux's own. ``relinks``:
    ledger rows whose steps are, one by one, those of an entry. ``replay_reasons``: why the snapshot
    may not be loaded here. ``exchanges``: rows that stand for others; ``state`` is as after them.
    """

    state: LedgerState
    has_tables: bool
    signals_hash: str
    relinks: tuple[Relink, ...] = ()
    replay_reasons: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What ``db_migrate`` will do.

    ``pending`` are the files to run, in the journal's order; ``in_flight`` is the one of them that
    an earlier run began. ``load``: loading the snapshot applies them instead. ``drop_first`` are
    the objects of a load that died, each with the rows that it was to get. ``reverses``: the one in
    flight is a rollback, which is reversed. ``off_branch`` are applied files that the journal does
    not hold: another branch's, left alone. ``exchanges``: a squash is recorded in place of the
    files that it replaces, or the other way round.
    """

    pending: tuple[Entry, ...] = ()
    in_flight: LedgerFile | None = None
    reverses: bool = False
    fresh: bool = False
    load: bool = False
    after_load: tuple[str, ...] = ()
    replay_reasons: tuple[str, ...] = ()
    drop_first: Mapping[ObjectKey, int] = field(default_factory=dict)
    off_branch: tuple[LedgerFile, ...] = ()
    relinks: tuple[Relink, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    signals_pending: bool = False

    @property
    def nothing_to_do(self) -> bool:
        return not (self.pending or self.relinks or self.exchanges or self.signals_pending)


def make(
    journal: Journal,
    known: Known,
    *,
    replay: bool = False,
    to: str | None = None,
) -> Plan:
    """The plan.

    Args:
        replay: run the files one by one on a fresh database, too.
        to: the last file to apply, by name or number; None: all. Where it is the one whose rollback
            was begun and not finished, it goes forward again.

    Raises LedgerConflict where ledger, files and ``django_migrations`` contradict one another.
    """
    refuse_problems(known.exchanges)
    state = relinked(known.state, known.relinks)
    _refuse_other_family(journal, state)
    _refuse_changed(journal, state)
    _refuse_loose_ends(journal, state, to)
    pending = _pending(journal, state, to)
    _refuse_to_end_before_what_was_begun(pending, state, to)
    fresh = not state.applied and not known.has_tables and state.in_flight is None
    died = None if state.applied or state.in_flight else state.loading
    if known.has_tables and not state.files and died is None:
        raise LedgerConflict(
            "The database holds tables and no ledger: NestFlux did not make them.",
            stands="nothing was changed",
            then="python manage.py db_baseline   (takes over a database that migrate made)",
        )
    fresh = fresh or died is not None
    refuse_unrecorded(journal, state, fresh=fresh)
    load = fresh and not replay and not known.replay_reasons and pending == journal.entries
    ids = {entry.id for entry in journal.entries}
    return Plan(
        pending=pending,
        in_flight=state.in_flight,
        reverses=state.in_flight is not None and state.in_flight.direction == "down",
        fresh=fresh,
        load=load and bool(pending),
        after_load=journal.after_snapshot.steps if load and pending else (),
        replay_reasons=known.replay_reasons if fresh and not replay else (),
        drop_first=died or {},
        off_branch=tuple(file for file in state.applied if file.id not in ids),
        relinks=known.relinks,
        exchanges=known.exchanges,
        signals_pending=bool(
            (state.applied or pending)
            and (state.signals_pending or pending or state.signals_hash != known.signals_hash)
        ),
    )


def replay_reasons(journal: Journal, settings: Mapping[str, object]) -> tuple[str, ...]:
    """Why a fresh database is not loaded from the snapshot: its own reasons, and settings that
    its rows depend on."""
    differing = [
        f"its rows assume {name} = {value!r}, and here it is {settings.get(name)!r}"
        for name, value in journal.rows_assume.items()
        if settings.get(name) != value
    ]
    return (*journal.replay_because, *differing)


def relinked(state: LedgerState, relinks: tuple[Relink, ...]) -> LedgerState:
    """The ledger as it will be once its rows bear the entries' names and hashes."""
    by_id = {relink.old.id: relink.entry for relink in relinks}
    files = []
    for file in state.files:
        if entry := by_id.get(file.id):
            values = {
                **vars(file),
                "id": entry.id,
                "name": entry.name,
                "up_sha256": entry.up,
                "down_sha256": entry.down,
                "record_sha256": entry.record,
            }
            file = LedgerFile(**values)
        files.append(file)
    return LedgerState(**{**vars(state), "files": tuple(files)})


def _pending(journal: Journal, state: LedgerState, to: str | None) -> tuple[Entry, ...]:
    applied = {file.id for file in state.applied}
    entries = journal.entries
    if to is not None:
        last = journal.entry(to)
        entries = entries[: entries.index(last) + 1]
    found = [entry for entry in entries if entry.id not in applied]
    if begun := state.in_flight:  # first, whatever was merged before it meanwhile
        found.sort(key=lambda entry: entry.id != begun.id)
    return tuple(found)


def _refuse_other_family(journal: Journal, state: LedgerState) -> None:
    for file in state.files:
        if file.family != journal.family:
            raise LedgerConflict(
                f"{file.name} was applied from the history of {file.family}, and this is the "
                f"history of {journal.family}.",
                stands="nothing was run",
                then="point the alias at the database that this history is for",
            )


def _refuse_changed(journal: Journal, state: LedgerState) -> None:
    for entry in journal.entries:
        file = state.file(entry.id)
        # An edit of what a half applied file has not run yet is for its next run to take over.
        whole = file is not None and (file.is_applied or file.state == "rolling_back")
        if file is not None and whole and file.up_sha256 != entry.up:
            raise LedgerConflict(
                f"{entry.name}.sql was changed after it was applied here: its statements are not "
                "those that ran.",
                stands="nothing was run",
                then=f"restore {entry.name}.sql from git, and put the change into a new file "
                "(db_generate --empty)",
            )


def _refuse_loose_ends(journal: Journal, state: LedgerState, to: str | None) -> None:
    begun = [file for file in state.files if file.is_in_flight]
    if not begun:
        return
    file = begun[0]
    is_ours = file.id in {entry.id for entry in journal.entries}
    is_wanted = to is not None and is_ours and journal.entry(to).id == file.id
    if file.direction == "down" and not is_wanted:
        forward = f", or db_migrate --to {file.name}   (takes it forward again)" if is_ours else ""
        raise LedgerConflict(
            f"The rollback of {file.name} was begun and not finished.",
            stands="nothing was run",
            then=f"python manage.py db_rollback   (finishes it){forward}",
        )
    if not is_ours:
        raise LedgerConflict(
            f"{file.name} was begun on another branch and not finished.",
            stands="nothing was run",
            then=f"check out the branch that holds {file.name} and run db_migrate there; or "
            "python manage.py db_rollback   (undoes it from the text in the ledger)",
        )


def _refuse_to_end_before_what_was_begun(
    pending: tuple[Entry, ...], state: LedgerState, to: str | None
) -> None:
    begun = state.in_flight
    if begun is not None and begun.id not in {entry.id for entry in pending}:
        raise LedgerConflict(
            f"{begun.name} is half applied, and --to {to} ends before it.",
            stands="nothing was run",
            then=f"python manage.py db_migrate --to {begun.name}   (finishes it)",
        )


def refuse_unrecorded(journal: Journal, state: LedgerState, *, fresh: bool) -> None:
    """``django_migrations`` against the ledger. Rows that no file knows are not our business:
    an app that left the project keeps its own."""
    for file in state.applied:
        if missing := [
            row for row in file.recorded_migrations if row not in state.recorded_migrations
        ]:
            raise LedgerConflict(
                f"{file.name} is applied, and django_migrations does not hold {missing[0]}.",
                stands="nothing was run",
                then=f"find out who removed the row, then: {_insert(missing[0])}",
            )
    ids = {entry.id for entry in journal.entries}
    ran_as = {
        row: f.name for f in state.applied if f.id not in ids for row in f.recorded_migrations
    }
    recorded_elsewhere = {
        row for file in state.files for row in file.recorded_migrations if _may_have_recorded(file)
    }
    for entry in journal.entries:
        there = state.file(entry.id)
        if there is not None and _may_have_recorded(there):
            continue
        if again := [row for row in entry.migrations if row in ran_as]:
            raise LedgerConflict(
                f"{again[0]}, which {entry.name} holds, ran here in {ran_as[again[0]]}, with other "
                "statements or another session.",
                stands="nothing was run",
                then=f"python manage.py db_rollback {ran_as[again[0]]}, then db_migrate",
            )
        ran = [
            row for row in entry.migrations if row in state.recorded_migrations - recorded_elsewhere
        ]
        if ran:
            then = (
                "python manage.py db_baseline"
                if not state.applied
                else "undo it with the tool that applied it; or, where all of the file ran: "
                f"python manage.py db_mark_applied {entry.name}.sql"
            )
            raise LedgerConflict(
                f"django_migrations says that {ran[0]} is applied, and {entry.name}, which holds "
                "it, was never applied: something else than NestFlux ran it.",
                stands="nothing was run",
                then=then,
            )


def _insert(row: str) -> str:
    app, _, name = row.partition(".")
    return (
        "INSERT INTO django_migrations (app, name, applied) "
        f"VALUES ('{app}', '{name}', UTC_TIMESTAMP(6))"
    )


def _may_have_recorded(file: LedgerFile) -> bool:
    """Has it recorded migrations, all or (in flight) some of them?"""
    return file.is_applied or file.is_in_flight


def refuse_server(journal: Journal, server: Server) -> None:
    """Raises ServerUnsupported where a server is not what a history was recorded for."""
    refuse_family(journal, server.family, server.differing_features(journal.features))


def refuse_family(journal: Journal, family: str, differing: list[str]) -> None:
    """The server against the history. Raises ServerUnsupported."""
    if journal.family != family:
        raise ServerUnsupported(
            f"The history was recorded for {journal.family} and the server is {family}.",
            stands="nothing was run",
            then="record a history for this server, or use a server like the recording one",
        )
    if differing:
        raise ServerUnsupported(
            "The server differs from the one that the history was recorded on, in what Django "
            f"asks of it: {'; '.join(differing)}.",
            stands="nothing was run",
            then="record a history for this server, or use a server like the recording one",
        )
