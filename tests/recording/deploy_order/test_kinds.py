"""The order of each kind of change: as measured, as it is known, and as it really happens to code
that runs in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.recording.deploy_order.all_kinds import Measured, measured_kinds
from tests.recording.deploy_order.kinds import KINDS, Kind
from tests.scenario import TestServer


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Measured]:
    with measured_kinds(tmp_path_factory.mktemp("kinds"), server) as found:
        yield found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_the_order_is_what_really_happens(kind: Kind, measured: Measured, family: str) -> None:
    for code in ("old", "new"):
        assert measured.really[code, code][kind.name] == "", "the test's own code is wrong"

    assert measured.real_order(kind.name) == kind.order_on(family)
    assert measured.orders[kind.name]["order"] == kind.order_on(family)


@pytest.mark.parametrize("kind", ["varchar_to_int", "varchar_to_json"])
def test_what_fails_with_some_texts_alone_is_not_said_of_every_row(
    kind: str, measured: Measured
) -> None:
    failures = [each for each in measured.orders[kind]["failures"] if each["code"] == "old"]

    assert failures
    assert not any(each.get("structural") for each in failures)
