"""What is to run next of a history, judged by the sizes of production's tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from nestflux.applying.plan.costs import Anew, costs_of, written_anew
from nestflux.applying.plan.tasks import Work, work_of
from nestflux.conf import configuration
from nestflux.database.profile import PROFILE, Profile, Sizes
from nestflux.exceptions import HistoryError
from nestflux.history.sqlfile import Direction
from nestflux.reviewing.findings import NotChecked
from nestflux.reviewing.subjects import EntryFiles, History, Unapplied
from nestflux.wording import listed


def steps_anew(history: History, to_run: Collection[str]) -> tuple[Anew, ...]:
    """The steps that write a table anew, of some files of a sound history.

    Args:
        to_run: the names of the files.
    """
    files = [each for each in history.files if each.entry.name in to_run]
    return written_anew(_works(files), history.family)


def _works(files: Sequence[EntryFiles]) -> Iterator[Work]:
    for each in files:
        try:
            yield work_of(each.texts.file(Direction.UP), each.texts.record)
        except HistoryError:
            continue  # reported by itself


def unapplied(history: History, steps: tuple[Anew, ...], sizes: Sizes) -> Unapplied:
    """The subject of the rules about sizes."""
    limits = configuration().sizes
    replicas = sizes.profile.replicas if sizes.profile else None
    variables = sizes.profile.variables if sizes.profile else {}
    waits = variables.get("binlog_alter_two_phase", "").upper() in ("OFF", "0")
    return Unapplied(history, steps, costs_of(steps, sizes, limits), limits, replicas or 0, waits)


def not_judged(
    steps: Mapping[str, tuple[Anew, ...]], families: Collection[str], profile: Profile | None
) -> NotChecked | None:
    """What could not be judged without a profile, or by one of a family that the project has no
    history for; None where there is nothing to judge.

    Args:
        steps: that write a table anew, by family.
        families: of the histories that could be judged.
    """
    tables = dict.fromkeys(step.table for family in steps.values() for step in family)
    if not tables or (profile is not None and profile.family in families):
        return None
    if profile is not None:
        why = f"{PROFILE} is of {profile.server}, and there is no sound history for it"
    else:
        why = (
            f"there is no {PROFILE}; where production can be reached: "
            "python manage.py db_profile --write"
        )
    return NotChecked(f"how long it takes to write anew {listed(list(tables))} in production", why)
