"""Python source that is changed in places: found with ``ast``, spliced as bytes. What is not named
stays as it is, to the byte. Pure."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


class CannotEdit(Exception):
    """The source is written in a way that these edits do not understand; the message says why."""


@dataclass(frozen=True)
class _Splice:
    """The bytes from ``start`` to ``end`` become ``text``."""

    start: int
    end: int
    text: bytes


class Source:
    """A file and the changes that are to be made in it. Raises CannotEdit where it is no UTF-8, no
    Python, or indented with tabs."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        try:
            self.tree = ast.parse(content.decode("utf-8"))
        except (UnicodeDecodeError, SyntaxError) as error:
            raise CannotEdit(f"the file cannot be parsed: {error}") from None
        if re.search(rb"^[ ]*\t", content, re.MULTILINE):
            raise CannotEdit("the file is indented with tabs")
        self._newline = "\r\n" if b"\r\n" in content else "\n"
        self._lines = content.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._splices: list[_Splice] = []

    # ---- what is there ---------------------------------------------------------------------

    def of(self, node: ast.AST) -> str:
        """The text of an expression, as it stands."""
        start, end = self._range(node)
        return self._content[start:end].decode("utf-8")

    def on_one_line(self, node: ast.AST) -> str:
        """The text of an expression or statement as ruff and black write it on one line."""
        text = " ".join(self.of(node).split())
        return text.replace("( ", "(").replace("[ ", "[").replace(", )", ")").replace(", ]", "]")

    def comments(self, node: ast.AST) -> list[str]:
        """The comments within an expression."""
        text = self.of(node).replace("\r\n", "\n")
        found = tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline)
        return [token.string for token in found if token.type == tokenize.COMMENT]

    def top_class(self, name: str) -> ast.ClassDef:
        """The class of this name at the top of the file. Raises CannotEdit where it is not there
        exactly once."""
        return _class(self.tree.body, name, "the file")

    def bound(self) -> Mapping[str, str]:
        """What the imports at the top bind: names to where they come from, ``django.db.models``;
        a relative import begins with its dots."""
        found: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                where = _spelled(node)
                found |= {a.asname or a.name: f"{where}.{a.name}" for a in node.names}
            elif isinstance(node, ast.Import):
                found |= {a.asname or a.name.partition(".")[0]: a.name for a in node.names}
        return found

    def assigned(self, name: str) -> ast.Assign | ast.AnnAssign | None:
        """The one statement at the top that assigns a name."""
        return _assigned(self.tree.body).get(name)

    def defined(self) -> set[str]:
        """The classes at the top of the file."""
        return {node.name for node in self.tree.body if isinstance(node, ast.ClassDef)}

    # ---- what is to change -----------------------------------------------------------------

    def result(self) -> bytes:
        """The file with all changes made; text that is inserted at one place stays in order."""
        content = self._content
        # What is inserted where another splice begins is made last, and so stands before it.
        ordered = sorted(self._splices, key=lambda each: (each.start, each.end))
        for splice in reversed(ordered):
            content = content[: splice.start] + splice.text + content[splice.end :]
        return content

    def replace(self, node: ast.AST, text: str) -> None:
        """Another text in place of an expression."""
        self._splice(*self._range(node), text)

    def remove(self, statement: ast.stmt) -> None:
        """Take a statement out, with its lines. Raises CannotEdit where it shares them."""
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        start, end = self._range(statement)
        before = self._content[self._starts[first - 1] : start]
        behind = self._content[end : self._starts[last]].strip()
        if before.strip() or (behind and not behind.startswith(b"#")):
            raise CannotEdit(f"line {first} holds more than one statement")
        self._splice(self._starts[first - 1], self._starts[last], "")

    def insert_after(self, statement: ast.stmt, lines: Sequence[str]) -> None:
        """Lines behind a statement's last one."""
        self._insert(self._starts[statement.end_lineno or statement.lineno], lines)

    def insert_before(self, statement: ast.stmt, lines: Sequence[str]) -> None:
        """Lines before a statement's first one, decorators included."""
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(each.lineno for each in decorators)])
        self._insert(self._starts[first - 1], lines)

    def append(self, lines: Sequence[str]) -> None:
        """Lines at the end of the file."""
        self._insert(len(self._content), lines)

    def import_names(self, module: str, names: Iterable[str], lines: Sequence[str]) -> None:
        """Add ``lines``, which import ``names`` from ``module``, among the imports; in place of
        the statement that imports some of them from there. Raises CannotEdit where that one has
        comments or other names for them."""
        found = [(_spelled(n), n) for n in self._imports if isinstance(n, ast.ImportFrom)]
        for spelled, node in found:
            if spelled == module:
                if self.comments(node) or any(alias.asname for alias in node.names):
                    raise CannotEdit(f"add {', '.join(names)} to the import of line {node.lineno}")
                self.replace(node, "\n".join(lines))
                return
        alike = [(spelled, n) for spelled, n in found if _section(spelled) == _section(module)]
        later = next((node for spelled, node in alike if spelled > module), None)
        if later is not None:
            self.insert_before(later, lines)
        elif alike:
            self.insert_after(alike[-1][1], lines)
        elif self._imports:
            self.insert_after(self._imports[-1], ["", *lines])
        else:
            self._insert(self._after_docstring(), [*lines, ""])

    @property
    def _imports(self) -> list[ast.stmt]:
        return [n for n in self.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]

    def names_from(self, module: str) -> list[str]:
        """What the file imports from a module, by its absolute name."""
        return [
            alias.name
            for node in self._imports
            if isinstance(node, ast.ImportFrom) and _spelled(node) == module
            for alias in node.names
        ]

    # ---- lists -----------------------------------------------------------------------------

    def change_list(
        self,
        node: ast.List | ast.Tuple,
        changed: Mapping[int, Sequence[str]],
        added: Sequence[Sequence[str]],
    ) -> None:
        """Change items of a list, by their places, and add others at its end.

        Args:
            changed: an item's lines, with their indentation and the comma; none: it goes.
            added: the lines of each new item.

        Raises CannotEdit where items and comments share lines.
        """
        if self._is_an_item_a_line(node):
            self._change_lines(node, changed, added)
            return
        if self.comments(node):
            raise CannotEdit(f"the list of line {node.lineno} has comments between its items")
        indent = self._indent_of(node.lineno)
        lines: list[str] = []
        for place, item in enumerate(node.elts):
            lines += changed.get(place, [f"{indent}    {self.of(item)},"])
        lines += [line for item in added for line in item]
        self.replace(node, "\n".join(["[", *lines, f"{indent}]"]) if lines else "[]")

    def _is_an_item_a_line(self, node: ast.List | ast.Tuple) -> bool:
        """Does each item begin a line and end one, and do the brackets stand alone?"""
        if not node.elts:
            return False
        firsts = [item.lineno for item in node.elts]
        lasts = [node.lineno, *(item.end_lineno or item.lineno for item in node.elts)]
        apart = all(first > last for first, last in zip(firsts, lasts, strict=False))
        end = node.end_lineno or node.lineno
        _, closing = self._range(node)
        alone = not self._content[self._starts[end - 1] : closing - 1].strip()
        return apart and alone and end > lasts[-1] and all(map(self._ends_its_line, node.elts))

    def _ends_its_line(self, item: ast.expr) -> bool:
        _, end = self._range(item)
        behind = self._content[end : self._starts[item.end_lineno or item.lineno]].strip()
        rest = behind.removeprefix(b",").lstrip()
        return not rest or rest.startswith(b"#")

    def _change_lines(
        self,
        node: ast.List | ast.Tuple,
        changed: Mapping[int, Sequence[str]],
        added: Sequence[Sequence[str]],
    ) -> None:
        for place, item in enumerate(node.elts):
            if changed.get(place):
                self.replace(item, "\n".join(changed[place]).strip().removesuffix(","))
            elif place in changed:
                start = self._starts[item.lineno - 1]
                self._splice(start, self._starts[item.end_lineno or item.lineno], "")
        last_stays = len(node.elts) - 1 not in changed or changed[len(node.elts) - 1]
        if added and last_stays:
            _, end = self._range(node.elts[-1])
            if not self._content[end:].startswith(b","):
                self._splice(end, end, ",")
        closing = self._starts[(node.end_lineno or node.lineno) - 1]
        self._insert(closing, [line for item in added for line in item])

    # ---- bytes -----------------------------------------------------------------------------

    def _range(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends; ``ast`` counts the columns in bytes of UTF-8."""
        given = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        first, column, last, behind = given
        return self._starts[first - 1] + column, self._starts[last - 1] + behind

    def _indent_of(self, line: int) -> str:
        text = self._lines[line - 1].decode("utf-8")
        return text[: len(text) - len(text.lstrip())]

    def _after_docstring(self) -> int:
        first = self.tree.body[0] if self.tree.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            return self._starts[first.end_lineno or first.lineno]
        return 0

    def _insert(self, place: int, lines: Sequence[str]) -> None:
        text = self._text(lines)
        if place and lines and not self._content[:place].endswith(b"\n"):
            text = f"\n{text}"
        self._splice(place, place, text)

    def _text(self, lines: Sequence[str]) -> str:
        return "".join(f"{line}\n" for line in lines)

    def _splice(self, start: int, end: int, text: str) -> None:
        self._splices.append(_Splice(start, end, text.replace("\n", self._newline).encode()))


class ClassSource:
    """A class of a file: what it assigns, by name, and its ``Meta``."""

    def __init__(self, source: Source, node: ast.ClassDef) -> None:
        self.source = source
        self.node = node
        self.assigned = _assigned(node.body)
        metas = [s for s in node.body if isinstance(s, ast.ClassDef) and s.name == "Meta"]
        if len(metas) > 1:
            raise CannotEdit("the class has several Meta")
        self.meta = ClassSource(source, metas[0]) if metas else None

    @property
    def indent(self) -> int:
        """The column in which its statements begin."""
        return self.node.body[0].col_offset

    def value(self, name: str) -> ast.expr | None:
        """What a name is assigned, once and by a statement of the class itself."""
        statement = self.assigned.get(name)
        return statement.value if statement is not None else None

    @property
    def head(self) -> ast.stmt | None:
        """Its docstring."""
        first = self.node.body[0]
        text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        return first if text else None

    @property
    def names(self) -> set[str]:
        """Whatever its body gives a name: fields, methods, attributes."""
        own = {s.name for s in self.node.body if isinstance(s, ast.FunctionDef | ast.ClassDef)}
        return own | set(self.assigned)


def _spelled(node: ast.ImportFrom) -> str:
    """The module that names are imported from, with the dots of a relative one."""
    return "." * node.level + (node.module or "")


def _section(module: str) -> str:
    """The block of imports that a module belongs to."""
    root = module.partition(".")[0]
    if root in ("", "__future__", "django"):
        return root or "relative"
    return "library" if root in sys.stdlib_module_names else "project"


def _class(body: Sequence[ast.stmt], name: str, where: str) -> ast.ClassDef:
    found = [s for s in body if isinstance(s, ast.ClassDef) and s.name == name]
    if len(found) != 1:
        raise CannotEdit(
            f"{where} has several statements `class {name}`"
            if found
            else f"{where} has no statement `class {name}` at its top: code builds the class"
        )
    return found[0]


def _assigned(body: Sequence[ast.stmt]) -> dict[str, ast.Assign | ast.AnnAssign]:
    """The statements ``name = value`` of names that are assigned once."""
    found: dict[str, ast.Assign | ast.AnnAssign] = {}
    often = set()
    for statement in body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)])
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr())
            ):
                often |= {name} & set(found)
                found[name] = statement
    return {name: statement for name, statement in found.items() if name not in often}
