"""In which order views and programs are made."""

from __future__ import annotations

from nestflux.schema.objects import ObjectKey
from nestflux.schema.programs import programs_in_order, views_in_order


def test_a_view_comes_after_those_that_it_reads() -> None:
    create = {
        ObjectKey("table", "c"): "CREATE TABLE `c` (`a` int)",
        ObjectKey("view", "a"): "CREATE VIEW `a` AS SELECT * FROM `b` JOIN `c`",
        ObjectKey("view", "b"): "CREATE VIEW `b` AS SELECT * FROM `c`",
    }

    assert views_in_order(create) == [ObjectKey("view", "b"), ObjectKey("view", "a")]


def test_a_routine_comes_before_the_views_that_may_call_it_and_a_trigger_after_them() -> None:
    create = {
        ObjectKey("trigger", "t"): "CREATE TRIGGER `t` BEFORE INSERT ON `c` FOR EACH ROW SET @n=1",
        ObjectKey("view", "v"): "CREATE VIEW `v` AS SELECT `f`() AS `n`",
        ObjectKey("function", "f"): "CREATE FUNCTION `f`() RETURNS int RETURN 1",
        ObjectKey("table", "c"): "CREATE TABLE `c` (`a` int)",
    }

    assert programs_in_order(create) == [
        ObjectKey("function", "f"),
        ObjectKey("view", "v"),
        ObjectKey("trigger", "t"),
    ]
