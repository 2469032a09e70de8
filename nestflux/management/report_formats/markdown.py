"""A comment for a pull request: what the files do, what the rules find, and the SQL, folded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from nestflux.management.report_formats.places import path_of
from nestflux.management.report_formats.text import summary_line
from nestflux.reviewing.file_report import FileReport, ReportedStep, statements
from nestflux.reviewing.findings import Finding, Report, Severity
from nestflux.wording import counted

# By which a workflow finds the comment that it wrote before, and writes it anew.
MARK = "<!-- nestflux-review -->"
# GitHub's longest comment has 65,536 characters.
_LONGEST = 60_000
_MOST_STEPS = 40
_SIGNS = {
    Severity.ERROR: "🔴",
    Severity.WARNING: "🟡",
    Severity.ADVICE: "🔵",
    Severity.REMARK: "⚪",
}


def markdown(report: Report) -> str:
    """The comment. Where it would be too long, first the SQL is left out, then the difference."""
    for folded in (("sql", "schema"), ("schema",), ()):
        text = _text(report, folded)
        if len(text) <= _LONGEST:
            return text
    return f"{text[:_LONGEST]}\n\n… (cut: the comment would be too long)\n"


def _text(report: Report, folded: Collection[str]) -> str:
    parts = [MARK, "## Database review", f"**{summary_line(report).removeprefix('✓ ')}**"]
    if report.findings:
        parts.append("\n".join(_findings(report.findings)))
    for _, files in groupby(report.files, key=lambda file: file.name):
        parts += _file(list(files), folded)
    skipped = [f"- {_inline(part.what)}: {_inline(part.why)}" for part in report.not_checked]
    if skipped:
        parts.append("\n".join(["Not checked:", "", *skipped]))
    return "\n\n".join(parts) + "\n"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        place = path_of(finding)
        at = f" `{place}{f':{finding.line}' if finding.line else ''}`" if place else ""
        sign = _SIGNS[finding.severity]
        yield f"- {sign} **{finding.severity.value}** `{finding.code}`: {_inline(finding.what)}{at}"
        for label, text in (("Why", finding.why), ("Fix", finding.fix), ("Next", finding.then)):
            if text:
                yield f"  <br>{label}: {_inline(text)}"


def _file(files: Sequence[FileReport], folded: Collection[str]) -> Iterator[str]:
    yield f"### {files[0].name}"
    for file in files:
        yield f"**{file.family}** · way back: {_inline(file.way_back)}"
        if file.deploy_order:
            first, *rest = map(_inline, file.deploy_order)
            yield "\n".join([f"**Deploy order: {first}**", "", *(f"- {line}" for line in rest)])
        if file.notes:
            yield "\n".join(f"> {_inline(note)}" for note in file.notes)
        if file.losses:
            lost = "\n".join(f"- {_inline(loss)}" for loss in file.losses)
            yield f"What is lost:\n\n{lost}"
        if file.steps:
            yield "\n".join(_table(file.steps))
        if "sql" in folded:
            yield _folded(f"SQL ({file.family})", "sql", "\n".join(statements(file)))
        else:
            yield f"The SQL is too long for a comment: `{file.where}`"
        if file.changes and "schema" in folded:
            yield _folded(f"Schema ({file.family})", "diff", "\n".join(_diff(file.changes)))


def _table(steps: Sequence[ReportedStep]) -> Iterator[str]:
    sized = any(step.rows is not None for step in steps)
    yield f"| # | statement | how it runs |{' rows |' if sized else ''}"
    yield f"|---:|---|---|{'---:|' if sized else ''}"
    for step in steps[:_MOST_STEPS]:
        rows = f" {step.rows:,} |" if step.rows is not None else (" |" if sized else "")
        yield f"| {step.ordinal} | {_code(step.title)} | {_cell(step.verdict)} |{rows}"
    if len(steps) > _MOST_STEPS:
        yield f"\n… and {counted(len(steps) - _MOST_STEPS, 'more statement')}"


def _folded(title: str, language: str, text: str) -> str:
    fence = "`" * max(3, _longest_run(text) + 1)
    return (
        f"<details><summary>{title}</summary>\n\n{fence}{language}\n{text}\n{fence}\n\n</details>"
    )


def _longest_run(text: str) -> int:
    """Of backticks: a fence has to be longer."""
    return max((len(list(run)) for sign, run in groupby(text) if sign == "`"), default=0)


def _diff(lines: Sequence[str]) -> Iterator[str]:
    """``diff`` knows added and removed lines only: a change is shown as both."""
    for line in lines:
        head, arrow, new = line.partition(" -> ")
        if line.startswith("~ ") and arrow:
            name, _, old = head[2:].partition(": ")
            yield f"- {name}: {old}"
            yield f"+ {name}: {new}"
        else:
            yield line


def _code(text: str) -> str:
    shown = " ".join(text.split()).replace("|", "\\|")
    mark = "`" * (_longest_run(shown) + 1)
    return f"{mark}{shown}{mark}" if mark == "`" else f"{mark} {shown} {mark}"


def _cell(text: str) -> str:
    return _inline(" ".join(text.split()))


def _inline(text: str) -> str:
    """Text that Markdown and HTML leave as it is; an underscore within a word needs nothing."""
    text = re.sub(r"([\\`*|]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    return text.replace("<", "&lt;").replace("\n", " ")
