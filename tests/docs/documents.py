"""The documents as values: which of their blocks a test runs, and what must come out.

A *story* is a part of a document that a reader could type from top to bottom. It begins at

    <!-- story: NAME; starts: STATE -->

and ends at the next such comment or at ``<!-- end of story -->``. ``STATE`` says what the reader
has at the beginning (``tests/docs/stories.py``). ``; Django: 5.2`` behind it: it shows SQL as that
Django spells it. Within a story, the first line of a fenced block
says what it is; whoever reads the page sees its first word only, as the language:

    ```console              ``$`` lines are typed (``> `` continues one), and the lines after each
                            are what must be printed
    ```console mariadb      the same, on a server of that family only
    ```diff apply           a change of files that the reader makes; hunks are found by their text
    ```python write=PATH    a file that the reader writes (any language)
    ```sql file=PATH        what that file must say by now (any language)

In what is expected, ``…`` stands for any text within a line, and a line that is only ``…`` for
any lines; the gaps between columns may be of any width. A command must end with exit code 0,
unless the next one is ``echo $?``. The codename that ``db_generate`` draws by lot is, in a story,
the one that the document prints.

Outside stories, ``sql refused`` is a list of statements of which a server refuses the last, and
the ``text`` block after it what NestFlux says of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]

_STORY = re.compile(r"<!-- story: ([^;]+); starts: (\S+?)(?:; Django: (\S+))? -->")
_END = "<!-- end of story -->"
_FENCE = re.compile(r"( *)```(.*)")


@dataclass(frozen=True)
class Block:
    """A fenced block. ``info`` is what stands behind its fence, ``line`` the fence's line."""

    info: tuple[str, ...]
    text: str
    line: int

    @property
    def language(self) -> str:
        return self.info[0] if self.info else ""

    def value(self, key: str) -> str | None:
        """``PATH`` of ``write=PATH``."""
        found = (word.partition("=") for word in self.info)
        return next((value for name, _, value in found if name == key and value), None)


@dataclass(frozen=True)
class Story:
    """A part of a document that is run from top to bottom in a project of its own."""

    document: Path
    name: str
    starts: str
    blocks: tuple[Block, ...]
    django: str = ""

    def __str__(self) -> str:
        return f"{self.document.stem}: {self.name}"


@dataclass(frozen=True)
class Typed:
    """A command of a console block, and the lines that must follow."""

    command: str
    expected: tuple[str, ...]


@dataclass
class _Reading:
    """What is known at a line of a document."""

    stories: list[Story] = field(default_factory=list)
    loose: list[Block] = field(default_factory=list)
    begun: Story | None = None

    def end_story(self) -> None:
        if self.begun is not None:
            self.stories.append(self.begun)
        self.begun = None

    def add(self, block: Block) -> None:
        if self.begun is None:
            self.loose.append(block)
        else:
            self.begun = replace(self.begun, blocks=(*self.begun.blocks, block))


def _read(document: Path) -> _Reading:
    definitions = _Reading()
    block: list[str] = []
    opened: tuple[int, str, str] | None = None  # line, indentation, info
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.fullmatch(line)
        if opened is not None:
            if fence and not fence[2]:
                text = "\n".join(text.removeprefix(opened[1]) for text in block)
                definitions.add(Block(tuple(opened[2].split()), text, opened[0]))
                opened = None
            else:
                block.append(line)
        elif fence:
            opened, block = (number, fence[1], fence[2]), []
        elif begins := _STORY.fullmatch(line.strip()):
            definitions.end_story()
            definitions.begun = Story(document, begins[1], begins[2], (), begins[3] or "")
        elif line.strip() == _END:
            definitions.end_story()
    assert opened is None, f"{document.name}: a block that begins at line {opened} never ends"
    definitions.end_story()
    return definitions


def stories(document: Path) -> list[Story]:
    return _read(document).stories


def loose_blocks(document: Path) -> list[Block]:
    """The blocks outside every story."""
    return _read(document).loose


def all_blocks(document: Path) -> list[Block]:
    definitions = _read(document)
    return [*definitions.loose, *(block for story in definitions.stories for block in story.blocks)]


def typed(block: Block) -> Iterator[Typed]:
    """The commands of a console block, each with its output."""
    lines = block.text.splitlines()
    assert lines, f"an empty console block at line {block.line}"
    assert lines[0].startswith("$ "), f"line {block.line}: a console block begins with a command"
    position = 0
    while position < len(lines):
        command = lines[position].removeprefix("$ ")
        position += 1
        while position < len(lines) and lines[position].startswith("> "):
            command = f"{command}\n{lines[position].removeprefix('> ')}"
            position += 1
        expected = []
        while position < len(lines) and not lines[position].startswith("$ "):
            expected.append(lines[position])
            position += 1
        yield Typed(command, tuple(expected))


def agrees(expected: str, actual: str) -> bool:
    """Is ``actual`` what is ``expected``, ``…`` standing for anything?"""
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() == "…" else f"{_any_text(line.rstrip())}\n"
        for line in expected.splitlines()
    )
    shown = "".join(f"{line.rstrip()}\n" for line in actual.strip("\n").splitlines())
    return re.fullmatch(pattern, shown) is not None


def _any_text(line: str) -> str:
    return "[^\n]*?".join(_columns(part) for part in line.split("…"))


def _columns(text: str) -> str:
    """The width of a table's column is that of its longest name, which may be chosen at random."""
    indent = len(text) - len(text.lstrip(" "))
    parts = re.split(r" {2,}", text[indent:])
    return re.escape(text[:indent]) + " {2,}".join(re.escape(part) for part in parts)
