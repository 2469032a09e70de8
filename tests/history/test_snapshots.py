"""What the statements of a snapshot say of one another."""

from __future__ import annotations

from nestflux.history.snapshots import referred_to_by

CREATE = """CREATE TABLE `child` (
  `id` int COMMENT 'it''s REFERENCES `nobody`',
  `REFERENCES` int DEFAULT NULL,
  CONSTRAINT `a` FOREIGN KEY (`id`) REFERENCES `pa``rent` (`id`),
  CONSTRAINT `b` FOREIGN KEY (`REFERENCES`) REFERENCES `child` (`id`)
) ENGINE=InnoDB"""


def test_a_table_refers_to_what_its_keys_name_and_not_to_what_a_comment_says() -> None:
    assert referred_to_by(CREATE) == {"pa`rent", "child"}
