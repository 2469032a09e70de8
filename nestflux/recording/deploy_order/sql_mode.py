"""The ``sql_mode`` in which the project's running code works. It decides whether a server refuses a
value that does not fit or a column that is not given, or changes it and says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from django.db import connections

from nestflux.conf import profile_path
from nestflux.database.profile_file import load as load_profile
from nestflux.database.session import SQL_MODE
from nestflux.exceptions import HistoryError

if TYPE_CHECKING:
    from nestflux.recording.recording_target import RecordingTarget


def sql_mode_of_code(target: RecordingTarget) -> str:
    """As the alias's own OPTIONS state it; else as ``profile.json`` has it of production; else as
    the server of the recording gives it. Raises django.db.Error where that cannot be asked."""
    own = connections.settings[target.alias]["OPTIONS"]
    stated = {name: own[name] for name in ("sql_mode", "init_command") if own.get(name)}
    if not _states_a_mode(stated):
        with suppress(HistoryError):  # db_check says that it cannot be read
            profile = load_profile(profile_path(target.alias))
            if profile and profile.family == target.server.family:
                return profile.variables.get("sql_mode", SQL_MODE)
    settings = dict(target.settings)
    settings |= {"NAME": "", "OPTIONS": {**settings.get("OPTIONS", {}), **stated}}
    own_session = type(connections[target.alias])(settings, target.alias)
    with closing(own_session), own_session.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.sql_mode")
        return str(cursor.fetchone()[0])


def _states_a_mode(options: Mapping[str, Any]) -> bool:
    return "sql_mode" in options or "sql_mode" in str(options.get("init_command", "")).lower()


def is_strict(sql_mode: str) -> bool:
    """For InnoDB's tables (MySQL Manual 7.1.11, "Strict SQL Mode")."""
    return "STRICT_" in sql_mode.upper() or "TRADITIONAL" in sql_mode.upper()


def in_words(sql_mode: str) -> str:
    return "strict" if is_strict(sql_mode) else f"not strict ({sql_mode or 'an empty sql_mode'})"
