"""Views, triggers, routines and events that are missing, differ or are besides. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nestflux.schema.diff import Definitions
from nestflux.schema.objects import TABLE, VIEW, ObjectKey
from nestflux.schema.programs import programs_in_order
from nestflux.schema.transform import queries
from nestflux.schema.transform.changes import (
    GOES_ALONG,
    LOSES,
    Change,
    ChangeKey,
    Phase,
    Risk,
)
from nestflux.sql.lexer import quoted

_PHASES = {
    "function": Phase.ROUTINE,
    "procedure": Phase.ROUTINE,
    VIEW: Phase.VIEW,
    "trigger": Phase.TRIGGER,
    "event": Phase.TRIGGER,
}


def program_changes(
    before: Definitions, after: Definitions, known: Collection[ObjectKey]
) -> Iterator[Change]:
    """Programs are made anew from their new text. The old one stands nowhere among the statements:
    it may hold a secret. Of those that are besides, what is not ``known`` stays."""
    for key in programs_in_order(after):
        if after[key] == before.get(key):
            continue
        shows = f"SHOW CREATE {key.kind.upper()} {quoted(key.name)};"
        remarks = (f"takes the place of another {key.kind}, whose text is kept nowhere: {shows}",)
        yield from _made_anew(key, after[key], remarks if key in before else (), before)
    for key in before:
        in_the_way = key.kind == VIEW and ObjectKey(TABLE, key.name) in after
        if key.is_of_table or key in after or not (key in known or in_the_way):
            continue
        yield Change(
            ChangeKey(key),
            Phase.CLEAR_NAME,
            _drop(key),
            (key,),
            risk=Risk(
                LOSES,
                f"drops a {key.kind} that the history does not have here, and its text",
                (f"SHOW CREATE {key.kind.upper()} {quoted(key.name)}",),
            ),
        )


def _drop(key: ObjectKey) -> str:
    return f"DROP {key.kind.upper()} IF EXISTS {quoted(key.name)}"


def _made_anew(
    key: ObjectKey, sql: str, remarks: tuple[str, ...], before: Definitions
) -> Iterator[Change]:
    phase, risk = _PHASES[key.kind], None
    if key.kind == VIEW and ObjectKey(TABLE, key.name) in before:
        risk = Risk(GOES_ALONG, "a table of this name is in its place")
        if key not in before:
            why = "drops a table whose name a view of the history has"
            yield Change(
                ChangeKey(key, "clear"),
                Phase.CLEAR_NAME,
                f"DROP TABLE {quoted(key.name)}",
                (key, ObjectKey(TABLE, key.name)),
                risk=Risk(LOSES, why, (queries.rows_of(key.name),)),
            )
    elif key.kind == VIEW:
        sql = f"CREATE OR REPLACE{sql.removeprefix('CREATE')}"
    else:
        yield Change(ChangeKey(key, "drop"), phase, _drop(key), (key,))
    yield Change(ChangeKey(key, "make"), phase, sql, (key,), risk=risk, remarks=remarks)
