"""The figures of docs/reliability.md: summed up, worded, and put between the markers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.reliability_report import BEGIN, END, read, render
from scripts.reports import Machine, ReportError, put

MACHINE = Machine(2, 8, "Linux 6.1", "3.11.2", "abc123", "2026-01-31")


def row(direction: str, when: str, **counted: int) -> dict[str, Any]:
    zeros = dict.fromkeys(("injected", "converged", "twice", "hands", "no_hands", "lost_keys"), 0)
    return {"direction": direction, "what": "client killed", "when": when, **zeros, **counted}


def walk(extent: str, *figures: dict[str, Any], family: str = "mysql") -> dict[str, Any]:
    return {
        "subject": "faults",
        "family": family,
        "version": "9.7.4",
        "extent": extent,
        "seconds": 180,
        "commit": "0a1b2c3d4",
        "figures": list(figures),
    }


def test_moments_are_summed_up_and_directions_are_not() -> None:
    text = render(
        [
            walk(
                "all",
                row("forward", "before", injected=10, converged=10, hands=2),
                row("forward", "after", injected=20, converged=19, twice=1, no_hands=3),
                row("fresh", "after", injected=5, converged=5),
            )
        ],
        MACHINE,
    )

    assert "2 cores, 8 GB of memory, Linux 6.1" in text
    assert "MySQL 9.7.4, every command of a run: 35 faults, 34 converged, 1 statements ran" in text
    assert "3 times a person was asked about a step that is not named undecidable (2 times" in text
    assert "It took 3 minutes at commit `0a1b2c3d4`." in text
    assert "| MySQL | forward | client killed | 30 | 29 | 1 | 3 | 2 | 0 |" in text
    assert "| MySQL | fresh | client killed | 5 | 5 | 0 | 0 | 0 | 0 |" in text
    assert "had lost" not in text


def test_the_furthest_walk_of_a_family_is_shown() -> None:
    few, many = row("forward", "after", injected=1), row("forward", "after", injected=9)
    kept = row("forward", "after", injected=4, lost_keys=2)

    text = render(
        [walk("all", many), walk("sample", few), walk("sample", kept, family="mariadb")], MACHINE
    )

    assert text.count("| MySQL |") == 1
    assert "| MySQL | forward | client killed | 9 |" in text
    assert "| MariaDB | forward | client killed | 4 |" in text
    assert "2 foreign keys that the server had lost were made again" in text


def test_another_subject_is_shown_as_it_is() -> None:
    other = {"subject": "large tables", "figures": [{"server": "MySQL", "rows": 1000000}]}

    text = render([other], MACHINE)

    assert "### Large tables\n\n| server | rows |\n| --- | --- |\n| MySQL | 1000000 |" in text


def test_only_what_is_between_the_markers_is_replaced() -> None:
    text = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nThe rest.\n"

    assert put(text, "new", BEGIN, END) == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nThe rest.\n"
    with pytest.raises(ReportError, match="no markers"):
        put("# Title\n", "new", BEGIN, END)


def test_without_figures_it_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="Next: make faults"):
        read(tmp_path)

    (tmp_path / "faults-mysql-all.json").write_text(json.dumps(walk("all")))
    assert read(tmp_path) == [walk("all")]
