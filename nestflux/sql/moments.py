"""Moments that a server fills in where a statement does not state them: another one in each
database that runs it. Pure.

An event starts when it is made, unless STARTS says when (MySQL manual, "CREATE EVENT Statement"),
and so do MariaDB's partitions by system time (KB, "System-Versioned Tables").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nestflux.sql.lexer import significant

_EXAMPLE = "'2026-01-01 00:00:00'"
_NOW = frozenset(
    {
        *("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP", "SYSDATE", "UNIX_TIMESTAMP"),
        *("CURDATE", "CURRENT_DATE", "CURTIME", "CURRENT_TIME"),
        *("UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP"),
    }
)
_OBJECTS = frozenset({"TABLE", "VIEW", "INDEX", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"})
# What follows the schedule of an event.
_BEHIND_SCHEDULE = frozenset({"ON", "RENAME", "ENABLE", "DISABLE", "COMMENT", "DO"})
_BEHIND_INTERVAL = frozenset({"LIMIT", "STARTS", "AUTO", "PARTITIONS", "(", ")", ",", ";"})
_MOMENT = re.compile(r"'\d{4}-\d\d-\d\d(?:[ T][\d:.]*)?'")


def unstated_moment(sql: str) -> str:
    """What to write instead, in words for a person; empty where a statement states its moments."""
    found = [token.text for token in significant(sql)]
    words = [text.upper() for text in found]
    if words[:1] not in (["CREATE"], ["ALTER"]):
        return ""
    kind = next((word for word in words if word in _OBJECTS), "")
    if kind == "EVENT" and "SCHEDULE" in words:
        start = words.index("SCHEDULE") + 1
        return _in_schedule(_until(found[start:], _BEHIND_SCHEDULE))
    if kind == "TABLE" and "SYSTEM_TIME" in words and "INTERVAL" in words:
        start = words.index("INTERVAL")
        every = _until(found[start:], _BEHIND_INTERVAL)
        if "STARTS" not in words[start:]:
            return f"write when they start: {' '.join(every)} STARTS {_EXAMPLE}"
    return ""


def _in_schedule(schedule: Sequence[str]) -> str:
    words = [text.upper() for text in schedule]
    for text, word in zip(schedule, words, strict=True):
        if word in _NOW:
            return f"write the moment itself, such as {_EXAMPLE}, instead of {text}"
    if words[:1] == ["EVERY"] and "STARTS" not in words:
        every = _until(schedule, frozenset({"ENDS"}))
        return f"write when it starts: {' '.join(every)} STARTS {_EXAMPLE}"
    return ""


def _until(found: Sequence[str], behind: frozenset[str]) -> list[str]:
    end = next((at for at, text in enumerate(found) if text.upper() in behind), len(found))
    return list(found[:end])


def same_but_for_moments(one: str | None, other: str | None) -> bool:
    """Are both the same definition, less the days and times in quotes?"""
    if one is None or other is None:
        return False
    return _MOMENT.sub("''", one) == _MOMENT.sub("''", other)
