"""One database, the one that Django itself keeps beside it, and what must stand in both.

The other one is the model of what should be: Django's own executor applies and unapplies there
what is applied and undone here, file by file, and every live row is written to both. What a file's
data migrations must have counted is kept here as numbers, which know nothing of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.scenario import Project
from tests.scenarios.looking import Facts, difference, rows_of, schema_of
from tests.soak.rows import Rows
from tests.soak.warm import Call, Warm

# Rows of post_migrate: which models they are of depends on how files are spread over runs.
_NOT_OURS = {"django_content_type": ("*",)}


@dataclass(frozen=True)
class Entry:
    """A file as the journal lists it."""

    name: str
    id: str
    migrations: tuple[str, ...]

    @classmethod
    def of_journal(cls, journal: Mapping[str, Any]) -> tuple[Entry, ...]:
        return tuple(
            cls(file["name"], file["id"], tuple(file["migrations"])) for file in journal["files"]
        )


@dataclass(frozen=True)
class Recorded:
    """What a ledger says: applied files in the order in which they were, and what is open."""

    applied: tuple[str, ...] = ()  # ids
    flying: str = ""  # id
    direction: str = ""
    loading: bool = False

    @property
    def settled(self) -> bool:
        return not (self.flying or self.loading)


@dataclass
class Stand:
    """A database and Django's own beside it.

    ``trail``: the files that are applied, in their order; ``tally``: by data migration, how often
    it ran and was undone; ``booked``: the ledger as it was read last.
    """

    project: Project
    warm: Warm
    counted: set[str]  # every data migration of the world, as shop.0003_step
    trail: list[Entry] = field(default_factory=list)
    tally: dict[str, list[int]] = field(default_factory=dict)
    recorded: Recorded = field(default_factory=Recorded)
    mirrored: list[Entry] = field(default_factory=list)
    went_down: bool = False
    went_back_inexactly: bool = False

    @property
    def mirror(self) -> Project:
        """The same project on Django's own database."""
        made = Project(**vars(self.project))
        made.database = f"{self.project.database}_django"
        return made

    @property
    def forward(self) -> Project:
        """The same on a database that Django only ever takes forward: our way back gives its
        schema, where Django's own may leave columns in another order and keys under other names."""
        made = Project(**vars(self.project))
        made.database = f"{self.project.database}_forward"
        return made

    @property
    def rows(self) -> Rows:
        return Rows([self.project, self.mirror])

    def create(self) -> None:
        """Both databases anew, and empty."""
        for each in (self.project, self.mirror):
            each.recreate_database()
        self.trail, self.tally, self.recorded, self.mirrored = [], {}, Recorded(), []
        self.went_down = self.went_back_inexactly = False

    def drop(self) -> None:
        for each in (self.project, self.mirror, self.forward):
            each.server.sql(f"DROP DATABASE IF EXISTS `{each.database}`")

    # ---- what a command did ----------------------------------------------------------------

    def read(self) -> Recorded:
        """The ledger now."""
        tables = self.project.tables()
        if "nestflux_sql_migration" not in tables or "nestflux_run" not in tables:
            return Recorded()
        rows = self.project.sql(
            "SELECT id, state, direction FROM nestflux_sql_migration ORDER BY finished_at, name"
        )
        open_loads = self.project.sql(
            "SELECT id FROM nestflux_run WHERE loading IS NOT NULL AND loaded_at IS NULL"
        )
        flying = [row for row in rows if row[1] in ("running", "failed", "rolling_back")]
        assert len(flying) <= 1, f"two files in flight: {flying}"
        applied = tuple(identity for identity, state, _ in rows if state == "applied")
        return Recorded(
            applied,
            flying[0][0] if flying else "",
            flying[0][2] if flying else "",
            bool(open_loads) and not applied,
        )

    def follow(self, entries: Sequence[Entry]) -> None:
        """Take over what the ledger says is applied, and let Django do the same.

        Args:
            entries: every file that may be applied, by the journal or another branch's.
        """
        self.recorded = self.read()
        by_id = {entry.id: entry for entry in entries}
        trail = [by_id[identity] for identity in self.recorded.applied]
        same = 0
        while same < min(len(trail), len(self.trail)) and trail[same].id == self.trail[same].id:
            same += 1
        for entry in reversed(self.trail[same:]):
            self._count(entry, 1)
        for entry in trail[same:]:
            self._count(entry, 0)
        if not trail and not self.recorded.flying:
            self.tally = {}
        self.trail = trail
        if not self.recorded.flying:
            self._mirror()

    def relink(self, old: Sequence[Entry], new: Entry) -> None:
        """A file of the trail is known under another name and id by now."""
        ids = {entry.id for entry in old}
        self.trail = [new if entry.id in ids else entry for entry in self.trail]
        self.mirrored = list(self.trail)
        self.by_django(self.mirror, [("up", new.migrations)])  # those that only join two others

    def adopt_marks(self, entry: Entry) -> None:
        """A file was reversed: each of its data steps was undone as often as it was done
        meanwhile, once or not at all. Django's own database gets the same marks."""
        if not self.trail:
            return
        net = int(entry in self.trail)
        for migration in self.counted & set(entry.migrations):
            rows = self.project.sql(
                "SELECT ups, downs FROM tally_tally WHERE name = %s", [migration]
            )
            ups, downs = rows[0] if rows else (0, 0)
            known = self.tally.get(migration, [0, 0])
            assert ups - downs == net, f"{migration} ran {ups} times and was undone {downs} times"
            assert abs(ups - known[0]) <= 1, f"{migration} ran {ups} times, and known are {known}"
            if rows:
                self.tally[migration] = [ups, downs]
                self.mirror.sql(
                    "REPLACE INTO tally_tally (name, ups, downs) VALUES (%s, %s, %s)",
                    [migration, ups, downs],
                )

    def _count(self, entry: Entry, which: int) -> None:
        for migration in entry.migrations:
            if migration in self.counted:
                self.tally.setdefault(migration, [0, 0])[which] += 1

    def _mirror(self) -> None:
        same = 0
        while (
            same < min(len(self.trail), len(self.mirrored))
            and self.trail[same].id == self.mirrored[same].id
        ):
            same += 1
        moves = [("down", entry.migrations) for entry in reversed(self.mirrored[same:])]
        moves += [("up", entry.migrations) for entry in self.trail[same:]]
        self.went_down |= any(way == "down" for way, _ in moves)
        self.mirrored = list(self.trail)
        if moves:
            self.by_django(self.mirror, moves)

    def by_django(self, project: Project, moves: list[tuple[str, tuple[str, ...]]]) -> None:
        """Let Django's own executor go up or down."""
        (ended,) = self.warm.run(
            Call(
                cwd=str(project.path),
                env=project._environment(None),
                function="tests.soak.django_side:move",
                given=moves,
            )
        )
        assert ended.code == 0, f"Django itself cannot do {moves}:\n{ended}"

    # ---- checks ----------------------------------------------------------------------------

    def require_same_as_django(self) -> None:
        """Schema, rows and books are those that Django made, and every count is as it must be."""
        here, there = self._facts(self.project), self._facts(self.mirror)
        if self.went_down and not self.went_back_inexactly:
            self.forward.recreate_database()
            self.by_django(self.forward, [("up", entry.migrations) for entry in self.trail])
            there |= self._schema(self.forward)
        found = difference(here, there)
        assert not found, "not what Django makes (first: here, second: Django):\n" + "\n".join(
            found
        )
        if not self.trail:
            return
        rows = self.project.sql("SELECT name, ups, downs FROM tally_tally")
        counted = {name: [ups, downs] for name, ups, downs in rows}
        assert counted == self.tally, f"data migrations ran {counted}, and should {self.tally}"

    def _facts(self, project: Project) -> dict[str, Any]:
        rows = rows_of(project, but=_NOT_OURS)
        rows.setdefault("django_migrations", [])
        return {**self._schema(project), **rows}

    def _schema(self, project: Project) -> dict[str, Any]:
        facts = schema_of(project)
        if self.project.server.family == "mariadb":
            facts = _without_names_of_column_checks(facts)
        return {**facts}

    def require_sound_ledger(self) -> None:
        """Every attempt that ended is complete, and every step of it ran."""
        if not self.recorded.applied:
            return
        assert self.recorded.settled
        rows = self.project.sql(
            "SELECT f.name, f.state, f.origin, s.ordinal, s.state, s.tries FROM "
            "nestflux_sql_migration f JOIN nestflux_statement s ON s.sql_migration_id = f.id "
            "AND s.attempt = f.attempt AND s.direction = f.direction"
        )
        # A file that was reversed has steps that were not needed.
        run = [row for row in rows if row[4] != "skipped"]
        odd = [row for row in run if row[4] != "done" or not 1 <= row[5] <= 20]
        assert not odd, f"steps that were not run once, of files that are done: {odd}"
        counts = self.project.sql(
            "SELECT f.name, f.statement_count, COUNT(s.id), MIN(s.ordinal), MAX(s.ordinal) FROM "
            "nestflux_sql_migration f LEFT JOIN nestflux_statement s ON s.sql_migration_id = f.id "
            "AND s.attempt = f.attempt AND s.direction = f.direction "
            "WHERE f.state = 'applied' AND f.origin = 'statements' GROUP BY 1, 2"
        )
        odd = [row for row in counts if row[1] != row[2] or (row[1] and row[3:] != (1, row[1]))]
        assert not odd, f"attempts without their steps: {odd}"
        still = self.project.sql(
            "SELECT COUNT(*) FROM nestflux_run WHERE outcome = 'running' AND id < "
            "(SELECT MAX(id) FROM nestflux_run)"
        )
        assert still == [(0,)], "a run that died was not closed by the next"

    def require_status(self, status: Mapping[str, Any], journal: Sequence[Entry]) -> None:
        """``db_status --json`` says of every file what is so."""
        applied, ids = set(self.recorded.applied), {entry.id for entry in journal}
        expected = [
            (entry.name, "applied" if entry.id in applied else "pending")
            for entry in journal
            if entry.id != self.recorded.flying
        ]
        expected += [(entry.name, "applied") for entry in self.trail if entry.id not in ids]
        flying = [f for f in status["files"] if f["state"] not in ("applied", "pending")]
        assert len(flying) == bool(self.recorded.flying), status
        shown = [(f["name"], f["state"]) for f in status["files"] if f not in flying]
        assert shown == expected, f"db_status says {shown}, and it is {expected}"
        assert status["loading"] == self.recorded.loading
        pending = any(state == "pending" for _, state in expected)
        if not (pending or flying or status["loading"] or status["post_migrate_pending"]):
            assert status["up_to_date"]


def _without_names_of_column_checks(facts: Facts) -> Facts:
    """Less the names that MariaDB itself gives to the CHECK of a JSON column.

    It is the column's name when the CHECK was made; a later RENAME COLUMN leaves it. It is no part
    of SHOW CREATE TABLE and no statement can use it, so that a dump, or schema.sql, loses it.
    """
    checks = facts["CHECK_CONSTRAINTS"]
    # MariaDB: table, name, level, clause; and in the other view schema, name, table, type.
    of_columns = {(row[0], row[1]) for row in checks if row[2] == "Column"}
    return {
        **facts,
        "CHECK_CONSTRAINTS": tuple(
            (row[0], row[3]) if row[2] == "Column" else row for row in checks
        ),
        "TABLE_CONSTRAINTS": tuple(
            row for row in facts["TABLE_CONSTRAINTS"] if (row[2], row[1]) not in of_columns
        ),
    }
