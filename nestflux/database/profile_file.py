"""``profile.json``: a profile as text, strictly read and written all or nothing."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nestflux.database.profile import FORMAT, PROFILE, AutoIncrement, Profile, TableSize
from nestflux.exceptions import HistoryError
from nestflux.families import FAMILIES

_AGAIN = "python manage.py db_profile --write   (where production can be reached), or restore it"


def dumps(profile: Profile) -> str:
    """The file's text: sorted, a table a line, so that a diff shows which one changed."""
    data = profile.to_json()
    tables = data.pop("tables")
    head = json.dumps(data, indent=2, ensure_ascii=False).removesuffix("\n}")
    lines = (f"    {_json(name)}: {_json(size)}" for name, size in tables.items())
    body = ",\n".join(lines)
    return f'{head},\n  "tables": {{' + (f"\n{body}\n  " if body else "") + "}\n}\n"


def loads(text: str) -> Profile:
    """Raises HistoryError where the text is no profile."""
    if "<<<<<<<" in text or ">>>>>>>" in text:
        raise _unusable("holds conflict markers: two branches each wrote it")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise _unusable(f"is not JSON (line {error.lineno}: {error.msg})") from None
    if isinstance(data, dict) and data.get("format") not in (None, FORMAT):
        raise HistoryError(
            f"{PROFILE} has format {data['format']}; this version reads {FORMAT}.",
            then="install the version of NestFlux that wrote it, or a later one",
        )
    try:
        return _profile(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(f"lacks or mistypes an entry: {error}") from None


def load(path: Path) -> Profile | None:
    """The profile in a file; None where there is none. Raises HistoryError."""
    try:
        return loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise HistoryError(
            f"{PROFILE} cannot be read: {reason}.", where=str(path), then=_AGAIN
        ) from None
    except HistoryError as error:
        error.where = str(path)
        raise


def save(profile: Profile, path: Path) -> bool:
    """Write the file, all or nothing; False where it says all of it already. Raises HistoryError
    where the folder cannot be written."""
    text = dumps(profile)
    try:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise HistoryError(
            f"{PROFILE} cannot be written: {error.strerror}.",
            where=str(path),
            then="make the folder writable and run the command again",
        ) from None
    return True


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unusable(how: str) -> HistoryError:
    return HistoryError(f"{PROFILE} {how}.", then=_AGAIN)


def _profile(data: Mapping[str, Any]) -> Profile:
    _only(data, {"format", "server", "variables", "not_read", "tables"})
    server = data["server"]
    _only(server, {"family", "version", "collation", "replicas"})
    if data["format"] != FORMAT:
        raise ValueError("format")
    if server["family"] not in FAMILIES:
        raise ValueError(f"family {server['family']!r}")
    return Profile(
        family=server["family"],
        version=_text(server["version"]),
        collation=_text(server["collation"]),
        replicas=_whole(server["replicas"]) if "replicas" in server else None,
        variables={name: _text(value) for name, value in data["variables"].items()},
        not_read={name: _text(value) for name, value in data["not_read"].items()},
        tables={name: _table(size) for name, size in data["tables"].items()},
    )


def _table(data: Mapping[str, Any]) -> TableSize:
    _only(
        data,
        {"rows", "bytes", "index_bytes", "indexes", "auto_increment", "writes_a_minute", "engine"},
    )
    writes = data.get("writes_a_minute")
    return TableSize(
        rows=_whole(data["rows"]),
        bytes=_whole(data["bytes"]),
        index_bytes=_whole(data.get("index_bytes", 0)),
        indexes={name: _whole(size) for name, size in data.get("indexes", {}).items()},
        auto_increment=_auto_increment(data["auto_increment"])
        if "auto_increment" in data
        else None,
        writes=None if writes is None else _whole(writes),
        engine=_text(data.get("engine", "")),
    )


def _auto_increment(data: Mapping[str, Any]) -> AutoIncrement:
    _only(data, {"column", "type", "used"})
    return AutoIncrement(_text(data["column"]), _text(data["type"]), _whole(data["used"]))


def _only(data: Mapping[str, Any], known: Collection[str]) -> None:
    if unknown := sorted(data.keys() - set(known)):
        raise ValueError(f"{unknown[0]!r} is not known")


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value
