"""A report of ``db_check`` as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rich.padding import Padding
from rich.text import Text

from nestflux.management.progress import counted
from nestflux.reviewing.findings import Finding, Report, Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.REMARK: "blue"}


def report_lines(report: Report) -> Iterator[Text | Padding]:
    """Findings, the worst first; what was checked and what was not; the sum."""
    for finding in report.findings:
        yield from _finding(finding)
        yield Text("")
    for part in report.checked:
        yield _hanging(Text(f"Checked: {part}"), 9)
    for skipped in report.not_checked:
        yield _hanging(Text(f"Not checked: {skipped.what}: {skipped.why}"), 13)
    yield Text(_sum(report), style="red" if report.failed else "green")


def _finding(finding: Finding) -> Iterator[Text | Padding]:
    head = Text(f"{finding.severity.value} {finding.code}", style=_COLOURS[finding.severity])
    yield head.append(f": {finding.what}", style="default")
    for detail in finding.details:
        yield Text(f"      {detail}")
    where = finding.where if finding.line is None else f"{finding.where}, line {finding.line}"
    for label, text in (("Where", where), ("Why", finding.why), ("Next", finding.then)):
        if text:
            yield _hanging(Text(f"  {label + ':':<7}{text}"), 9)


def _hanging(text: Text, indent: int) -> Text | Padding:
    return text


def _sum(report: Report) -> str:
    counts = [
        counted(number, severity.value)
        for severity in Severity
        if (number := report.count(severity))
    ]
    return f"Found {', '.join(counts)}." if counts else "✓ Nothing was found."
