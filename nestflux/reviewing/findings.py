"""What a check found, as values. Codes never change their meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nestflux.exceptions import NestFluxError
from nestflux.history.folder import display_path

if TYPE_CHECKING:
    from nestflux.reviewing.file_report import FileReport


class Severity(StrEnum):
    """An error ends ``db_check`` with exit code 1; a warning wants a look; advice is worth a
    thought; a remark is to be known."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"
    REMARK = "remark"


@dataclass(frozen=True)
class Finding:
    """Something that was found.

    ``what`` in a sentence, ``where`` as a person would type it, ``line`` within that file, ``why``
    it matters, ``then`` the next command, ``details`` further lines (a difference, statements).
    Of a schema rule besides: ``about``, the table or ``table.part`` that it is about, by which it
    can be exempted; ``code_place``, the Python that asked for it (``blog/models/post.py, line
    12``); ``fix``, the safe way.
    """

    code: str
    severity: Severity
    what: str
    where: str = ""
    line: int | None = None
    why: str = ""
    then: str = ""
    details: tuple[str, ...] = ()
    about: str = ""
    code_place: str = ""
    fix: str = ""

    @property
    def labelled(self) -> Iterator[tuple[str, str]]:
        """What is said below the sentence and its details: a label, and its text."""
        where = self.where if self.line is None else f"{self.where}, line {self.line}"
        for label, text in (
            ("Where", where),
            ("Code", self.code_place),
            ("Why", self.why),
            ("Fix", self.fix),
            ("Next", self.then),
        ):
            if text:
                yield label, text

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "details": list(self.details)}


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding. Made once, at the head of the rule that finds it: ``KINDS`` has them
    all, and a second one of the same name is refused."""

    name: str
    severity: Severity
    why: str

    def __post_init__(self) -> None:
        if self.name in KINDS:
            raise ValueError(f"two kinds of findings are called {self.name}")
        KINDS[self.name] = self

    def found(
        self,
        what: str,
        *,
        where: Path | str = "",
        line: int | None = None,
        then: str = "",
        details: Sequence[str] = (),
    ) -> Finding:
        return Finding(
            code=self.name,
            severity=self.severity,
            what=what,
            where=display_path(where) if isinstance(where, Path) else where,
            line=line,
            why=self.why,
            then=then,
            details=tuple(details),
        )

    def from_error(
        self, error: NestFluxError, *, where: Path | str = "", then: str = ""
    ) -> Finding:
        """An error of ours, which stopped nothing but this check."""
        first, *more = error.what.splitlines()
        place = where or (Path(error.where) if error.where.startswith("/") else error.where)
        return self.found(first, where=place, then=then or error.then, details=more)


KINDS: dict[str, FindingKind] = {}


@dataclass(frozen=True)
class NotChecked:
    """A part of the check that did not take place."""

    what: str
    why: str


@dataclass(frozen=True)
class Report:
    """All that ``db_check`` has to say. ``checked`` are its parts, in words; ``files`` the ones
    that the schema rules looked at."""

    alias: str
    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    files: tuple[FileReport, ...] = ()

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def failed(self) -> bool:
        return self.count(Severity.ERROR) > 0

    def to_json(self) -> dict[str, Any]:
        return {
            "database": self.alias,
            "findings": [finding.to_json() for finding in self.findings],
            "checked": list(self.checked),
            "not_checked": [asdict(part) for part in self.not_checked],
            "files": [file.to_json() for file in self.files],
        }
