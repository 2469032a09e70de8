"""An error as the one JSON document of a command that was asked for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nestflux.exceptions import NestFluxError


def asks_for_json(arguments: Sequence[str]) -> bool:
    """By the words of a command line, before they are parsed, or where they cannot be: ``--json``,
    ``--format json``, ``--format=json``."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(
        word in ("--json", "--format=json") or (word, following) == ("--format", "json")
        for word, following in pairs
    )


def document(error: NestFluxError) -> dict[str, Any]:
    """The four lines by name, and the exit code."""
    return {
        "error": {
            "kind": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "now": error.now,
            "next": error.then,
        },
        "exit_code": error.exit_code,
    }
