"""A file as tasks: which rows of django_migrations come with which step."""

from __future__ import annotations

import pytest

from nestflux.applying.plan.tasks import work_of
from nestflux.exceptions import HistoryError
from nestflux.history.records import FileRecord, StepRecord
from nestflux.history.sqlfile import (
    Direction,
    PythonStep,
    Section,
    SessionStatement,
    SqlFile,
    Statement,
)

DDL = Statement("CREATE TABLE a (id int)")
DATA = Statement("INSERT INTO a VALUES (1)")
PYTHON = PythonStep("shop.0002_b/0", "RunPython(fill), atomic")


def _file(*sections: Section) -> SqlFile:
    return SqlFile("0001_x", Direction.UP, "id1", "MariaDB 10.11", (), sections)


def _record(*steps: Statement | PythonStep) -> FileRecord:
    return FileRecord(tuple(StepRecord(step.sha256, "ddl", "instant") for step in steps), ())


def test_a_section_is_booked_with_its_last_step_and_one_without_steps_with_the_step_before() -> (
    None
):
    file = _file(
        Section("shop.0000_state_only"),
        Section("shop.0001_a", items=(DDL, DATA)),
        Section("shop.0002_empty"),
        Section("shop.0003_squash", ("shop.x",), items=(PYTHON,)),
    )

    work = work_of(file, _record(DDL, DATA, PYTHON))

    assert work.books_first == ("shop.0000_state_only",)
    assert [task.books for task in work.tasks] == [
        (),
        ("shop.0001_a", "shop.0002_empty"),
        ("shop.x", "shop.0003_squash"),
    ]
    assert [task.kind for task in work.tasks] == ["ddl", "data", "python"]


def test_sets_go_with_the_step_behind_them() -> None:
    file = _file(
        Section("shop.0001_a", items=(DDL, SessionStatement("SET unique_checks = 0"), DATA))
    )

    work = work_of(file, _record(DDL, DATA))

    assert [task.session for task in work.tasks] == [(), ("SET unique_checks = 0",)]


@pytest.mark.parametrize("steps", [(DDL,), (DATA, DDL), (DDL, DATA, DATA)])
def test_a_record_of_another_text_is_refused(steps: tuple[Statement, ...]) -> None:
    with pytest.raises(HistoryError, match="does not describe"):
        work_of(_file(Section("shop.0001_a", items=(DDL, DATA))), _record(*steps))
