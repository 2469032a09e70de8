"""Both ways of a file, written down step by step, for tests of ``reversing.py``."""

from __future__ import annotations

from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.recovery.reversing import Leg, reversal
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Direction, PythonStep, Section, SqlFile, Statement
from nestflux.schema.diff import Delta
from nestflux.schema.objects import from_texts

UP, DOWN = Direction.UP, Direction.DOWN
ID, NAME, TITLE = "table a / column id", "table a / column name", "table a / column title"
TABLE = {"table a": "ENGINE=InnoDB", ID: "int"}
KEY = {"table a / index k": "KEY `k` (`id`)"}
FK = {"table a / constraint fk": "CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `b` (`id`)"}
MIGRATION = "shop.0001_a"


class Ways:
    """Both ways of a file, written down step by step: operation, SQL, definitions before and
    after. A step without definitions leaves no trace."""

    def __init__(self, *migrations: str) -> None:
        self.migrations = migrations or (MIGRATION,)
        self.steps: dict[Direction, list[Task]] = {UP: [], DOWN: []}

    def step(
        self,
        way: Direction,
        operation: str,
        sql: str,
        before: dict[str, str] | None = None,
        after: dict[str, str] | None = None,
        migration: str = "",
    ) -> Ways:
        delta = Delta.between(from_texts(before or {}), from_texts(after or {}))
        made = PythonStep(sql, "") if sql.startswith("shop.") else Statement(sql)
        kind = "ddl" if delta else "data"
        record = StepRecord(made.sha256, kind, "", operation=operation, delta=delta)
        where = migration or self.migrations[0]
        self.steps[way].append(Task(len(self.steps[way]) + 1, made, record, where))
        return self

    def up(self, *step: object, **given: str) -> Ways:
        return self.step(UP, *step, **given)  # type: ignore[arg-type]

    def down(self, *step: object, **given: str) -> Ways:
        return self.step(DOWN, *step, **given)  # type: ignore[arg-type]

    def work(self, way: Direction) -> Work:
        order = self.migrations if way is UP else self.migrations[::-1]
        sections = tuple(Section(name) for name in order)
        file = SqlFile("0001_a", way, "id", "MariaDB", (), sections)
        return Work(file, tuple(self.steps[way]), ())

    def reversal(self, live: dict[str, str], *legs: Leg, same_server: bool = True) -> list[int]:
        """The ordinals that run after an attempt that stopped after so many steps."""
        work = self.left(live, *legs, same_server=same_server)
        return [task.ordinal for task in work.to_run]

    def left(self, live: dict[str, str], *legs: Leg, same_server: bool = True) -> Work:
        both = (self.work(UP), self.work(DOWN))
        return reversal(*both, legs, from_texts(live), same_server=same_server)


def went(way: Direction, *ran: int, settled: tuple[int, ...] = ()) -> Leg:
    return Leg(way, frozenset({*ran, *settled}), frozenset(ran))
