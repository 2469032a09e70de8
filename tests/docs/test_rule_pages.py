"""docs/rules is what the rules say of themselves."""

from __future__ import annotations

from nestflux.reviewing.rule import load_rules
from nestflux.reviewing.rule_pages import rule_pages
from nestflux.reviewing.schema_rule import schema_rules
from scripts.rule_pages import FOLDER, OWN


def test_the_pages_are_those_of_the_rules() -> None:
    """Otherwise: python -m scripts.rule_pages"""
    load_rules()
    written = {
        path.name: path.read_text(encoding="utf-8")
        for path in FOLDER.glob("*.md")
        if path.name not in OWN
    }

    assert written == rule_pages(schema_rules())
