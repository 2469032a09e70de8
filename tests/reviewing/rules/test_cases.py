"""Each rule speaks of what it is for, and is silent of its neighbour."""

from __future__ import annotations

import pytest

from nestflux.reviewing.rule import load_rules
from nestflux.reviewing.schema_rule import Group, schema_rules
from tests.reviewing.rules.case import Case
from tests.reviewing.rules.cases import CASES
from tests.reviewing.rules.conftest import Findings
from tests.scenario import TestServer

SPEAKING = [case for case in CASES if case.speaks]
SILENT = [case for case in CASES if not case.speaks]


@pytest.mark.parametrize("case", SPEAKING, ids=str)
def test_a_rule_speaks(case: Case, findings: Findings, server: TestServer) -> None:
    if server.family not in case.families:
        pytest.skip(f"a case of {' and '.join(case.families)}")
    said = [each for each in findings.get(case.name, []) if each["code"] == case.rule]

    assert len(said) == 1, findings.get(case.name)
    assert case.says in said[0]["what"]
    assert case.fix in said[0]["fix"]


@pytest.mark.parametrize("case", SILENT, ids=str)
def test_a_rule_is_silent(case: Case, findings: Findings, server: TestServer) -> None:
    if server.family not in case.families:
        pytest.skip(f"a case of {' and '.join(case.families)}")

    assert case.rule not in [each["code"] for each in findings.get(case.name, [])]


def test_every_rule_has_a_case_of_each_kind() -> None:
    """But for those about servers: tests/reviewing/test_doctor.py has theirs."""
    load_rules()
    names = {name for name, rule in schema_rules().items() if rule.group is not Group.SERVER}

    assert {case.rule for case in SPEAKING} == names
    assert {case.rule for case in SILENT} == names


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
