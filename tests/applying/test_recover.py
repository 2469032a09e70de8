"""The decision about the one step that was started and not finished."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.applying.recover import Decision, Interrupted, decide
from nestflux.history.deltas import ORDER, Delta

BEFORE = {"table post": "ENGINE=InnoDB", f"table post {ORDER}": "id"}
AFTER = {**BEFORE, "table post / column name": "varchar(10)", f"table post {ORDER}": "id, name"}
OTHER = {**BEFORE, "table post / column dba": "int", f"table post {ORDER}": "id, dba"}
STEP = Interrupted(
    kind="ddl",
    sql="ALTER TABLE post ADD COLUMN name varchar(10)",
    answered=False,
    undecidable="",
    before=BEFORE,
    recorded=Delta.between(BEFORE, AFTER),
)


def test_ddl_that_left_the_schema_as_it_was_runs() -> None:
    assert decide(STEP, BEFORE).decision is Decision.RUN


def test_ddl_whose_recorded_change_is_there_is_booked_as_done() -> None:
    assert decide(STEP, AFTER).decision is Decision.CLOSE


def test_a_column_that_a_dba_added_before_does_not_hide_the_change() -> None:
    live = {**AFTER, f"table post {ORDER}": "id, dba, name", "table post / column dba": "int"}
    before = OTHER

    finding = decide(replace(STEP, before=before), live)

    assert finding.decision is Decision.CLOSE


def test_another_change_than_the_recorded_one_is_asked_about() -> None:
    finding = decide(STEP, OTHER)

    assert finding.decision is Decision.ASK
    assert finding.change == Delta.between(BEFORE, OTHER)


def test_another_version_of_the_server_may_print_the_same_change_differently() -> None:
    live = {**AFTER, "table post / column name": "varchar(10) DEFAULT NULL"}

    assert decide(STEP, live).decision is Decision.ASK
    assert decide(replace(STEP, same_server=False), live).decision is Decision.CLOSE
    assert decide(replace(STEP, same_server=False), OTHER).decision is Decision.ASK


def test_what_the_server_said_had_failed_is_never_done_by_its_shape_alone() -> None:
    live = {**AFTER, "table post / column name": "varchar(10) DEFAULT NULL"}
    step = replace(STEP, same_server=False, answered=True)

    assert decide(step, live).decision is Decision.ASK


@pytest.mark.parametrize(
    ("recorded", "live", "wanted"),
    [
        ("int(11) DEFAULT 7", "int DEFAULT '7'", Decision.CLOSE),
        (
            "datetime(6) DEFAULT current_timestamp(6)",
            "datetime(6) DEFAULT CURRENT_TIMESTAMP(6)",
            Decision.CLOSE,
        ),
        (
            "datetime DEFAULT current_timestamp()",
            "datetime DEFAULT CURRENT_TIMESTAMP",
            Decision.CLOSE,
        ),
        ("int(11) DEFAULT 7", "int DEFAULT '8'", Decision.ASK),
        ("varchar(20)", "varchar(30)", Decision.ASK),
    ],
)
def test_a_column_that_changed_must_read_the_same_on_another_version(
    recorded: str, live: str, wanted: Decision
) -> None:
    key = "table post / column name"
    before = {**AFTER, key: "bigint"}
    step = replace(
        STEP,
        before=before,
        recorded=Delta.between(before, {**before, key: recorded}),
        same_server=False,
    )

    assert decide(step, {**before, key: live}).decision is wanted
    assert decide(replace(step, same_server=True), {**before, key: live}).decision is Decision.ASK


def test_a_column_of_an_old_table_has_the_tables_character_set() -> None:
    before = {**BEFORE, "table post": "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin"}
    own, other = "CHARACTER SET latin1 COLLATE latin1_bin", "CHARACTER SET utf8mb3 COLLATE utf8_bin"
    after = {**before, f"table post {ORDER}": "id, name"}
    step = replace(STEP, before=before)

    as_the_table = {**after, "table post / column name": f"varchar(10) {own}"}
    otherwise = {**after, "table post / column name": f"varchar(10) {other}"}

    assert decide(step, as_the_table).decision is Decision.CLOSE
    assert decide(step, otherwise).decision is Decision.ASK


def test_a_change_in_part_is_asked_about() -> None:
    before = {"table a": "x", "table b": "x"}
    step = replace(STEP, sql="DROP TABLE a, b", before=before, recorded=Delta.between(before, {}))

    assert decide(step, {"table b": "x"}).decision is Decision.ASK
    assert decide(step, {}).decision is Decision.CLOSE


@pytest.mark.parametrize(
    ("sql", "answered", "undecidable", "wanted"),
    [
        ("RENAME TABLE a TO c, b TO a, c TO b", False, "the same before and after", Decision.ASK),
        ("RENAME TABLE a TO c, b TO a, c TO b", True, "the same before and after", Decision.RUN),
        ("TRUNCATE TABLE post", False, "TRUNCATE leaves no trace", Decision.ASK),
        ("TRUNCATE TABLE post", False, "", Decision.ASK),
        ("ANALYZE TABLE post", False, "", Decision.RUN),
        ("ALTER TABLE post AUTO_INCREMENT = 5", False, "", Decision.RUN),
        ("ALTER TABLE post EXCHANGE PARTITION p WITH TABLE q", False, "", Decision.ASK),
    ],
)
def test_ddl_without_a_trace_runs_again_only_where_that_is_harmless(
    sql: str, answered: bool, undecidable: str, wanted: Decision
) -> None:
    step = replace(STEP, sql=sql, answered=answered, undecidable=undecidable, recorded=Delta())

    assert decide(step, BEFORE).decision is wanted


@pytest.mark.parametrize("kind", ["data", "python"])
def test_what_commits_with_its_row_did_not_run(kind: str) -> None:
    step = Interrupted(kind, "UPDATE post SET n = n + 1", False, "", None, Delta())

    assert decide(step, {}).decision is Decision.RUN


@pytest.mark.parametrize("answered", [True, False])
def test_what_does_not_commit_with_its_row_is_asked_about(answered: bool) -> None:
    step = Interrupted("python", "blog.0001/0", answered, "it is not atomic", None, Delta())

    finding = decide(step, {})

    assert finding.decision is Decision.ASK
    assert finding.why == "it is not atomic"
