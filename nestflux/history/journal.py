"""``journal.json``: the order of a history's files and the hash of each.

One object a file on lines of its own, the newest last: two branches that both add a file conflict
in git at that place, on purpose.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from nestflux.exceptions import HistoryError
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Replaced, SqlFile, render
from nestflux.sql.statements import sha256

FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """A SQL migration as the journal knows it. ``up``, ``down`` and ``record`` are the sha256 of
    its three files; ``migrations`` are its sections in their order; ``recorded_migrations``
    are the rows that it leaves in ``django_migrations`` (more, where a squash records what it
    replaces; ``books`` on disk). ``replaces`` are the files that ``db_squash`` made it of, none for
    any other."""

    name: str
    id: str
    up: str
    down: str
    record: str
    migrations: tuple[str, ...]
    recorded_migrations: tuple[str, ...]
    replaces: tuple[Replaced, ...] = ()

    @classmethod
    def of(cls, up: SqlFile, down: SqlFile, record: FileRecord) -> Self:
        """The entry of a file with these texts."""
        return cls(
            name=up.name,
            id=up.id,
            up=sha256(render(up)),
            down=sha256(render(down)),
            record=sha256(record.dumps()),
            migrations=tuple(section.migration for section in up.sections),
            recorded_migrations=tuple(
                row for section in up.sections for row in section.recorded_migrations
            ),
            replaces=up.replaces,
        )

    @property
    def number(self) -> int:
        return int(self.name.split("_", 1)[0])

    @property
    def replaced_ids(self) -> tuple[str, ...]:
        """The ids of all files that it stands for."""
        return tuple(identity for each in self.replaces for identity in each.ids)

    @property
    def replaced_names(self) -> tuple[str, ...]:
        """The names of all files that it stands for."""
        return tuple(name for each in self.replaces for name in each.names)


@dataclass(frozen=True)
class Filled:
    """A table that ``schema.sql`` leaves empty: how many rows the steps after it make, and why they
    are in no file."""

    rows: int
    because: str


@dataclass(frozen=True)
class AfterSnapshot:
    """What a fresh database runs once ``schema.sql`` is loaded: Python steps by their locators, in
    their order. ``tables`` are those that they fill."""

    steps: tuple[str, ...] = ()
    tables: Mapping[str, Filled] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.steps)


@dataclass(frozen=True)
class Journal:
    """The order of one history.

    ``after_snapshot`` are the steps that make the rows which ``schema.sql`` may not hold.
    ``features`` are the recording server's DDL-relevant flags. ``replay_because`` are the reasons
    why a fresh database is not loaded from ``schema.sql`` but replayed (empty: it is loaded).
    ``rows_assume`` are settings on which rows of the snapshot may depend.
    """

    family: str
    entries: tuple[Entry, ...] = ()
    features: Mapping[str, bool] = field(default_factory=dict)
    snapshot: str = ""
    replay_because: tuple[str, ...] = ()
    rows_assume: Mapping[str, Any] = field(default_factory=dict)
    after_snapshot: AfterSnapshot = field(default_factory=AfterSnapshot)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)

    @property
    def migrations(self) -> tuple[str, ...]:
        """Every migration that a file holds, in the frozen order."""
        return tuple(migration for entry in self.entries for migration in entry.migrations)

    @property
    def recorded_migrations(self) -> tuple[str, ...]:
        """Every row of ``django_migrations`` that the whole history leaves."""
        return tuple(row for entry in self.entries for row in entry.recorded_migrations)

    @property
    def next_number(self) -> int:
        return self.entries[-1].number + 1 if self.entries else 1

    def entry(self, name: str) -> Entry:
        """The entry of a file, by its name, its number (``4``, ``0004``) or a prefix of it."""
        wanted = name.removesuffix(".sql").removesuffix(".down")
        for found in self.entries:
            if wanted in (found.name, str(found.number), f"{found.number:04d}"):
                return found
        prefixed = [e for e in self.entries if wanted and e.name.startswith(wanted)]
        if len(prefixed) == 1:
            return prefixed[0]
        if prefixed:
            several = ", ".join(e.name for e in prefixed)
            raise HistoryError(
                f"{name!r} is the beginning of several: {several}.", then="give more of the name"
            )
        for squash in self.entries:
            if wanted in squash.replaced_names:
                raise HistoryError(
                    f"{wanted} was replaced by {squash.name}, which is one whole.",
                    then=f"name {squash.name}",
                )
        raise HistoryError(
            f"No SQL migration {name!r} in this history.",
            then="python manage.py db_status   (lists them)",
        )

    def replaced(self, entry: Entry) -> Journal:
        """The same journal with one entry's hashes renewed."""
        entries = tuple(entry if e.id == entry.id else e for e in self.entries)
        return replace(self, entries=entries)


def dumps(journal: Journal) -> str:
    """The journal's text."""
    data = {
        "format": FORMAT,
        "family": journal.family,
        "features": dict(sorted(journal.features.items())),
        "rows_assume": dict(sorted(journal.rows_assume.items())),
        "replay_because": list(journal.replay_because),
        **({"after_snapshot": _stated(after)} if (after := journal.after_snapshot) else {}),
        "files": [
            {
                "name": e.name,
                "id": e.id,
                "up": e.up,
                "down": e.down,
                "record": e.record,
                "migrations": list(e.migrations),
                **(
                    {"books": list(e.recorded_migrations)}
                    if e.recorded_migrations != e.migrations
                    else {}
                ),
                **({"replaces": [_as_json(each) for each in e.replaces]} if e.replaces else {}),
            }
            for e in journal.entries
        ],
        "snapshot": journal.snapshot,
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _entry(data: Mapping[str, Any]) -> Entry:
    values = {name: value for name, value in data.items() if name != "books"}
    return Entry(
        **{
            **values,
            "migrations": tuple(data["migrations"]),
            "recorded_migrations": tuple(data.get("books", data["migrations"])),
            "replaces": tuple(map(_replaced, data.get("replaces", ()))),
        }
    )


def _stated(after: AfterSnapshot) -> dict[str, Any]:
    tables = {name: vars(filled) for name, filled in sorted(after.tables.items())}
    return {"steps": list(after.steps), "tables": tables}


def _after_snapshot(data: Mapping[str, Any]) -> AfterSnapshot:
    if not data:  # written before there was such a thing, or there is none
        return AfterSnapshot()
    tables = {name: Filled(**filled) for name, filled in data["tables"].items()}
    return AfterSnapshot(tuple(data["steps"]), tables)


def _as_json(replaced: Replaced) -> dict[str, Any]:
    values: dict[str, Any] = {"name": replaced.name, "id": replaced.id, "up": replaced.up}
    return (
        {**values, "replaces": [_as_json(r) for r in replaced.replaces]}
        if replaced.replaces
        else values
    )


def _replaced(data: Mapping[str, Any]) -> Replaced:
    return Replaced(**{**data, "replaces": tuple(map(_replaced, data.get("replaces", ())))})


def loads(text: str) -> Journal:
    """Raises HistoryError where the text is no journal, or one that was merged badly."""
    journal = read(text)
    for error in contradictions(journal):
        raise error
    return journal


def read(text: str) -> Journal:
    """A journal that may contradict itself. Raises HistoryError where the text is none."""
    if "<<<<<<<" in text or ">>>>>>>" in text:
        raise HistoryError(
            "journal.json holds conflict markers: two branches each added a SQL migration.",
            then="python manage.py db_generate --rebase FILE   (FILE: your branch's, which is "
            "recorded again behind the others)",
        )
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise HistoryError(
            f"journal.json is not JSON (line {error.lineno}: {error.msg}).",
            then="git checkout -- journal.json, or fix it by hand",
        ) from None
    try:
        if data["format"] != FORMAT:
            raise HistoryError(
                f"journal.json has format {data['format']}; this version reads {FORMAT}.",
                then="install the version of NestFlux that wrote it, or a later one",
            )
        journal = Journal(
            family=data["family"],
            entries=tuple(_entry(entry) for entry in data["files"]),
            features=data["features"],
            snapshot=data["snapshot"],
            replay_because=tuple(data["replay_because"]),
            rows_assume=data["rows_assume"],
            after_snapshot=_after_snapshot(data.get("after_snapshot", {})),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise HistoryError(
            f"journal.json lacks or mistypes an entry: {error}.",
            then="git checkout -- journal.json, or fix it by hand",
        ) from None
    return journal


def contradictions(journal: Journal) -> Iterator[HistoryError]:
    """What a bad merge leaves: two files of one number, id or migration, or out of order."""
    try:
        numbers = [entry.number for entry in journal.entries]
    except (ValueError, AttributeError) as error:
        yield HistoryError(
            f"journal.json: a name without a number ({error}).",
            then="git checkout -- journal.json, or fix it by hand",
        )
        return
    for previous, entry in zip(journal.entries, journal.entries[1:], strict=False):
        if entry.number <= previous.number:
            yield HistoryError(
                f"journal.json: {entry.name} follows {previous.name}: a number used twice, or two "
                "branches merged without renumbering.",
                then=f"python manage.py db_generate --rebase {entry.name}   (records it again "
                "behind the others)",
            )
    for what, values in (
        ("id", [entry.id for entry in journal.entries]),
        ("migration", list(journal.migrations)),
        ("number", [str(number) for number in numbers]),
    ):
        for value in [value for value, count in Counter(values).items() if count > 1]:
            yield HistoryError(
                f"journal.json: the {what} {value} stands in two files.",
                then="git checkout -- journal.json, or fix it by hand",
            )
