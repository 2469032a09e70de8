"""What a server's error means for a person: which table and column, and what to do about it.

``unavailable`` is for connecting and creating, before any work was done; ``in_words`` for a
statement that the server refused. Neither ever shows a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.utils import Error, NotSupportedError

from nestflux.conf import configuration
from nestflux.database.packets import SMALL, is_too_large, limit_elsewhere
from nestflux.exceptions import NestFluxError, ServerUnavailable, ServerUnsupported
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Client errors 2002 to 2055 (MySQL Error Reference, "Client Error Message Reference"): nobody
# answered, or the line was cut.
NO_SERVER = frozenset({2002, 2003, 2005, 2006, 2012, 2013, 2055})
# CR_SSL_CONNECTION_ERROR; ER_SECURE_TRANSPORT_REQUIRED, on both families.
ENCRYPTION = frozenset({2026, 3159})
WRONG_PASSWORD = frozenset({1045, 1698, 1862, 3118, 3955, 4151, 2054, 2059, 2061})
MISSING_GRANT = frozenset({1044, 1142, 1143, 1227, 1370, 1419})
MISSING_DATABASE = frozenset({1049})
TOO_MANY = frozenset({1040, 1129, 1203, 1226})
UNAVAILABLE = NO_SERVER | ENCRYPTION | WRONG_PASSWORD | MISSING_GRANT | MISSING_DATABASE | TOO_MANY

_SHADOW = re.compile(r"(.+)_[0-9a-f]{8}")
_ACCOUNT = re.compile(r"user '([^']*)'@'([^']*)'")


class DatabaseMissing(ServerUnavailable):
    """The server answers and the database is not there: ``create_database`` would make it."""


def number_of(error: BaseException) -> int:
    """The server's or client's error number; 0 where there is none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def message_of(error: BaseException) -> str:
    """The server's own text."""
    return str(error.args[-1]) if error.args else type(error).__name__


def in_words(
    error: BaseException, connection: BaseDatabaseWrapper | None = None, sql: str = ""
) -> str:
    """A server's error in words, with what to do and the server's number at the end.

    Args:
        connection: where it happened; asked for types, collations and names where that helps.
            Its transaction is left as it is.
        sql: the statement that failed; by default the one that the error's traceback shows.
    """
    number, message = number_of(error), message_of(error)
    if not number:
        return message
    # Only where a statement fails: the latter imports Django's migrations.
    from nestflux.database.explanations import EXPLANATIONS, Failure
    from nestflux.django_compat import bytes_sent, statement_of

    explain = EXPLANATIONS.get(number)
    statement = sql or statement_of(error)
    failure = Failure(number, message, statement, connection, sent=bytes_sent(error))
    words = explain(failure) if explain else ""
    if not words:
        words = message if message.endswith((".", "!", "?")) else f"{message}."
    return f"{words} (server error {number})"


def was_too_large(error: BaseException, connection: BaseDatabaseWrapper) -> bool:
    """Did the connection end because a packet was larger than the server takes? The server's
    limit is asked in another connection, for this one cannot be asked any more."""
    from nestflux.django_compat import bytes_sent  # as above

    sent = bytes_sent(error)
    return sent >= SMALL and is_too_large(sent, limit_elsewhere(connection))


@contextmanager
def reachable(connection: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """The connection, connected. Raises ServerUnavailable (DatabaseMissing) or
    ServerUnsupported when it cannot be; errors of the block are the block's own."""
    connect(connection)
    yield connection


def connect(connection: BaseDatabaseWrapper) -> None:
    """Connect if it is not connected. Raises as ``reachable`` does."""
    try:
        connection.ensure_connection()
    except NotSupportedError as error:  # Django's own minimum, which is lower than ours
        raise ServerUnsupported(
            f"The server is too old: {_short(str(error))}.",
            where=address_of(connection),
            stands="nothing was changed",
            then="upgrade the server",
        ) from None
    except Error as error:
        raise unavailable(error, connection) from None


def create_database(connection: BaseDatabaseWrapper) -> None:
    """Make the database that the connection's settings name, utf8mb4. Raises ServerUnavailable
    where that is not allowed."""
    keeper = _without_database(connection)
    name = str(connection.settings_dict["NAME"])
    try:
        with keeper.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(name)} CHARACTER SET utf8mb4")
    except Error as error:
        raise unavailable(error, keeper, schema=name) from None
    finally:
        keeper.close()


def unavailable(
    error: BaseException, connection: BaseDatabaseWrapper, schema: str | None = None
) -> NestFluxError:
    """Why there is no connection, or why a schema could not be made; to be raised.

    Args:
        schema: the schema that was to be made or entered; by default the connection's database.
    """
    number = number_of(error)
    schema = schema or str(connection.settings_dict["NAME"] or "")
    where = address_of(connection)
    if number in ENCRYPTION:
        return _not_encrypted(error, connection)
    if number in NO_SERVER:
        return ServerUnavailable(
            f"No database server answers: {_short(message_of(error))}.",
            where=where,
            stands="nothing was changed",
            then=_how_to_start(connection),
        )
    if number in WRONG_PASSWORD:
        return ServerUnavailable(
            f"The server does not let {_user(connection)} in: {_short(message_of(error))}.",
            where=where,
            stands="nothing was changed",
            then=f"correct the user and password in DATABASES[{connection.alias!r}]",
        )
    if number in MISSING_GRANT:
        grant = _grant(error, connection, schema)
        return ServerUnavailable(
            f"The database user lacks a grant: {_short(message_of(error))}.",
            where=where,
            stands="nothing was changed",
            then=f"let an administrator of the server run: {grant}",
        )
    if number in MISSING_DATABASE:
        name = connection.settings_dict["NAME"]
        return DatabaseMissing(
            f"The server has no database {name!r}.",
            where=where,
            stands="nothing was changed",
            then="python manage.py db_migrate --create-database   "
            f"(or: CREATE DATABASE {quoted(name)} CHARACTER SET utf8mb4;)",
        )
    if number in TOO_MANY:
        return ServerUnavailable(
            f"The server takes no more connections: {_short(message_of(error))}.",
            where=where,
            stands="nothing was changed",
            then="look at SHOW PROCESSLIST, raise max_connections or lower CONN_MAX_AGE",
        )
    return ServerUnavailable(
        f"The server refused: {_short(in_words(error))}.",
        where=where,
        stands="nothing was changed",
        then="look into the server's log, then run the command again",
    )


def _not_encrypted(error: BaseException, connection: BaseDatabaseWrapper) -> ServerUnavailable:
    options = f'DATABASES[{connection.alias!r}]["OPTIONS"]["ssl"]'
    if number_of(error) != 2026:
        what = "The server takes encrypted connections only (require_secure_transport)"
        then = f'{options} = {{"ca": "…"}}, the file of the authority that signed its certificate'
    else:
        what = "The encrypted connection to the server could not be made"
        then = f"see that the ca, cert and key of {options} are the right files"
    if "expired" in message_of(error).lower():
        then = "renew the certificate that expired, the server's or that of " + options
    return ServerUnavailable(
        f"{what}: {_short(message_of(error))}.",
        where=address_of(connection),
        stands="nothing was changed",
        then=then,
    )


def address_of(connection: BaseDatabaseWrapper) -> str:
    """Which server, for people, without the password: ``alias 'default', user 'app', database
    'shop' on db.internal:3306``."""
    given = connection.settings_dict
    socket = _socket(connection)
    server = f"socket {socket}" if socket else f"{_host(connection)}:{_port(connection)}"
    parts = [f"alias {connection.alias!r}", f"user {_user(connection)!r}"]
    if given.get("NAME"):
        parts.append(f"database {given['NAME']!r}")
    return f"{', '.join(parts)} on {server}"


def _options(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    return connection.settings_dict.get("OPTIONS") or {}


def _socket(connection: BaseDatabaseWrapper) -> str:
    """The socket's path, empty for TCP. Django takes a HOST that begins with / for one."""
    host = str(connection.settings_dict.get("HOST") or "")
    return host if host.startswith("/") else str(_options(connection).get("unix_socket", ""))


def _host(connection: BaseDatabaseWrapper) -> str:
    options = _options(connection)
    return str(connection.settings_dict.get("HOST") or options.get("host") or "localhost")


def _port(connection: BaseDatabaseWrapper) -> str:
    return str(connection.settings_dict.get("PORT") or _options(connection).get("port") or 3306)


def _user(connection: BaseDatabaseWrapper) -> str:
    return str(connection.settings_dict.get("USER") or _options(connection).get("user") or "")


def _short(message: str) -> str:
    return message.strip().rstrip(".")


def _how_to_start(connection: BaseDatabaseWrapper) -> str:
    """The one line that starts the server, as far as it can be known."""
    commands = configuration().start_commands
    if command := commands.get(_socket(connection) or _host(connection)):
        return command
    if _socket(connection) or _host(connection) in ("localhost", "127.0.0.1", "::1"):
        return "start the server, for example: sudo systemctl start mariadb   (or: mysql)"
    return (
        f"see that the server on {_host(connection)} runs and that port {_port(connection)} is "
        "open to this machine"
    )


# ---- grants --------------------------------------------------------------------------------


def _grant(error: BaseException, connection: BaseDatabaseWrapper, schema: str) -> str:
    """The exact GRANT that is missing, or the setting that makes up for it."""
    account, wild = _account(error, connection)
    if number_of(error) == 1227:
        wanted = re.search(r"one of\) the (.+?) privilege", message_of(error))
        privilege = wanted.group(1).split(" OR ")[0].split(",")[0] if wanted else "SUPER"
        return f"GRANT {privilege} ON *.* TO {account};"
    if number_of(error) == 1419:  # a trigger or function, while there is a binary log
        return "SET GLOBAL log_bin_trust_function_creators = 1;"
    return f"GRANT ALL PRIVILEGES ON {grant_pattern(schema, wild=wild)}.* TO {account};"


def grant_pattern(schema: str, *, wild: bool = True) -> str:
    r"""A schema as GRANT names it. Its ``_`` and ``%`` are wild, and a shadow's name stands for all
    shadows, ``nestflux\_shadow\_%`` (Manual 15.7.1.6, "GRANT Statement"); unless they are not
    ``wild``, as under MySQL's ``partial_revokes``, where a grant that names no schema is all that
    holds for shadows (Manual 8.2.12, "Privilege Restriction Using Partial Revokes")."""
    shadow = _SHADOW.fullmatch(schema)
    name = shadow.group(1) if shadow else schema
    if not wild:
        return "*" if shadow else quoted(name)
    escaped = name.replace("_", r"\_").replace("%", r"\%")
    return quoted(rf"{escaped}\_%" if shadow else escaped)


def _account(error: BaseException, connection: BaseDatabaseWrapper) -> tuple[str, bool]:
    """The account that the server took the user for, ``'app'@'%'``; and whether its grants have
    patterns, yes where it cannot be asked."""
    keeper = connection if connection.connection is not None else _without_database(connection)
    try:
        with keeper.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            user, _, host = str(cursor.fetchone()[0]).rpartition("@")
            cursor.execute("SHOW GLOBAL VARIABLES WHERE Variable_name = 'partial_revokes'")
            return f"'{user}'@'{host}'", ("partial_revokes", "ON") not in cursor.fetchall()
    except Error:
        named = _ACCOUNT.search(message_of(error))
        account = f"'{named[1]}'@'{named[2]}'" if named else f"'{_user(connection)}'@'%'"
        return account, True
    finally:
        if keeper is not connection:
            keeper.close()


def _without_database(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """Another connection to the same server, that enters no database."""
    backend = type(connections[connection.alias])  # `connection` itself may be a proxy
    return backend({**connection.settings_dict, "NAME": ""}, connection.alias)
