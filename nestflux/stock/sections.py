"""One Django migration's part of a SQL migration's text, as it stands in the file."""

from __future__ import annotations

from nestflux.sql.lexer import fragments

_HEAD = "-- ---- Migration "


def section_text(text: str, migration: str) -> str:
    """From the migration's headline to the next one's; empty where the file does not hold it."""
    heads = [
        (fragment.line, fragment.text.removeprefix(_HEAD).split()[0])
        for fragment in fragments(text)
        if fragment.kind == "comment" and fragment.text.startswith(_HEAD)
    ]
    lines = text.splitlines()
    for index, (line, name) in enumerate(heads):
        if name == migration:
            end = heads[index + 1][0] - 1 if index + 1 < len(heads) else len(lines)
            return "\n".join(lines[line - 1 : end]).strip()
    return ""
