"""The tables of a database as a schema of Drizzle, and its generator with nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.benchmark.measuring import Side
from scripts.benchmark.servers import BenchmarkError
from scripts.benchmark.subjects import LOCAL, Subject, bring_to_head, run, write

KIT = "0.31.11"
ORM = "0.45.4"
ROOM = LOCAL / "drizzle"

_IMPORTS = (
    "bigint boolean char check date datetime decimal double foreignKey index int json longtext "
    "mysqlTable primaryKey smallint text timestamp uniqueIndex varbinary varchar"
).split()
# Of the server's types, as drizzle-orm/mysql-core calls them.
_PLAIN = {
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "double": "double",
    "int": "int",
    "json": "json",
    "longtext": "longtext",
    "smallint": "smallint",
    "mediumtext": "text",
    "text": "text",
    "timestamp": "timestamp",
    "tinyint": "boolean",
}


def unchanged(subject: Subject) -> Side:
    """``drizzle-kit generate`` on the subject's tables. Its own program, without npx around it."""
    room = ROOM / f"{subject.server.family}-{subject.name}"

    def prepare() -> None:
        bring_to_head(subject)
        text, made = schema(subject), room / "made"
        if made.exists() and made.read_text(encoding="utf-8") == text:
            return
        install()
        shutil.rmtree(room, ignore_errors=True)
        write(room / "schema.ts", text)
        run(command, room, environment)
        write(made, text)

    program = ROOM / "node_modules" / "drizzle-kit" / "bin.cjs"
    command = ("node", str(program), "generate", "--dialect=mysql", "--schema=./schema.ts")
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return Side("drizzle_unchanged", command, room, environment, prepare)


def install() -> None:
    """drizzle-kit and what it reads schemas with. Raises BenchmarkError without npm."""
    wanted = {"dependencies": {"drizzle-kit": KIT, "drizzle-orm": ORM}, "private": True}
    text = json.dumps(wanted)
    stamp = ROOM / "installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == text:
        return
    if not (shutil.which("node") and shutil.which("npm")):
        raise BenchmarkError(
            "the row drizzle needs node and npm, and they are not here. "
            "Next: apt-get install nodejs npm, or leave it out with --rows"
        )
    write(ROOM / "package.json", text)
    ended = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=ROOM,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise BenchmarkError(f"npm install in {ROOM}:\n{ended.stdout}\n{ended.stderr}")
    write(stamp, text)


def schema(subject: Subject) -> str:
    """All tables of the site, without those of NestFlux."""
    database = subject.database("head")
    of = _Catalogue(subject, database)
    lines = [f"import {{ {', '.join(_IMPORTS)} }} from 'drizzle-orm/mysql-core';"]
    lines.append("import { sql } from 'drizzle-orm';\n")
    for table in of.tables:
        lines += _table(table, of)
    return "\n".join(lines) + "\n"


class _Catalogue:
    """What information_schema says of a database, by table."""

    def __init__(self, subject: Subject, database: str) -> None:
        def asked(columns: str, view: str, more: str = "") -> list[tuple[Any, ...]]:
            return subject.server.sql(
                f"SELECT {columns} FROM information_schema.{view} "
                f"WHERE table_schema = '{database}' {more}"
            )

        self.tables = sorted(
            name
            for (name,) in asked("table_name", "tables", "AND table_type = 'BASE TABLE'")
            if not name.startswith("nestflux_")
        )
        self.columns = _grouped(
            asked(
                "table_name, column_name, data_type, column_type, is_nullable, "
                "character_maximum_length, numeric_precision, numeric_scale, extra",
                "columns",
                "ORDER BY ordinal_position",
            )
        )
        self.keys = _grouped(
            asked(
                "table_name, index_name, non_unique, column_name",
                "statistics",
                "AND column_name IS NOT NULL ORDER BY index_name, seq_in_index",
            )
        )
        self.references = _grouped(
            asked(
                "table_name, constraint_name, column_name, referenced_table_name, "
                "referenced_column_name",
                "key_column_usage",
                "AND referenced_table_name IS NOT NULL ORDER BY ordinal_position",
            )
        )


def _grouped(rows: list[tuple[Any, ...]]) -> Mapping[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for table, *rest in rows:
        found[table].append(tuple(rest))
    return found


def _table(table: str, of: _Catalogue) -> Iterator[str]:
    yield f"export const {table} = mysqlTable('{table}', {{"
    for column in of.columns[table]:
        yield f"  {column[0]}: {_column(*column)},"
    yield "}, (t) => ["
    by_index: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name, not_unique, column_name in of.keys.get(table, ()):
        by_index[name, int(not_unique)].append(f"t.{column_name}")
    references = of.references.get(table, [])
    # A foreign key's own index has its name, and comes with it.
    with_a_key = {name for name, *_ in references}
    for (name, not_unique), columns in by_index.items():
        if name in with_a_key:
            continue
        listed = ", ".join(columns)
        if name == "PRIMARY":
            yield f"  primaryKey({{ columns: [{listed}] }}),"
        else:
            kind = "index" if not_unique else "uniqueIndex"
            yield f"  {kind}('{name}').on({listed}),"
    for name, column, other, other_column in references:
        # A table may come later in the text, or be this one.
        yield (
            f"  foreignKey({{ name: '{name}', columns: [t.{column}], "
            f"foreignColumns: [{other}.{other_column}] }}),"
        )
    yield "]);"


def _column(
    name: str,
    kind: str,
    whole: str,
    nullable: str,
    length: int | None,
    precision: int | None,
    scale: int | None,
    extra: str,
) -> str:
    unsigned = ", unsigned: true" if "unsigned" in whole else ""
    match kind:
        case "varchar" | "char" | "varbinary":
            text = f"{kind}('{name}', {{ length: {length} }})"
        case "decimal":
            text = f"decimal('{name}', {{ precision: {precision}, scale: {scale} }})"
        case "bigint":
            text = f"bigint('{name}', {{ mode: 'number'{unsigned} }})"
        case "datetime":
            text = f"datetime('{name}', {{ fsp: 6 }})"
        case "uuid":
            text = f"char('{name}', {{ length: 36 }})"
        case _:
            text = f"{_PLAIN.get(kind, 'text')}('{name}')"
    if "auto_increment" in extra:
        text += ".autoincrement()"
    return text if nullable == "YES" else f"{text}.notNull()"
