"""What happens to a project: edits, deploys and their deaths, branches. Each is followed by a look
at all that must stand then.

Every action is written down as the command that a person would type, so that a failure can be
followed by hand.
"""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.scenario import TestServer, new_project
from tests.soak.checkout import (
    CONTRIB,
    Checkout,
    project_of,
    projects_apps,
    rename_flags,
)
from tests.soak.edits import Edit
from tests.soak.stand import Entry, Stand
from tests.soak.warm import Call, Ended, Warm

# What a server answers where the rows that are there forbid a statement: a unique key, a CHECK,
# a value that is too long or NULL, a foreign key.
_ROWS_FORBID = ("(1062", "(3819", "(4025", "(1406", "(1264", "(1048", "(1138", "(1265", "(1452")

Branch = tuple[Checkout, Stand]


@dataclass(frozen=True)
class Death:
    """How a command ends before its time; see ``dying``."""

    how: str
    at: int

    def __str__(self) -> str:
        return f"{self.how} write {self.at}"


class World:
    """A project, its main branch with a database, and at times another branch with another
    (``branching.py``).

    Args:
        folder: of its own; checkouts and their databases live there.
        counts: what was done, over many worlds.
    """

    def __init__(self, server: TestServer, warm: Warm, folder: Path, counts: Counter[str]) -> None:
        self.server = server
        self.warm = warm
        self.folder = folder
        self.counts = counts
        self.log: list[str] = []
        self.counted: set[str] = set()
        self.numbers = {"row": 0, "file": 0, "folder": 0}
        self.side: Branch | None = None
        project = new_project(
            folder / "main",
            server,
            f"nf_soak_{secrets.token_hex(4)}",
            projects_apps(),
            contrib=CONTRIB,
        )
        self.names = [project.database]
        checkout = Checkout(folder / "main", server.family)
        stand = Stand(project, warm, self.counted)
        stand.create()
        self.main = (checkout, stand)
        with self._describe_loss("a new project"):
            self._generates(self.main, "--name", "initial")

    @property
    def branches(self) -> list[Branch]:
        return [self.main, *([self.side] if self.side else [])]

    def close(self) -> None:
        for name in self.names:
            self.server.drop_all(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- commands --------------------------------------------------------------------------

    @contextmanager
    def _describe_loss(self, what: str) -> Iterator[None]:
        """One action; where it fails, with all that happened before."""
        self.log.append(f"# {what}")
        self.counts["steps"] += 1
        try:
            yield
        except Exception as error:
            error.add_note("What was done, from the beginning:\n    " + "\n    ".join(self.log))
            error.add_note(f"The folder: {self.folder}; databases: {', '.join(self.names)}")
            raise

    def _call(self, branch: Branch, args: Sequence[str], death: Death | None) -> Call:
        project = project_of(branch[0], branch[1].project)
        return Call(
            cwd=str(project.path),
            env=project._environment(None),
            argv=tuple(args),
            death=vars(death) if death else None,
        )

    def _run(self, branch: Branch, *args: str, death: Death | None = None) -> Ended:
        (ended,) = self.warm.run(self._call(branch, args, death))
        self._note(branch, args, ended, death)
        return ended

    def _note(self, branch: Branch, args: Sequence[str], ended: Ended, death: Death | None) -> None:
        self.counts["commands"] += 1
        how = f", {death}" if death and died(ended) else ""
        folder = branch[0].path.name
        self.log.append(f"[{folder}] $ python manage.py {' '.join(args)}  # {ended.code}{how}")

    def _succeeds(self, branch: Branch, *args: str) -> Ended:
        ended = self._run(branch, *args)
        assert ended.code == 0, f"{' '.join(args)}: {ended}"
        return ended

    def _refused(self, branch: Branch, *args: str, says: str) -> Ended:
        ended = self._run(branch, *args)
        assert ended.code == 2, f"{' '.join(args)} should be refused: {ended}"
        assert says in ended.stderr, f"{' '.join(args)} should say {says!r}: {ended}"
        return ended

    def _generates(self, branch: Branch, *args: str) -> tuple[Entry, ...]:
        """``db_generate`` succeeds; the files that are new."""
        before = {entry.id for entry in branch[0].entries}
        self._succeeds(branch, "db_generate", *args)
        new = tuple(entry for entry in branch[0].entries if entry.id not in before)
        self.counts["files"] += len(new)
        return new

    def _next(self, what: str) -> int:
        self.numbers[what] += 1
        return self.numbers[what]

    # ---- models ----------------------------------------------------------------------------

    def change(self, branch: Branch, edits: Sequence[Edit], step: str = "") -> None:
        """Edit models, write a data migration of the kind ``step`` before them, and generate."""
        checkout, _ = branch
        with self._describe_loss(
            f"{'; '.join(map(str, edits)) or 'no edit'}; data step: {step or 'none'}"
        ):
            name = f"step_{self._next('file')}"
            if step:
                app = edits[0].model.split(".")[0] if edits else "shop"
                self._write_step(branch, app, step, name)
            before = checkout.site
            for edit in edits:
                checkout.site = edit.apply(checkout.site)
                self.log.append(f"[{checkout.path.name}] edit models.py: {edit}")
            checkout.write_models()
            flags = ("--no-rename", *rename_flags(edits))
            new = self._generates(branch, "--name", name, *flags)
            expected = bool(step) or not before.same_as(checkout.site)
            assert len(new) == expected, f"{len(new)} files of {edits}"
            checkout.edits += edits
            self._look(branch)

    def _write_step(self, branch: Branch, app: str, kind: str, name: str) -> None:
        checkout, _ = branch
        before = checkout.modules().keys()
        self._succeeds(branch, "db_generate", "--empty", app, "--name", name)
        (migration,) = checkout.modules().keys() - before
        checkout.fill(migration, kind)
        self.log.append(f"[{checkout.path.name}] fill {migration} with a step of the kind {kind!r}")
        self.counted.add(migration)

    # ---- deploys ---------------------------------------------------------------------------

    def deploy(
        self,
        branch: Branch,
        *,
        to: int | None = None,
        replay: bool = False,
        death: Death | None = None,
        twice: bool = False,
        turn: bool = False,
    ) -> None:
        """``db_migrate``.

        Args:
            turn: a rollback that died is reversed.
            to: the index of the file to stop after; None: all.
            death: what becomes of it.
            twice: another one is started at the same moment, and lives.
        """
        checkout, stand = branch
        entries = checkout.entries
        args = ["db_migrate", "--no-backup", *(["--replay"] if replay else [])]
        if to is not None:
            args += ["--to", entries[to].name]
        with self._describe_loss("deploy"):
            if stand.recorded.direction == "down" and stand.recorded.flying:
                ours = [each.name for each in entries if each.id == stand.recorded.flying]
                if turn and to is None and ours:
                    self._reverse(branch, "db_migrate", "--to", ours[0], "--no-backup")
                    return
                self._refused(branch, *args, says="was begun and not finished")
                self._look(branch)
                return
            wanted = self._wanted(stand, entries, to)
            flying = stand.recorded.flying
            if flying and flying not in wanted:
                self._refused(branch, *args, says="ends before it")
                self._look(branch)
                return
            ended = self._deploys(branch, args, death, twice)
            stand.follow(entries)
            if self._names_differ(branch, ended):
                return
            ended = self._mended(branch, args, ended)
            if any(died(one) for one in ended) and not twice:
                self._require_between(stand, wanted)
            else:
                assert all(died(one) or one.code == 0 for one in ended), "\n".join(map(str, ended))
                assert set(stand.recorded.applied) == wanted, (
                    f"applied {stand.recorded}, not {wanted}"
                )
                assert stand.recorded.settled, stand.recorded
            self._look(branch)
            if stand.recorded.settled and len(stand.trail) == len(entries):
                self._does_nothing(branch)

    def _deploys(
        self, branch: Branch, args: Sequence[str], death: Death | None, twice: bool
    ) -> list[Ended]:
        calls = [self._call(branch, args, death)]
        if twice:
            calls.append(self._call(branch, args, None))
            self.counts["two at once"] += 1
        ended = self.warm.run(*calls)
        for one in ended:
            self._note(branch, args, one, death)
            self._count_death(one, death)
        return ended

    def _count_death(self, ended: Ended, death: Death | None) -> None:
        if death and died(ended):
            self.counts["kills" if ended.was_killed else "cuts"] += 1
            self.counts[f"died: {death.how}"] += 1

    def _mended(self, branch: Branch, args: Sequence[str], ended: list[Ended]) -> list[Ended]:
        """Where the live rows forbid a statement: they go, and the same command goes on."""
        _, stand = branch
        for one in ended:
            if one.code == 1 and not died(one) and any(n in one.stderr for n in _ROWS_FORBID):
                self.counts["fixed"] += 1
                self.log.append("rows are in the way: DELETE FROM every table")
                stand.rows.delete_all()
                again = self._run(branch, *args)
                assert again.code == 0, f"the cause is fixed: {again}"
                stand.follow(branch[0].entries)
                return [again]
        return ended

    def _names_differ(self, branch: Branch, ended: Sequence[Ended]) -> bool:
        """Django's way back may leave an index or key under another name (INEXACT in the down
        file), which a later file names: it is told, and this database can only be made anew."""
        if not branch[1].went_back_inexactly:
            return False
        if not any(one.code == 1 and "(server error 1091)" in one.stderr for one in ended):
            return False
        self.counts["broken by INEXACT"] += 1
        self.log.append("a name is another one since an inexact rollback: a database anew")
        branch[1].create()
        return True

    def _wanted(self, stand: Stand, entries: Sequence[Entry], to: int | None) -> set[str]:
        upto = entries if to is None else entries[: to + 1]
        return {entry.id for entry in upto} | {entry.id for entry in stand.trail}

    def _require_between(self, stand: Stand, wanted: set[str]) -> None:
        """A run that died applied some of what it was to apply, and began one at the most."""
        assert set(stand.recorded.applied) <= wanted
        assert stand.recorded.flying in {"", *wanted}

    def _does_nothing(self, branch: Branch) -> None:
        """Once more: one query; two where post_migrate has not been sent yet."""
        if branch[1].project.sql("SELECT 1 FROM nestflux_run WHERE post_migrate_owed = 1"):
            self._succeeds(branch, "db_migrate")
        ended = self._succeeds(branch, "db_migrate")
        assert ended.stdout == "Database is up to date!\n", str(ended)
        assert ended.facts["queries"] == 1, f"{ended.facts} with nothing to do"

    # ---- the way back ----------------------------------------------------------------------

    def undo(
        self,
        branch: Branch,
        *,
        file: int | None = None,
        to: int | None = None,
        death: Death | None = None,
    ) -> None:
        """``db_rollback``.

        Args:
            file: undo the file of this index of the trail, and what was applied after it.
            to: undo what was applied after the file of this index; -1: everything.
        """
        checkout, stand = branch
        trail, recorded = list(stand.trail), stand.recorded
        args, left = ["db_rollback", "--yes"], max(0, len(trail) - 1)
        if file is not None:
            args, left = [*args, trail[file].name], file
        if to is not None:
            args, left = [*args, "--to", trail[to].name if to >= 0 else "zero"], to + 1
        with self._describe_loss("roll back"):
            if recorded.flying and recorded.direction == "up":
                self._reverse(branch, "db_rollback", "--yes")
                return
            if recorded.flying and file is None and to is None:
                left = len(trail)
            if any(checkout.is_irreversible(entry) for entry in trail[left:]):
                self._refused(branch, *args, says="cannot be undone")
                self.counts["no way back"] += 1
                self._look(branch)
                return
            if any(checkout.is_inexact(entry) for entry in trail[left:]):
                stand.went_back_inexactly = True
            ended = self._run(branch, *args, death=death)
            self._count_death(ended, death)
            stand.follow(checkout.entries)
            if self._names_differ(branch, [ended]):
                return
            (ended,) = self._mended_undo(branch, ended)
            if died(ended):
                kept = [entry.id for entry in trail]
                assert list(stand.recorded.applied) == kept[: len(stand.recorded.applied)]
                assert len(stand.recorded.applied) >= left
            else:
                assert ended.code == 0, str(ended)
                # A load that died has nothing that could be rolled back; db_migrate fixes it.
                assert stand.recorded.settled or recorded.loading
                assert [entry.id for entry in stand.trail] == [entry.id for entry in trail[:left]]
                self.counts["rollbacks"] += 1
            self._look(branch)

    def _mended_undo(self, branch: Branch, ended: Ended) -> list[Ended]:
        """As ``_mended``; the file in flight is finished first, then the command is what it was."""
        return self._mended(branch, ["db_rollback", "--yes"], [ended])

    def _reverse(self, branch: Branch, *args: str) -> None:
        """A file that stopped half-way goes the other way, or is refused and stays as it is."""
        checkout, stand = branch
        flying = stand.recorded.flying
        ended = self._run(branch, *args)
        if ended.code == 2:
            assert "cannot be" in ended.stderr, str(ended)
            assert stand.read() == stand.recorded
            self.counts["turns refused"] += 1
            self._look(branch)
            return
        if self._names_differ(branch, [ended]):
            return
        (ended,) = self._mended(branch, args, [ended])
        assert ended.code == 0, str(ended)
        self.counts["turns"] += 1
        stand.follow(checkout.entries)
        assert stand.recorded.settled
        assert (flying in stand.recorded.applied) == (args[0] == "db_migrate")
        (entry,) = [entry for entry in checkout.entries if entry.id == flying]
        stand.adopt_marks(entry)
        self._look(branch)

    # ---- rows, databases -------------------------------------------------------------------

    def live(self, branch: Branch, table: int, *, delete: bool = False) -> None:
        """A row comes or goes in the table of this index."""
        _, stand = branch
        with self._describe_loss("live rows"):
            tables = stand.rows.tables()
            if not tables:
                return
            name = tables[table % len(tables)]
            sql = stand.rows.delete(name) if delete else ""
            sql = sql or stand.rows.insert(name, self._next("row"))
            if sql:
                self.log.append(f"[{branch[0].path.name}] sql> {sql}")
                self.counts["rows"] += 1

    def start_over(self, branch: Branch, *, baseline: int | None) -> None:
        """An empty database. With ``baseline`` stock Django brings it to the file of that index,
        and ``db_baseline`` takes it over."""
        checkout, stand = branch
        with self._describe_loss("a database anew"):
            self.log.append(f"[{checkout.path.name}] DROP DATABASE, CREATE DATABASE")
            stand.create()
            if baseline is not None:
                self.counts["baselines"] += 1
                entries = checkout.entries[: baseline + 1]
                moves = [("up", entry.migrations) for entry in entries]
                stand.by_django(project_of(checkout, stand.project), moves)
                self.log.append(f"Django's own executor applies {[e.name for e in entries]}")
                self._succeeds(branch, "db_baseline", "--yes")
                stand.follow(checkout.entries)
                assert [entry.id for entry in stand.trail] == [entry.id for entry in entries]
            self._look(branch)

    # ---- looking ---------------------------------------------------------------------------

    def _look(self, branch: Branch) -> None:
        """All that must stand at any time."""
        checkout, stand = branch
        ended = self._run(branch, "db_status", "--json")
        self.log.pop()
        assert ended.code == (0 if stand.recorded.settled else 1), str(ended)
        stand.require_status(ended.json, checkout.entries)
        if stand.recorded.settled:
            stand.require_same_as_django()
            stand.require_sound_ledger()
        self.counts["looks"] += 1


def died(ended: Ended) -> bool:
    """Was it ended by us?"""
    return ended.was_killed or bool(ended.facts.get("cut"))
