"""The decision about the one step that was started and not finished."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.applying.recovery.deciding import Conclusion, Decision, decide
from nestflux.applying.recovery.projecting import is_as_after
from nestflux.ledger.rows import LedgerStep
from nestflux.schema.diff import Delta
from nestflux.schema.objects import ORDER, ObjectKey

TABLE, COLUMNS = ObjectKey("table", "post"), ObjectKey(ORDER, table="post")
PRIMARY = ObjectKey("primary key", table="post")
FK_KEY = ObjectKey("constraint", "fk", "post")


def column(name: str) -> ObjectKey:
    return ObjectKey("column", name, "post")


def index(name: str) -> ObjectKey:
    return ObjectKey("index", name, "post")


BEFORE = {TABLE: "ENGINE=InnoDB", COLUMNS: "id"}
AFTER = {**BEFORE, column("name"): "varchar(10)", COLUMNS: "id, name"}
OTHER = {**BEFORE, column("dba"): "int", COLUMNS: "id, dba"}
STEP = LedgerStep(
    ordinal=1,
    sha256="",
    kind="ddl",
    migration="blog.0001",
    sql="ALTER TABLE post ADD COLUMN name varchar(10)",
    verdict="",
    undecidable="",
    state="started",
    schema_before=BEFORE,
    recorded=Delta.between(BEFORE, AFTER),
)


def test_ddl_that_left_the_schema_as_it_was_runs() -> None:
    assert decide(STEP, BEFORE) == Conclusion(
        Decision.RUN, "the schema shows that it did not run", Delta()
    )


def test_ddl_that_failed_and_left_the_schema_as_it_was_runs() -> None:
    assert decide(replace(STEP, state="failed"), BEFORE) == Conclusion(
        Decision.RUN, "it changed nothing", Delta()
    )


def test_ddl_whose_recorded_change_is_there_is_recorded_as_done() -> None:
    assert decide(STEP, AFTER) == Conclusion(
        Decision.CLOSE, "the schema shows that it ran", Delta.between(BEFORE, AFTER)
    )


def test_a_column_that_a_dba_added_before_does_not_hide_the_change() -> None:
    live = {**AFTER, COLUMNS: "id, dba, name", column("dba"): "int"}
    before = OTHER

    conclusion = decide(replace(STEP, schema_before=before), live)

    assert conclusion.decision is Decision.CLOSE


def test_a_column_that_came_besides_does_not_hide_that_it_did_not_run() -> None:
    conclusion = decide(STEP, OTHER)

    assert conclusion.decision is Decision.RUN
    assert conclusion.why == (
        "the schema shows that it did not run; changed there besides, and not by it: "
        "+ table post / column dba"
    )
    assert conclusion.change == Delta.between(BEFORE, OTHER)


def test_another_version_of_the_server_may_print_the_same_change_differently() -> None:
    live = {**AFTER, column("name"): "varchar(10) DEFAULT NULL"}

    assert decide(STEP, live).decision is Decision.ASK
    assert decide(STEP, live, same_server=False).decision is Decision.CLOSE
    assert decide(STEP, OTHER, same_server=False).decision is Decision.RUN


def test_what_the_server_said_had_failed_is_never_done_by_its_shape_alone() -> None:
    live = {**AFTER, column("name"): "varchar(10) DEFAULT NULL"}
    step = replace(STEP, state="failed")

    assert decide(step, live, same_server=False).decision is Decision.ASK


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
    key = column("name")
    before = {**AFTER, key: "bigint"}
    step = replace(
        STEP,
        schema_before=before,
        recorded=Delta.between(before, {**before, key: recorded}),
    )

    assert decide(step, {**before, key: live}, same_server=False).decision is wanted
    assert decide(step, {**before, key: live}, same_server=True).decision is Decision.ASK


def test_a_column_of_an_old_table_has_the_tables_character_set() -> None:
    before = {**BEFORE, TABLE: "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin"}
    own, other = "CHARACTER SET latin1 COLLATE latin1_bin", "CHARACTER SET utf8mb3 COLLATE utf8_bin"
    after = {**before, COLUMNS: "id, name"}
    step = replace(STEP, schema_before=before)

    as_the_table = {**after, column("name"): f"varchar(10) {own}"}
    otherwise = {**after, column("name"): f"varchar(10) {other}"}

    assert decide(step, as_the_table).decision is Decision.CLOSE
    assert decide(step, otherwise).decision is Decision.ASK


# ---- the recorded change, seen through what else changed ------------------------------------

POST = {
    TABLE: "ENGINE=InnoDB",
    COLUMNS: "id, title",
    column("id"): "bigint",
    column("title"): "varchar(60)",
    PRIMARY: "PRIMARY KEY (`id`)",
}
INDEX = {index("dba"): "KEY `dba` (`title`)"}
ADDS = (column("name"), "varchar(10)")
TWO = {ADDS[0]: ADDS[1], column("slug"): "varchar(20)"}
OLD = {ObjectKey("table", "old"): "ENGINE=InnoDB", ObjectKey("column", "id", "old"): "int"}
KEY = {index("title"): "KEY `title` (`title`)"}
FK = {
    FK_KEY: "CONSTRAINT `fk` FOREIGN KEY (`by`) REFERENCES `user` (`id`)",
    index("fk"): "KEY `fk` (`by`)",
}


def _less(definitions: dict[ObjectKey, str], *keys: ObjectKey) -> dict[ObjectKey, str]:
    return {key: text for key, text in definitions.items() if key not in keys}


def _step(
    before: dict[ObjectKey, str], after: dict[ObjectKey, str], sql: str = "ALTER TABLE post"
) -> LedgerStep:
    return replace(STEP, sql=sql, schema_before=before, recorded=Delta.between(before, after))


ADD = _step(POST, {**POST, ADDS[0]: ADDS[1]})
ADD_TWO = _step(POST, {**POST, **TWO})
DROP_TITLE = _step(POST, _less(POST, column("title")))
WIDEN = _step(POST, {**POST, column("title"): "varchar(90)"})
RENAME = _step(POST, {**_less(POST, column("title")), column("head"): "varchar(60)"})
CREATE = _step({}, POST, "CREATE TABLE post")
DROP = _step({**POST, **OLD}, OLD, "DROP TABLE post")
DROP_BOTH = _step({**POST, **OLD}, {}, "DROP TABLE post, old")
ADD_KEY = _step(POST, {**POST, **KEY}, "CREATE INDEX title")
ADD_FK = _step(POST, {**POST, **FK})
MOVE = _step({**POST, COLUMNS: "id, title"}, {**POST, COLUMNS: "title, id"})


@pytest.mark.parametrize(
    ("step", "live", "wanted"),
    [
        pytest.param(
            ADD, {**POST, **INDEX, ADDS[0]: ADDS[1]}, "close", id="ran, and an index came"
        ),
        pytest.param(ADD, {**POST, **INDEX}, "run", id="did not run, and an index came"),
        pytest.param(ADD, _less(POST, column("title")), "run", id="another column went"),
        pytest.param(ADD, {**POST, ADDS[0]: "varchar(99)"}, "ask", id="neither"),
        pytest.param(ADD, {}, "ask", id="its table is gone"),
        pytest.param(
            ADD,
            {**POST, column("called"): ADDS[1]},
            "ask",
            id="ran, and perhaps the new column was renamed by hand",
        ),
        pytest.param(ADD_TWO, {**POST, ADDS[0]: ADDS[1]}, "ask", id="a half"),
        pytest.param(ADD_TWO, {**POST, **INDEX, ADDS[0]: ADDS[1]}, "ask", id="a half and an index"),
        pytest.param(ADD_TWO, {**POST, **TWO}, "close", id="both halves"),
        pytest.param(DROP_TITLE, {**POST, **INDEX}, "run", id="drop did not run"),
        pytest.param(DROP_TITLE, {}, "ask", id="a column went with its whole table"),
        pytest.param(
            DROP_TITLE,
            {**_less(POST, column("title")), column("kept"): "varchar(60)"},
            "ask",
            id="a column that was to go was renamed by hand",
        ),
        pytest.param(
            WIDEN,
            {**POST, column("title"): "varchar(90) COMMENT 'x'"},
            "ask",
            id="a comment by hand on the column that it changes",
        ),
        pytest.param(
            WIDEN,
            {**POST, column("title"): "varchar(90)", COLUMNS: "title, id"},
            "close",
            id="ran, and the column was moved by hand",
        ),
        pytest.param(WIDEN, {**POST, COLUMNS: "title, id"}, "run", id="moved by hand alone"),
        pytest.param(WIDEN, _less(POST, column("title")), "ask", id="what it widens is gone"),
        pytest.param(RENAME, _less(POST, column("title")), "ask", id="neither name is there"),
        pytest.param(
            RENAME,
            {
                **_less(POST, column("title")),
                column("head"): "varchar(60)",
                column("more"): "varchar(60)",
            },
            "close",
            id="renamed, and a column like it came",
        ),
        pytest.param(CREATE, {**POST, **INDEX}, "close", id="created, and an index came"),
        pytest.param(
            CREATE,
            {**POST, column("id"): "int"},
            "ask",
            id="another table of that name was made by hand",
        ),
        pytest.param(DROP, OLD, "close", id="dropped"),
        pytest.param(DROP, {**POST, **INDEX, **OLD}, "run", id="not dropped, and an index came"),
        pytest.param(
            DROP,
            {**OLD, TABLE: "ENGINE=InnoDB", column("other"): "int"},
            "ask",
            id="dropped and another one made",
        ),
        pytest.param(DROP_BOTH, POST, "ask", id="one of two tables dropped"),
        pytest.param(DROP_BOTH, OLD, "ask", id="the other of two tables dropped"),
        pytest.param(DROP_BOTH, {}, "close", id="both dropped"),
        pytest.param(
            ADD_KEY,
            {**POST, index("by_hand"): "KEY `by_hand` (`title`)"},
            "ask",
            id="an index like it under another name",
        ),
        pytest.param(ADD_KEY, {**POST, **INDEX, **KEY}, "close", id="two indexes alike"),
        pytest.param(
            ADD_FK,
            {**POST, **_less(FK, index("fk")), index("dba"): "KEY `dba` …"},
            "close",
            id="a foreign key whose own index gave way to another",
        ),
        pytest.param(
            ADD_FK,
            {**POST, index("fk"): FK[index("fk")]},
            "run",
            id="no foreign key, and an index like its own",
        ),
        pytest.param(MOVE, {**POST, COLUMNS: "title, id"}, "close", id="moved"),
        pytest.param(MOVE, {**POST, COLUMNS: "id, dba, title"}, "ask", id="order is another"),
    ],
)
def test_the_keys_of_the_recorded_change_decide(
    step: LedgerStep, live: dict[ObjectKey, str], wanted: str
) -> None:
    assert decide(step, live).decision == wanted


@pytest.mark.parametrize(
    ("step", "live", "wanted"),
    [
        pytest.param(ADD_KEY, {**POST, **INDEX}, "run", id="an index came"),
        pytest.param(ADD_KEY, _less(POST, PRIMARY), "run", id="the cause was dropped"),
        pytest.param(
            ADD_KEY,
            {**POST, index("by_hand"): "KEY `by_hand` (`title`)"},
            "run",
            id="it did fail, so that an index like it is no renamed one",
        ),
        pytest.param(ADD_KEY, {**POST, **KEY}, "close", id="done by hand meanwhile"),
        pytest.param(ADD_KEY, {**POST, **KEY, **INDEX}, "close", id="done by hand, and more"),
        pytest.param(ADD_TWO, {**POST, ADDS[0]: ADDS[1]}, "ask", id="half done by hand"),
        pytest.param(WIDEN, {**POST, column("title"): "text"}, "ask", id="neither"),
        pytest.param(replace(CREATE, schema_before=POST), {}, "run", id="its obstacle is gone"),
        pytest.param(DROP_BOTH, POST, "ask", id="it failed, and had dropped one"),
        pytest.param(DROP_BOTH, {}, "close", id="it failed, and had dropped both"),
    ],
)
def test_a_step_that_the_server_had_refused(
    step: LedgerStep, live: dict[ObjectKey, str], wanted: str
) -> None:
    assert decide(replace(step, state="failed"), live).decision == wanted


def test_what_had_been_as_after_the_step_before_it_began_says_nothing() -> None:
    """``DROP TABLE post, old`` where ``old`` was never there on this database."""
    step = replace(DROP_BOTH, schema_before=POST)

    assert decide(step, {}).decision is Decision.CLOSE
    assert decide(replace(step, state="failed"), POST).decision is Decision.RUN
    assert decide(replace(step, state="failed"), {**POST, **OLD}).decision is Decision.RUN
    assert decide(step, {**POST, **INDEX}).decision is Decision.RUN


def test_what_stood_on_a_table_goes_with_it_and_is_no_other_change() -> None:
    before = {**POST, **OLD, **INDEX}

    conclusion = decide(replace(DROP, schema_before=before), OLD)

    assert conclusion == Conclusion(
        Decision.CLOSE, "the schema shows that it ran", Delta.between(before, OLD)
    )


@pytest.mark.parametrize(
    ("step", "live", "why"),
    [
        (ADD, {}, "table post, whose part it changes, is not there any more"),
        (
            RENAME,
            {
                **_less(POST, column("title")),
                column("other"): "varchar(60)",
            },
            "table post / column other came, and reads like table post / column head, which is not "
            "there: a new name?",
        ),
        (
            ADD_TWO,
            {**POST, ADDS[0]: ADDS[1]},
            "a part of what it changes is there, and a part is not",
        ),
    ],
)
def test_a_person_learns_why_the_schema_does_not_decide(
    step: LedgerStep, live: dict[ObjectKey, str], why: str
) -> None:
    conclusion = decide(step, live)

    assert (conclusion.decision, conclusion.why) == (Decision.ASK, why)
    assert conclusion.parts


def test_what_is_there_and_what_is_not_is_listed() -> None:
    conclusion = decide(DROP_BOTH, {**POST, **INDEX})

    assert conclusion.why == "a part of what it changes is there, and a part is not"
    assert conclusion.parts == (
        "There, as after the statement:",
        "    - table old: ENGINE=InnoDB",
        "    - table old / column id: int",
        "Not there, as before the statement:",
        *(f"    - {key}: {POST[key]}" for key in sorted(POST, key=str) if key.kind != ORDER),
        "Changed besides, and not by the statement:",
        "    + table post / index dba: KEY `dba` (`title`)",
    )


def test_what_is_neither_is_shown_before_recorded_and_live() -> None:
    conclusion = decide(WIDEN, {**POST, column("title"): "text"})

    assert conclusion.why == "table post / column title is neither as before it nor as after it"
    assert conclusion.parts == (
        "Neither, table post / column title:",
        "    before it:  varchar(60)",
        "    after it:   varchar(90)",
        "    live:       text",
    )


@pytest.mark.parametrize(
    ("step", "live", "shown"),
    [
        (ADD, {**POST, ADDS[0]: "text"}, ("(not there)", "varchar(10)", "text")),
        (
            DROP_TITLE,
            {**POST, column("title"): "text"},
            ("varchar(60)", "(not there)", "text"),
        ),
        (
            WIDEN,
            _less(POST, column("title")),
            ("varchar(60)", "varchar(90)", "(not there)"),
        ),
    ],
)
def test_what_is_not_there_is_shown_as_that(
    step: LedgerStep, live: dict[ObjectKey, str], shown: tuple[str, str, str]
) -> None:
    before, after, now = shown

    assert decide(step, live).parts[1:4] == (
        f"    before it:  {before}",
        f"    after it:   {after}",
        f"    live:       {now}",
    )


def test_one_line_names_three_other_changes() -> None:
    others = {index(str(n)): f"KEY `{n}` (`title`)" for n in range(3)}

    conclusion = decide(ADD, {**POST, **others, ADDS[0]: ADDS[1]})

    assert conclusion.why.endswith("+ table post / index 1, + table post / index 2")


def test_one_line_names_a_few_of_many_other_changes() -> None:
    others = {index(str(n)): f"KEY `{n}` (`title`)" for n in range(5)}

    conclusion = decide(ADD, {**POST, **others, ADDS[0]: ADDS[1]})

    assert conclusion.why == (
        "the schema shows that it ran; changed there besides, and not by it: "
        "+ table post / index 0, + table post / index 1, + table post / index 2 and 2 more"
    )


@pytest.mark.parametrize(
    ("sql", "has_failed", "undecidable", "wanted", "why"),
    [
        ("RENAME TABLE a TO c, b TO a", False, "the same after it", "ask", "the same after it"),
        ("RENAME TABLE a TO c, b TO a", True, "the same after it", "run", "it changed nothing"),
        ("ANALYZE TABLE post", False, "nobody knows", "ask", "nobody knows"),
        ("TRUNCATE TABLE post", False, "", "ask", "it leaves no trace in the schema"),
        ("ANALYZE TABLE post", False, "", "run", "it may be run twice"),
        ("ALTER TABLE post AUTO_INCREMENT = 5", False, "", "run", "it may be run twice"),
        (
            "ALTER TABLE post EXCHANGE PARTITION p WITH TABLE q",
            False,
            "",
            "ask",
            "it leaves no trace in the schema",
        ),
    ],
)
def test_ddl_without_a_trace_runs_again_only_where_that_is_harmless(
    sql: str, has_failed: bool, undecidable: str, wanted: str, why: str
) -> None:
    state = "failed" if has_failed else "started"
    step = replace(STEP, sql=sql, state=state, undecidable=undecidable, recorded=Delta())

    assert decide(step, BEFORE) == Conclusion(Decision(wanted), why, Delta())


def test_ddl_without_a_trace_is_asked_about_where_something_else_changed() -> None:
    change = Delta.between(BEFORE, OTHER)
    besides = ("Changed besides, and not by the statement:", "    + table post / column dba: int")
    step = replace(STEP, recorded=Delta())

    harmless = decide(replace(step, sql="ANALYZE TABLE post"), OTHER)
    other = decide(replace(step, sql="TRUNCATE TABLE post"), OTHER)
    named = decide(replace(step, sql="ANALYZE TABLE post", undecidable="nobody knows"), OTHER)

    assert harmless == Conclusion(
        Decision.RUN,
        "it may be run twice; changed there besides, and not by it: + table post / column dba",
        change,
    )
    assert other == Conclusion(
        Decision.ASK, "the schema changed, and not as the statement changes it", change, besides
    )
    assert named == Conclusion(Decision.ASK, "nobody knows", change, besides)


@pytest.mark.parametrize("before", [None, BEFORE])
@pytest.mark.parametrize("kind", ["data", "python"])
def test_what_commits_with_its_row_did_not_run(
    kind: str, before: dict[ObjectKey, str] | None
) -> None:
    sql = "UPDATE post SET n = n + 1"
    step = replace(STEP, kind=kind, sql=sql, schema_before=before, recorded=Delta())

    assert decide(step, AFTER) == Conclusion(
        Decision.RUN, "it commits together with its ledger row, which says that it did not", Delta()
    )


def test_a_live_change_is_the_recorded_one_where_each_object_is() -> None:
    recorded = Delta({column("a"): (None, "int"), column("b"): (None, "int")})
    half = Delta({column("a"): (None, "int")})
    other = Delta({**recorded.changes, column("b"): (None, "int DEFAULT '1'")})

    assert is_as_after(recorded, recorded, {}, shapes=False)
    assert not is_as_after(half, recorded, {}, shapes=False)
    assert not is_as_after(recorded, half, {}, shapes=True)
    assert not is_as_after(other, recorded, {}, shapes=False)
    assert is_as_after(other, recorded, {}, shapes=True)


@pytest.mark.parametrize("state", ["failed", "started"])
def test_what_does_not_commit_with_its_row_is_asked_about(state: str) -> None:
    step = replace(
        STEP,
        kind="python",
        sql="blog.0001/0",
        state=state,
        undecidable="it is not atomic",
        schema_before=None,
        recorded=Delta(),
    )

    conclusion = decide(step, {})

    assert conclusion.decision is Decision.ASK
    assert conclusion.why == "it is not atomic"
