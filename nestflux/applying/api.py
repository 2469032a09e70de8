"""What the commands, the admin and other parts of NestFlux call. Each takes and returns values,
prints nothing, and raises NestFluxError."""

from nestflux.applying.backups.restore import RestorePlan, backups_of, plan_restore, restore
from nestflux.applying.backups.taking import Due
from nestflux.applying.context import Options
from nestflux.applying.first_look import make_plan
from nestflux.applying.migrate import Outcome, migrate
from nestflux.applying.one_by_one import backups_due, works_of
from nestflux.applying.plan import Plan
from nestflux.applying.rollback import RollbackPlan, Wanted, plan_rollback, rollback
from nestflux.applying.status import Status, status
from nestflux.database.lock_times import LockTimes

__all__ = [
    "Due",
    "LockTimes",
    "Options",
    "Outcome",
    "Plan",
    "RestorePlan",
    "RollbackPlan",
    "Status",
    "Wanted",
    "backups_due",
    "backups_of",
    "make_plan",
    "migrate",
    "plan_restore",
    "plan_rollback",
    "restore",
    "rollback",
    "status",
    "works_of",
]
