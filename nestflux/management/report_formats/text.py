"""For a person at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from rich.text import Text

from nestflux.reviewing.findings import Finding, Report, Severity
from nestflux.wording import counted

_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.ADVICE: "cyan",
    Severity.REMARK: "blue",
}


def report_lines(report: Report, width: int) -> Iterator[Text]:
    """Findings, the worst first; what was checked and what was not; the sum.

    Args:
        width: of a line, in characters.
    """
    for finding in report.findings:
        yield from _finding(finding, width)
        yield Text()
    for part in report.checked:
        yield from _hanging(f"Checked: {part}", 9, width)
    for skipped in report.not_checked:
        yield from _hanging(f"Not checked: {skipped.what}: {skipped.why}", 13, width)
    yield Text(summary_line(report), style="red" if report.failed else "green")


def _finding(finding: Finding, width: int) -> Iterator[Text]:
    head = f"{finding.severity.value} {finding.code}:"
    first, *more = _hanging(f"{head} {finding.what}", 4, width)
    first.stylize(f"bold {_COLOURS[finding.severity]}", 0, len(head))
    yield from (first, *more)
    for detail in finding.details:
        for line in _hanging(f"      {detail}", 10, width):
            line.style = {"+": "green", "-": "red"}.get(detail[:1], "")
            yield line
    for label, text in finding.labelled:
        yield from _hanging(f"  {label + ':':<7}{text}", 9, width)


def _hanging(text: str, indent: int, width: int) -> list[Text]:
    """Lines of at most ``width``, but for words that are longer; all but the first indented."""
    lines = [
        line
        for part in text.splitlines()
        for line in wrap(
            part,
            width,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    return [Text(line) for line in lines]


def summary_line(report: Report) -> str:
    """``Found 1 error, 2 warnings.``"""
    counts = [
        f"{number} advice" if severity is Severity.ADVICE else counted(number, severity.value)
        for severity in Severity
        if (number := report.count(severity))
    ]
    return f"Found {', '.join(counts)}." if counts else "✓ Nothing was found."
