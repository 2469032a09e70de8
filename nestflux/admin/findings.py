"""The findings of a file as HTML, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from nestflux.reviewing.findings import Finding
    from nestflux.reviewing.one_file import FileFindings

_BADGES = {"error": "bad", "warning": "warn"}


def findings_html(found: FileFindings) -> SafeString:
    """The worst first, then what is exempted, with the reason, and what was not looked at."""
    return format_html_join("", "{}", ((part,) for part in _parts(found)))


def _parts(found: FileFindings) -> Iterator[SafeString]:
    if not found.findings:
        yield format_html("<p>{}</p>", "Nothing was found.")
    for finding in found.findings:
        yield _finding(finding, finding.severity.value, finding.labelled)
    for each in found.exempted:
        reason = ("Reason", each.exemption.reason)
        yield _finding(each.finding, "exempted", (reason, *each.finding.labelled))
    for skipped in found.not_checked:
        yield format_html(
            '<p class="nestflux-skipped">Not checked: {}: {}</p>', skipped.what, skipped.why
        )


def _finding(finding: Finding, badge: str, labelled: Iterable[tuple[str, str]]) -> SafeString:
    return format_html(
        '<div class="nestflux-finding"><p><span class="nestflux-state {}">{}</span> '
        "<code>{}</code> {}</p>{}<dl>{}</dl></div>",
        _BADGES.get(badge, "waits"),
        badge,
        finding.code,
        finding.what,
        _details(finding),
        format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", labelled),
    )


def _details(finding: Finding) -> SafeString:
    if not finding.details:
        return SafeString()
    return format_html("<pre>{}</pre>", "\n".join(finding.details))
