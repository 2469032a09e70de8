"""Pinning: the verdicts of a file, written into its statements as ALGORITHM= and LOCK=.

What was reviewed is then also the way it runs: a server that would copy a table unseen, because its
version, a FULLTEXT index or a row format is another than where the file was recorded, refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nestflux.database.verdicts import pinned
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Item, Statement
from nestflux.recording.capture import Recorded


def pin_verdicts(recorded: Sequence[Recorded], family: str) -> list[Recorded]:
    """The same migrations with pinned statements, and the records of these."""
    return [_pinned(each, family) for each in recorded]


def _pinned(each: Recorded, family: str) -> Recorded:
    items: list[Item] = []
    records = iter(each.records)
    kept: list[StepRecord] = []
    for item in each.section.items:
        if item in each.section.steps:
            record = next(records)
            if isinstance(item, Statement) and record.kind == "ddl":
                item = replace(item, sql=pinned(item.sql, family, record.verdict))
                record = replace(record, sha256=item.sha256)
            kept.append(record)
        items.append(item)
    return replace(each, section=replace(each.section, items=tuple(items)), records=kept)
