"""One SQL migration as a value: text to steps and back. The grammar: ``docs/sql-files.md``.

A file is a header in comments, the pinned session, and a section a Django migration. A section
holds steps: SQL statements, Python steps (a comment line at their place) and SETs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from nestflux.exceptions import SqlFileError
from nestflux.history.adapted import Adapted
from nestflux.sql.lexer import Token, fragments, tokens
from nestflux.sql.statements import Kind, kind_of, sha256, why_not_in_a_file


class Direction(StrEnum):
    """Which way a file takes the schema: as the models went, or back."""

    UP = "up"
    DOWN = "down"


# How the note on what a way back leaves otherwise begins.
INEXACT = "INEXACT: "
# How the comment over a statement begins that Django does not give: it makes a way back exact.
NOT_DJANGOS = "-- Not Django's"


@dataclass(frozen=True)
class Statement:
    """One SQL statement. ``note`` is its comment line: how the server runs it."""

    sql: str
    note: str = ""
    comments: tuple[str, ...] = ()

    @property
    def completes(self) -> bool:
        """Is it ours, for what Django's way back leaves otherwise?"""
        return any(comment.startswith(NOT_DJANGOS) for comment in self.comments)

    @property
    def adapted(self) -> Adapted:
        """The statement with what its comments say of it."""
        return Adapted(self.sql, self.comments)

    @property
    def as_django_gives_it(self) -> Statement:
        """Less what of a statement of Django's is ours."""
        sql, comments = self.adapted.as_django_gives_it
        return replace(self, sql=sql, comments=comments)

    @property
    def sha256(self) -> str:
        return sha256(self.sql)


@dataclass(frozen=True)
class PythonStep:
    """An operation that Django runs at this place. ``locator`` is migration, slash, the
    operation's path within it: ``blog.0003_fill_slugs/1``."""

    locator: str
    note: str
    comments: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        return sha256(f"python step {self.locator}")

    @property
    def migration(self) -> str:
        return self.locator.split("/", 1)[0]


@dataclass(frozen=True)
class SessionStatement:
    """A SET in the middle of a file: run on every resume, never recorded."""

    sql: str
    comments: tuple[str, ...] = ()

    @property
    def completes(self) -> bool:
        """As of a statement: it belongs to one."""
        return any(comment.startswith(NOT_DJANGOS) for comment in self.comments)


Step = Statement | PythonStep
Item = Statement | PythonStep | SessionStatement


@dataclass(frozen=True)
class Section:
    """What one Django migration does. ``replaces`` are the migrations that a squash stands for."""

    migration: str
    replaces: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    closing_comments: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(item for item in self.items if not isinstance(item, SessionStatement))

    @property
    def without_completion(self) -> Section:
        """Less the statements that complete a way back."""
        kept = (i for i in self.items if isinstance(i, PythonStep) or not i.completes)
        return replace(self, items=tuple(kept))

    @property
    def as_django_gives_it(self) -> Section:
        """Less all that makes a way back exact: statements, and clauses within Django's own."""
        section = self.without_completion
        items = (i.as_django_gives_it if isinstance(i, Statement) else i for i in section.items)
        return replace(section, items=tuple(items))

    @property
    def completing(self) -> tuple[Statement | SessionStatement, ...]:
        """What makes a way back exact, behind all that Django gives."""
        return tuple(i for i in self.items if not isinstance(i, PythonStep) and i.completes)

    @property
    def recorded_migrations(self) -> tuple[str, ...]:
        """The rows that Django writes to ``django_migrations`` when this migration is applied."""
        return (*self.replaces, self.migration)


@dataclass(frozen=True)
class Replaced:
    """A file whose place another one took: its name, id and the sha256 of its up text, and the
    files whose place it had taken itself."""

    name: str
    id: str
    up: str
    replaces: tuple[Replaced, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Its own name, and those of all that it stood for."""
        return (self.name, *(name for each in self.replaces for name in each.names))

    @property
    def ids(self) -> tuple[str, ...]:
        """Likewise."""
        return (self.id, *(identity for each in self.replaces for identity in each.ids))


@dataclass(frozen=True)
class SqlFile:
    """A whole file. ``notes`` are header lines for the reviewer (``INEXACT: …``); ``replaces``
    are the files that it was squashed from, in their order; ``order`` are lines on the deploy
    order."""

    name: str
    direction: Direction
    id: str
    recorded_on: str
    session: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    replaces: tuple[Replaced, ...] = ()
    order: tuple[str, ...] = ()

    def steps(self) -> Iterator[tuple[int, Section, Step]]:
        """Every step with its ordinal, from 1 on, and its section."""
        ordinal = 0
        for section in self.sections:
            for step in section.steps:
                ordinal += 1
                yield ordinal, section, step

    @property
    def inexact(self) -> tuple[str, ...]:
        """The notes on what a down file leaves different from the schema before."""
        return tuple(note for note in self.notes if note.startswith(INEXACT))

    @property
    def irreversible(self) -> str:
        """Why this down file cannot undo its file; empty if it can."""
        for note in self.notes:
            if note.startswith("IRREVERSIBLE: "):
                return note.removeprefix("IRREVERSIBLE: ")
        return ""

    def with_notes(self, notes_of_steps: dict[int, str]) -> SqlFile:
        """The same file with other verdict lines, by ordinal."""
        ordinal = 0
        sections = []
        for section in self.sections:
            items: list[Item] = []
            for item in section.items:
                if not isinstance(item, SessionStatement):
                    ordinal += 1
                    item = replace(item, note=notes_of_steps.get(ordinal, item.note))
                items.append(item)
            sections.append(replace(section, items=tuple(items)))
        return replace(self, sections=tuple(sections))


# ---- value to text -------------------------------------------------------------------------


def render(file: SqlFile) -> str:
    """The text of a file, as a person likes to read it and the ``mysql`` client accepts it."""
    blocks = ["\n".join(_header(file))]
    if file.session:
        blocks.append("\n".join(f"{sql};" for sql in file.session))
    ordinal = 0
    for section in file.sections:
        blocks.append("\n".join(_section_head(section)))
        for item in section.items:
            if not isinstance(item, SessionStatement):
                ordinal += 1
            blocks.append("\n".join(_item_lines(item, ordinal)))
        if section.closing_comments:
            blocks.append("\n".join(section.closing_comments))
    return "\n\n".join(blocks) + "\n"


def _header(file: SqlFile) -> Iterator[str]:
    undo = " (down: undoes it)" if file.direction is Direction.DOWN else ""
    yield f"-- SQL migration {file.name}{undo}"
    yield f"-- Id: {file.id}"
    yield f"-- Recorded on: {file.recorded_on}"
    yield "-- Migrations:"
    yield from (f"--   {section.migration}" for section in file.sections)
    if file.replaces:
        yield "-- Replaces:"
        yield from _replaced_lines(file.replaces, "  ")
    if file.order:
        headline, *rest = (" ".join(line.split()) for line in file.order)
        yield f"-- Order: {headline}"
        yield from (f"--   {line}" for line in rest)
    if file.notes:
        yield "-- Notes:"
        # A definition that a note cites (of a trigger, a comment) may have lines of its own.
        yield from (f"--   {' '.join(note.split())}" for note in file.notes)


def _replaced_lines(replaced: Sequence[Replaced], indent: str) -> Iterator[str]:
    for each in replaced:
        yield f"-- {indent}{each.name} {each.id} {each.up}"
        yield from _replaced_lines(each.replaces, indent + "  ")


def _section_head(section: Section) -> Iterator[str]:
    replaces = f" replaces {', '.join(section.replaces)}" if section.replaces else ""
    yield f"-- ---- Migration {section.migration}{replaces}"
    yield from (f"--      {operation}" for operation in section.operations)


def _item_lines(item: Item, ordinal: int) -> Iterator[str]:
    yield from item.comments
    match item:
        case PythonStep():
            yield f"-- [{ordinal}] python step {item.locator}: {item.note}".rstrip()
        case Statement():
            yield f"-- [{ordinal}] {item.note}".rstrip()
            yield delimited(item.sql)
        case SessionStatement():
            yield delimited(item.sql)


_MAY_HIDE_ITS_END = re.compile(r";|#|--|/\*")  # a delimiter, or the beginning of a comment


def delimited(sql: str) -> str:
    """A statement with its delimiter; DELIMITER around a compound body."""
    if not _MAY_HIDE_ITS_END.search(sql):
        return f"{sql};"  # a snapshot has a thousand of these
    found = list(tokens(sql))
    if not any(_client_splits_at(token) for token in found):
        ends_in_a_comment = found[-1].kind == "comment" and not found[-1].text.endswith("*/")
        return f"{sql}\n;" if ends_in_a_comment else f"{sql};"
    delimiter = next(mark for mark in ("$$", "//", "||", "$end$") if mark not in sql)
    return f"DELIMITER {delimiter}\n{sql}\n{delimiter}\nDELIMITER ;"


def _client_splits_at(token: Token) -> bool:
    return token.text == ";" or (token.kind == "executable" and ";" in token.text)


# ---- text to value -------------------------------------------------------------------------

_TITLE = re.compile(r"-- SQL migration (\S+)( \(down: undoes it\))?")
_FIELD = re.compile(r"-- (Id|Recorded on|Migrations|Replaces|Order|Notes):(?: (.*))?")
_REPLACED = re.compile(r"--(?P<indent> +)(?P<name>\S+) (?P<id>\S+) (?P<up>\S+)")
_RECORDED_ON = re.compile(r"^-- Recorded on: (.*)", re.MULTILINE)
_SECTION = re.compile(r"-- ---- Migration (\S+)(?: replaces (.+))?")
_OPERATION = re.compile(r"--      (.*)")
_PYTHON = re.compile(r"-- \[\d+\] python step (\S+): ?(.*)")
_STEP = re.compile(r"-- \[\d+\] ?(.*)")


def parse(text: str) -> SqlFile:
    """The file that a text states. Raises SqlFileError, naming the line."""
    lines = text.split("\n")  # not splitlines: a literal may hold U+2028, a form feed…
    if not (title := _TITLE.fullmatch(lines[0].rstrip())):
        raise SqlFileError("Line 1: the file does not begin with '-- SQL migration NAME'.")
    header = _parse_header(lines)
    fields = header.fields
    for required in ("Id", "Recorded on"):
        if not fields.get(required):
            raise SqlFileError(f"The header has no '-- {required}:' line.")
    body = "\n" * header.length + "\n".join(
        lines[header.length :]
    )  # keeps the line numbers of messages true
    session, sections = _Body().read(body)
    return SqlFile(
        name=title.group(1),
        direction=Direction.DOWN if title.group(2) else Direction.UP,
        id=fields["Id"],
        recorded_on=fields["Recorded on"],
        session=session,
        sections=sections,
        notes=tuple(header.notes),
        replaces=_replaced(header.replaced),
        order=tuple(header.order),
    )


def replaces_of(text: str) -> tuple[Replaced, ...]:
    """The files that a text was squashed from, from its header alone."""
    return _replaced(_parse_header(text.split("\n")).replaced)


def recorded_on(text: str) -> str:
    """The server that a file was recorded on, from its header alone: parsing many files takes as
    long as loading what they make."""
    found = _RECORDED_ON.search(text)
    return found.group(1).rstrip() if found else ""


@dataclass
class _Header:
    """The lines of a header, as they are read; ``length`` is how many there are."""

    fields: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    length: int = 1


def _parse_header(lines: list[str]) -> _Header:
    header = _Header()
    name = ""
    for line in lines[1:]:
        if not line.startswith("--"):
            break
        header.length += 1
        if match := _FIELD.fullmatch(line.rstrip()):
            name = match.group(1)
            header.fields[name] = (match.group(2) or "").strip()
            if name == "Order":
                header.order.append(header.fields[name])
        elif name in ("Notes", "Order"):
            (header.notes if name == "Notes" else header.order).append(line[2:].strip())
        elif name == "Replaces":
            header.replaced.append(line.rstrip())
    return header


def _replaced(lines: Sequence[str]) -> tuple[Replaced, ...]:
    """Files, a line each; those that stand further in belong to the one above them."""
    found = [match for line in lines if (match := _REPLACED.fullmatch(line))]
    outer = [i for i, match in enumerate(found) if match["indent"] == found[0]["indent"]]
    return tuple(
        Replaced(
            found[start]["name"],
            found[start]["id"],
            found[start]["up"],
            _replaced([match[0] for match in found[start + 1 : end]]),
        )
        for start, end in pairwise([*outer, len(found)])
    )


class _Body:
    """Reads the fragments after the header, one after the other."""

    def __init__(self) -> None:
        self.session: list[str] = []
        self.sections: list[Section] = []
        self.items: list[Item] = []
        self.comments: list[str] = []
        self.note: str | None = None

    def read(self, body: str) -> tuple[tuple[str, ...], tuple[Section, ...]]:
        for fragment in fragments(body):
            if fragment.kind == "comment":
                self._comment(fragment.text.rstrip(), fragment.line)
            else:
                self._statement(fragment.text, fragment.line)
        self._refuse_loose_note("the end of the file")
        self._close_section()
        return tuple(self.session), tuple(self.sections)

    def _comment(self, text: str, line: int) -> None:
        if match := _SECTION.fullmatch(text):
            self._refuse_loose_note(f"line {line}")
            self._close_section()
            replaces = tuple(match.group(2).split(", ")) if match.group(2) else ()
            self.sections.append(Section(match.group(1), replaces))
        elif (match := _OPERATION.fullmatch(text)) and self._at_section_head():
            section = self.sections[-1]
            self.sections[-1] = replace(section, operations=(*section.operations, match.group(1)))
        elif match := _PYTHON.fullmatch(text):
            self._require_section(line)
            self._refuse_loose_note(f"line {line}")
            self.items.append(PythonStep(match.group(1), match.group(2), self._take_comments()))
        elif match := _STEP.fullmatch(text):
            self._refuse_loose_note(f"line {line}")
            self.note = match.group(1)
        else:
            self.comments.append(text)

    def _statement(self, sql: str, line: int) -> None:
        if why := why_not_in_a_file(sql):
            raise SqlFileError(f"Line {line}: {why}.")
        kind = kind_of(sql)
        if kind is Kind.TRANSACTION:
            raise SqlFileError(
                f"Line {line}: BEGIN, COMMIT, ROLLBACK and SAVEPOINT are the engine's: every data "
                "statement commits together with its ledger row."
            )
        if kind is Kind.SESSION and not self.sections:
            self.session.append(sql)
            return
        self._require_section(line)
        if kind is Kind.SESSION:
            self.items.append(SessionStatement(sql, self._take_comments()))
            return
        self.items.append(Statement(sql, self.note or "", self._take_comments()))
        self.note = None

    def _at_section_head(self) -> bool:
        return bool(self.sections) and not self.items and not self.comments and self.note is None

    def _take_comments(self) -> tuple[str, ...]:
        taken, self.comments = tuple(self.comments), []
        return taken

    def _close_section(self) -> None:
        if self.sections:
            closing = self._take_comments()
            self.sections[-1] = replace(
                self.sections[-1], items=tuple(self.items), closing_comments=closing
            )
            self.items = []

    def _require_section(self, line: int) -> None:
        if not self.sections:
            raise SqlFileError(f"Line {line}: a step before the first '-- ---- Migration' line.")

    def _refuse_loose_note(self, place: str) -> None:
        if self.note is not None:
            raise SqlFileError(f"Before {place}: a '-- [n]' line without a statement under it.")
