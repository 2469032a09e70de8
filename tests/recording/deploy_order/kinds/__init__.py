"""Kinds of change: the models before and after, rows that code of each writes, and the order.

The orders are those of a measurement of real code by hand, on MariaDB 10.11 and MySQL 9.7.
"""

from __future__ import annotations

from tests.recording.deploy_order.kinds import columns, keys, names, relations, types
from tests.recording.deploy_order.kinds.kind import Kind as Kind

KINDS: tuple[Kind, ...] = (
    *columns.KINDS,
    *types.KINDS,
    *relations.KINDS,
    *names.KINDS,
    *keys.KINDS,
)
