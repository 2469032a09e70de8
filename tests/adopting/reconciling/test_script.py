"""The text of a script, and where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from nestflux.adopting.reconciling.reconcile import write_new
from nestflux.adopting.reconciling.script import Made, render
from nestflux.exceptions import Refused
from nestflux.schema.objects import ObjectKey
from nestflux.schema.transform.transform import transform
from nestflux.sql.lexer import fragments

MADE = Made("default", "shop", "MySQL 9.7.4", "0001_first", "MySQL 9.7.4", "x.sql")


def test_a_name_with_a_line_break_runs_nothing_out_of_a_comment() -> None:
    evil = "x`\nDROP TABLE t;\n-- "
    table, column = ObjectKey("table", "t"), ObjectKey("column", "id", "t")
    files = {table: "ENGINE=InnoDB", column: "int"}
    live = files | {ObjectKey("column", evil, "t"): "int"}
    planned = transform(live, files, collation="utf8mb4_bin", family="mysql")

    text = render(planned, MADE)

    statements = [each.text for each in fragments(text) if each.kind == "statement"]
    assert all(statement.startswith("SET ") for statement in statements)
    assert "DROP TABLE t;" in text


def test_a_file_that_came_in_between_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "reconcile_default.sql"
    path.write_text("somebody's", encoding="utf-8")

    with pytest.raises(Refused, match="is there already"):
        write_new(path, "ours")

    assert path.read_text(encoding="utf-8") == "somebody's"
