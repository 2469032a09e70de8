"""What db_generate says of the new statements that write a table anew, by the profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nestflux.applying.plan.costs import costs_of, written_anew
from nestflux.applying.plan.tasks import work_of
from nestflux.database.profile import PROFILE, Profile, Sizes
from nestflux.families import FAMILY_NAMES
from nestflux.wording import listed

if TYPE_CHECKING:
    from nestflux.conf import SizeLimits
    from nestflux.recording.recorded_file import RecordedFile


def cost_lines(
    files: Sequence[RecordedFile], profile: Profile | None, limits: SizeLimits
) -> Iterator[str]:
    """The statements that do it with too large a table, each with its size and the time; without a
    profile, once, what it would be needed for. Nothing is said of new tables."""
    by_family = {
        family: written_anew(
            (work_of(file.up, file.record) for file in files if _family(file) == family), family
        )
        for family in dict.fromkeys(map(_family, files))
    }
    if profile is not None:
        steps = by_family.get(profile.family, ())
        costs = costs_of(steps, Sizes(profile=profile), limits)
        for step in steps:
            cost = costs.of(step.work, step.task)
            if cost and (cost.is_blocking(limits) or cost.is_large(limits)):
                place = f"{step.work.file.name}.sql, statement {step.task.ordinal}"
                yield f"{place}: {step.task.record.verdict}: {cost.size}; {cost.time}"
    elif tables := dict.fromkeys(s.table for steps in by_family.values() for s in steps):
        families = " and ".join(FAMILY_NAMES[family] for family, s in by_family.items() if s)
        yield (
            f"On {families} it writes {listed(list(tables))} anew; how long that takes in "
            f"production is said where there is a {PROFILE}: python manage.py db_profile --write"
        )


def _family(file: RecordedFile) -> str:
    return file.target.server.family
