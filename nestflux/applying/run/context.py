"""What a run has in hand while it works: the connection, the lock, the ledger, who listens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from nestflux.applying.backups.choice import BackupChoice
from nestflux.applying.run.events import Noticed, OnEvent, ignore
from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.applying.target import Target
from nestflux.database.server import Server
from nestflux.graph.python_steps import StepRunner
from nestflux.ledger.ledger import Ledger
from nestflux.ledger.lock import DatabaseLock
from nestflux.ledger.lock_times import LockTimes

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.graph.loader import ExtendedLoader
    from nestflux.graph.python_steps import StepRunner


@dataclass(frozen=True)
class Options:
    """What a caller may choose of a run. ``preflight``: the rows are asked first whether they would
    stop it. ``watched``: a person looks on, who is shown how far a long step has come.
    ``unreviewed`` are the statements that stand in no file, compiled to reverse a file that is half
    done, to which somebody agreed. ``verbosity``, ``interactive`` and ``stdout`` are passed on to
    the receivers of Django's signals."""

    lock: LockTimes = field(default_factory=LockTimes)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    backup: BackupChoice = field(default_factory=BackupChoice)
    preflight: bool = True
    on_event: OnEvent = ignore
    watched: bool = False
    verbosity: int = 1
    interactive: bool = False
    unreviewed: Collection[str] = ()
    stdout: object | None = None
    command: str = "db_migrate"

    def warn(self, text: str) -> None:
        self.on_event(Noticed(text))


@dataclass
class Context:
    """One run that holds the lock. ``order`` is every migration of the history;
    ``callers_lock_wait`` the ``lock_wait_timeout`` that Python steps get, in seconds."""

    target: Target
    ledger: Ledger
    lock: DatabaseLock
    options: Options
    order: tuple[str, ...]
    load: Callable[[], ExtendedLoader]
    callers_lock_wait: int = 86400
    known_loader: ExtendedLoader | None = None

    @property
    def connection(self) -> BaseDatabaseWrapper:
        return self.target.connection

    @property
    def server(self) -> Server:
        return self.target.server

    @cached_property
    def loader(self) -> ExtendedLoader:
        """The project's migrations: imported only when a signal or a Python step needs them."""
        return self.known_loader or self.load()

    @cached_property
    def runner(self) -> StepRunner:

        return StepRunner(self.loader, self.order)

    def tell(self, event: object) -> None:
        self.options.on_event(event)  # type: ignore[arg-type]
