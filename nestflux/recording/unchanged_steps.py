"""What an edit of a file leaves as it was recorded. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import PythonStep, SqlFile, Step


def why_not_kept(known: Sequence[StepRecord], file: SqlFile, locators: Iterable[str]) -> str:
    """Which Python step an edited file lacks, has twice, or has in another place; empty if none:
    an edit leaves them, and their places, as they were recorded.

    A place is known by the statements before and behind it that the edit left as they were.

    Args:
        known: the records of the file before the edit.
        locators: those of every operation of the file's migrations, to name one that is gone.
    """
    edited = [(step, section.migration) for _, section, step in file.steps()]
    names = {PythonStep(locator, "").sha256: locator for locator in locators}
    for at, record in enumerate(known):
        if record.kind != "python":
            continue
        places = [i for i, (step, _) in enumerate(edited) if step.sha256 == record.sha256]
        name = f"the Python step {names.get(record.sha256, f'{at + 1}')}"
        if len(places) != 1:
            return f"{name} {'is gone' if not places else 'stands there more than once'}"
        step, section = edited[places[0]]
        if isinstance(step, PythonStep) and step.migration != section:
            return f"{name} stands in the section of {section}"
        if passed := _passed(at, known, places[0], [step for step, _ in edited]):
            return f"{name} was moved past {passed}"
    return ""


def _passed(at: int, known: Sequence[StepRecord], place: int, edited: Sequence[Step]) -> str:
    """A statement that was before a Python step and is behind it now, or the other way round."""
    shas, now = [record.sha256 for record in known], [step.sha256 for step in edited]
    for index, step in enumerate(edited):
        if shas.count(step.sha256) != 1 or now.count(step.sha256) != 1:
            continue
        if (shas.index(step.sha256) < at) != (index < place) and index != place:
            text = step.locator if isinstance(step, PythonStep) else " ".join(step.sql.split())
            return text[:60]
    return ""


def operations_of_steps(known: Sequence[StepRecord], file: SqlFile) -> list[str]:
    """The operation that each step of an edited file came from; empty where that is not known.

    A statement that is as it was, in the migration where it was, is still of the operation that it
    came from. Of equal ones in a migration it is known as long as there are as many as before.
    """
    before: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in known:
        before[record.operation.rpartition("/")[0], record.sha256].append(record.operation)
    keys = [(section.migration, step.sha256) for _, section, step in file.steps()]
    known_ones = {key for key, count in Counter(keys).items() if count == len(before[key])}
    return [before[key].pop(0) if key in known_ones else "" for key in keys]
