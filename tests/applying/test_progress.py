"""What a person at a terminal sees of a run that takes its time."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from nestflux.applying.run.events import Advanced, Finished, StepStarted
from nestflux.management.progress import Progress

STARTED = StepStarted("0002_rules", 2, 3, "ALTER TABLE shop_item [and brackets]")
DONE = Finished("0002_rules", "up", 3, 1.5)


def shown(*, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=80, color_system=None)
    with Progress(console) as progress:
        progress.on_event(STARTED)
        progress.on_event(DONE)
    return out.getvalue()


def test_the_statement_that_runs_stands_there_with_its_seconds() -> None:
    text = shown(terminal=True)

    assert "0002_rules  2 of 3: ALTER TABLE shop_item [and brackets]" in text
    assert "0:00:00" in text
    assert text.rstrip().endswith("✓ Applied migration: 0002_rules.sql  (3 statements, 1.5 s)")


def test_how_far_a_statement_has_come_stands_before_it() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    with Progress(console) as progress:
        progress.on_event(STARTED)
        progress.on_event(Advanced(STARTED, "copying, 12 of 400 rows"))
        progress.on_event(Advanced(replace(STARTED), "of a step that is over"))

    text = out.getvalue()
    assert "0002_rules  2 of 3, copying, 12 of 400 rows: ALTER TABLE shop_item" in text
    assert "of a step that is over" not in text


def test_a_log_has_a_line_a_file_and_nothing_else() -> None:
    assert shown(terminal=False) == "✓ Applied migration: 0002_rules.sql  (3 statements, 1.5 s)\n"
