"""Random edits, deploys, deaths and branches: a few here, for hours by ``make soak``.

SOAK_MINUTES has examples drawn anew until so many minutes are over; without it the same few run
each time in CI, and new ones elsewhere.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.scenario import REPOSITORY, TestServer
from tests.soak.machine import Soak
from tests.soak.warm import Warm

_STEPS = 12  # of an example at the most
_FOLDER = REPOSITORY / ".local" / "reliability"
# A step takes a second: to shrink a failure takes hours, and its log says what was done anyway.
_TOLD = (
    *("examples", "steps", "commands", "files", "kills", "cuts"),
    *("rollbacks", "turns", "merges", "baselines", "looks"),
)
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def test_whatever_happens_the_next_command_stands_on_what_is_so(
    tmp_path: Path, server: TestServer
) -> None:
    minutes = float(os.environ.get("SOAK_MINUTES", "0"))
    counts: Counter[str] = Counter()
    begun = time.monotonic()

    with Warm() as warm:
        Soak.begin(server, warm, tmp_path, counts)
        while True:
            _walk(counts, begun, server.family, for_long=bool(minutes))
            if time.monotonic() - begun >= 60 * minutes:
                break

    assert counts["looks"] > counts["examples"]


def _walk(counts: Counter[str], begun: float, family: str, *, for_long: bool) -> None:
    """Some examples; what was done is written down, how ever they end."""
    chosen = settings(
        max_examples=20 if for_long else 6,
        stateful_step_count=_STEPS,
        phases=_PHASES,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    if for_long:
        chosen = settings(chosen, derandomize=False)
    failures = 1
    try:
        run_state_machine_as_test(Soak, settings=chosen)
        failures = 0
    finally:
        if for_long:
            _write_down(counts, time.monotonic() - begun, family, failures)


def _write_down(counts: Counter[str], seconds: float, family: str, failures: int) -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    row = {
        "server": family,
        "minutes": round(seconds / 60),
        **{what: counts[what] for what in _TOLD},
        "failures": failures,
    }
    document = {
        "subject": "soak",
        "family": family,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": [row],
        "counts": dict(sorted(counts.items())),
    }
    text = json.dumps(document, indent=1) + "\n"
    (_FOLDER / f"soak-{family}.json").write_text(text, encoding="utf-8")
    print(text)
