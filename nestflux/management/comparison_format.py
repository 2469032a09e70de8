"""What ``db_pull --compare`` found and wrote, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nestflux.history.folder import display_path
from nestflux.pulling.again import Comparison
from nestflux.pulling.remarks import by_text
from nestflux.pulling.round_trip import Difference, as_texts
from nestflux.wording import counted, for_database


def lines_of(found: Comparison) -> Iterator[str]:
    """What differs, and what would be written."""
    labels = ", ".join(found.labels)
    if found.agrees:
        yield f"✓ The models of {labels} give what the database has."
        return
    yield "The database is not what the models make:"
    yield from (f"    {difference}" for difference in found.differences)
    for label, tables in found.new_tables.items():
        yield from (f"    no model of {label}: table {table}" for table in tables)
    path = None
    for change in found.changes:
        if change.path != path:
            path = change.path
            is_new = "" if path.exists() else "  (new)"
            yield f"{display_path(path)}{is_new}"
        yield f"  {change.sign} {change.text}"
    for text, about in by_text(found.remarks_of_new).items():
        yield f"Remark: {text}:"
        yield from (f"    {name}" for name in about)
    if found.by_hand:
        yield "To be changed by hand:"
        yield from (f"    {each}" for each in found.by_hand)


def lines_after(
    found: Comparison, left: Sequence[Difference] | None, next_commands: Sequence[str]
) -> Iterator[str]:
    """What was written, and what comes next.

    Args:
        left: what differs after the files were written; None where none was.
        next_commands: what records the tables and takes them over as they are.
    """
    other = for_database(found.alias)
    if left is None:
        yield from _not_written(found, next_commands, other)
        return
    yield f"✓ Wrote {counted(len(found.files), 'file')}:"
    yield from (f"    {display_path(path)}" for path in sorted(found.files))
    if left:
        yield f"✓ Compared again: {counted(len(left), 'difference')}, of what is left to you"
    else:
        yield "✓ Compared again: 0 differences"
    yield "Next: review the changes, then"
    yield from (f"      python manage.py {command}{other}" for command in next_commands)


def _not_written(found: Comparison, next_commands: Sequence[str], other: str) -> Iterator[str]:
    yield "Nothing was written. Where the models are right, write the script for the database:"
    yield f"      python manage.py db_baseline --reconcile{other}"
    yield "Where the database is right, change the models, then take them over:"
    if found.files:
        names = " ".join(f"--compare {label}" for label in found.labels)
        yield f"      python manage.py db_pull {names} --write{other}"
    yield from (f"      python manage.py {command}{other}" for command in next_commands)


def as_json(found: Comparison, left: Sequence[Difference] | None) -> dict[str, Any]:
    """For programs. ``differences`` are those before anything was written, ``left`` those after."""
    return {
        "differences": [as_texts(each) for each in found.differences],
        "new_tables": {label: list(tables) for label, tables in found.new_tables.items() if tables},
        "changes": [
            {"file": display_path(each.path), "sign": each.sign, "text": each.text}
            for each in found.changes
        ],
        "by_hand": [
            {"about": str(each.about), "why": each.why, "write": each.write}
            for each in found.by_hand
        ],
        "remarks": [{"remark": each.text, "about": each.about} for each in found.remarks_of_new],
        "files": [display_path(path) for path in sorted(found.files)],
        "written": left is not None,
        "left": [as_texts(each) for each in left or ()],
    }
