"""A squash and the files that it replaces: which of them the ledger is to know. Pure.

Whoever ran one has what the other gives, so the ledger follows the history on disk: the rows of
one take the place of the other's, and nothing runs. With a checkout of before the squash it goes
the other way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nestflux.exceptions import LedgerConflict
from nestflux.history.journal import Entry, Journal
from nestflux.history.sqlfile import Replaced
from nestflux.ledger.rows import LedgerFile, LedgerState

REPLACED = "replaced"


@dataclass(frozen=True)
class Exchange:
    """Rows of the ledger that are to stand for others.

    ``out`` are applied files that will be known as replaced; ``put`` those of the history that
    will be known as applied since ``moment``, and ``back`` those that were replaced before.
    ``problem``: why it cannot be; then it is no exchange, and ``then`` is the way out.
    """

    out: tuple[LedgerFile, ...]
    put: tuple[Entry, ...] = ()
    back: tuple[LedgerFile, ...] = ()
    moment: str = ""
    problem: str = ""
    then: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the ledger will know as applied."""
        put, back = (entry.name for entry in self.put), (file.name for file in self.back)
        return tuple(sorted((*put, *back)))

    @property
    def ids(self) -> frozenset[str]:
        return frozenset((*(entry.id for entry in self.put), *(file.id for file in self.back)))

    def __str__(self) -> str:
        out = sorted(file.name for file in self.out)
        return f"{_listed(self.names)} for {_listed(out)}"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= 2:
        return " and ".join(f"{name}.sql" for name in names)
    return f"{names[0]}.sql … {names[-1]}.sql ({len(names)} files)"


def find(
    journal: Journal, state: LedgerState, squashes: Mapping[str, Sequence[Replaced]]
) -> tuple[Exchange, ...]:
    """What is to be exchanged, with what cannot be.

    Args:
        squashes: what the applied files stand for that the journal does not hold, by their ids;
            those that are no squash may be left out.
    """
    ids = {entry.id for entry in journal.entries}
    found = [
        _forwards(entry, state)
        for entry in journal.entries
        if entry.replaces and not _stands(state, entry.id)
    ]
    found += [
        _backwards(journal, state, file, squashes[file.id])
        for file in state.applied
        if file.id not in ids and squashes.get(file.id)
    ]
    return tuple(exchange for exchange in found if exchange is not None)


def _stands(state: LedgerState, identity: str) -> bool:
    file = state.file(identity)
    return file is not None and (file.is_applied or file.is_in_flight)


# ---- the squash for its files --------------------------------------------------------------


def _forwards(entry: Entry, state: LedgerState) -> Exchange | None:
    held, problems = _held(entry.replaces, state)
    begun = [f for f in state.files if f.is_in_flight and f.id in entry.replaced_ids]
    if not held and not begun:
        return None  # it runs like any file
    if not problems and not begun:
        return Exchange(held, (entry,), moment=_moment(state, held))
    lines = [f"applied: {', '.join(file.name for file in held) or 'none'}"]
    lines += [f"half {_half(file)}: {file.name}" for file in begun]
    lines += [p for p in problems if not any(file.name in p for file in begun)]
    return Exchange(
        held,
        (entry,),
        problem=f"{entry.name} replaces files of which this database does not have all: "
        + "; ".join(lines)
        + ".",
        then="git checkout $(git log -1 --format=%h --diff-filter=A -- "
        f"'*/{entry.name}.sql')^ && python manage.py db_migrate && git checkout -   (in the commit "
        "before the squash), then db_migrate again",
    )


def _half(file: LedgerFile) -> str:
    return "rolled back" if file.direction == "down" else "applied"


def _held(
    replaces: Sequence[Replaced], state: LedgerState
) -> tuple[tuple[LedgerFile, ...], list[str]]:
    """The applied files that are these, and what is wrong with the others."""
    held: list[LedgerFile] = []
    problems: list[str] = []
    for each in replaces:
        file = state.file(each.id)
        if file is not None and file.is_applied:
            if file.up_sha256 == each.up:
                held.append(file)
            else:
                problems.append(f"applied with another text: {each.name}")
        elif each.replaces:
            inner, more = _held(each.replaces, state)
            held += inner
            problems += more
        else:
            problems.append(f"missing: {each.name}")
    return tuple(held), problems


def _moment(state: LedgerState, out: Sequence[LedgerFile]) -> str:
    """When all of ``out`` were applied, and before whatever stands on them: it is undone before
    them."""
    last = max(file.finished_at for file in out)
    ids = {file.id for file in out}
    others = [file.finished_at for file in state.applied if file.id not in ids]
    first = min(others, default="")
    if not first or first > last:
        return last
    before = datetime.fromisoformat(first) - timedelta(microseconds=1)
    return before.isoformat(sep=" ", timespec="microseconds")


# ---- files for their squash ----------------------------------------------------------------


def _backwards(
    journal: Journal, state: LedgerState, squash: LedgerFile, replaces: Sequence[Replaced]
) -> Exchange | None:
    entries = {entry.id: entry for entry in journal.entries}
    if not any(identity in entries for each in replaces for identity in each.ids):
        return None  # neither it nor its files are this history's: another branch's
    put: list[Entry] = []
    back: list[LedgerFile] = []
    missing: list[str] = []
    for each in _parts(replaces, entries.keys(), state):
        entry, row = entries.get(each.id), state.file(each.id)
        if row is not None and row.state == REPLACED:
            back.append(row)
        elif entry is not None and entry.up == each.up:
            put.append(entry)
        else:
            missing.append(each.name)
    if missing:
        return Exchange(
            (squash,),
            tuple(put),
            tuple(back),
            problem=f"This database has {squash.name}, which stands for files of this history "
            f"and for others: {', '.join(missing)}.",
            then=f"check out a commit that holds {squash.name}.sql, or all of the files that it "
            "replaced",
        )
    return Exchange((squash,), tuple(put), tuple(back), squash.finished_at)


def _parts(replaces: Sequence[Replaced], ids: Set[str], state: LedgerState) -> Iterator[Replaced]:
    """The files that the history knows, a squash among them as its own parts where it knows
    these."""
    for each in replaces:
        row = state.file(each.id)
        known = each.id in ids or (row is not None and row.state == REPLACED)
        inside = any(identity in ids for identity in each.ids if identity != each.id)
        if each.replaces and each.id not in ids and (inside or not known):
            yield from _parts(each.replaces, ids, state)
        else:
            yield each


# ---- the ledger as it will be --------------------------------------------------------------


def exchanged(state: LedgerState, exchanges: Sequence[Exchange]) -> LedgerState:
    """The ledger once its rows stand for one another; what cannot be is left as it is."""
    files = {file.id: file for file in state.files}
    for exchange in exchanges:
        if exchange.problem:
            continue
        for file in exchange.out:
            files[file.id] = replace(files[file.id], state=REPLACED)
        for file in exchange.back:
            files[file.id] = replace(files[file.id], state="applied")
        for entry in exchange.put:
            there = files.get(entry.id)
            files[entry.id] = LedgerFile(
                id=entry.id,
                name=entry.name,
                state="applied",
                direction="up",
                attempt=there.attempt if there else 1,
                up_sha256=entry.up,
                down_sha256=entry.down,
                record_sha256=entry.record,
                family=exchange.out[0].family,
                recorded_migrations=entry.recorded_migrations,
                finished_at=exchange.moment,
            )
    return replace(state, files=tuple(files.values()))


def refuse_problems(exchanges: Sequence[Exchange]) -> None:
    """Raises LedgerConflict where a squash and its files cannot stand for one another."""
    for exchange in exchanges:
        if exchange.problem:
            raise LedgerConflict(exchange.problem, stands="nothing was run", then=exchange.then)
