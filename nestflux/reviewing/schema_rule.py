"""What a schema rule is: a rule about what a change does, what a schema is, or how a server is set
up (``server_rules``, which ``db_doctor`` applies).

Each is a module of ``schema_rules/<group>/``, named as its rule, and is found there by itself:

    RULE = SchemaRule(
        "rename-column",
        Severity.ERROR,
        "code that is still running asks for the old name: error 1054",
        group=Group.RUNNING_CODE,
        summary="A column is renamed.",
        source="MySQL Manual 15.1.9, ALTER TABLE Statement",
        bad=...,
        good=...,
    )

    @rule(ReviewedStep)
    def renamed_columns(step: ReviewedStep) -> Iterator[Finding]: ...

A rule asks no server and reads no file: its subject (``reviewed``) has all. It says nothing of a
table that is new: nobody waits for one, and it has no rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nestflux.reviewing.findings import KINDS, Finding, FindingKind


class Group(StrEnum):
    """What a rule is about; also the name of its folder, with an underscore for a blank."""

    DATA_LOSS = "data loss"
    RUNNING_CODE = "running code"
    LIVE_TABLES = "live tables"
    REAL_DATA = "real data"
    QUALITY = "schema quality"
    PYTHON = "Python and raw SQL"
    SERVER = "server set-up"


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What a rule's page under ``docs/rules`` says besides its severity and its reason.

    ``summary`` is a sentence; ``source`` the manual's section or the ticket that the reason is
    from; ``bad`` and ``good`` are Python or SQL, as a reader would write them.
    """

    group: Group
    summary: str
    source: str
    bad: str
    good: str


@dataclass(frozen=True)
class SchemaRule(FindingKind, _Page):
    """A rule and its page. The ``name`` is stable: settings and exemptions hold it."""

    def speaks(
        self, what: str, *, about: str, fix: str = "", details: tuple[str, ...] = ()
    ) -> Finding:
        """A finding; where it stands is filled in by whoever applied the rule.

        Args:
            about: the table, or ``table.part``, as the database has it.
            fix: the safe way, ready to paste, or in a sentence.
        """
        return Finding(
            code=self.name,
            severity=self.severity,
            what=what,
            why=self.why,
            details=details,
            about=about,
            fix=fix,
        )


def schema_rules() -> dict[str, SchemaRule]:
    """All schema rules that are loaded, by name."""
    return {name: kind for name, kind in sorted(KINDS.items()) if isinstance(kind, SchemaRule)}
