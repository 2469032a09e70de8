"""Partitions, declared on a model: one of these classes in ``Meta.constraints``.

Why there: Django's migrations already compare, copy, serialize and order constraints, so stock
``makemigrations`` sees a change, and both directions run through the schema editor. An attribute of
the model's own would be in no migration, and ``Meta`` refuses names that it does not know.
"""

from nestflux.orm.partitioning.constraints import (
    HashPartitions,
    KeyPartitions,
    ListPartitions,
    Partitions,
    RangePartitions,
)

__all__ = ["HashPartitions", "KeyPartitions", "ListPartitions", "Partitions", "RangePartitions"]
