"""A project whose commands run through the proxy, and what they do when nothing disturbs them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import MySQLdb
from django.db import connections

from nestflux.database.numbers import NO_SUCH_TABLE
from tests.faults.commands import Commands
from tests.faults.fingerprint import Fingerprint, fingerprint
from tests.faults.journal import Command, Journal, word_of
from tests.faults.proxy import Proxy
from tests.faults.servers import Backstage

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_NOT_EMPTY = 1010  # ER__NOT_EMPTY
DDL = frozenset(("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"))
_DATA = frozenset(("INSERT", "UPDATE", "DELETE"))
# Books, and what the receiver of post_migrate notes: they may be written as often as need be.
_OF_NO_FILE = re.compile(r"(INSERT (IGNORE )?INTO|UPDATE|DELETE FROM) `?(nestflux_|django_|heard)")


@dataclass(frozen=True)
class Journey:
    """A direction to walk: what is there first, and the command that is disturbed.

    ``is_rebased``: the next run is that of a project in which the third file was rebased.
    ``is_squashed``: the command is that of a project in which the first two were squashed since.
    ``one_a_packet``: a packet takes one statement.
    """

    name: str
    command: tuple[str, ...]
    prepared_by: tuple[str, ...] = ()
    is_rebased: bool = False
    is_squashed: bool = False
    one_a_packet: bool = False


FORWARD = Journey("forward", ("db_migrate", "--replay", "--noinput"))
FRESH = Journey("fresh", ("db_migrate", "--noinput"))
ROLLBACK = Journey(
    "rollback", ("db_rollback", "--to", "zero", "--yes"), prepared_by=("db_migrate", "--noinput")
)
REBASED = Journey("forward, then rebased", FORWARD.command, is_rebased=True)
ONE_A_PACKET = Journey("forward, one a packet", FORWARD.command, one_a_packet=True)
SQUASHED = Journey(
    "recording a squash", FRESH.command, prepared_by=("db_migrate", "--noinput"), is_squashed=True
)


@dataclass
class Rig:
    """A project whose commands run through the proxy, in a database that is made anew each time."""

    backstage: Backstage
    proxy: Proxy
    database: str
    commands: Commands
    rebased: Commands
    squashed: Commands
    one_a_packet: Commands
    surveys: dict[str, Survey] = field(default_factory=dict)

    @cached_property
    def family(self) -> str:
        return self.backstage.server.family

    @cached_property
    def version(self) -> str:
        return str(self.sql("SELECT VERSION()")[0][0])

    def sql(self, query: str, database: str = "") -> list[tuple[Any, ...]]:
        return self.backstage.server.sql(query, database=database)

    def reset(self, journey: Journey) -> None:
        try:
            self.sql(f"DROP DATABASE IF EXISTS `{self.database}`")
        except MySQLdb.OperationalError as error:
            if error.args[0] != _NOT_EMPTY:
                raise
            self.backstage.sweep(self.database)
            self.sql(f"DROP DATABASE IF EXISTS `{self.database}`")
        self.sql(f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4")
        if journey.prepared_by:
            prepared = self.commands.run(*journey.prepared_by)
            assert prepared.code == 0, str(prepared)

    def fingerprint(self) -> Fingerprint:
        settings = {**self.backstage.server.settings, "NAME": self.database}
        connection: BaseDatabaseWrapper = type(connections["default"])(settings, "default")
        try:
            return fingerprint(connection)
        finally:
            connection.close()

    def survey(self, journey: Journey) -> Survey:
        """The undisturbed run, made once."""
        if journey.name not in self.surveys:
            self.reset(journey)
            journals = [self._undisturbed(self.commands_of(journey), journey)]
            if journey.is_rebased:
                journals.append(self._undisturbed(self.next_commands(journey), journey))
            self.surveys[journey.name] = Survey(
                tuple(journals[0].commands),
                Counter(of_files([sql for journal in journals for sql in journal.stands])),
                self.fingerprint(),
            )
        return self.surveys[journey.name]

    def _undisturbed(self, commands: Commands, journey: Journey) -> Journal:
        journal = self.proxy.begin()
        outcome = commands.run(*journey.command)
        self.proxy.settle()
        assert outcome.code == 0, str(outcome)
        return journal

    def commands_of(self, journey: Journey) -> Commands:
        """Where the disturbed run is started."""
        if journey.one_a_packet:
            return self.one_a_packet
        return self.squashed if journey.is_squashed else self.commands

    def next_commands(self, journey: Journey) -> Commands:
        """Where the run after the disturbed one is started."""
        return self.rebased if journey.is_rebased else self.commands_of(journey)

    def of_ledger(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query; none where there is no ledger yet."""
        try:
            return self.sql(query, self.database)
        except Exception as error:
            if error.args[0] == NO_SUCH_TABLE:
                return []
            raise

    def steps_in_flight(self) -> list[tuple[str, int, str, str]]:
        """File, ordinal, direction and text of the steps that were begun and not finished."""
        rows = self.of_ledger(
            "SELECT m.name, s.ordinal, s.direction, s.`sql` FROM nestflux_statement s "
            "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
            "WHERE s.state IN ('started', 'failed')"
        )
        return [(name, ordinal, direction, sql) for name, ordinal, direction, sql in rows]

    def lacks_signals_only(self) -> bool:
        """Is every file done, and post_migrate not sent yet?"""
        pending = self.of_ledger("SELECT 1 FROM nestflux_run WHERE post_migrate_owed = 1")
        files = self.of_ledger("SELECT state FROM nestflux_sql_migration")
        states = {state for (state,) in files}
        return bool(pending) and len(files) == 3 and states in ({"applied"}, {"rolled_back"})

    def is_loading(self) -> bool:
        """Is there a load that was begun and not finished?"""
        return bool(
            self.of_ledger(
                "SELECT 1 FROM nestflux_run WHERE loading IS NOT NULL AND loaded_at IS NULL"
            )
        )


@dataclass(frozen=True)
class Survey:
    """What an undisturbed run asks the server for, which statements stand, and what it leaves."""

    commands: tuple[Command, ...]
    ran: Counter[str]
    left: Fingerprint

    def writes(self) -> Iterator[Command]:
        """Those that change anything, the ledger included."""
        for command in self.commands:
            if command.words & (DDL | _DATA | {"COMMIT"}):
                yield command

    def ddl(self) -> Iterator[Command]:
        """DDL of files and snapshot, not the ledger's own tables."""
        for command in self.commands:
            if any(word_of(sql) in DDL and sql in self.ran for sql in command.statements):
                yield command


def changes_anything(statements: Iterable[str]) -> bool:
    """Does one of them write, be it the ledger only?"""
    return bool({word_of(sql) for sql in statements} & (DDL | _DATA))


def of_files(statements: Iterable[str]) -> list[str]:
    """Those that stand in a file, in the snapshot or in a Python step. A load that died is dropped
    as a whole: what it had made counts no more."""
    found: list[str] = []
    for sql in statements:
        word = word_of(sql)
        if word == "DROP" and " IF EXISTS " in sql:
            found.clear()
        elif word in DDL | _DATA and "shop_" in sql and not _OF_NO_FILE.match(sql):
            found.append(sql)
    return found
