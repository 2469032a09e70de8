"""Shadows: scratch schemas on a development server, dropped afterwards.

While a shadow lasts, its alias *is* the shadow, as with Django's test databases, so that a Python
step that ignores its alias cannot touch anybody's data. So are its mirrors (``TEST["MIRROR"]``);
every other alias refuses to connect.
"""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.apps import apps
from django.db import connections
from django.db.utils import Error

from nestflux.database.errors import unavailable
from nestflux.database.session import ENGINE, SQL_MODE, steady_session
from nestflux.django_compat import is_method_replaced, method_replaced
from nestflux.exceptions import OtherDatabase
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


_INIT = (
    f"SET sql_mode = '{SQL_MODE}', time_zone = '+00:00', foreign_key_checks = 1, "
    f"default_storage_engine = {ENGINE}"
)


def server_settings(alias: str, entry: Mapping[str, Any] | None) -> dict[str, Any]:
    """A complete ``DATABASES`` entry of the server to record on: ``entry``, or the alias's own."""
    own = connections.settings[alias]
    if entry is None:
        return deepcopy(cast("dict[str, Any]", own))
    given = {"ENGINE": own["ENGINE"], **deepcopy(dict(entry))}
    return cast("dict[str, Any]", connections.configure_settings({"default": given})["default"])


@contextmanager
def shadow(
    alias: str, settings: Mapping[str, Any], *, prefix: str, collation: str | None = None
) -> Iterator[BaseDatabaseWrapper]:
    """An empty scratch schema on the server of ``settings``, which ``alias`` points at meanwhile.

    Args:
        prefix: what the schema's name begins with.
        collation: its default collation; None: the server's for utf8mb4.

    Raises ServerUnavailable where the server cannot be reached or the grant is missing.
    """
    with ExitStack() as stack:
        keeper = stack.enter_context(_keeper(alias, settings))
        if keeper.features.ignores_table_name_case:  # names of schemas, too
            prefix = prefix.lower()
        name = f"{prefix}_{secrets.token_hex(4)}"
        try:
            with keeper.cursor() as cursor:
                # The lock says that this shadow is in use; another run drops those left behind.
                cursor.execute("SELECT GET_LOCK(%s, 0)", [name])
                _drop_abandoned(cursor, keeper, prefix)
                charset = f"CHARACTER SET {(collation or 'utf8mb4').split('_', 1)[0]}"
                collate = f" COLLATE {collation}" if collation else ""
                cursor.execute(f"CREATE DATABASE {quoted(name)} {charset}{collate}")
        except Error as error:
            raise unavailable(error, keeper, schema=name) from None
        stack.callback(_drop, keeper, name)
        yield stack.enter_context(_alias_pointing_at(alias, settings, name, collation))


@contextmanager
def _keeper(alias: str, settings: Mapping[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """A connection without a schema, that no Python step can close."""
    connection = type(connections[alias])({**settings, "NAME": ""}, alias)
    try:
        connection.ensure_connection()
    except Error as error:
        raise unavailable(error, connection) from None
    try:
        yield connection
    finally:
        connection.close()


def _drop_abandoned(cursor: Any, keeper: BaseDatabaseWrapper, prefix: str) -> None:
    pattern = prefix.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    cursor.execute(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE %s "
        "AND IS_FREE_LOCK(SCHEMA_NAME) = 1",
        [f"{pattern}\\_%"],
    )
    for (name,) in cursor.fetchall():
        if not re.fullmatch(r"[0-9a-f]{8}", name.removeprefix(f"{prefix}_")):
            continue  # somebody's own database, whose name only begins like a shadow's
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")


def _drop(keeper: BaseDatabaseWrapper, name: str) -> None:
    with suppress(Error), keeper.cursor() as cursor:  # the next run drops what is left
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")


@contextmanager
def _alias_pointing_at(
    alias: str, settings: Mapping[str, Any], name: str, collation: str | None
) -> Iterator[BaseDatabaseWrapper]:
    """The connection's collation is the schema's, as it mostly is in a real database: a text that a
    migration's own SQL makes (CAST) can be compared with a column."""
    scratch = deepcopy(dict(settings))
    scratch["NAME"] = name
    own = str(scratch.get("OPTIONS", {}).get("init_command") or "")
    scratch["OPTIONS"] = {
        **scratch.get("OPTIONS", {}),
        "charset": "utf8mb4",
        "init_command": _INIT,
    }
    scratch["OPTIONS"].pop("collation", None)
    scratch["OPTIONS"].pop("sql_mode", None)  # which mysqlclient sets behind init_command
    if (collation or "").startswith("utf8mb4_"):
        scratch["OPTIONS"]["collation"] = collation
    scratch["CONN_MAX_AGE"] = None
    standing_for = [alias, *mirrors_of(alias)]
    before = {each: (connections.settings[each], connections[each]) for each in standing_for}
    for each, (given, _) in before.items():
        connections.settings[each] = {**scratch, "TEST": given["TEST"]}
    connection = connections.create_connection(alias)
    cast("Any", connection).init_connection_state = _settling(connection, own)
    for each in standing_for:
        connections[each] = connection
    _forget_rows()
    try:
        with _others_refusing(standing_for):
            yield connection
    finally:
        _forget_rows()
        connection.close()
        for each, (given, previous) in before.items():
            connections.settings[each] = given
            connections[each] = previous


def _settling(connection: BaseDatabaseWrapper, own: str) -> Callable[[], None]:
    """What a shadow's connection does when it is made: what the alias's own ``init_command`` says,
    as on the database itself, and then what must be so."""
    ours = connection.init_connection_state

    def init_connection_state() -> None:
        ours()
        if own:
            with connection.cursor() as cursor:
                cursor.execute("SELECT @@SESSION.collation_connection")
                (collation,) = cursor.fetchone()
                for sql in (own, f"SET NAMES utf8mb4 COLLATE {collation}", _INIT):
                    cursor.execute(sql)
        steady_session(connection)

    return init_connection_state


def mirrors_of(alias: str) -> list[str]:
    """The aliases that stand for the same rows by ``TEST["MIRROR"]``, of a mirror too. They get the
    very connection of the shadow: what a step wrote in its transaction is read through them."""
    found = [alias]
    for known in found:  # which grows meanwhile
        found += [
            each
            for each in connections.settings
            if connections.settings[each]["TEST"]["MIRROR"] == known and each not in found
        ]
    return found[1:]


@contextmanager
def alias_kept(alias: str, connection: BaseDatabaseWrapper | None = None) -> Iterator[None]:
    """The alias is afterwards what it is now; meanwhile it is ``connection``, where one is given.
    So two shadows can be worked on by turns."""
    settings, current = connections.settings[alias], connections[alias]
    if connection is not None:
        connections.settings[alias] = connection.settings_dict
        connections[alias] = connection
    _forget_rows()
    try:
        yield
    finally:
        _forget_rows()
        connections.settings[alias] = settings
        connections[alias] = current


def _forget_rows() -> None:
    """What Django remembers of rows is of another database from now on."""
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()
    if apps.is_installed("django.contrib.sites"):
        from django.contrib.sites.models import Site

        Site.objects.clear_cache()


@contextmanager
def _others_refusing(standing_for: Sequence[str]) -> Iterator[None]:
    """No other alias can be connected to: what a Python step finds there is not its shadow."""
    others = [connections[each] for each in connections.settings if each not in standing_for]
    if any(is_method_replaced(other, "connect") for other in others):  # a shadow beside another one
        yield
        return
    with ExitStack() as refusing:
        for other in others:
            other.close()
            refuser = _refuser(other.alias, standing_for[0])
            refusing.enter_context(method_replaced(other, "connect", refuser))
        yield


def _refuser(alias: str, recorded: str) -> Any:
    def connect() -> NoReturn:
        raise OtherDatabase(
            f"A migration's Python step connects to the database {alias!r} while {recorded!r} is "
            "recorded.",
            where=_asked_from(sys._getframe(1)),
            stands="nothing was written",
            then=f'if {alias!r} is a replica of {recorded!r}, say so: DATABASES["{alias}"]["TEST"] '
            f'= {{"MIRROR": "{recorded}"}};\n'
            "         else let the step use schema_editor.connection.alias, as in "
            "Model.objects.using(alias)",
        )

    return connect


def _asked_from(frame: FrameType | None) -> str:
    """The line of a migration's module that is being run, else the innermost line of code that is
    neither Django's nor ours."""
    innermost = ""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        place = f"{frame.f_code.co_filename}, line {frame.f_lineno}"
        if ".migrations." in module and not module.startswith(_LIBRARIES):
            return place
        if not innermost and not module.startswith(_LIBRARIES):
            innermost = place
        frame = frame.f_back
    return innermost


_LIBRARIES = ("django.", "nestflux.", "MySQLdb.", "asgiref.", "contextlib", "functools")
