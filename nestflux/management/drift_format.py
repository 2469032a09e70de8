"""Drift as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from nestflux.reviewing.drift import Difference, Drift


def drift_lines(drift: Drift) -> Iterator[Text]:
    """Each difference with what is known of it and the statements for either side."""
    for remark in drift.remarks:
        yield Text(f"Remark: {remark}")
    if drift.offline:
        yield Text(f"Compared with what the files changed when recorded: {drift.offline}")
    if not drift.differences:
        yield Text(f"The schema is what the files up to {drift.head}.sql make.", style="green")
        return
    yield Text(f"The schema is not what the files up to {drift.head}.sql make:", style="red")
    for each in drift.differences:
        yield from _lines(each)
    if drift.built_on:
        yield Text(
            f"The files' schema was built on {drift.built_on}, another version than the "
            "database's, which may print the same definition in another way."
        )
    yield Text("Next: python manage.py db_baseline --reconcile   (one reviewed script for all)")


def _lines(each: Difference) -> Iterator[Text]:
    yield Text(f"  {each}", style="bold")
    if each.file:
        yield Text(f"    Should be so since: {each.file}.sql")
    if each.rebuilt_at:
        yield Text(f"    The table was last rebuilt: {each.rebuilt_at} (the server's time)")
    if last := each.last_ddl:
        yield Text(f"    The last change that the server remembers: {last.by}, {last.at}")
        yield from (Text(f"      {line}") for line in f"{last.sql};".splitlines())
    yield from _statements("To change the database", each.to_files)
    yield from _statements("To change the history instead, in a new file", each.to_live)


def _statements(title: str, statements: tuple[str, ...]) -> Iterator[Text]:
    if statements:
        yield Text(f"    {title}:")
        for sql in statements:
            yield from (Text(f"      {line}") for line in f"{sql};".splitlines())
