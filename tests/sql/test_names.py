"""The name of a table that stands in a statement."""

from __future__ import annotations

import pytest

from nestflux.sql.lexer import significant
from nestflux.sql.names import name_at


@pytest.mark.parametrize(
    ("sql", "name", "behind"),
    [
        ("TABLE t (", "t", "("),
        ("TABLE `a``b` (", "a`b", "("),
        ("TABLE shop . t (", "t", "("),
        ("TABLE `shop`.`if` (", "if", "("),
        ("TABLE IF NOT EXISTS t (", "t", "("),
        ("TABLE if exists shop.t, u", "t", ","),
        ("TABLE /* t */ u", "u", ""),
        ("TABLE", "", ""),
        ("TABLE (", "", "("),
        ("TABLE 't'", "", "'t'"),
        ("TABLE t.*", "", "*"),
    ],
)
def test_a_name_without_its_schema_and_what_follows_it(sql: str, name: str, behind: str) -> None:
    found = significant(sql)

    read, after = name_at(found, 1)

    assert read == name
    assert "".join(token.text for token in found[after : after + 1]) == behind
