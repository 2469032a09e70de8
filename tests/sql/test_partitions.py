"""How a table is partitioned, as either server prints it, taken apart."""

from __future__ import annotations

import pytest

from nestflux.sql.partitions import PartitionParts, partition_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "PARTITION BY RANGE  COLUMNS(`at`)\n(PARTITION p VALUES LESS THAN ('2026-01-01') "
            "ENGINE = InnoDB,\n PARTITION `q` VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB)",
            PartitionParts(
                "RANGE COLUMNS",
                ("at",),
                listed=(("p", ("'2026-01-01'",)), ("q", ("MAXVALUE",))),
            ),
        ),
        (
            "PARTITION BY LIST  COLUMNS(`kind`) (PARTITION `a` VALUES IN ('x','it''s, (y)'), "
            "PARTITION `b` VALUES IN (1))",
            PartitionParts(
                "LIST COLUMNS",
                ("kind",),
                listed=(("a", ("'x'", "'it''s, (y)'")), ("b", ("1",))),
            ),
        ),
        ("PARTITION BY HASH (`id`)\nPARTITIONS 4", PartitionParts("HASH", ("id",), 4)),
        ("PARTITION BY KEY (id,`x`) PARTITIONS 2", PartitionParts("KEY", ("id", "x"), 2)),
    ],
)
def test_what_a_model_can_declare_is_taken_apart(text: str, parts: PartitionParts) -> None:
    assert partition_parts(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PARTITION BY LINEAR HASH (`id`) PARTITIONS 4",
        "PARTITION BY HASH (year(`at`)) PARTITIONS 4",
        "PARTITION BY KEY () PARTITIONS 4",
        "PARTITION BY RANGE (`id`) (PARTITION p VALUES LESS THAN (5) ENGINE = InnoDB)",
        "PARTITION BY RANGE COLUMNS(`a`) SUBPARTITION BY HASH (`b`) SUBPARTITIONS 2 "
        "(PARTITION p VALUES LESS THAN (5))",
        "PARTITION BY RANGE COLUMNS(`a`) (PARTITION p VALUES LESS THAN (5) COMMENT = 'x' "
        "ENGINE = InnoDB)",
        "PARTITION BY SYSTEM_TIME (PARTITION p HISTORY ENGINE = InnoDB)",
    ],
)
def test_what_says_more_is_left_alone(text: str) -> None:
    assert partition_parts(text) is None
