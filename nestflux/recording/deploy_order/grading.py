"""From the outcomes of the runs to an order and its reasons. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from nestflux.history.deploy_order import Code, DeployOrder, Failure, Order
from nestflux.recording.deploy_order.outcomes import Action, Outcome, Probe, Run, Runs
from nestflux.recording.deploy_order.two_steps import two_steps

# What fails whatever the values are: no such column; no such table; a column without a default
# that is not given.
STRUCTURAL = frozenset({1054, 1146, 1364})
NULL_REFUSED = 1048
IS_REFERRED_TO = 1451

_UNKNOWN_COLUMN = re.compile(r"Unknown column '(?:(?P<table>\w+)\.)?(?P<column>\w+)'")
_MISSING_TABLE = re.compile(r"Table '(?P<table>[^']+)' doesn't exist")
_COLUMN = re.compile(r"(?:[Ff]ield|[Cc]olumn) '(?P<column>\w+)'")
# The values in it are of no interest, and a default among them may come from the settings.
_DUPLICATE = re.compile(r"Duplicate entry '.*'(?= for key)", re.DOTALL)
_KEY = re.compile(r"fails \(`(?P<table>[^`]+)`.*FOREIGN KEY \(`(?P<column>[^`]+)`", re.DOTALL)


def grade(runs: Runs) -> DeployOrder:
    """The order, with what failed, what was not tried, and what is to be watched."""
    older = {_subject(defect) for defect in _defects(Code.OLD, runs)}
    if defects := [d for d in _defects(Code.NEW, runs) if _subject(d) not in older]:
        return DeployOrder(
            Order.UNDECIDED,
            defects=tuple(defects),
            because="the models after this file do not fit the schema that it makes",
        )
    failures = tuple(f for code in Code for f in _failures(code, runs))
    order = _order({failure.code for failure in failures})
    not_tried = tuple(_not_tried(runs))
    because = ""
    if order is Order.NO_DIFFERENCE and not any(run.rows for run in runs.own.values()):
        order, because = Order.UNDECIDED, "no row of the models that it changes could be made"
    return DeployOrder(
        order,
        failures=failures,
        steps=two_steps(failures, runs.columns) if order is Order.TWO_STEPS else (),
        cautions=tuple(dict.fromkeys((*_referred_to(runs), *_filters(runs)))),
        not_tried=not_tried,
        because=because,
    )


def _order(failing: set[Code]) -> Order:
    """Old code has to bear the schema after the file where that goes first, and new code the
    schema before it where the code does."""
    if len(failing) == 2:
        return Order.TWO_STEPS
    if Code.OLD in failing:
        return Order.CODE_FIRST
    return Order.MIGRATE_FIRST if failing else Order.NO_DIFFERENCE


def _defects(code: Code, runs: Runs) -> tuple[Failure, ...]:
    """What the models of a code cannot do on their own schema, whatever the values are."""
    found = [
        _failure(code, probe, outcome, structural=True)
        for probe, outcome in runs.own[code].outcomes.items()
        if outcome.number in STRUCTURAL
    ]
    return _distinct(found)


def _subject(defect: Failure) -> tuple[object, ...]:
    return defect.model, defect.number, defect.column


def _failures(code: Code, runs: Runs) -> tuple[Failure, ...]:
    """What a code could do at home and cannot elsewhere, the structural first."""
    own, other = runs.own[code], runs.other[code]
    found = [
        _failure(code, probe, outcome, structural=_is_structural(probe, outcome, own, other))
        for probe, outcome in _worse(own.outcomes, other.outcomes)
        if probe.action is not Action.FILTER_CASE
    ]
    found += [
        _failure(code, probe, outcome, structural=False)
        for probe, outcome in (*mixed_failures(code, runs), *_filled(code, runs))
    ]
    return _distinct(sorted(found, key=lambda each: (not each.structural, not each.table)))


def _worse(
    own: Mapping[Probe, Outcome], other: Mapping[Probe, Outcome]
) -> Iterator[tuple[Probe, Outcome]]:
    for probe, outcome in other.items():
        at_home = own.get(probe)
        if at_home is None or at_home.failed:
            continue
        if outcome.failed or (outcome.read and not at_home.read):
            yield probe, outcome


def _is_structural(probe: Probe, outcome: Outcome, own: Run, other: Run) -> bool:
    if outcome.number in STRUCTURAL:
        return True
    if probe.action is not Action.INSERT or not outcome.failed:
        return False
    if outcome.number == NULL_REFUSED and probe.subject == "least row":
        return True
    return probe.model in own.rows and probe.model not in other.rows


def mixed_failures(code: Code, runs: Runs) -> Iterator[tuple[Probe, Outcome]]:
    """What a code cannot do on the other schema with the other code's rows, and can do with its
    own: where it cannot do that either, it has been reported, or fails at home as well."""
    own = runs.other[code].outcomes
    alike = runs.alike[code].outcomes.items()
    at_home = {(p.model, p.action, o.number) for p, o in alike if o.failed}
    for probe, outcome in runs.mixed_other[code].outcomes.items():
        if not outcome.failed or outcome.number == IS_REFERRED_TO:
            continue
        if (probe.model, probe.action, outcome.number) in at_home:
            continue
        alone = [found for known, found in own.items() if known.model == probe.model]
        if any(found.failed and found.number in STRUCTURAL for found in alone):
            continue
        yield probe, outcome


def _filled(code: Code, runs: Runs) -> Iterator[tuple[Probe, Outcome]]:
    """What a server that is not strict puts into columns that a code does not give: the other code
    reads it on its own schema."""
    for probe, outcome in runs.mixed_own[code.other].outcomes.items():
        if probe.action is Action.READ_BACK and (outcome.read or outcome.failed):
            yield probe, outcome


def _referred_to(runs: Runs) -> Iterator[str]:
    """One code deletes a row to which a row refers by a key that only the other code knows: it
    happens in the right order, too, as long as both run."""
    for code in Code:
        for mixed in (runs.mixed_other[code], runs.mixed_own[code]):
            for probe, outcome in mixed.outcomes.items():
                if outcome.number != IS_REFERRED_TO:
                    continue
                found = _KEY.search(outcome.error)
                if found and (found["table"], found["column"]) in runs.keys[code]:
                    continue  # its own: it leaves to the server what becomes of such rows
                table = f"`{found['table']}`" if found else "another table"
                yield (
                    f"{code} code that deletes a row of {probe.model} fails where a row of {table} "
                    f"refers to it, written by {code.other} code ({IS_REFERRED_TO})"
                )


def _filters(runs: Runs) -> Iterator[str]:
    for code in Code:
        own = runs.own[code].outcomes
        for probe, outcome in runs.other[code].outcomes.items():
            at_home = own.get(probe)
            if probe.action is not Action.FILTER_CASE or at_home is None or outcome.failed:
                continue
            if at_home.read != outcome.read:
                after = outcome if code is Code.OLD else at_home
                yield f"a filter finds other rows of {probe.model} after the file: {after.read}"


def _not_tried(runs: Runs) -> Iterator[str]:
    """What fails on the models' own schema, before the file as after it."""
    for defect in _defects(Code.OLD, runs):
        yield f"what fails before the file as well: {defect.words}"
    for code in Code:
        run = runs.own[code]
        tried = {p.model: o for p, o in run.outcomes.items() if p.action is Action.INSERT}
        for model in dict.fromkeys(p.model for p in run.outcomes if p.model not in run.rows):
            number = tried[model].number if model in tried else 0
            why = f" ({number})" if number else ""
            yield f"rows of {code} code's {model}: none was found that the server takes{why}"


def _failure(code: Code, probe: Probe, outcome: Outcome, *, structural: bool) -> Failure:
    message = _DUPLICATE.sub("Duplicate entry", outcome.error or outcome.read)
    table, column = _place(message)
    if not (column or outcome.number in STRUCTURAL) and not probe.subject.endswith(" code"):
        column = probe.subject
    return Failure(
        code,
        probe.model,
        str(probe),
        outcome.number,
        message,
        outcome.query,
        structural,
        table,
        column,
        # What was saved and cannot be read is a value that was changed, too.
        silent=not outcome.failed or (probe.action is Action.READ_BACK and not outcome.number),
    )


def _place(message: str) -> tuple[str, str]:
    """Table and column that the server names; empty where it does not."""
    if found := _UNKNOWN_COLUMN.search(message):
        return found["table"] or "", found["column"]
    if found := _MISSING_TABLE.search(message):
        return found["table"].rpartition(".")[2], ""
    if found := _KEY.search(message):
        return found["table"], found["column"]
    found = _COLUMN.search(message)
    return "", found["column"] if found else ""


def _distinct(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """Of those with the same cause, the first."""
    found: list[Failure] = []
    for each in failures:
        if not any(_is_same_cause(each, known) for known in found):
            found.append(each)
    return tuple(found)


def _is_same_cause(one: Failure, other: Failure) -> bool:
    """A column that is missing is met by each model whose queries join its table; the server names
    the table in some of them only."""
    if (one.code, one.number, one.column) != (other.code, other.number, other.column):
        return False
    if one.silent != other.silent:
        return False
    is_raised = not (one.number or one.silent)
    if is_raised and one.message.split(":", 1)[0] != other.message.split(":", 1)[0]:
        return False
    same_table = bool(one.table) and one.table == other.table
    return same_table or (one.model == other.model and not (one.table and other.table))
