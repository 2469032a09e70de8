"""Exemptions: findings that a person decided to live with, each with a reason.

They stand in ``exemptions.toml`` beside the histories, so that a pull request shows them and no
file's hash changes:

    [[exempt]]
    rule = "drop-column"
    file = "0004_amazing_spiderman"
    about = "blog_post.subtitle"
    reason = "nothing reads it since the release of 2026-10-01"

``file`` and ``about`` may be left out: such an exemption is for every file, or for all that the
rule finds. One that exempts nothing is a finding itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nestflux.exceptions import Misconfigured
from nestflux.history.folder import display_path
from nestflux.reviewing.findings import Finding

EXEMPTIONS = "exemptions.toml"
_KEYS = {"rule", "file", "about", "reason"}


@dataclass(frozen=True)
class Exemption:
    """One entry. ``file`` and ``about`` are empty where it is for all."""

    rule: str
    reason: str
    file: str = ""
    about: str = ""
    number: int = 1

    def covers(self, finding: Finding, file: str) -> bool:
        """Is the finding, in a file of the history by its name, exempted?"""
        return (
            self.rule == finding.code
            and self.file in ("", file)
            and self.about in ("", finding.about)
        )

    def __str__(self) -> str:
        place = " ".join(part for part in (self.file, self.about) if part)
        return f"{self.rule} ({place})" if place else self.rule


@dataclass(frozen=True)
class Exempted:
    """A finding that an exemption covers."""

    finding: Finding
    exemption: Exemption


def read_exemptions(root: Path, rules: Collection[str]) -> tuple[Exemption, ...]:
    """Those of a project; none where it has no such file.

    Args:
        root: the folder of the histories.
        rules: the names of all rules.

    Raises Misconfigured, naming the entry.
    """
    path = root / EXEMPTIONS
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise _wrong(path, f"{EXEMPTIONS} cannot be read: {error}.") from None
    entries = data.get("exempt", [])
    if data.keys() - {"exempt"} or not isinstance(entries, list):
        raise _wrong(path, f"{EXEMPTIONS} holds something other than [[exempt]] entries.")
    return tuple(_exemption(path, n, entry, rules) for n, entry in enumerate(entries, start=1))


def _exemption(path: Path, number: int, entry: Any, rules: Collection[str]) -> Exemption:
    name = f"Entry {number} of {EXEMPTIONS}"
    if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
        raise _wrong(path, f"{name} is not a table of strings.")
    if unknown := sorted(entry.keys() - _KEYS):
        raise _wrong(path, f"{name} has an unknown key {unknown[0]!r}; known: {sorted(_KEYS)}.")
    for required in ("rule", "reason"):
        if not entry.get(required, "").strip():
            raise _wrong(path, f"{name} has no {required}.")
    if entry["rule"] not in rules:
        raise _wrong(path, f"{name} names the rule {entry['rule']!r}, which does not exist.")
    return Exemption(**{**entry, "file": entry.get("file", "").removesuffix(".sql")}, number=number)


def _wrong(path: Path, what: str) -> Misconfigured:
    return Misconfigured(what, where=display_path(path), then=f"correct {display_path(path)}")
