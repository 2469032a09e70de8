"""Which files of the histories the schema rules look at: what is new, and not what ran long ago."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nestflux.exceptions import HistoryError, Refused
from nestflux.history import journal as journal_file
from nestflux.history.folder import JOURNAL
from nestflux.history.journal import Journal
from nestflux.reviewing.subjects import History, Ledger
from nestflux.wording import counted


@dataclass(frozen=True)
class Scope:
    """Names of files, the same in each family; ``words`` say which ones they are. ``together``: are
    they deployed at once, so that what the first of them makes is new to the last, too?"""

    files: frozenset[str]
    words: str
    together: bool = True

    @property
    def is_everything(self) -> bool:
        return not self.together


def every_file(histories: Iterable[History]) -> Scope:
    return Scope(frozenset(_names(histories)), "every file", together=False)


def files_since(histories: Iterable[History], ref: str) -> Scope:
    """The files that a branch adds: those that the journals at a commit do not list.

    Args:
        ref: a commit, as git names it: ``origin/main``.

    Raises Refused where git does not know it.
    """
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
    return Scope(frozenset(names), f"{counted(len(names), 'file')} that {ref} does not have")


def new_files(histories: Iterable[History], ledger: Ledger | None) -> Scope:
    """The files that the database has not applied; without one, or where it has all, the newest."""
    if ledger is not None and ledger.state.applied:
        applied = {file.id for file in ledger.state.applied}
        pending = [e.name for e in ledger.journal.entries if e.id not in applied]
        if pending:
            return Scope(frozenset(pending), counted(len(pending), "pending file"))
    newest = [h.journal.entries[-1].name for h in histories if h.journal and h.journal.entries]
    return Scope(frozenset(newest), f"the newest file, {newest[0]}" if newest else "no file")


def _names(histories: Iterable[History]) -> Iterator[str]:
    for history in histories:
        yield from (entry.name for entry in history.journal.entries) if history.journal else ()


def _journal_at(history: History, ref: str) -> Journal | None:
    """The journal at a commit; None where it had none. Raises Refused."""
    folder = history.folder.path
    command = ["git", "-C", str(folder)]
    try:
        _git(
            [*command, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
        )
    except (OSError, subprocess.CalledProcessError) as error:
        why = "git is not installed" if isinstance(error, OSError) else "git does not know it"
        raise Refused(
            f"--since {ref}: {why}.",
            where=str(folder),
            stands="nothing was checked",
            then=f"git fetch, or name a commit that is there: git rev-parse {ref}",
        ) from None
    try:
        text = _git([*command, "show", f"{ref}:./{JOURNAL}"])
    except subprocess.CalledProcessError:
        return None
    try:
        return journal_file.read(text)
    except HistoryError:
        return None


def _git(command: list[str]) -> str:
    run = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603
    return run.stdout
