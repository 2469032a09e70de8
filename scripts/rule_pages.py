"""Writes docs/rules from the rules: ``python -m scripts.rule_pages``."""

from __future__ import annotations

from pathlib import Path

from nestflux.reviewing.rule import load_rules
from nestflux.reviewing.rule_pages import rule_pages
from nestflux.reviewing.schema_rule import schema_rules

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"
# Written by hand.
OWN = {"precision.md"}


def main() -> None:
    load_rules()
    pages = rule_pages(schema_rules())
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path.name not in {*pages, *OWN}:
            path.unlink()
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
