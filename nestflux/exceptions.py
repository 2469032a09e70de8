"""What NestFlux raises. Every error tells a person four things: what happened, where, what
stands now, and the next command. A command turns it into text and an exit code."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from nestflux.families import FAMILY_NAMES


class NestFluxError(Exception):
    """Base of all errors. ``exit_code`` is what a command ends with: 1 something was found or
    failed, 2 wrong use or refused before anything was changed. ``stands_by_nature``: what stands
    now wherever an error of the class is raised that does not say more."""

    exit_code = 1
    stands_by_nature = ""

    def __init__(self, what: str, *, where: str = "", stands: str = "", then: str = "") -> None:
        self.what = what
        self.where = where
        self.stands = stands
        self.then = then
        super().__init__(what)

    @property
    def now(self) -> str:
        """What stands now, for a person."""
        return self.stands or self.stands_by_nature

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  Where: {self.where}")
        if self.now:
            lines.append(f"  Now:   {self.now}")
        if self.then:
            lines.append(f"  Next:  {self.then}")
        return "\n".join(lines)


class Refused(NestFluxError):
    """The command did not start its work: wrong use, or something contradicts something."""

    exit_code = 2
    stands_by_nature = "nothing was changed"


class Misconfigured(Refused):
    """The ``NESTFLUX`` setting, or the database alias, cannot be used as it stands."""


class PoolMisconfigured(Misconfigured, ImproperlyConfigured):
    """``OPTIONS["pool"]`` is wrong, or what a pool needs is missing. Django's error as well: it is
    raised where Django connects."""


class ServerUnavailable(Refused):
    """No connection: no server, a wrong password, an unknown database, a missing grant."""


class FamilyUnreachable(NestFluxError):
    """No server of a family can be reached to record on. ``family`` is its key, ``why`` the reason
    in a clause of its own."""

    def __init__(self, family: str, why: str, **lines: str) -> None:
        self.family = family
        self.why = why
        super().__init__(f"The {FAMILY_NAMES[family]} history cannot be recorded: {why}", **lines)


class ServerUnsupported(Refused):
    """The server is too old, of another family than the history's, or differs in a feature."""


class NotReviewed(Refused):
    """A file that is half done can be reversed by ``statements`` that were compiled from the
    schemas, and they are not confirmed."""

    def __init__(self, what: str, statements: tuple[str, ...], **lines: str) -> None:
        self.statements = statements
        super().__init__(what, **lines)


class HistoryError(Refused):
    """A file of ``migrations_sql/`` cannot be read, or contradicts ``journal.json``."""


class SqlFileError(HistoryError):
    """A SQL migration's text does not follow the grammar of ``docs/sql-files.md``. Whoever reads
    the file says what stands."""

    stands_by_nature = ""


class LedgerConflict(Refused):
    """The database's ledger says something else than the files or ``django_migrations``."""


class ChangesUndecided(Refused):
    """The models changed in a way that only a person can interpret (a possible rename, a
    required column without a default) and nobody could be asked."""


class RecordingFailed(NestFluxError):
    """Django's migration failed on the shadow, or did something that cannot be recorded."""


class OtherDatabase(RecordingFailed):
    """Python code of a migration connects to another database than the one that is recorded."""


class NotReproduced(NestFluxError):
    """The rendered file, run on a fresh copy of the schema, did not give what Django built."""

    stands_by_nature = "nothing was written"


class StatementFailed(NestFluxError):
    """The server refused a statement of a file, or a Python step raised."""


class BackupFailed(NestFluxError):
    """No backup could be had of data that a file loses, and nobody declined one: that file was not
    begun."""


class RestoreFailed(NestFluxError):
    """The data of a backup could not be brought back; none of it was."""


class NotReconciled(NestFluxError):
    """No script could be written that makes a live schema agree: tried on scratch schemas, it
    failed or left other differences than it says."""


class ReplicasBehind(NestFluxError):
    """A replica does not have in time, or will not have, the schema that its primary has."""


class Undecided(NestFluxError):
    """A statement was started and not finished, and the schema does not tell whether it ran."""


class CannotSeed(Refused):
    """Rows were asked for that cannot be made: unique values that are fewer than rows, required
    keys in a cycle, a field that nothing is known for. Told before a row is written."""

    stands_by_nature = "no row was written"


class SeedingStopped(NestFluxError):
    """The server refused rows that looked right, and others made in their place."""


class LockUnavailable(NestFluxError):
    """Another deploy holds the database's lock for longer than ``LOCK["TIMEOUT"]``."""


class LockLost(NestFluxError):
    """The connection that held the lock does not hold it any more; nothing more was run."""
