"""The figures of docs/reliability.md, from what the walks left in .local/reliability/.

    python3 -m scripts.reliability_report

Replaces what stands between the two marker comments of that document. Each file there is JSON:
a ``subject``, what it was measured on, and ``figures``, a list of rows.

Standard library only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scripts.reports import REPOSITORY, Machine, ReportError, table, this_machine, write_figures

FOLDER = REPOSITORY / ".local" / "reliability"
DOCUMENT = REPOSITORY / "docs" / "reliability.md"
BEGIN = "<!-- figures: written by make reliability-report -->"
END = "<!-- end of the figures -->"

Document = Mapping[str, Any]

# From the least to the most: the furthest walk of a family is shown.
_EXTENTS = {
    "sample": "a sample of the commands of a run, as every run of the tests takes it",
    "writes": "every command of a run that changes anything",
    "all": "every command of a run",
}
_SERVERS = {"mariadb": "MariaDB", "mysql": "MySQL"}
_COUNTED = {
    "injected": "faults",
    "converged": "converged",
    "twice": "ran twice",
    "no_hands": "asked",
    "hands": "asked, named undecidable",
    "lost_keys": "keys lost by the server",
}


def read(folder: Path) -> list[Document]:
    """Every document in the folder. Raises ReportError where there is none."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ReportError(f"there are no figures in {folder}. Next: make faults")
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def render(documents: Iterable[Document], machine: Machine) -> str:
    """The text between the markers."""
    subjects: dict[str, list[Document]] = {}
    for document in documents:
        subjects.setdefault(str(document["subject"]), []).append(document)
    written = f"Written on {machine.day} at commit `{machine.commit}`; measured on {machine}."
    parts = [written]
    for subject, some in sorted(subjects.items()):
        parts += _faults(some) if subject == "faults" else _plain(subject, some)
    return "\n\n".join(parts)


def _faults(documents: Iterable[Document]) -> list[str]:
    """The walks, a table of all families, each moment of a fault summed up."""
    furthest: dict[str, Document] = {}
    for document in sorted(documents, key=lambda one: list(_EXTENTS).index(one["extent"])):
        furthest[document["family"]] = document
    parts = ["### Faults"]
    rows = []
    for family, document in sorted(furthest.items()):
        figures = document["figures"]
        parts.append(_told(_SERVERS[family], document))
        kinds = dict.fromkeys((row["direction"], row["what"]) for row in figures)
        for direction, what in kinds:
            some = [r for r in figures if (r["direction"], r["what"]) == (direction, what)]
            counted = (str(_sum(some, key)) for key in _COUNTED)
            rows.append([_SERVERS[family], direction, what, *counted])
    return [*parts, table(["server", "direction", "fault", *_COUNTED.values()], rows)]


def _told(server: str, document: Document) -> str:
    figures = document["figures"]
    injected, converged = _sum(figures, "injected"), _sum(figures, "converged")
    text = (
        f"{server} {document['version']}, {_EXTENTS[document['extent']]}: {injected:,} faults, "
        f"{converged:,} converged, {_sum(figures, 'twice')} statements ran twice, "
        f"{_sum(figures, 'no_hands')} times a person was asked about a step that is not named "
        f"undecidable ({_sum(figures, 'hands')} times about one that is)"
    )
    if lost := _sum(figures, "lost_keys"):
        text += f"; {lost} foreign keys that the server had lost were made again"
    commit = f" at commit `{document['commit']}`" if document.get("commit") else ""
    return f"{text}. It took {document['seconds'] / 60:.0f} minutes{commit}."


def _plain(subject: str, documents: Iterable[Document]) -> list[str]:
    """Any other subject: its rows as they are."""
    rows = [row for document in documents for row in document["figures"]]
    if not rows:
        return []
    heads = list(rows[0])
    cells = [[str(row.get(head, "")) for head in heads] for row in rows]
    return [f"### {subject.capitalize()}", table(heads, cells)]


def _sum(figures: Iterable[Mapping[str, Any]], key: str) -> int:
    return sum(int(row[key]) for row in figures)


def main() -> int:
    try:
        write_figures(DOCUMENT, render(read(FOLDER), this_machine()), BEGIN, END)
    except ReportError as error:
        print(f"reliability-report: {error}", file=sys.stderr)
        return 2
    print(f"reliability-report: {DOCUMENT.relative_to(REPOSITORY)} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
