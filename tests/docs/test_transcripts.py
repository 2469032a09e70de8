"""What the documents show on a console is what a reader gets."""

from __future__ import annotations

import ast
from pathlib import Path

import django
import pytest

from tests.docs.conftest import ReaderFactory
from tests.docs.documents import DOCUMENTS, REPOSITORY, Story, agrees, all_blocks, loose_blocks
from tests.docs.documents import stories as stories_of
from tests.docs.stories import tell

SERIES = ".".join(map(str, django.VERSION[:2]))
STORIES = [story for document in DOCUMENTS for story in stories_of(document)]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_story(story: Story, reader: ReaderFactory) -> None:
    if story.django not in ("", SERIES):
        pytest.skip(f"shows SQL as Django {story.django} spells it")

    tell(story, reader(story.starts))


def test_the_guide_has_stories() -> None:
    guide = REPOSITORY / "docs" / "database-development.md"

    assert stories_of(guide)
    assert not [b for b in loose_blocks(guide) if b.language == "console"], "not in a story"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_python_blocks_are_python(document: Path) -> None:
    for block in all_blocks(document):
        if block.language == "python":
            ast.parse(block.text)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("a … c", "a b c\n", True),
        ("a … c", "a b\nb c", False),
        ("a\n…\nc", "a\nb\nb\nc", True),
        ("a\n…\nc", "a\nc", True),
        ("a\n…\nc", "a\nb", False),
        ("a", "a\nb", False),
        ("", "", True),
        ("", "a", False),
        ("a  ", "a", True),
    ],
)
def test_placeholders(expected: str, actual: str, same: bool) -> None:
    assert agrees(expected, actual) is same
