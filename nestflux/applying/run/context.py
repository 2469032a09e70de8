"""What a run has in hand while it works: the connection, the lock, the ledger, who listens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from nestflux.applying.backups.choice import BackupChoice
from nestflux.applying.run.events import Event, Noticed, OnEvent, ignore
from nestflux.applying.run.outbox import Outbox
from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.applying.run.touched import TouchedDefinitions
from nestflux.applying.target import Target
from nestflux.database.server import Server
from nestflux.database.setup import setup_of
from nestflux.database.several import Packets
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
    ``callers_lock_wait`` the ``lock_wait_timeout`` that Python steps get, in seconds. ``packets``
    sends what needs no transaction of Django's."""

    target: Target
    ledger: Ledger
    lock: DatabaseLock
    options: Options
    order: tuple[str, ...]
    load: Callable[[], ExtendedLoader]
    packets: Packets
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

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self)

    @cached_property
    def touched(self) -> TouchedDefinitions:
        return TouchedDefinitions(self.connection, foretells=not self.packets.several)

    @property
    def heartbeat(self) -> tuple[str, ...]:
        """What opens a packet that says nothing else to the ledger: the run's heartbeat, and the
        guard of the lock."""
        with self.ledger.collected() as writes:
            self.ledger.beat()
        return (*(writes if self.packets.several else ()), self.lock.guard)

    @cached_property
    def logs_text(self) -> bool:
        """Does what this session writes go to replicas as the text of its statements?"""
        return setup_of(self.connection).statement_log

    @contextmanager
    def write(self) -> Iterator[None]:
        """One commit to the ledger, under the lock, with whatever waits before it."""
        with self.outbox.put():
            yield
        self.outbox.send()

    def tell(self, event: Event) -> None:
        """Tell what happened: behind what the ledger is to say of it."""
        self.outbox.tell(event)

    def tell_now(self, event: Event) -> None:
        """Tell what happens while the ledger cannot be written."""
        self.options.on_event(event)
