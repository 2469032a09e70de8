"""The garbage collector rests for a while, and is spared only in a process that ends soon."""

from __future__ import annotations

import gc

import pytest

from nestflux.collector import collector_resting
from tests.scenario import Project


def test_it_rests_while_the_block_lasts_also_where_that_fails() -> None:
    inside = []

    def fail() -> None:
        inside.append(gc.isenabled())
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), collector_resting():
        fail()

    assert inside == [False]
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_resting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("call", "spared"),
    [
        ('call_command("db_migrate", stdout=sys.stderr)', False),
        ('execute_from_command_line(["manage.py", "db_migrate"])', True),
    ],
)
def test_only_a_command_line_s_process_is_spared(shop: Project, call: str, spared: bool) -> None:
    outcome = shop.python(
        f"""
        import gc, sys
        from django.core.management import call_command, execute_from_command_line
        before = gc.get_freeze_count()
        {call}
        print(gc.get_freeze_count() > before, gc.isenabled())
        """
    )

    assert outcome.lines[-1] == f"{spared} True"
