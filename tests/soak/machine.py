"""The random walk: which action comes next, and with what, drawn by hypothesis."""

from __future__ import annotations

import secrets
from collections import Counter
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.scenario import TestServer
from tests.soak import steps
from tests.soak.branching import BranchingWorld
from tests.soak.checkout import Checkout
from tests.soak.description import Site
from tests.soak.dying import HOWS
from tests.soak.edits import Edit, Possible, possible
from tests.soak.stand import Stand
from tests.soak.warm import Warm
from tests.soak.world import Death, World

# A small file's attempt writes some thirty times; what is larger is not reached and kills nobody.
_WRITES = 40
deaths = st.builds(Death, st.sampled_from(HOWS), st.integers(0, _WRITES))
maybe_dies = st.one_of(st.none(), deaths)
# Most files hold a change of the models and no data step.
data_steps = st.sampled_from(["", "", "", *steps.KINDS[:3], *steps.KINDS])

# On a branch none that counts in every model's rows: it would touch what the other side does.
apart_steps = st.sampled_from(["", "python", "sql"])


@st.composite
def some_edits(
    draw: st.DrawFn,
    site: Site,
    others: frozenset[str] = frozenset(),
    possible: Possible = possible,
) -> list[Edit]:
    """One to four edits of models, renames first, none that touches ``others``."""
    taken = site.names()
    made: list[Edit] = []
    for number in range(draw(st.integers(1, 4))):
        choice = {
            kind: apart
            for kind, some in possible(site, taken, renames=all(e.rename for e in made)).items()
            if (apart := [edit for edit in some if not others & {*edit.touches}])
        }
        if not choice:
            break
        kind = draw(st.sampled_from(sorted(choice)), label=f"kind of edit {number}")
        edit = draw(st.sampled_from(choice[kind]), label=f"edit {number}")
        made.append(edit)
        site = edit.apply(site)
        taken |= site.names()
    return made


class Soak(RuleBasedStateMachine):
    """Rules in the order of their names, for the simplest example takes the first of everything.

    ``begin`` is called before the first example; ``counts`` grows over all of them.
    """

    server: ClassVar[TestServer]
    warm: ClassVar[Warm]
    folder: ClassVar[Path]
    counts: ClassVar[Counter[str]]

    @classmethod
    def begin(cls, server: TestServer, warm: Warm, folder: Path, counts: Counter[str]) -> None:
        cls.server, cls.warm, cls.folder, cls.counts = server, warm, folder, counts

    def __init__(self) -> None:
        super().__init__()
        self.counts["examples"] += 1
        path = self.folder / secrets.token_hex(4)
        path.mkdir()
        self.world = BranchingWorld(self.server, self.warm, path, self.counts)

    def teardown(self) -> None:
        self.world.close()

    def _branch(self, number: int) -> tuple[Checkout, Stand]:
        branches = self.world.branches
        return branches[number % len(branches)]

    @rule(
        data=st.data(),
        which=st.integers(0, 1),
        step=data_steps,
        death=maybe_dies,
    )
    def change_and_deploy(
        self, data: st.DataObject, which: int, step: str, death: Death | None
    ) -> None:
        self.change_only(data, which, step)
        self.world.deploy(self._branch(which), death=death)

    @rule(data=st.data(), which=st.integers(0, 1), step=data_steps)
    def change_only(self, data: st.DataObject, which: int, step: str) -> None:
        branch = self._branch(which)
        edits = data.draw(some_edits(branch[0].site), label="edits")
        self.world.change(branch, edits, step)

    @rule(
        which=st.integers(0, 1),
        death=maybe_dies,
        twice=st.booleans(),
        to=st.one_of(st.none(), st.integers(0, 20)),
        replay=st.booleans(),
        turn=st.booleans(),
    )
    def deploy(
        self,
        which: int,
        death: Death | None,
        twice: bool,
        to: int | None,
        replay: bool,
        turn: bool,
    ) -> None:
        branch = self._branch(which)
        if to is not None:
            to %= len(branch[0].entries)
        self.world.deploy(branch, to=to, replay=replay, death=death, twice=twice, turn=turn)

    @rule(which=st.integers(0, 1), table=st.integers(0, 9), delete=st.booleans())
    def live(self, which: int, table: int, delete: bool) -> None:
        branch = self._branch(which)
        if branch[1].recorded.settled:
            for _ in range(3):
                self.world.live(branch, table, delete=delete)

    @precondition(lambda self: self.world.side and _settled(self.world))
    @rule(keep_side=st.booleans())
    def merge(self, keep_side: bool) -> None:
        self.world.merge(keep_side=keep_side)

    @rule(data=st.data(), first=apart_steps, second=apart_steps)
    def part(self, data: st.DataObject, first: str, second: str) -> None:
        """Two branches go their ways on different models: what a merge has to join."""
        if not self.world.side:
            self.world.split()
        main, side = self.world.branches
        for branch, other, step in ((side, main, first), (main, side, second)):
            edits = data.draw(some_edits(branch[0].site, other[0].touched()), label="edits")
            self.world.change(branch, edits, step)

    @precondition(lambda self: not self.world.side)
    @rule()
    def split(self) -> None:
        self.world.split()

    @rule(which=st.integers(0, 1), baseline=st.one_of(st.none(), st.integers(0, 20)))
    def start_over(self, which: int, baseline: int | None) -> None:
        branch = self._branch(which)
        if baseline is not None:
            baseline %= len(branch[0].entries)
        self.world.start_over(branch, baseline=baseline)

    @rule(
        which=st.integers(0, 1),
        how=st.sampled_from(["last", "last", "file", "to", "zero"]),
        index=st.integers(0, 20),
        death=maybe_dies,
    )
    def undo(self, which: int, how: str, index: int, death: Death | None) -> None:
        branch = self._branch(which)
        trail = branch[1].trail
        if not trail or how == "last":
            self.world.undo(branch, death=death)
        elif how == "file":
            self.world.undo(branch, file=index % len(trail), death=death)
        else:
            self.world.undo(branch, to=-1 if how == "zero" else index % len(trail), death=death)


def _settled(world: World) -> bool:
    return all(stand.recorded.settled for _, stand in world.branches)
