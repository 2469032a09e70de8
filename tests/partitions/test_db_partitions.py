"""``db_partitions`` on a server: partitions come and go, and a second run does nothing."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ProjectFactory
from tests.partitions.conftest import LogFactory
from tests.partitions.models import CLOCK, at, events, ledger_rows, partitions_of
from tests.scenario import Project

MAY = at("2026-05-20 10:00:00")
AS_RECORDED = ["p_before", "p20260101", "p20260201", "p20260301", "p_rest"]


def fill(log: Project, *moments: str) -> None:
    for moment in moments:
        log.sql("INSERT INTO log_event (at, note) VALUES (%s, '')", [moment])


def rows_of(log: Project) -> list[str]:
    return [f"{moment:%Y-%m}" for (moment,) in log.sql("SELECT at FROM log_event ORDER BY at")]


def dumps(log: Project) -> list[Path]:
    return sorted((log.path / "backups").glob("*/dump.sql"))


# ---- adding ----------------------------------------------------------------------------------


def test_a_plan_shows_the_statements_and_changes_nothing(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-03", "2026-04-30", "2026-09-09")

    shown = events_log.succeeds("db_partitions", "--plan", env=MAY)

    assert "  + p20260401, p20260501, p20260601 and 1 more out of p_rest" in shown.stdout
    assert "      ALTER TABLE `log_event` REORGANIZE PARTITION `p_rest` INTO (" in shown.stdout
    assert "  - p20260201, before 2026-03-01: about 1 row, dumped, then dropped" in shown.stdout
    assert partitions_of(events_log) == AS_RECORDED
    assert ledger_rows(events_log) == []


def test_the_coming_months_are_cut_out_of_the_catch_all_with_their_rows(log: LogFactory) -> None:
    events_log = log()
    fill(events_log, "2026-04-30 23:59:59", "2026-05-01", "2031-01-01")

    done = events_log.succeeds("db_partitions", env=MAY)

    assert "✓ log_event: added p20260401, p20260501, p20260601, p20260701" in done.stdout
    assert partitions_of(events_log) == [
        *AS_RECORDED[:-1],
        *("p20260401", "p20260501", "p20260601", "p20260701", "p_rest"),
    ]
    for partition, rows in (("p20260401", 1), ("p20260501", 1), ("p_rest", 1)):
        found = events_log.sql(f"SELECT COUNT(*) FROM log_event PARTITION ({partition})")
        assert found == [(rows,)], partition


def test_a_second_run_finds_nothing_to_do(log: LogFactory) -> None:
    events_log = log("keep=2,")
    events_log.succeeds("db_partitions", env=MAY)
    before = (partitions_of(events_log), ledger_rows(events_log))
    runs = events_log.sql("SELECT COUNT(*) FROM nestflux_run")

    done = events_log.succeeds("db_partitions", env=MAY)

    assert done.stdout == "The partitions are up to date!\n"
    assert (partitions_of(events_log), ledger_rows(events_log)) == before
    assert events_log.sql("SELECT COUNT(*) FROM nestflux_run") == runs


def test_a_table_without_a_catch_all_gets_more_room(project: ProjectFactory) -> None:
    bare = project(events("ahead=1, catch_all=False,"), settings=CLOCK)
    bare.succeeds("db_generate", "--name", "events")
    bare.succeeds("db_migrate")
    assert partitions_of(bare) == ["p_before", "p20260101", "p20260201"]

    bare.succeeds("db_partitions", env=at("2026-03-01 00:00:00"))

    assert partitions_of(bare)[3:] == ["p20260301", "p20260401"]
    fill(bare, "2026-04-30")
    assert bare.succeeds("db_partitions", env=at("2026-03-31 00:00:00")).stdout.startswith("The")


def test_numbers_follow_the_largest_one(project: ProjectFactory) -> None:
    numbers = project(
        {
            "log": {
                "models.py": """
                    from django.db import models

                    from nestflux.orm.partitioning import RangePartitions

                    class Event(models.Model):
                        note = models.CharField(max_length=9, default="")

                        class Meta:
                            constraints = [
                                RangePartitions(
                                    name="p", field="id", start=1000, every=1000, ahead=1,
                                    keep=1, archive=False,
                                )
                            ]
                """
            }
        }
    )
    numbers.succeeds("db_generate", "--name", "events")
    numbers.succeeds("db_migrate")
    assert partitions_of(numbers) == ["p_before", "p1000", "p2000", "p_rest"]
    for key in (1, 1500, 3210):
        numbers.sql("INSERT INTO log_event (id, note) VALUES (%s, '')", [key])

    done = numbers.succeeds("db_partitions")

    assert "✓ log_event: added p3000, p4000" in done.stdout
    assert "✓ log_event: dropped p_before, p1000" in done.stdout
    assert partitions_of(numbers) == ["p2000", "p3000", "p4000", "p_rest"]
    assert numbers.sql("SELECT id FROM log_event") == [(3210,)]


# ---- taking away -----------------------------------------------------------------------------


def test_old_months_are_dumped_and_then_dropped(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2025-07-01", "2026-01-05", "2026-02-05", "2026-02-06", "2026-03-05")

    done = events_log.succeeds("db_partitions", env=MAY)

    assert rows_of(events_log) == ["2026-03"]
    assert "✓ log_event: dumped and dropped p20260201  (2 rows" in done.stdout
    assert [
        re.sub(r".*-log_event-(\w+)-.*", r"\1", path.parent.name) for path in dumps(events_log)
    ] == ["p20260101", "p20260201", "p_before"]
    for path, rows in zip(dumps(events_log), (1, 2, 1), strict=True):
        assert path.read_text(encoding="utf-8").count("INSERT INTO `log_event`") == rows
    assert [state for state, _ in ledger_rows(events_log)] == ["done"] * 4
    assert f"backups/{dumps(events_log)[0].parent.name}" in ledger_rows(events_log)[2][1]


def test_a_dump_is_loaded_elsewhere_to_read_it(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-05 06:07:08.123456")
    events_log.succeeds("db_partitions", env=MAY)
    (dump,) = dumps(events_log)

    other = f"{events_log.database}_old"
    events_log.server.sql(f"CREATE DATABASE `{other}`")
    text = dump.read_text(encoding="utf-8")
    events_log.feed_to_the_client(f"USE `{other}`;\n{text}")

    [(moment,)] = events_log.sql("SELECT at FROM log_event", database=other)
    assert str(moment) == "2026-02-05 06:07:08.123456"


def test_a_folder_for_dumps_may_be_given(log: LogFactory, tmp_path: Path) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-05")

    events_log.succeeds("db_partitions", "--backup", str(tmp_path / "old"), env=MAY)

    assert len(list((tmp_path / "old").glob("*-log_event-p20260201-*/dump.sql"))) == 1
    assert dumps(events_log) == []


def test_without_an_archive_old_months_go_in_one_statement(log: LogFactory) -> None:
    events_log = log("keep=2, archive=False,")
    fill(events_log, "2025-07-01", "2026-02-05", "2026-03-05")

    done = events_log.succeeds("db_partitions", env=MAY)

    assert "✓ log_event: dropped p_before, p20260101, p20260201" in done.stdout
    assert rows_of(events_log) == ["2026-03"]
    assert dumps(events_log) == []


def test_json_says_what_was_done(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-05")

    plan = events_log.succeeds("db_partitions", "--plan", "--json", env=MAY).json
    done = events_log.succeeds("db_partitions", "--json", env=MAY).json

    assert [step["action"] for step in plan["tables"][0]["steps"]] == [
        "split",
        *["archive"] * 3,
    ]
    assert [step["sql"] for step in plan["tables"][0]["steps"]] == [
        step["sql"] for step in done["done"]
    ]
    assert [(step["rows"], bool(step["archive"])) for step in done["done"][1:]] == [
        (0, False),
        (0, False),
        (1, True),
    ]


# ---- refusals --------------------------------------------------------------------------------


def test_a_table_that_is_not_partitioned_is_left_alone_and_said(log: LogFactory) -> None:
    events_log = log()
    events_log.sql(
        "ALTER TABLE log_event DROP PRIMARY KEY, ADD PRIMARY KEY (id) REMOVE PARTITIONING"
    )

    outcome = events_log.run("db_partitions", env=MAY)

    assert outcome.code == 1, str(outcome)
    assert outcome.lines == [
        "log_event is left alone: log.Event declares 'log_event_by_month', and it has no "
        "partitions.",
        "  Next: python manage.py db_status --drift   (db_migrate where files are pending)",
    ]


def test_partitions_by_another_rule_are_left_alone(log: LogFactory) -> None:
    events_log = log()
    events_log.sql("ALTER TABLE log_event PARTITION BY HASH (id) PARTITIONS 2")

    outcome = events_log.run("db_partitions", "--plan", env=MAY)

    assert outcome.code == 1, str(outcome)
    assert "its partitions are by HASH (`id`)" in outcome.stdout


def test_it_waits_for_a_file_that_is_half_applied(log: LogFactory) -> None:
    events_log = log()
    events_log.sql("UPDATE nestflux_sql_migration SET state = 'failed'")

    outcome = events_log.run("db_partitions", env=MAY)

    assert outcome.code == 2, str(outcome)
    assert "0001_events was begun and not finished" in outcome.stderr
    assert partitions_of(events_log) == AS_RECORDED


def test_it_waits_for_the_lock_of_a_deploy(log: LogFactory) -> None:
    events_log = log()
    deploy = events_log.server.connect(events_log.database)
    deploy.query(f"SELECT GET_LOCK('nestflux:{events_log.database}', 0)")
    deploy.store_result()

    outcome = events_log.run("db_partitions", "--lock", "TIMEOUT=1", env=MAY)
    deploy.close()

    assert outcome.code == 1, str(outcome)
    assert "Another deploy holds the lock of this database" in outcome.stderr
    assert partitions_of(events_log) == AS_RECORDED


def test_a_folder_that_cannot_be_written_is_named(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-05")

    outcome = events_log.run("db_partitions", "--backup", "manage.py", env=MAY)

    assert outcome.code == 1, str(outcome)
    assert "manage.py cannot be written" in outcome.stderr
    assert "✓ log_event: added p20260401" in outcome.stdout  # what was done before it
    assert rows_of(events_log) == ["2026-02"]


def test_without_a_dump_tool_nothing_is_dropped(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-05")

    outcome = events_log.run("db_partitions", env={**MAY, "PATH": "/nowhere"})

    assert outcome.code == 2, str(outcome)
    assert "No backup can be taken: PATH has no" in outcome.stderr
    assert "or declare archive=False" in outcome.stderr
    assert partitions_of(events_log) == AS_RECORDED


def test_a_user_without_the_right_is_told_so(log: LogFactory) -> None:
    events_log = log("keep=2,")
    fill(events_log, "2026-02-05")
    grants = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, LOCK TABLES"
    reader = f"{events_log.database[-8:]}_r"
    with events_log.a_user(
        reader, "x", f"{grants.replace(', DROP', '')} ON `{events_log.database}`.*"
    ) as url:
        outcome = events_log.run("db_partitions", env={**MAY, "DATABASE_URL": url})

    assert outcome.code == 1, str(outcome)
    assert "Traceback" not in outcome.stderr
    assert "DROP" in outcome.stderr
    assert rows_of(events_log) == ["2026-02"]


def test_a_project_without_ranges_has_nothing_to_do(project: ProjectFactory) -> None:
    plain = project(
        {"log": {"models.py": "from django.db import models\nclass A(models.Model):\n    pass\n"}}
    )
    plain.succeeds("db_generate", "--name", "a")
    plain.succeeds("db_migrate")

    assert plain.succeeds("db_partitions").stdout == "No model declares partitions by range.\n"


def test_a_project_without_a_history_is_told_what_comes_first(project: ProjectFactory) -> None:
    outcome = project(events()).run("db_partitions")

    assert outcome.code == 2, str(outcome)
    assert "python manage.py db_generate" in outcome.stderr
