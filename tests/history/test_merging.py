"""Two branches' journals in one text: which files stay, and which follow them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.exceptions import HistoryError, Refused
from nestflux.history.journal import Entry, Journal, dumps
from nestflux.history.merging import holds, rebase, sides
from nestflux.history.sqlfile import Replaced


def entry(name: str) -> Entry:
    return Entry(name, f"id-{name}", "u", "d", "r", (f"shop.{name}",), (f"shop.{name}",))


def journal(*names: str, snapshot: str = "") -> Journal:
    return Journal("mariadb", tuple(map(entry, names)), snapshot=snapshot)


BASE, OURS, THEIRS = "0001_base", "0002_ours", "0002_theirs"


def squash(name: str, *replaced: str) -> Entry:
    replaces = tuple(Replaced(each, f"id-{each}", "u") for each in replaced)
    return replace(entry(name), replaces=replaces)


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


def test_of_two_branches_the_files_of_both_may_move() -> None:
    found = rebase(conflict(journal(BASE, OURS), journal(BASE, THEIRS)), [OURS, THEIRS])

    assert found.kept == journal(BASE)
    assert found.moved == (entry(OURS), entry(THEIRS))


def test_what_a_squash_that_stays_stands_for_need_not_move() -> None:
    ours = replace(journal(BASE), entries=(entry(BASE), squash(OURS, "0002_old", "0003_older")))
    theirs = journal(BASE, "0002_old", "0003_older", "0004_theirs")

    found = rebase(conflict(ours, theirs), ["0004_theirs"])

    assert (found.kept, found.moved) == (ours, (entry("0004_theirs"),))


def _refusal(text: str, *names: str) -> Refused:
    with pytest.raises(Refused) as refused:
        rebase(text, names)
    return refused.value


def test_a_squash_does_not_move() -> None:
    theirs = replace(journal(BASE), entries=(entry(BASE), squash(THEIRS, "0002_old")))

    assert str(_refusal(conflict(journal(BASE, OURS), theirs), THEIRS)) == (
        "0002_theirs is a squash, and no file is recorded again in its place.\n"
        "  Now:   nothing was changed\n"
        "  Next:  name the files of the other side, which follow it; or take the other side whole, "
        "and squash again"
    )


def test_a_refusal_says_what_stands_and_what_to_do() -> None:
    two_sides = conflict(journal(BASE, OURS), journal(BASE, THEIRS, "0003_more"))
    by_hand = dumps(journal(BASE, OURS, THEIRS))

    assert str(_refusal(two_sides, THEIRS)) == (
        "0003_more is on that side of the conflict too.\n"
        "  Now:   nothing was changed\n"
        "  Next:  name all files of one branch: "
        "python manage.py db_generate --rebase 0002_theirs 0003_more"
    )
    assert str(_refusal(by_hand, OURS)) == (
        "0002_theirs was recorded after 0002_ours.\n"
        "  Now:   nothing was changed\n"
        "  Next:  name it too: python manage.py db_generate --rebase 0002_theirs …"
    )
    assert str(_refusal(two_sides, "0009_none")) == (
        "No SQL migration '0009_none' in this history.\n  Now:   nothing was changed"
    )


@pytest.mark.parametrize(
    ("names", "held"),
    [([OURS], True), ([THEIRS], True), (["0009_none", THEIRS], True), (["0009_none"], False)],
)
def test_whether_a_side_lists_any_of_the_files(names: list[str], held: bool) -> None:
    text = conflict(journal(BASE, OURS), journal(BASE, THEIRS))

    assert holds(text, names) is held
