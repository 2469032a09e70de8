"""Adding and dropping partitions while others write loses no row."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from tests.partitions.conftest import LogFactory
from tests.partitions.models import at, partitions_of
from tests.scenario import Project

# The months in which rows are written: some of them get old while the writers run.
_MONTHS = [f"2026-{month:02}" for month in range(1, 13)]


class _Writers:
    """Threads that insert rows, each with a note of its own; ``written`` are those that the server
    confirmed."""

    def __init__(self, log: Project, months: list[str]) -> None:
        self.written: set[str] = set()
        self.errors: list[BaseException] = []
        self._log = log
        self._months = months
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(3)]

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def _write(self, number: int) -> None:
        connection = self._log.server.connect(self._log.database)
        try:
            cursor = connection.cursor()
            for turn in count():
                if self._stop.is_set():
                    return
                note = f"w{number}-{turn}"
                month = self._months[turn % len(self._months)]
                cursor.execute(
                    "INSERT INTO log_event (at, note) VALUES (%s, %s)", [f"{month}-15", note]
                )
                self.written.add(note)
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()


def _in_the_table(log: Project) -> list[str]:
    return [str(note) for (note,) in log.sql("SELECT note FROM log_event")]


def _in_dumps(log: Project) -> list[str]:
    texts = (path.read_text("utf-8") for path in (log.path / "backups").glob("*/dump.sql"))
    return [note for text in texts for note in re.findall(r"'(w\d+-\d+)'", text)]


def test_no_row_is_lost_while_months_come_and_go(log: LogFactory) -> None:
    """The clock goes from March to October, month by month, under three writers. Rows of months
    that are old by then are in a dump, or, written later, in the lowest partition."""
    events = log("keep=2,")
    writers = _Writers(events, _MONTHS)

    with writers.running():
        for month in range(3, 11):
            outcome = events.run("db_partitions", env=at(f"2026-{month:02}-10 00:00:00"))
            assert outcome.code in (0, 1), str(outcome)  # 1: rows still came into an old month

    assert writers.errors == []
    assert len(writers.written) > 100
    found = [*_in_the_table(events), *_in_dumps(events)]
    assert writers.written <= set(found)
    assert len(_in_the_table(events)) == len(set(_in_the_table(events)))


def test_nobody_waits_for_an_error_where_only_current_rows_are_written(log: LogFactory) -> None:
    events = log("keep=2, archive=False,")
    writers = _Writers(events, ["2026-09", "2026-10", "2026-11"])

    with writers.running():
        for month in range(3, 11):
            events.succeeds("db_partitions", env=at(f"2026-{month:02}-10 00:00:00"))

    assert writers.errors == []
    assert sorted(_in_the_table(events)) == sorted(writers.written)
    assert partitions_of(events)[0] == "p20260801"


def test_no_number_is_given_twice(log: LogFactory) -> None:
    """The primary key, (id, at), would let it pass. MariaDB gives one twice where a table is
    reorganized under writers; so it is locked for that moment."""
    events = log()
    writers = _Writers(events, _MONTHS)

    with writers.running():
        for month in range(3, 13):
            events.succeeds("db_partitions", env=at(f"2026-{month:02}-10 00:00:00"))

    assert writers.errors == []
    assert len(_in_the_table(events)) == len(writers.written)
    assert events.sql("SELECT id FROM log_event GROUP BY id HAVING COUNT(*) > 1") == []


def test_a_partition_that_is_still_written_to_is_not_dropped(log: LogFactory) -> None:
    """A dump tool that lets a row in behind itself, each time."""
    events = log("keep=2,")
    events.sql("INSERT INTO log_event (at, note) VALUES ('2026-01-15', 'first')")
    tool = "mariadb-dump" if events.server.family == "mariadb" else "mysqldump"
    insert = "INSERT INTO log_event (at, note) VALUES (\\'2026-01-16\\', \\'late\\')"
    script = events.write(
        f"bin/{tool}",
        f"""\
        #!/bin/sh
        PATH="${{PATH#*:}}"
        {tool} "$@"
        ended=$?
        [ "$1" = --version ] || {sys.executable} insert.py
        exit $ended
        """,
    )
    script.chmod(0o755)
    entry = events.server.settings
    events.write(
        "insert.py",
        f"""
        import MySQLdb

        connection = MySQLdb.connect(
            unix_socket={entry["HOST"]!r}, user={entry["USER"]!r}, passwd={entry["PASSWORD"]!r},
            database={events.database!r},
        )
        connection.cursor().execute('{insert}')
        connection.commit()
        """,
    )

    path = f"{events.path}/bin:{events.environment()['PATH']}"
    outcome = events.run("db_partitions", env={**at("2026-05-20 00:00:00"), "PATH": path})

    assert outcome.code == 1, str(outcome)
    assert "p_before" not in partitions_of(events)  # it was empty
    assert "p20260101 of log_event is still written to" in outcome.stderr
    assert events.sql("SELECT COUNT(*) FROM log_event PARTITION (p20260101)") == [(4,)]
