"""Two branches' journals in one text: which files stay, and which follow them."""

from __future__ import annotations

import pytest

from nestflux.exceptions import HistoryError, Refused
from nestflux.history.journal import Entry, Journal, dumps
from nestflux.history.merging import rebase, sides


def entry(name: str) -> Entry:
    return Entry(name, f"id-{name}", "u", "d", "r", (f"shop.{name}",), (f"shop.{name}",))


def journal(*names: str, snapshot: str = "") -> Journal:
    return Journal("mariadb", tuple(map(entry, names)), snapshot=snapshot)


BASE, OURS, THEIRS = "0001_base", "0002_ours", "0002_theirs"


def conflict(ours: Journal, theirs: Journal, *, with_base: bool = False) -> str:
    base = f"||||||| 0a1b2c3\n{dumps(journal(BASE))}" if with_base else ""
    return f"<<<<<<< HEAD\n{dumps(ours)}{base}=======\n{dumps(theirs)}>>>>>>> theirs\n"


@pytest.mark.parametrize("with_base", [False, True], ids=["merge", "diff3"])
def test_a_conflict_is_two_texts(with_base: bool) -> None:
    ours, theirs = journal(BASE, OURS), journal(BASE, THEIRS)
    text = conflict(ours, theirs, with_base=with_base)

    assert sides(f"before\n{text}after\n") == (
        f"before\n{dumps(ours)}after\n",
        f"before\n{dumps(theirs)}after\n",
    )


def test_a_text_without_markers_is_twice_itself() -> None:
    text = dumps(journal(BASE))

    assert sides(text) == (text, text)


@pytest.mark.parametrize(("moved", "stays"), [(THEIRS, OURS), (OURS, THEIRS)])
def test_the_side_without_the_file_is_kept_as_it_was(moved: str, stays: str) -> None:
    kept = {name: journal(BASE, name, snapshot=name) for name in (OURS, THEIRS)}

    found = rebase(conflict(kept[OURS], kept[THEIRS]), [f"{moved}.sql"])

    assert found.kept == kept[stays]
    assert found.moved == (entry(moved),)


def test_files_move_in_their_order() -> None:
    text = conflict(journal(BASE, OURS), journal(BASE, THEIRS, "0003_more"))

    assert rebase(text, ["0003_more", THEIRS]).moved == (entry(THEIRS), entry("0003_more"))


def test_one_branchs_files_move_together() -> None:
    text = conflict(journal(BASE, OURS), journal(BASE, THEIRS, "0003_more"))

    with pytest.raises(Refused, match="0003_more is on that side") as refused:
        rebase(text, [THEIRS])
    assert f"--rebase {THEIRS} 0003_more" in refused.value.then


def test_of_a_journal_that_somebody_merged_by_hand_the_last_ones_move() -> None:
    found = rebase(dumps(journal(BASE, OURS, THEIRS, snapshot="of nobody")), [THEIRS])

    assert found.kept == journal(BASE, OURS)
    assert found.moved == (entry(THEIRS),)


def test_a_file_that_others_were_recorded_after_stays_where_it_is() -> None:
    with pytest.raises(Refused, match=f"{THEIRS} was recorded after {OURS}"):
        rebase(dumps(journal(BASE, OURS, THEIRS)), [OURS])


def test_a_name_that_no_side_knows_is_refused() -> None:
    with pytest.raises(Refused, match="No SQL migration '0009_none'"):
        rebase(conflict(journal(BASE, OURS), journal(BASE, THEIRS)), ["0009_none"])


def test_what_stays_must_not_contradict_itself() -> None:
    with pytest.raises(HistoryError, match="a number used twice"):
        rebase(dumps(journal(BASE, OURS, THEIRS, "0003_more")), ["0003_more"])
