"""A run that is killed anywhere is simply run again."""

from __future__ import annotations

import time
from pathlib import Path

from tests.partitions.conftest import LogFactory
from tests.partitions.models import at, ledger_rows, partitions_of
from tests.scenario import Project, kill

MAY = at("2026-05-20 10:00:00")
AS_RECORDED = ["p_before", "p20260101", "p20260201", "p20260301", "p_rest"]
AFTERWARDS = ["p20260301", "p20260401", "p20260501", "p20260601", "p20260701", "p_rest"]


def _waits_for_the_table(log: Project) -> bool:
    return bool(
        log.sql(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() "
            "AND STATE LIKE '%%metadata lock%%' AND INFO LIKE '%%log_event%%'",
            [],
        )
    )


def test_while_a_statement_waits_for_its_table(log: LogFactory) -> None:
    """MySQL still runs it when the table is free; on MariaDB it waited to lock the table, and
    nothing is run. The next run finds out which."""
    events = log("keep=2,")
    reader = events.server.connect(events.database)
    reader.begin()
    reader.cursor().execute("SELECT COUNT(*) FROM log_event")
    process = events.start("db_partitions", "--lock", "DDL_TIMEOUT=60", env=MAY)
    while not _waits_for_the_table(events):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)

    kill(process)
    reader.rollback()
    reader.close()
    outcome = events.succeeds("db_partitions", env=MAY)

    ran = events.server.family == "mysql"
    assert ("added" in outcome.stdout) is not ran
    assert partitions_of(events) == AFTERWARDS
    first, *others = ledger_rows(events)
    assert first[0] == ("done" if ran else "skipped")
    assert first[1].endswith("the schema shows that it ran" if ran else "it did not run")
    assert [state for state, _ in others[:3]] == ["skipped"] * 3
    assert {state for state, _ in others[3:]} == {"done"}


def _tool_that_kills(log: Project) -> str:
    """A PATH with a dump tool that kills who calls it, once it has begun."""
    tool = "mariadb-dump" if log.server.family == "mariadb" else "mysqldump"
    script = log.write(
        f"bin/{tool}",
        f"""\
        #!/bin/sh
        PATH="${{PATH#*:}}"
        [ "$1" = --version ] || kill -9 $PPID
        exec {tool} "$@"
        """,
    )
    script.chmod(0o755)
    return f"{log.path}/bin:{log.environment()['PATH']}"


def test_while_a_partition_is_dumped(log: LogFactory) -> None:
    events = log("keep=2,")
    events.sql("INSERT INTO log_event (at, note) VALUES ('2026-02-15', 'kept')")
    process = events.start("db_partitions", env={**MAY, "PATH": _tool_that_kills(events)})
    process.communicate()
    assert process.returncode == -9
    assert "p20260201" in partitions_of(events)

    events.succeeds("db_partitions", env=MAY)

    assert partitions_of(events) == AFTERWARDS
    complete = [path for path in _dumps(events) if not path.parent.name.startswith(".")]
    assert ["'kept'" in path.read_text("utf-8") for path in complete] == [True]
    assert events.sql("SELECT COUNT(*) FROM log_event") == [(0,)]
    assert [state for state, _ in ledger_rows(events)] == ["done"] * 3 + ["skipped", "done"]
    assert "it did not run" in ledger_rows(events)[3][1]
    assert events.sql("SELECT outcome FROM nestflux_run ORDER BY id DESC LIMIT 2") == [
        ("done",),
        ("failed",),
    ]


def _dumps(log: Project) -> list[Path]:
    return list((log.path / "backups").glob("*/dump.sql"))


def test_a_statement_that_fails_is_said_and_tried_again(log: LogFactory) -> None:
    """A hand-made partition has the name that the next one is to have."""
    events = log("archive=False,")
    events.sql(
        "ALTER TABLE log_event REORGANIZE PARTITION p_rest INTO (PARTITION p20260501 VALUES LESS "
        "THAN ('2026-04-15'), PARTITION p_rest VALUES LESS THAN (MAXVALUE))"
    )

    failed = events.run("db_partitions", env=MAY)

    assert failed.code == 1, str(failed)
    assert "The partitions of log_event could not be changed" in failed.stderr
    assert "python manage.py db_partitions   (does what is left)" in failed.stderr
    assert ledger_rows(events)[0][0] == "failed"

    events.sql(
        "ALTER TABLE log_event REORGANIZE PARTITION p20260501 INTO (PARTITION p20260401 VALUES "
        "LESS THAN ('2026-04-15'))"
    )
    events.succeeds("db_partitions", env=MAY)
    assert "p20260501" in partitions_of(events)
    assert AS_RECORDED[1] in partitions_of(events)
