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

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import ProjectFactory
from tests.realworld.clean_room import HERE as REALWORLD
from tests.scenario import Project
from tests.soak.checkout import rename_flags
from tests.soak.description import Site
from tests.soak.edits import Edit
from tests.soak.machine import some_edits
from tests.soak.more_edits import RICH, possible

History = Sequence[Sequence[Edit]]
_FILES = 6  # of a history at the most, behind the first
# What Django's own ``migrate`` cannot do either is no edit.
_DJANGO_FAILS = ("Django's own migrate fails on the shadow", "A migration fails on the shadow")


@st.composite
def histories(draw: st.DrawFn) -> History:
    """The edits of each file."""
    site, files = RICH, []
    for _ in range(draw(st.integers(3, _FILES))):
        edits = draw(some_edits(site, possible=possible))
        files.append(edits)
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
    _generate(project, site, (), "initial")
    for number, edits in enumerate(history, start=1):
        before = site
        for edit in edits:
            site = edit.apply(site)
        log.append(f"step_{number}: {'; '.join(map(str, edits))}")
        if site.same_as(before):
            continue
        if not _generate(project, site, edits, f"step_{number}"):
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
    assert found["irreversible"] == [], said
    assert found["inexact"] == [], said
    assert found["wrong"] == [], said


def _generate(project: Project, site: Site, edits: Sequence[Edit], name: str) -> bool:
    """Write the models and record a file; False, with nothing written, where Django cannot."""
    for app in ("depot", "shop"):
        project.write(f"{app}/models.py", site.render(app))
    flags = ("--no-rename", *rename_flags(edits))
    outcome = project.run("db_generate", "--name", name, "--noinput", *flags)
    if outcome.code and any(failure in outcome.stderr for failure in _DJANGO_FAILS):
        return False
    assert outcome.code == 0, f"{'; '.join(map(str, edits))}: {outcome}"
    return True
