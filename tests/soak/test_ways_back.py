"""Every way back of a random history is exact: the kinds of tests/recording/test_ways_back.py, in
whatever order and one on top of another.

A few histories here, the same each time; SOAK_MINUTES has others drawn until so many minutes are
over (``make soak``).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import ProjectFactory
from tests.realworld.clean_room import HERE as REALWORLD
from tests.scenario import Project
from tests.soak import by_hand
from tests.soak.by_hand import ByHand
from tests.soak.checkout import rename_flags
from tests.soak.description import Site
from tests.soak.edits import Edit
from tests.soak.machine import some_edits
from tests.soak.more_edits import RICH, possible


@dataclass(frozen=True)
class Step:
    """A file: what is done by hand, and then the edits of the models."""

    edits: Sequence[Edit]
    by_hand: ByHand | None = None

    def __str__(self) -> str:
        return "; ".join(map(str, [*([self.by_hand] if self.by_hand else []), *self.edits]))


History = Sequence[Step]
_FILES = 6  # of a history at the most, behind the first
_SELDOM = st.sampled_from([False, False, True])
# What Django's own ``migrate`` cannot do either is no edit.
_DJANGO_FAILS = ("Django's own migrate fails on the shadow", "A migration fails on the shadow")


@st.composite
def histories(draw: st.DrawFn) -> History:
    """The edits of each file."""
    site, files = RICH, []
    for number in range(draw(st.integers(3, _FILES))):
        hand = draw(st.sampled_from(by_hand.possible(site, number))) if draw(_SELDOM) else None
        edits = draw(some_edits(site, possible=possible))
        files.append(Step(edits, hand))
        for edit in edits:
            site = edit.apply(site)
    return files


def test_every_way_back_of_a_random_history_is_exact(project: ProjectFactory) -> None:
    minutes = float(os.environ.get("SOAK_MINUTES", "0"))
    counts: Counter[str] = Counter()
    begun = time.monotonic()

    while True:
        _walk_histories(project, counts, for_long=bool(minutes))
        if time.monotonic() - begun >= 60 * minutes:
            break

    print(dict(counts))
    assert counts["files"] > counts["histories"] > 0


def _walk_histories(project: ProjectFactory, counts: Counter[str], *, for_long: bool) -> None:
    @settings(
        max_examples=20 if for_long else 4,
        derandomize=not for_long,
        phases=(Phase.explicit, Phase.generate),  # shrinking takes hours, and the edits say it
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(histories())
    def walk(history: History) -> None:
        site = project({"depot": {}, "shop": {}})
        try:
            _walk(site, history, counts)
        finally:
            site.server.drop_all(site.database)

    walk()


def _walk(project: Project, history: History, counts: Counter[str]) -> None:
    log, site = [], RICH
    _generate(project, site, Step(()), "initial")
    for number, step in enumerate(history, start=1):
        before = site
        for edit in step.edits:
            site = edit.apply(site)
        log.append(f"step_{number}: {step}")
        if site.same_as(before) and not step.by_hand:
            continue
        if not _generate(project, site, step, f"step_{number}"):
            counts["ended by Django"] += 1
            log.append("which Django cannot")
            break
    shutil.copy(REALWORLD / "site" / "chains.py", project.path)
    project.env["DJANGO_SETTINGS_MODULE"] = "settings"

    walked = project.run_program(sys.executable, "chains.py", "recorded")

    counts["histories"] += 1
    said = "\n".join([*log, str(project.path), str(walked)])
    assert walked.code == 0, said
    found = walked.json
    counts["files"] += found["files"]
    counts["completed"] += found["completed"]
    # What Django drops more than it made (every index on a column), a RunSQL's reverse misses.
    of_django = [why for why in found["irreversible"] if "Django's own way back fails" in why]
    counts["no way back of Django's"] += len(of_django)
    assert all("(Raw SQL operation)" in why for why in of_django), said
    assert found["irreversible"] == of_django, said
    assert found["inexact"] == [], said
    assert found["wrong"] == [], said


def _generate(project: Project, site: Site, step: Step, name: str) -> bool:
    """Write the models and record a file; False, with nothing recorded, where Django cannot."""
    if step.by_hand:
        _write_by_hand(project, step.by_hand, f"{name}_by_hand")
    for app in ("depot", "shop"):
        project.write(f"{app}/models.py", site.render(app))
    flags = ("--no-rename", *rename_flags(step.edits))
    outcome = project.run("db_generate", "--name", name, "--noinput", *flags)
    if outcome.code and any(failure in outcome.stderr for failure in _DJANGO_FAILS):
        print(f"{step}\n{outcome.stderr}")
        return False
    assert outcome.code == 0, f"{step}: {outcome}"
    return True


def _write_by_hand(project: Project, made: ByHand, name: str) -> None:
    project.succeeds("db_generate", "--empty", made.app, "--name", name)
    (path,) = (project.path / made.app / "migrations").glob(f"*_{name}.py")
    path.write_text(made.fill(path.read_text(encoding="utf-8")), encoding="utf-8")
