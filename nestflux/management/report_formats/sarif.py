"""SARIF 2.1.0, which code scanning services and editors read (OASIS standard of 2020)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import nestflux
from nestflux.management.report_formats.places import path_of
from nestflux.reviewing.findings import KINDS, Finding, Report, Severity
from nestflux.reviewing.schema_rule import SchemaRule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "note",
    Severity.REMARK: "note",
}


def sarif(report: Report) -> dict[str, Any]:
    """One log of one run, with the rules that found something."""
    codes = list(dict.fromkeys(finding.code for finding in report.findings))
    places = {code: index for index, code in enumerate(codes)}
    driver = {
        "name": "NestFlux",
        "semanticVersion": _semantic(nestflux.__version__),
        "rules": [_rule(code) for code in codes],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "utf16CodeUnits",
                "results": [_result(each, places[each.code]) for each in report.findings],
                "invocations": [_invocation(report)],
            }
        ],
    }


def _semantic(version: str) -> str:
    """``0.2.0.dev1`` is no semantic version: its first three numbers are."""
    return ".".join((*version.split(".")[:3], "0", "0")[:3])


def _rule(code: str) -> dict[str, Any]:
    kind = KINDS.get(code)
    described = {"id": code}
    if kind is None:
        return described
    rule: dict[str, Any] = {**described, "defaultConfiguration": {"level": _LEVELS[kind.severity]}}
    if kind.why:
        rule["fullDescription"] = {"text": _sentence(kind.why)}
    if isinstance(kind, SchemaRule):
        rule["shortDescription"] = {"text": kind.summary}
        rule["help"] = {"text": f"Bad:\n{kind.bad.strip()}\n\nGood:\n{kind.good.strip()}"}
        rule["properties"] = {"tags": [kind.group.value]}
    return rule


def _result(finding: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(_message(finding))},
        # What tells the same finding from others in the next run, whatever its line is then.
        "partialFingerprints": {"nestflux/v1": sha256(_identity(finding).encode()).hexdigest()},
    }
    if path := path_of(finding):
        region = {"region": {"startLine": finding.line}} if finding.line else {}
        physical = {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}, **region}
        result["locations"] = [{"physicalLocation": physical}]
    return result


def _identity(finding: Finding) -> str:
    return f"{finding.code} {finding.where} {finding.about or finding.what}"


def _message(finding: Finding) -> Iterable[str]:
    yield finding.what
    yield from finding.details
    if finding.fix:
        yield f"Fix: {finding.fix}"
    if finding.then:
        yield f"Next: {finding.then}"


def _invocation(report: Report) -> dict[str, Any]:
    notes = [
        {"level": "note", "message": {"text": f"Not checked: {part.what}: {part.why}"}}
        for part in report.not_checked
    ]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
