"""GitHub's workflow commands: each finding becomes an annotation at its line in the pull request.

GitHub Docs, "Workflow commands for GitHub Actions"; what is escaped, and how, is in the runner's
own toolkit (packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.management.report_formats.places import path_of
from nestflux.management.report_formats.text import summary_line
from nestflux.reviewing.findings import Finding, Report, Severity

_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "notice",
    Severity.REMARK: "notice",
}


def github_lines(report: Report) -> Iterator[str]:
    """An annotation a finding, and the sum."""
    yield from map(_annotation, report.findings)
    yield summary_line(report)


def _annotation(finding: Finding) -> str:
    properties = {"title": finding.code}
    if path := path_of(finding):
        properties = {"file": path, **({"line": str(finding.line)} if finding.line else {})} | (
            properties
        )
    stated = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_LEVELS[finding.severity]} {stated}::{_data(_message(finding))}"


def _message(finding: Finding) -> str:
    lines = [
        finding.what,
        *finding.details,
        f"Code: {finding.code_place}" if finding.code_place else "",
        f"Why: {finding.why}" if finding.why else "",
        f"Fix: {finding.fix}" if finding.fix else "",
        f"Next: {finding.then}" if finding.then else "",
    ]
    return "\n".join(line for line in lines if line)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
