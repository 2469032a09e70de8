"""Measuring the deploy order of a file: two scratch schemas, the models before it and after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nestflux.database.session import PINNED, SQL_MODE, pin
from nestflux.database.shadow import alias_kept
from nestflux.django_compat import cheap_passwords
from nestflux.history.deploy_order import ONLY_NEW_TABLES, Code, DeployOrder, Order
from nestflux.recording.deploy_order.code import (
    Change,
    Models,
    changed_tables,
    models_of,
    signals_muted,
    touched_keys,
)
from nestflux.recording.deploy_order.grading import grade, mixed_failures
from nestflux.recording.deploy_order.mixing import run_mixed
from nestflux.recording.deploy_order.outcomes import Run, Runs
from nestflux.recording.deploy_order.probing import Probing
from nestflux.recording.deploy_order.sql_mode import in_words, is_strict, sql_mode_of_code
from nestflux.sql.literals import literal

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.recording.recording_target import RecordingTarget

logger = logging.getLogger(__name__)

_LONGEST = 300  # characters of an error
_MOST_MODELS = 60  # of one code; a file that touches more takes minutes


def deploy_order(
    target: RecordingTarget, change: Callable[[], Change], *, is_first: bool = False
) -> DeployOrder | None:
    """The order of a file; None where the project does not want it measured. Whatever goes wrong
    gives ``undecided`` with the reason: no file waits for it.

    Args:
        is_first: no file stands before it.
    """
    if not target.configuration.deploy_order:
        return None
    if is_first:
        return ONLY_NEW_TABLES
    logger.info("%s: measuring the deploy order", target.server.name)
    try:
        return measure(target, change())
    except Exception as error:
        logger.debug("the deploy order", exc_info=True)
        why = f"{type(error).__name__}: {error}"[:_LONGEST]
        return DeployOrder.undecided(f"it could not be measured: {why}")


def measure(target: RecordingTarget, change: Change) -> DeployOrder:
    """Raises whatever may go wrong."""
    touched = touched_keys(change)
    with signals_muted(), cheap_passwords():
        models = {code: models_of(code, change, touched) for code in Code}
        if not any(each.touched for each in models.values()):
            return DeployOrder(
                Order.NO_DIFFERENCE, because="no model of the project has a table that it changes"
            )
        if (most := max(len(each.touched) for each in models.values())) > _MOST_MODELS:
            return DeployOrder.undecided(f"it touches {most} models, more than {_MOST_MODELS}")
        tables = tables_to_load(change, models.values())
        mode = sql_mode_of_code(target)
        sql_mode = SQL_MODE if is_strict(mode) else mode  # of two strict ones the same header
        with (
            _schema(target, change.creates(Code.OLD), tables, sql_mode) as before,
            _schema(target, change.creates(Code.NEW), tables, sql_mode) as after,
        ):
            homes = {Code.OLD: before, Code.NEW: after}
            runs = _Pairings(target.alias, models, homes, fills=not is_strict(sql_mode)).run()
    pairings = (runs.own, runs.other, runs.alike, runs.mixed_own, runs.mixed_other)
    every = [run for each in pairings for run in each.values()]
    labels = {each.model._meta.label for code in models.values() for each in code.touched}
    found = grade(runs)
    left_out = tuple(line for each in models.values() for line in each.not_tried)
    return replace(
        found,
        not_tried=(*found.not_tried, *left_out),
        server=target.server.name,
        sql_mode=in_words(sql_mode),
        models=len(labels),
        queries=sum(run.queries for run in every),
    )


@dataclass(frozen=True)
class _Pairings:
    """The models of both codes, and the schema of each. ``fills``: does the server fill columns
    that are not given?"""

    alias: str
    models: Mapping[Code, Models]
    homes: Mapping[Code, BaseDatabaseWrapper]
    fills: bool = False

    def run(self) -> Runs:
        """Each code at home, then elsewhere, then each with the rows of the other."""
        own = {code: self._alone(code, code, {}) for code in Code}
        other = {code: self._alone(code, code.other, own[code].rows) for code in Code}
        mixed_other = {
            code: self._mixed(code, code.other, code.other, own[code.other].rows) for code in Code
        }
        mixed_own = {
            code: self._mixed(code, code.other, code, other[code.other].rows) for code in Code
        }
        keys = {code: self.models[code].keys for code in Code}
        columns = {code: self.models[code].columns for code in Code}
        nothing = {code: Run() for code in Code}
        runs = Runs(own, other, nothing, mixed_own, mixed_other, keys, columns)
        # The control has many queries: only where there is something to hold against it.
        doubtful = [code for code in Code if any(mixed_failures(code, runs))]
        alike = {code: self._mixed(code, code, code, own[code].rows) for code in doubtful}
        return replace(runs, alike={**nothing, **alike})

    def _alone(self, code: Code, home: Code, rows: Mapping[str, Mapping[str, Any]]) -> Run:
        with alias_kept(self.alias, self.homes[home]):
            return Probing(self.homes[home], self.models[code], rows).run()

    def _mixed(
        self, reads: Code, writes: Code, home: Code, rows: Mapping[str, Mapping[str, Any]]
    ) -> Run:
        models = self.models
        with alias_kept(self.alias, self.homes[home]):
            return run_mixed(
                self.homes[home], models[writes], models[reads], rows, fills=self.fills
            )


def tables_to_load(change: Change, models: Iterable[Models]) -> frozenset[str]:
    """What changes, and what the models need. Another table would stay empty: whether it refers to
    one of these or is referred to, no query comes to another end without it."""
    changed = {key.holder_name for key in changed_tables(change).changes}
    return frozenset(changed.union(*(each.tables for each in models)))


@contextmanager
def _schema(
    target: RecordingTarget, creates: Mapping[str, str], tables: frozenset[str], sql_mode: str
) -> Iterator[BaseDatabaseWrapper]:
    """A scratch schema with some tables of another one, empty, and its session in a mode. They may
    refer to others: foreign keys are not looked at while they are made."""
    with target.shadow() as connection:
        pin(connection, (*PINNED, "SET foreign_key_checks = 0"))
        pin(connection, tuple(sql for name, sql in creates.items() if name in tables))
        pin(connection, (*PINNED, f"SET sql_mode = {literal(sql_mode)}"))
        yield connection
