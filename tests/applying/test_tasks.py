"""A file as tasks: which rows of django_migrations come with which step."""

from __future__ import annotations

import pytest

from nestflux.applying.plan.tasks import Work, work_of
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


def test_a_section_is_recorded_with_its_last_step_and_one_without_steps_with_the_step_before() -> (
    None
):
    file = _file(
        Section("shop.0000_state_only"),
        Section("shop.0001_a", items=(DDL, DATA)),
        Section("shop.0002_empty"),
        Section("shop.0003_squash", ("shop.x",), items=(PYTHON,)),
    )

    work = work_of(file, _record(DDL, DATA, PYTHON))

    assert work.recorded_first == ("shop.0000_state_only",)
    assert [task.recorded_migrations for task in work.tasks] == [
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


def test_steps_of_several_sections_are_numbered_through_each_with_its_own_record() -> None:
    file = _file(
        Section("shop.0001_a", items=(DDL, SessionStatement("SET a = 1"))),
        Section("shop.0002_b", items=(SessionStatement("SET b = 2"), PYTHON, DATA)),
    )
    record = _record(DDL, PYTHON, DATA)

    work = work_of(file, record)

    assert work.file is file
    assert [(task.ordinal, task.step, task.migration) for task in work.tasks] == [
        (1, DDL, "shop.0001_a"),
        (2, PYTHON, "shop.0002_b"),
        (3, DATA, "shop.0002_b"),
    ]
    assert tuple(task.record for task in work.tasks) == record.up
    assert [task.session for task in work.tasks] == [(), ("SET a = 1", "SET b = 2"), ()]


def test_the_way_down_has_the_records_of_the_way_down() -> None:
    down = SqlFile(
        "0001_x", Direction.DOWN, "id1", "MariaDB 10.11", (), (Section("a", items=(DATA,)),)
    )
    record = FileRecord(_record(DDL).up, _record(DATA).up)

    work = work_of(down, record)

    assert work.direction is Direction.DOWN
    assert [task.record for task in work.tasks] == [*record.down]


def test_a_step_is_reported_by_a_few_words_and_holds_its_sql_or_its_locator() -> None:
    file = _file(Section("shop.0001_a", items=(DDL, PYTHON)))

    tasks = work_of(file, _record(DDL, PYTHON)).tasks

    assert [task.text for task in tasks] == [DDL.sql, "shop.0002_b/0"]
    assert [task.title for task in tasks] == ["CREATE TABLE a", "python step shop.0002_b/0"]


@pytest.mark.parametrize("steps", [(), (DDL,), (DATA, DDL), (DDL, DATA, DATA)])
def test_a_record_of_another_text_is_refused(steps: tuple[Statement, ...]) -> None:
    with pytest.raises(HistoryError) as caught:
        work_of(_file(Section("shop.0001_a", items=(DDL, DATA))), _record(*steps))

    assert str(caught.value) == (
        "0001_x.deltas.json does not describe the statements of 0001_x.sql.\n"
        "  Now:   nothing was run\n"
        "  Next:  python manage.py db_generate --accept 0001_x.sql"
    )


# ---- steps that are left out ---------------------------------------------------------------


def _work() -> Work:
    file = _file(
        Section("shop.0000_state_only"),
        Section("shop.0001_a", items=(DDL,)),
        Section("shop.0002_b", items=(DATA, PYTHON)),
        Section("shop.0003_c", items=(DATA,)),
    )
    return work_of(file, _record(DDL, DATA, PYTHON, DATA))


def test_each_step_is_followed_by_the_next_that_runs() -> None:
    work = _work().without({2: "it is there", 3: "it is there"})
    first, second, third, last = work.tasks

    assert work.to_run == (first, last)
    assert work.skipped == {2: "it is there", 3: "it is there"}
    assert [work.following(task) for task in work.tasks] == [last, last, last, None]
    assert _work().following(first) == second
    assert third.ordinal == 3


@pytest.mark.parametrize(
    ("skipped", "first", "recorded_migrations"),
    [
        ((), ("shop.0000_state_only",), [("shop.0001_a",), (), ("shop.0002_b",), ("shop.0003_c",)]),
        (
            (3, 4),
            ("shop.0000_state_only",),
            [("shop.0001_a",), ("shop.0002_b", "shop.0003_c"), (), ()],
        ),
        (
            (1, 3),
            ("shop.0000_state_only", "shop.0001_a"),
            [(), ("shop.0002_b",), (), ("shop.0003_c",)],
        ),
        (
            (1, 2, 3, 4),
            ("shop.0000_state_only", "shop.0001_a", "shop.0002_b", "shop.0003_c"),
            [(), (), (), ()],
        ),
    ],
)
def test_what_is_recorded_with_a_step_that_is_left_out_comes_with_the_one_before_it(
    skipped: tuple[int, ...], first: tuple[str, ...], recorded_migrations: list[tuple[str, ...]]
) -> None:
    work = _work().without(dict.fromkeys(skipped, "it is there"))

    assert work.recorded_first == first
    assert [task.recorded_migrations for task in work.tasks] == recorded_migrations
