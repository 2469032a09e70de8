"""A report of ``db_check`` as text, and as what a forge or an editor reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nestflux.management.report_formats.github import github_lines
from nestflux.management.report_formats.markdown import markdown
from nestflux.management.report_formats.sarif import sarif
from nestflux.reviewing.findings import Report

# By the name that ``--format`` has for it; ``text`` is for a person, and needs a width.
DOCUMENTS: dict[str, Callable[[Report], Any]] = {"json": Report.to_json, "sarif": sarif}
TEXTS: dict[str, Callable[[Report], str]] = {
    "github": lambda report: "\n".join(github_lines(report)),
    "markdown": markdown,
}
FORMATS = ("text", *DOCUMENTS, *TEXTS)
