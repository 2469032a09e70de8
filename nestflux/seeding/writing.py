"""Rows to the server: LOAD DATA where it takes local files, INSERT of many rows otherwise, over
several connections."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.transaction import atomic
from django.db.utils import Error, IntegrityError, OperationalError

from nestflux.database.connection_copy import copy_of
from nestflux.database.errors import in_words, number_of
from nestflux.database.numbers import DEADLOCK
from nestflux.exceptions import CannotSeed, NestFluxError, SeedingStopped
from nestflux.seeding.building import no_row_passes
from nestflux.seeding.draws import BLOCK
from nestflux.seeding.encoding import Encoder, encoder_of
from nestflux.seeding.made import remember
from nestflux.seeding.plan import Column, NoRowPasses, Plan, Table, blocks
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

# Rows of one transaction, and of one INSERT.
BATCH = 10 * BLOCK
_INSERT = BLOCK
_UPDATE = 500
# How often a row is made again that the server refuses, and how often a deadlock is waited out.
_TRIES = 40
# What a row's own values cause: ER_DUP_ENTRY, ER_CHECK_CONSTRAINT_VIOLATED (MySQL), 4025 (MariaDB),
# ER_SIGNAL_EXCEPTION of a trigger. Django makes an IntegrityError of most of them.
_REFUSED = frozenset({1062, 3819, 4025, 1644})

# What is called after each transaction: the model's label, rows written of it, all of them.
Report = Callable[[str, int, int], None]


def write(plan: Plan, connection: BaseDatabaseWrapper, jobs: int, report: Report) -> Plan:
    """Write all rows of a plan; table after table, batches side by side.

    Args:
        connection: of the database. Within a transaction it does all by itself; otherwise each of
            ``jobs`` threads has a connection of its own.

    Returns the plan as it was written: a table that waits for the server's answer may have fewer
    rows than were planned.

    Raises SeedingStopped; what was committed until then stays, and is remembered.
    """
    if connection.in_atomic_block:
        writer = _Writer(plan, connection, load=False)
        written = []
        for table in _as_answered(plan):
            _fill(table, report, [writer.batch(table, rows) for rows in _batches(table)])
            written.append(table)
        for table in _looked_up(written):
            for rows in _batches(table):
                writer.second_pass(table, rows)
        return replace(plan, tables=tuple(written))
    with _Crew(plan, connection, jobs) as crew:
        written = []
        for table in _as_answered(plan):
            crew.run(table, "batch", 1 if table.in_order else jobs, report)
            written.append(table)
        for table in _looked_up(written):
            crew.run(table, "second_pass", jobs, lambda label, done, of: None)
    return replace(plan, tables=tuple(written))


def _as_answered(plan: Plan) -> Iterator[Table]:
    """The tables one after the other, each planned once more when its turn comes where only the
    server knows which rows it may refer to. Raises SeedingStopped where there are none."""
    for planned in plan.tables:
        try:
            table = planned if planned.again is None else planned.again()
        except CannotSeed as error:
            raise SeedingStopped(
                error.what,
                where=error.where,
                stands="the rows of the tables before are there, and remembered",
                then=f"{error.then}; python manage.py db_seed --reset takes those away again",
            ) from None
        if table.rows:
            yield table


def _looked_up(tables: Sequence[Table]) -> Iterator[Table]:
    """The tables with keys to be set; which rows they may refer to is looked up here, since no
    writer may ask."""
    for table in tables:
        if table.later:
            for column in table.later:
                column.values(table.rows[:1])
            yield table


def _fill(table: Table, report: Report, counts: Sequence[int]) -> None:
    done = 0
    for count in counts:
        done += count
        report(table.label, done, len(table.rows))


def _batches(table: Table) -> Iterator[range]:
    return blocks(table.rows, BATCH)


class _Crew:
    """Threads with a connection each. One makes rows while another waits for the server."""

    def __init__(self, plan: Plan, connection: BaseDatabaseWrapper, jobs: int) -> None:
        self._plan = plan
        self._connection = connection
        self._local = threading.local()
        self._opened: list[BaseDatabaseWrapper] = []
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="db_seed")

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for connection in self._opened:
            connection.close()

    def run(self, table: Table, what: str, side_by_side: int, report: Report) -> None:
        """One pass over a table."""
        left = _batches(table)
        running: set[Future[int]] = set()
        done = 0
        while True:
            while len(running) < side_by_side + (side_by_side > 1):
                rows = next(left, None)
                if rows is None:
                    break
                running.add(self._pool.submit(self._do, table, what, rows))
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for one in ended:
                done += one.result()
                report(table.label, done, len(table.rows))

    def _do(self, table: Table, what: str, rows: range) -> int:
        writer: _Writer = self._writer()
        try:
            return writer.batch(table, rows) if what == "batch" else writer.second_pass(table, rows)
        finally:
            # With DEBUG Django keeps the last 9000 statements, here of some hundred kB each.
            writer.connection.queries_log.clear()

    def _writer(self) -> _Writer:
        if not hasattr(self._local, "writer"):
            connection = _another(self._connection)
            self._opened.append(connection)
            self._local.writer = _Writer(self._plan, connection, load=_takes_files(connection))
        return self._local.writer  # type: ignore[no-any-return]


def _another(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """A connection to the same database that may send local files. Threads share it one after the
    other: whoever ends the work closes it."""
    other = copy_of(connection, options={"local_infile": 1})
    other.inc_thread_sharing()
    return other


def _takes_files(connection: BaseDatabaseWrapper) -> bool:
    """Does the server take local files? MySQL does not by default (``local_infile``), MariaDB
    does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.local_infile")
        return bool(int(cursor.fetchone()[0]))


@dataclass
class _Writer:
    """Writes batches over one connection."""

    plan: Plan
    connection: BaseDatabaseWrapper
    load: bool
    _encoders: dict[str, list[Encoder]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.connection.cursor() as cursor:
            # What is sent is escaped with backslashes.
            cursor.execute(
                "SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_BACKSLASH_ESCAPES', '')"
            )
            cursor.execute("SELECT @@max_allowed_packet")
            self._most_bytes = int(cursor.fetchone()[0]) * 9 // 10

    def batch(self, table: Table, rows: range) -> int:
        """Write some rows, and which ones they are, in one transaction."""
        return self._once(table, rows, partial(self._batch, table, rows))

    def second_pass(self, table: Table, rows: range) -> int:
        """Set the keys that were NULL until all tables were filled."""
        for some in blocks(rows, _UPDATE) if table.later else ():
            self._once(table, some, partial(self._set_keys, table, some))
        return len(rows)

    def _once(self, table: Table, rows: range, work: Callable[[], None]) -> int:
        """Do it in a transaction, and again where the server ended it for a deadlock."""
        attempt = 0
        while True:
            try:
                with _transaction(self.connection):
                    work()
                return len(rows)
            except NoRowPasses as error:
                raise _stopped(no_row_passes(table, error).what, table, rows) from None
            except OperationalError as error:
                attempt += 1
                if number_of(error) != DEADLOCK or attempt == _TRIES:
                    raise _stopped(in_words(error, self.connection), table, rows) from None
            except Error as error:
                raise _stopped(in_words(error, self.connection), table, rows) from None

    def _batch(self, table: Table, rows: range) -> None:
        values = table.values(rows)
        keys = self._keys(table, values)
        with self.connection.cursor() as cursor:
            # MySQL reports a row that LOAD DATA LOCAL leaves out as a warning. All of them are
            # there, or the same rows are inserted, where each has its error.
            if not (self.load and self._loaded(cursor, table, values, len(rows))):
                for some in blocks(rows, _INSERT):
                    piece = slice(some.start - rows.start, some.stop - rows.start)
                    self._insert(cursor, table, some, 0, [column[piece] for column in values])
            texts = partial(self._texts_of, table, values)
            remember(cursor, self.plan, table, rows, keys, self._hex_columns(table), texts)

    def _encoders_of(self, table: Table) -> list[Encoder]:
        if table.label not in self._encoders:
            self._encoders[table.label] = [
                encoder_of(column.field, self.connection) for column in table.columns
            ]
        return self._encoders[table.label]

    def _hex_columns(self, table: Table) -> set[str]:
        pairs = zip(table.columns, self._encoders_of(table), strict=True)
        return {column.column for column, encoder in pairs if encoder.is_binary}

    def _keys(self, table: Table, values: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
        picked = [
            [encoder.plain(value) for value in found]
            for column, encoder, found in zip(
                table.columns, self._encoders_of(table), values, strict=True
            )
            if column in table.key_columns
        ]
        return list(zip(*picked, strict=True))

    def _texts_of(
        self, table: Table, values: Sequence[Sequence[Any]], place: int
    ) -> dict[str, str | None]:
        """A row as it is written, without what may be told from other columns or is set to NULL
        when it is removed."""
        left_out = {*table.key_columns, *table.set_null_first}
        return {
            column.column: None if found[place] is None else encoder.plain(found[place])
            for column, encoder, found in zip(
                table.columns, self._encoders_of(table), values, strict=True
            )
            if column not in left_out and encoder.compares and len(str(found[place])) < 200
        }

    # ---- LOAD DATA -------------------------------------------------------------------------

    def _loaded(
        self, cursor: CursorWrapper, table: Table, values: Sequence[Sequence[Any]], count: int
    ) -> bool:
        """Send the rows as a file. False: the server did not take all of them, and they are taken
        back."""
        encoders = self._encoders_of(table)
        texts = [encoder.for_load(found) for encoder, found in zip(encoders, values, strict=True)]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".tsv") as file:
            file.write("\n".join(map("\t".join, zip(*texts, strict=True))))
            file.write("\n")
            file.flush()
            cursor.execute("SAVEPOINT nestflux_seed")
            if self._takes_all(cursor, self._load_sql(table, encoders), file.name, count):
                return True
        cursor.execute("ROLLBACK TO SAVEPOINT nestflux_seed")
        return False

    def _takes_all(self, cursor: CursorWrapper, sql: str, file: str, count: int) -> bool:
        try:
            cursor.execute(sql, [file])
        except (IntegrityError, OperationalError) as error:
            if number_of(error) not in _REFUSED:  # a trigger's SIGNAL is an error on MariaDB
                raise
            return False
        connection: Any = self.connection.connection
        return cursor.rowcount == count and not connection.warning_count()

    def _load_sql(self, table: Table, encoders: Sequence[Encoder]) -> str:
        pairs = list(zip(table.columns, encoders, strict=True))
        names = [
            f"@b{place}" if encoder.is_binary else quoted(column.column)
            for place, (column, encoder) in enumerate(pairs)
        ]
        bytes_of = [
            f"{quoted(column.column)} = UNHEX(@b{place})"
            for place, (column, encoder) in enumerate(pairs)
            if encoder.is_binary
        ]
        return (
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {quoted(table.name)} CHARACTER SET utf8mb4 "
            r"FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' "
            f"({', '.join(names)})" + (f" SET {', '.join(bytes_of)}" if bytes_of else "")
        )

    # ---- INSERT ----------------------------------------------------------------------------

    def _insert(
        self,
        cursor: CursorWrapper,
        table: Table,
        rows: range,
        attempt: int,
        values: Sequence[Sequence[Any]],
    ) -> None:
        """Insert rows. What the server refuses is made again, a row by itself."""
        sql = self._insert_sql(table, values)
        if len(rows) > 1 and len(sql.encode()) > self._most_bytes:
            self._halves(cursor, table, rows)
            return
        try:
            cursor.execute(sql)
        except (IntegrityError, OperationalError) as error:
            if number_of(error) not in _REFUSED:
                raise
            if len(rows) > 1:  # the statement did nothing; the transaction goes on
                self._halves(cursor, table, rows)
                return
            others = table.values(rows, attempt + 1)
            # Nothing else comes out of a row whose columns are all decided.
            if attempt == _TRIES or sql == self._insert_sql(table, others):
                raise
            self._insert(cursor, table, rows, attempt + 1, others)

    def _halves(self, cursor: CursorWrapper, table: Table, rows: range) -> None:
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            self._insert(cursor, table, half, 0, table.values(half))

    def _insert_sql(self, table: Table, values: Sequence[Sequence[Any]]) -> str:
        names = ", ".join(quoted(column.column) for column in table.columns)
        texts = [
            encoder.for_insert(found)
            for encoder, found in zip(self._encoders_of(table), values, strict=True)
        ]
        rows = "),(".join(map(",".join, zip(*texts, strict=True)))
        return f"INSERT INTO {quoted(table.name)} ({names}) VALUES ({rows})"

    # ---- the second pass -------------------------------------------------------------------

    def _set_keys(self, table: Table, rows: range) -> None:
        """One UPDATE for each key that waited. The row is found by its primary key."""
        keys = [self._literals(column, rows) for column in table.key_columns]
        names = [quoted(column.column) for column in table.key_columns]
        one = list(
            map(
                " AND ".join,
                zip(
                    *(
                        [f"{name} = {value}" for value in values]
                        for name, values in zip(names, keys, strict=True)
                    ),
                    strict=True,
                ),
            )
        )
        for column in table.later:
            name = quoted(column.column)
            cases = " ".join(
                f"WHEN {which} THEN {value}"
                for which, value in zip(one, self._literals(column, rows), strict=True)
            )
            listed = "),(".join(map(",".join, zip(*keys, strict=True)))
            with self.connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {quoted(table.name)} SET {name} = CASE {cases} END "
                    f"WHERE ({','.join(names)}) IN (({listed}))"
                )

    def _literals(self, column: Column, rows: range) -> list[str]:
        return encoder_of(column.field, self.connection).for_insert(column.values(rows))


@contextmanager
def _transaction(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction of a connection that stands for no alias. ``atomic`` looks an alias up."""
    if connection.in_atomic_block:
        with atomic(using=connection.alias):
            yield
        return
    connection.set_autocommit(False)
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    else:
        connection.commit()
    finally:
        if connection.connection is not None:
            connection.set_autocommit(True)


def _stopped(what: str, table: Table, rows: range) -> NestFluxError:
    return SeedingStopped(
        what,
        where=f"{table.label}, rows {rows.start:,} to {rows.stop - 1:,}",
        stands="the rows of the batches before are there, and remembered",
        then="python manage.py db_seed --reset takes them away again",
    )
