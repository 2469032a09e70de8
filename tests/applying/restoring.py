"""Ends a restore at each of its writes in turn, and looks whether the next one fixes it.

Runs inside a project's own process: ``project.python("from tests.applying… import walk…")``.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from django.db import connections

from nestflux.applying.backups.choice import Answer, BackupChoice
from nestflux.applying.backups.restore import plan_restore, restore
from nestflux.applying.run.context import Options
from nestflux.applying.run.migrate import migrate
from nestflux.applying.run.rollback import rollback
from nestflux.applying.target import open_target
from nestflux.exceptions import NestFluxError
from tests.applying import vault
from tests.applying.stopping import Crash, Saboteur, forget_connection
from tests.faults.fingerprint import fingerprint


def walk() -> None:
    """Disturb the bringing back of the data at every write and commit; print a JSON report.

    The file is rolled back already: what a rollback does when it dies is shown elsewhere.
    """
    _prepare()
    _lose_again()
    wanted = _restored()
    report: dict[str, Any] = {"crashes": 0, "differences": [], "last": []}
    while True:
        _lose_again()
        saboteur = Saboteur(connections["default"], report["crashes"])
        with contextlib.suppress(Crash, NestFluxError):
            _restore()
        forget_connection()
        if not saboteur.dead:
            break
        report["crashes"] += 1
        report["last"].append(" ".join(saboteur.last.split())[:40])
        if (found := _restored()) != wanted:
            report["differences"].append([saboteur.last[:200], str(found)])
    print(json.dumps(report))


def _prepare() -> None:
    migrate(open_target("default"), to="0001_first")
    vault.fill(_sql)
    migrate(
        open_target("default"),
        options=Options(backup=BackupChoice(Answer.TAKE, Path("safe").absolute())),
    )
    _sql("DELETE FROM vault_item WHERE id = 3")
    _sql("INSERT INTO vault_item (id, stock, name, price, seen) VALUES (9, 1, 'new', 1, NOW())")
    rollback(open_target("default"), options=Options(command="db_rollback"))


def _lose_again() -> None:
    """The state after the rollback."""
    _sql("UPDATE nestflux_backup SET restored_at = NULL")
    _sql("UPDATE vault_item SET name = 'x', price = 1, payload = NULL, extra = NULL")
    _sql("UPDATE vault_pair SET value = NULL")
    _sql("DELETE FROM vault_old")
    _sql("DELETE FROM vault_log WHERE id > 1")


def _restored() -> dict[str, Any]:
    _restore()
    return fingerprint(connections["default"])


def _restore() -> None:
    restore(open_target("default"), "0003", expected=plan_restore(open_target("default"), "0003"))


def _sql(query: str, params: Any = None) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, params)
