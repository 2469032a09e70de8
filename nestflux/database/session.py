"""The session that SQL is recorded in and applied in: pinned, so that both mean the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.numbers import USING_OTHER_ENGINE
from nestflux.database.rendering import rendered
from nestflux.sql.brackets import split
from nestflux.sql.lexer import significant, unquoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Strict, ANSI-neutral: what Django's own test suite runs with, on both families. Without
# NO_BACKSLASH_ESCAPES and ANSI_QUOTES a literal of a file means the same everywhere; and a table
# whose engine the server lacks is refused, and not made with another one.
SQL_MODE = (
    "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)
_NAMES = "SET NAMES utf8mb4"
PINNED = (
    _NAMES,
    f"SET sql_mode = '{SQL_MODE}'",
    "SET time_zone = '+00:00'",
    "SET foreign_key_checks = 1",
)
# What a file's SETs may change and a caller's session must get back.
_RESTORED = (
    "sql_mode",
    "time_zone",
    "foreign_key_checks",
    "unique_checks",
    "character_set_client",
    "character_set_results",
    "collation_connection",
    "lock_wait_timeout",
    "innodb_lock_wait_timeout",
)
_NOT_OF_A_SESSION = frozenset({"global", "persist", "persist_only"})
# Limits of a server on how long a statement or a transaction may take, where it has them.
_LIFTED = (
    "max_statement_time",  # MariaDB
    "idle_transaction_timeout",
    "idle_write_transaction_timeout",
    "idle_readonly_transaction_timeout",
    "max_execution_time",  # MySQL
)
ENGINE = "InnoDB"
# What must be so in a session in which SQL is recorded or run, whatever an operator set globally or
# the alias in its init_command; as a server shows it. Variables that a server lacks do not count.
_STEADY = {
    "autocommit": "ON",  # after SET GLOBAL autocommit = 0 MySQL tells the driver that it is on
    "default_storage_engine": ENGINE,
    "explicit_defaults_for_timestamp": "ON",  # OFF gives TIMESTAMP columns defaults of its own
    "sql_safe_updates": "OFF",  # ON refuses an UPDATE without a key (1175)
    "unique_checks": "ON",
    "check_constraint_checks": "ON",  # MariaDB
    "sql_generate_invisible_primary_key": "OFF",  # MySQL 8.0.30; adds a column that nobody wrote
}
_RESTRICTED = frozenset({"sql_generate_invisible_primary_key"})  # not every user may set it
# Seconds that a session may be idle: the servers' default (MySQL Manual 7.1.8, wait_timeout).
# interactive_timeout only gives an interactive client's session this variable's first value.
_IDLE = 28800


def pin(connection: BaseDatabaseWrapper, session: tuple[str, ...] = PINNED) -> None:
    """Run a file's SETs on a connection, or the statements of a snapshot.

    The connection keeps its own collation. A CAST in a Python step has it, and what Django's
    migrate could compare with a column, because the project's settings say so, must still be
    comparable (server error 1267).
    """
    with connection.cursor() as cursor:
        own = ""
        if _NAMES in session:
            cursor.execute("SELECT @@SESSION.collation_connection")
            (own,) = cursor.fetchone()
        for sql in pinning(session, own):
            cursor.execute(sql)


def pinning(session: Iterable[str], own: str) -> Iterator[str]:
    """What ``pin`` runs, where the connection's collation is ``own``. Pure."""
    for sql in session:
        yield sql
        if sql == _NAMES and own.startswith("utf8mb4_"):
            yield f"SET collation_connection = {own}"


@dataclass(frozen=True)
class SavedSession:
    """Session variables as they were. ``driver``: the driver's connection that has the session: it
    never connects anew by itself."""

    driver: object
    values: Mapping[str, Any]

    @property
    def collation(self) -> str:
        return str(self.values["collation_connection"])

    def statement(self, connection: BaseDatabaseWrapper) -> str:
        """The SET that gives them back."""
        assignments = ", ".join(f"`{name}` = %s" for name in self.values)
        return rendered(connection, f"SET {assignments}", list(self.values.values()))


@contextmanager
def restored_session(
    connection: BaseDatabaseWrapper, session: Iterable[str] = ()
) -> Iterator[SavedSession]:
    """Give a connection its session variables back at the end, if it is still the same one.

    Args:
        session: SETs that will be run; what they name is given back too.
    """
    names = dict.fromkeys(_RESTORED)
    with connection.cursor() as cursor:
        for name in {name for sql in session for name in variables_set_by(sql)} - names.keys():
            with suppress(Error):  # the SET itself will say that there is no such variable
                cursor.execute(f"SELECT @@SESSION.`{name}`")
                names[name] = None
        shown = ", ".join(f"@@SESSION.`{name}`" for name in names)
        cursor.execute(f"SELECT {shown}")
        values = cursor.fetchone()
    saved = dict(zip(names, values, strict=True))
    if "timestamp" in saved:  # a value would stop the session's clock
        saved["timestamp"] = 0
    kept = SavedSession(connection.connection, saved)
    try:
        yield kept
    finally:
        _restore(connection, kept)


def variables_set_by(sql: str) -> set[str]:
    """The session variables that a SET names, in lower case; not those of NAMES."""
    found = set()
    for assignment in split(significant(sql)):
        words = [token.text.lower().lstrip("@") for token in assignment]
        target = list(takewhile(lambda word: word not in (":", "="), words))
        if target and target != words and _NOT_OF_A_SESSION.isdisjoint(target):
            found.add(unquoted(target[-1]))
    return found


def may_be_idle(connection: BaseDatabaseWrapper, seconds: int) -> None:
    """Let a session be idle while a Python step works on something else, for as long as the
    servers' default allows, where an operator set less.

    Args:
        seconds: its ``wait_timeout``.
    """
    if seconds < _IDLE:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION wait_timeout = {_IDLE}")


def limit_session(connection: BaseDatabaseWrapper, lock_wait: int) -> dict[str, str]:
    """Let a session wait so many seconds for a table and run as long as it must; gives what it
    had. Where a server ends long statements, it would end the ALTER that a deploy is made of."""
    marks = ", ".join(["%s"] * (len(_LIFTED) + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SHOW SESSION VARIABLES WHERE Variable_name IN ({marks})",
            ["lock_wait_timeout", *_LIFTED],
        )
        had = {str(name): str(value) for name, value in cursor.fetchall()}
        assignments = (f"{name} = {0 if name in _LIFTED else lock_wait}" for name in had)
        cursor.execute(f"SET {', '.join(assignments)}")
    return had


def steady_session(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Set what must be so; gives what of it was otherwise, by name.

    Raises the server's error where it does not let this user set what must be.
    """
    names = [name for name in _STEADY if name != "autocommit" or _wants_autocommit(connection)]
    marks = ", ".join(["%s"] * len(names))
    changed = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW SESSION VARIABLES WHERE Variable_name IN ({marks})", names)
        for name, value in cursor.fetchall():
            if value == _STEADY[name]:
                continue
            with suppress(Error) if name in _RESTRICTED else nullcontext():
                cursor.execute(f"SET SESSION {name} = {_STEADY[name]}")
                changed[str(name)] = str(value)
    return changed


def _wants_autocommit(connection: BaseDatabaseWrapper) -> bool:
    return bool(connection.settings_dict["AUTOCOMMIT"])


def may_substitute(sets: Iterable[str]) -> bool:
    """May a session with these SETs make a table with another engine than it states? Pure."""
    modes = [sql for sql in sets if "sql_mode" in variables_set_by(sql)]
    return not modes or "NO_ENGINE_SUBSTITUTION" not in modes[-1].upper()


def engine_substituted(connection: BaseDatabaseWrapper) -> str:
    """In words, where the statement before made a table with another engine than it
    states, which the server lacks; else empty. A file that was recorded before
    ``NO_ENGINE_SUBSTITUTION`` was pinned lets it."""
    driver: Any = connection.connection
    if not driver.warning_count():  # of the last statement; asks nobody
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SHOW WARNINGS")
        return substitution_in(cursor.fetchall())


def substitution_in(warnings: Iterable[tuple[Any, ...]]) -> str:
    """The same of the rows of SHOW WARNINGS. Pure."""
    said = [str(text) for _, number, text in warnings if number == USING_OTHER_ENGINE]
    return f"the server lacks the engine that it states: {'; '.join(said)}" if said else ""


@contextmanager
def limited_session(connection: BaseDatabaseWrapper, lock_wait: int) -> Iterator[int]:
    """``limit_session`` and ``steady_session`` while the block lasts; gives the
    ``lock_wait_timeout`` of before."""
    had = limit_session(connection, lock_wait)
    changed = steady_session(connection)
    driver = connection.connection
    try:
        yield int(had["lock_wait_timeout"])
    finally:
        # An integer variable takes no decimal point, and max_statement_time is shown with one.
        values = {name: float(value) for name, value in had.items()}
        numbers = {name: int(v) if v.is_integer() else v for name, v in values.items()}
        _restore(connection, SavedSession(driver, numbers | changed))


def _restore(connection: BaseDatabaseWrapper, saved: SavedSession) -> None:
    if connection.connection is not saved.driver or connection.needs_rollback:
        return
    # A lost connection has no session to restore, and must not hide why it was lost.
    with suppress(Error), connection.cursor() as cursor:
        cursor.execute(saved.statement(connection))
