"""A branch of the project, with a database of its own, and its merge."""

from __future__ import annotations

from tests.scenario import Project
from tests.soak.checkout import Checkout, project_of
from tests.soak.stand import Entry, Stand
from tests.soak.world import Branch, World


class BranchingWorld(World):
    """A world whose main branch may have another beside it, until they are merged."""

    def split(self) -> None:
        """Start a branch: a copy of the folder, with a database of its own."""
        assert self.side is None
        checkout, stand = self.main
        with self._describe_loss("a branch"):
            other = checkout.branched(self.folder / f"side{self._next('folder')}")
            project = Project(**vars(stand.project))
            project.path = other.path
            project.database = f"{self.names[0]}_{other.path.name}"
            made = Stand(project, self.warm, self.counted)
            made.create()
            self.side = (other, made)
            self._succeeds(self.side, "db_migrate")
            made.follow(other.entries)
            self._look(self.side)

    def merge(self, *, keep_side: bool) -> None:
        """Merge main into the branch, the branch's file behind main's; then main follows.

        Args:
            keep_side: whose database goes on afterwards.
        """
        assert self.side
        (theirs, their_stand), (ours, our_stand) = self.main, self.side
        with self._describe_loss("merge"):
            if not ours.merges_with(theirs) or not (ours.own and theirs.own):
                self.log.append(
                    "given up: nothing to merge, or one side touches what the other did"
                )
                self.side = None
                our_stand.drop()
                return
            own, moved = ours.own, theirs.own
            self._merge_files(ours, theirs)
            (new,) = [e for e in ours.entries if e.id not in {t.id for t in theirs.entries}]
            theirs.path, theirs.site = ours.path, ours.site
            theirs.edits = ours.edits = []
            self.counts["merges"] += 1
            for stand in (their_stand, our_stand):
                stand.project = project_of(ours, stand.project)
            self._deploy_merged((ours, our_stand), own, new)
            self.deploy((theirs, their_stand))
            assert {entry.id for entry in moved} <= {entry.id for entry in our_stand.trail}
            self.main = (theirs, our_stand if keep_side else their_stand)
            (their_stand if keep_side else our_stand).drop()
            self.side = None

    def _merge_files(self, ours: Checkout, theirs: Checkout) -> None:
        branch = (ours, self.side[1]) if self.side else self.main
        marked, resolved = ours.with_conflict(theirs)
        ours.take_over(theirs)
        journal = ours.history / "journal.json"
        journal.write_text(marked, encoding="utf-8")
        self._refused(branch, "db_generate", says="conflict markers")
        journal.write_text(resolved, encoding="utf-8")
        self._succeeds(branch, "makemigrations", "--merge", "--noinput")
        self._generates(branch, "--name", f"merged_{self._next('file')}", "--no-rename")

    def _deploy_merged(self, branch: Branch, own: tuple[Entry, ...], new: Entry) -> None:
        """The branch's own database: its file is known again, or is to be rolled back as told."""
        checkout, stand = branch
        entries = (*checkout.entries, *own)
        applied_own = [entry for entry in stand.trail if entry in own]
        ended = self._run(branch, "db_migrate", "--no-backup")
        while ended.code == 2:
            told = ended.stderr.partition("python manage.py db_rollback ")[2]
            assert told, f"refused without a way on: {ended}"
            self._succeeds(branch, "db_rollback", "--yes", told.partition(",")[0].split()[0])
            stand.follow(entries)
            self._look(branch)
            self.counts["merges that rolled back"] += 1
            ended = self._run(branch, "db_migrate", "--no-backup")
        assert ended.code == 0, str(ended)
        known_again = applied_own and all(entry in stand.trail for entry in applied_own)
        if known_again and new.id in stand.read().applied:
            stand.relink(applied_own, new)
            self.counts["merges that relinked"] += 1
        stand.follow(entries)
        self._look(branch)
