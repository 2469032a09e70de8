"""Which files of the histories the schema rules look at: what is new, and not what ran long ago."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from subprocess import CalledProcessError

from nestflux.exceptions import HistoryError, Refused
from nestflux.history import journal as journal_file
from nestflux.history.folder import JOURNAL
from nestflux.history.journal import Journal
from nestflux.reviewing.git import git
from nestflux.reviewing.subjects import History, Ledger
from nestflux.wording import counted


@dataclass(frozen=True)
class Scope:
    """Names of files, the same in each family; ``words`` say which ones they are. ``together``: are
    they deployed at once, so that what the first of them makes is new to the last, too? ``to_run``
    are those of them that wait for a deploy: only of these it counts how large a table is now."""

    files: frozenset[str]
    words: str
    together: bool = True
    to_run: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        return not self.together


def every_file(histories: Sequence[History], ledger: Ledger | None) -> Scope:
    names = frozenset(_names(histories))
    return Scope(names, "every file", together=False, to_run=new_files(histories, ledger).to_run)


def one_file(name: str, *, is_applied: bool) -> Scope:
    """A file by itself, as ``db_check`` looks at it while it is the only one that is new."""
    files = frozenset({name})
    return Scope(files, f"the file {name}", to_run=frozenset() if is_applied else files)


def files_since(histories: Iterable[History], ref: str) -> Scope:
    """The files that a branch adds: those that the journals at a commit do not list. They are to
    run where the branch goes, whatever the database at hand has applied.

    Args:
        ref: a commit, as git names it: ``origin/main``.

    Raises Refused where it is empty, or git does not know it.
    """
    if not ref.strip():
        raise Refused(
            "--since names no commit.",
            stands="nothing was checked",
            then="name the commit that the branch goes to: python manage.py db_check --since "
            "origin/main   (a variable of the shell may be empty)",
        )
    histories = list(histories)
    known: set[str] = set()
    for history in histories:
        then = _journal_at(history, ref)
        known |= {entry.id for entry in then.entries} if then else set()
    names = {
        entry.name
        for history in histories
        for entry in (history.journal.entries if history.journal else ())
        if entry.id not in known
    }
    words = f"{counted(len(names), 'file')} that {ref} does not have"
    return Scope(frozenset(names), words, to_run=frozenset(names))


def new_files(histories: Iterable[History], ledger: Ledger | None) -> Scope:
    """The files that the database has not applied; without one, or where it has all, the newest."""
    has_some = ledger is not None and bool(ledger.applied)
    if ledger is not None and has_some:
        pending = frozenset(e.name for e in ledger.journal.entries if e.id not in ledger.applied)
        if pending:
            return Scope(pending, counted(len(pending), "pending file"), to_run=pending)
    newest = [h.journal.entries[-1].name for h in histories if h.journal and h.journal.entries]
    words = f"the newest file, {newest[0]}" if newest else "no file"
    files = frozenset(newest)
    return Scope(files, words, to_run=frozenset() if has_some else files)


def _names(histories: Iterable[History]) -> Iterator[str]:
    for history in histories:
        yield from (entry.name for entry in history.journal.entries) if history.journal else ()


def _journal_at(history: History, ref: str) -> Journal | None:
    """The journal at a commit; None where it had none. Raises Refused."""
    folder = history.folder.path
    known = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    try:
        git(*known, f"{ref}^{{commit}}", folder=folder)
    except (OSError, CalledProcessError) as error:
        why = "git is not installed" if isinstance(error, OSError) else "git does not know it"
        raise Refused(
            f"--since {ref}: {why}.",
            where=str(folder),
            stands="nothing was checked",
            then=f"git fetch, or name a commit that is there: git rev-parse {ref}",
        ) from None
    try:
        text = git("show", f"{ref}:./{JOURNAL}", folder=folder)
    except CalledProcessError:
        return None
    try:
        return journal_file.read(text)
    except HistoryError:
        return None
