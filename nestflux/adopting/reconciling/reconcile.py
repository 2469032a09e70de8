"""``db_baseline --reconcile``: write the script that makes a live schema agree with its history.

The live database is read and nothing more. The script is written once it is proved on scratch
schemas, and never over another file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nestflux.adopting.baseline import BaselinePlan
from nestflux.adopting.reconciling.proving import Case, prove
from nestflux.adopting.reconciling.script import Made, render
from nestflux.database.server import connection_for, schema_name, server_of
from nestflux.exceptions import Refused
from nestflux.recording.built_schema import scratch_schema
from nestflux.schema.transform.changes import Transformation


@dataclass(frozen=True)
class Written:
    """The script: where it is, and what stands in it."""

    path: Path
    planned: Transformation


def reconcile(alias: str, found: BaselinePlan, path: Path) -> Written:
    """Write the script for the differences of ``found``, which has some.

    Raises Refused where the file is there already or cannot be written; NotReconciled where no
    script makes the schemas agree.
    """
    refuse_existing(path)
    connection = connection_for(alias)
    server = server_of(connection)
    case = Case(
        found.files.definitions, found.live.definitions, found.known, found.collation, server.family
    )

    proved = prove(case, partial(scratch_schema, alias, server.family, found.collation))
    made = Made(
        alias=alias,
        database=schema_name(connection),
        server=server.name,
        last=found.entries[-1].name,
        proved_on=found.built_on or server.name,
        file=path.name,
        then="db_migrate" if found.has_ledger else "db_baseline",
    )
    write_new(path, render(proved, made))
    return Written(path, proved)


def refuse_existing(path: Path) -> None:
    """Raises Refused, naming the file: a script that a person may have edited is kept."""
    if path.exists() or path.is_symlink():
        raise Refused(
            f"{path} is there already, and is not written over.",
            stands="nothing was written, and nothing was changed",
            then="python manage.py db_baseline --reconcile OTHER_FILE   (or remove this one)",
        )


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there. Raises as ``reconcile``, also where another process made it
    meanwhile."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        refuse_existing(path)
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror or error}.",
            stands="nothing was changed",
            then="python manage.py db_baseline --reconcile OTHER_FILE",
        ) from None
