"""docs/servers.md: each setting of a server that is looked at or set, with a test of it."""

from __future__ import annotations

import re

import pytest

from nestflux.database.session import _LIFTED, _STEADY
from nestflux.database.setup import _ASKED
from tests.scenario import REPOSITORY

TABLE = (REPOSITORY / "docs" / "servers.md").read_text().partition("settings do\n")[2]
ROWS = [line.split(" | ") for line in TABLE.splitlines() if line.startswith("| ")][1:]
TESTS = sorted(set(re.findall(r"`(tests/\S+\.py)`", TABLE)))
OLD_NAMES = {"tx_isolation": "transaction_isolation", "tx_read_only": "transaction_read_only"}


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_a_line_names_is_there(test: str) -> None:
    assert (REPOSITORY / test).is_file()


def test_every_line_says_what_is_done_and_where_it_is_tested() -> None:
    bare = [row[0] for row in ROWS if "`tests/" not in row[-1] and not row[0].startswith("| **")]

    assert len(ROWS) > 40
    assert bare == []


@pytest.mark.parametrize("name", [*_ASKED, *_STEADY, *_LIFTED])
def test_a_variable_that_is_asked_for_or_set_has_its_line(name: str) -> None:
    if name.startswith("idle_"):
        assert "idle_transaction_timeout` and its two like it" in TABLE
        return
    assert f"`{OLD_NAMES.get(name, name)}" in TABLE
