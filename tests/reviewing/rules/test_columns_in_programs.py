"""Which column a view or trigger names."""

from __future__ import annotations

import pytest

from nestflux.reviewing.schema_rules.live_tables.column_used_elsewhere import names_column

TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON {} FOR EACH ROW {}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("CREATE VIEW v AS select `post`.`views` AS `views` from `post`", True),
        ("CREATE VIEW v AS select `p`.`Views` AS `n` from `Post` `p`", True),
        ("CREATE VIEW v AS select p.views from post AS p", True),
        ("CREATE VIEW v AS select `post`.`id` AS `views` from `post`", False),
        ("CREATE VIEW v AS select `m`.`views` AS `n` from (`post` join `more` `m`)", False),
        ("CREATE VIEW v AS select `more`.`views` AS `views` from `more`", False),
        (TRIGGER.format("post", "SET NEW.views = 1"), True),
        (TRIGGER.format("more", "SET NEW.views = 1"), False),
        (TRIGGER.format("more", "UPDATE post SET views = views + 1"), True),
        (TRIGGER.format("more", "UPDATE post SET likes = NEW.views"), False),
        (TRIGGER.format("more", "UPDATE post SET note = 'views'"), False),
    ],
)
def test_a_column_is_named_by_its_table(text: str, *, names: bool) -> None:
    assert names_column(text, "post", "views") is names
